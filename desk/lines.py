"""`dubwright lines`, `edit` and `replace`: an episode's lines as they stand, one of them corrected, many of them."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from desk import show
from desk.cast import Editor, Series, editor_of, known_as
from desk.options import Json, Profile, lake_of
from desk.options import Lake as LakeOption
from desk.settle import SOME_FAILED
from dubwright import languages as tags
from dubwright.errors import SettingsError
from dubwright.review import decisions, edits, replacing
from dubwright.review import lines as scripts
from dubwright.review.decisions import Change
from dubwright.review.edits import Edit, Place
from dubwright.review.lines import Line, Script
from dubwright.review.replacing import Replacement, Search

Episode = Annotated[str, typer.Argument(metavar="EPISODE", help="The episode, as the catalogue names it.")]
To = Annotated[str, typer.Option("--to", metavar="LANGUAGE", help="The language of the lines: en.")]
ENGINE_S = "(the engine's line)"


def place_of(series: str, episode: str, to: str) -> Place:
    """The episode and language that a command names. Raises `LanguageError`."""
    return Place(known_as(series), known_as(episode), tags.parse(to))


def lines(
    series: Series,
    episode: Episode,
    to: To,
    history: Annotated[
        int | None, typer.Option(metavar="LINE", help="Show instead who changed this line to what, and when.")
    ] = None,
    lake: LakeOption = None,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """List an episode's lines in a language: times, who speaks, the original, what is said instead, state, tempo, flags."""
    show.as_json = as_json
    script = scripts.read(lake_of(lake, profile), place_of(series, episode, to))
    if history is not None:
        _history(script, script.line(history))
        return
    if as_json:
        found = [_as_dict(line) for line in script.lines]
        place = {"series": known_as(series), "episode": known_as(episode), "language": to}
        show.print_json({**place, "lines": found})
        return
    columns = ("line", "at", "who", "original", "text", "state", "tempo", "flags")
    table = show.new_table(f"{series}/{episode} in {to}", *columns)
    for line in script.lines:
        tempo = f"{line.tempo:.2f}" if line.tempo else ""
        at, state = f"{line.start_ms / 1000:.1f}", line.state + (", not localized yet" if line.pending else "")
        said = (line.segment, at, line.who or "", line.source_text, line.text, state, tempo, "; ".join(line.flags))
        table.add_row(*show.cells(*said))
    show.console.print(table)


def edit(
    series: Series,
    episode: Episode,
    segment: Annotated[int, typer.Argument(metavar="LINE", help="The line's number, as `dubwright lines` gives it.")],
    to: To,
    text: Annotated[str | None, typer.Argument(metavar="[TEXT]", help="What is to be said instead.")] = None,
    start: Annotated[float | None, typer.Option(help="When it is to be spoken and shown, in seconds.")] = None,
    end: Annotated[float | None, typer.Option(help="Until when, in seconds.")] = None,
    restore: Annotated[
        int | None,
        typer.Option(metavar="NUMBER", help="Make it again what this correction made it; 0: what the engine said."),
    ] = None,
    after: Annotated[
        int | None,
        typer.Option(
            metavar="NUMBER", help="The last correction that you saw: a newer one is an error.  [default: the last one]"
        ),
    ] = None,
    editor: Editor = None,
    lake: LakeOption = None,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Correct one line of an episode. The next `localize` speaks that line anew and mixes and renders its episode again."""
    show.as_json = as_json
    given = any(value is not None for value in (text, start, end))
    if given == (restore is not None):
        remedy = "give the text, or --start and --end, or --restore"
        raise SettingsError("says nothing, or two things", field="TEXT", remedy=remedy)
    store = lake_of(lake, profile)
    script = scripts.read(store, place_of(series, episode, to))
    line = script.line(segment)
    if restore is not None:
        key = decisions.restore(store, script, segment, restore, editor_of(editor), after=after)
    else:
        change = Change(segment, text, _ms(start, "--start"), _ms(end, "--end"), after)
        key = decisions.save(store, script, change, editor_of(editor))
    now = scripts.read(store, script.place).line(segment)
    if as_json:
        times = {"start_ms": now.start_ms, "end_ms": now.end_ms}
        said = {"edit": key, "segment": segment, "number": now.number, "before": line.text, "text": now.text}
        show.print_json(said | times)
        return
    show.console.print(
        show.escape(f"line {segment} · {line.source_text}\n- {_told(line, now)}\n+ {_told(now, line)}"), soft_wrap=True
    )


def replace_lines(
    series: Series,
    pattern: Annotated[str, typer.Argument(metavar="PATTERN", help="What is looked for.")],
    replacement: Annotated[str, typer.Argument(metavar="REPLACEMENT", help="What is to stand instead.")],
    to: To,
    episode: Annotated[str | None, typer.Option(help="Only this episode.")] = None,
    as_regex: Annotated[
        bool, typer.Option("--regex", help="PATTERN is a regular expression; REPLACEMENT refers to its groups: \\1.")
    ] = False,
    ignore_case: Annotated[bool, typer.Option("--ignore-case", help="Capital letters or not.")] = False,
    apply: Annotated[bool, typer.Option("--apply", help="Correct the lines; else they are only shown.")] = False,
    editor: Editor = None,
    lake: LakeOption = None,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Search and replace over a series' lines in a language: first shown, with `--apply` saved as corrections."""
    show.as_json = as_json
    store = lake_of(lake, profile)
    within = scripts.of_series(store, known_as(series), tags.parse(to), episode and known_as(episode))
    found = list(replacing.preview(within, Search(pattern, replacement, as_regex, ignore_case)))
    outcomes = replacing.apply(store, found, editor_of(editor)) if apply else []
    failed = {(each.place, each.line.segment): error.problem for each, error in outcomes if error}
    problems = [each.problem or failed.get((each.place, each.line.segment)) for each in found]
    _replaced(found, problems, applied=apply)
    if apply and any(problems):
        raise typer.Exit(SOME_FAILED)


def _replaced(found: list[Replacement], problems: list[str | None], *, applied: bool) -> None:
    if show.as_json:
        rows = [
            {
                "series": each.place.series,
                "episode": each.place.episode,
                "segment": each.line.segment,
                "before": each.line.text,
                "after": each.after,
                "problem": problem,
            }
            for each, problem in zip(found, problems, strict=True)
        ]
        show.print_json({"applied": applied, "lines": rows})
        return
    for each, problem in zip(found, problems, strict=True):
        told = f"{each.place.episode} line {each.line.segment}{f' · left alone: {problem}' if problem else ''}"
        show.console.print(show.escape(f"{told}\n- {each.line.text}\n+ {each.after}"), soft_wrap=True)
    left = sum(problem is not None for problem in problems)
    done = f"{len(found) - left} corrected" if applied else f"{len(found) - left} to correct, with --apply"
    show.console.print(f"{done}{f', {left} left alone' if left else ''}")


def _history(script: Script, line: Line) -> None:
    chain = edits.history(script.edits, line.segment)
    if show.as_json:
        show.print_json({"segment": line.segment, "source_text": line.source_text, "history": list(map(_entry, chain))})
        return
    table = show.new_table(f"line {line.segment} · {line.source_text}", "number", "when (UTC)", "who", "text", "times")
    for each in chain:
        times = "" if each.start_ms is None else f"{each.start_ms / 1000:g} to {(each.end_ms or 0) / 1000:g} s"
        other = "" if each.source_text == line.source_text else f" (of {each.source_text!r})"
        said = (each.text or ENGINE_S) + other
        table.add_row(*show.cells(each.number or "", f"{each.at:%Y-%m-%d %H:%M:%S}", each.editor, said, times))
    show.console.print(table)


def _entry(each: Edit) -> dict[str, Any]:
    names = ("number", "source_text", "text", "start_ms", "end_ms", "editor")
    return {name: getattr(each, name) for name in names} | {"at": each.at.isoformat()}


def _as_dict(line: Line) -> dict[str, Any]:
    names = (
        "segment",
        "start_ms",
        "end_ms",
        "speaker",
        "character",
        "source_text",
        "text",
        "subtitle_text",
        "state",
        "number",
        "pending",
        "editor",
        "assignee",
        "tempo",
        "voice",
        "verdict",
        "flags",
    )
    comments = [
        {"editor": each.editor, "text": each.text, "at": each.at and each.at.isoformat()} for each in line.comments
    ]
    return {name: getattr(line, name) for name in names} | {"comments": comments}


def _told(line: Line, other: Line) -> str:
    """The text, and the times where they differ."""
    if (line.start_ms, line.end_ms) == (other.start_ms, other.end_ms):
        return line.text
    return f"{line.text} ({line.start_ms / 1000:g} to {line.end_ms / 1000:g} s)"


def _ms(seconds: float | None, field: str) -> int | None:
    if seconds is None:
        return None
    if not 0 <= seconds < 1_000_000:
        raise SettingsError(f"{seconds} is no time", field=field, remedy="give seconds from the episode's beginning")
    return round(seconds * 1000)
