"""`dubwright review`: which lines to look at first, and what came of it: approved, locked, remarked, given to somebody."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby, islice
from typing import Annotated, Any

import typer

from desk import show
from desk.cast import Editor, Series, editor_of, known_as
from desk.lines import Episode, To, place_of
from desk.options import Json, Profile, lake_of, to_flags
from desk.options import Lake as LakeOption
from dubwright import languages as tags
from dubwright import settings
from dubwright.errors import SettingsError
from dubwright.lake import Lake, open_lake
from dubwright.review import decisions, log, risk
from dubwright.review import lines as scripts
from dubwright.review.lines import Script
from dubwright.review.remarks import Remark, remarks
from dubwright.review.risk import Risk

app = typer.Typer(
    help="Review of lines: list the riskiest, approve, lock, unlock, reopen, comment, resolve, assign. Nothing is redone for it.",
    no_args_is_help=True,
)
Lines = Annotated[list[int] | None, typer.Argument(metavar="LINE…", help="Numbers, as `dubwright lines` gives them.")]
Every = Annotated[bool, typer.Option("--all", help="Every line that has a text.")]
Line = Annotated[int | None, typer.Option("--line", help="Only this line.  [default: the whole episode]")]
Say = Callable[[Lake, Script, Iterable[int], str], list[int]]


@app.command("list")
def list_all(
    to: To,
    series: Annotated[str | None, typer.Argument(metavar="[SERIES]", help="A series.  [default: the lake]")] = None,
    done: Annotated[bool, typer.Option("--done", help="Also those that are approved or locked.")] = False,
    assignee: Annotated[str | None, typer.Option(help="Only whose lines were given to this person.")] = None,
    lake: LakeOption = None,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """List the lines that there is reason to look at, the riskiest first, each with its reasons."""
    show.as_json = as_json
    resolved = settings.load(to_flags(lake=lake, profile=profile))
    name = None if series is None else known_as(series)
    store = open_lake(resolved.lake)
    found = risk.queue(store, resolved.quality, tags.parse(to), name, done=done, assignee=assignee)
    if as_json:
        show.print_json({"language": to, "lines": [_as_dict(each) for each in found]})
        return
    table = show.new_table(f"Lines in {to} to look at", "series", "episode", "line", "state", "text", "reasons")
    for each in islice(found, show.MOST_ROWS):
        reasons = "; ".join(map(str, each.reasons))
        where = (each.place.series, each.place.episode, each.line.segment)
        table.add_row(*show.cells(*where, each.line.state, each.line.text or each.line.source_text, reasons))
    show.console.print(table)
    if len(found) > show.MOST_ROWS:
        show.console.print(f"… and {len(found) - show.MOST_ROWS} more")


@app.command()
def approve(
    series: Series,
    episode: Episode,
    to: To,
    lines: Lines = None,
    every: Every = False,
    editor: Editor = None,
    lake: LakeOption = None,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Approve lines as they stand. Their texts outlive a change of the translator, while their sources stay."""
    show.as_json = as_json
    _say(decisions.approve, "approved", lake_of(lake, profile), (series, episode, to), lines, every, editor)


@app.command()
def lock(
    series: Series,
    episode: Episode,
    to: To,
    lines: Lines = None,
    every: Every = False,
    editor: Editor = None,
    lake: LakeOption = None,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Approve lines and lock them: nobody corrects them until they are unlocked."""
    show.as_json = as_json
    _say(decisions.lock, "locked", lake_of(lake, profile), (series, episode, to), lines, every, editor)


@app.command()
def unlock(
    series: Series,
    episode: Episode,
    to: To,
    lines: Lines = None,
    every: Every = False,
    editor: Editor = None,
    lake: LakeOption = None,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Unlock lines. They are approved, as before, until somebody corrects them."""
    show.as_json = as_json
    _say(decisions.unlock, "unlocked", lake_of(lake, profile), (series, episode, to), lines, every, editor)


@app.command()
def reopen(
    series: Series,
    episode: Episode,
    to: To,
    lines: Lines = None,
    every: Every = False,
    editor: Editor = None,
    lake: LakeOption = None,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Take approvals back."""
    show.as_json = as_json
    _say(decisions.reopen, "reopened", lake_of(lake, profile), (series, episode, to), lines, every, editor)


@app.command()
def comment(
    series: Series,
    episode: Episode,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="The remark.")],
    to: To,
    line: Line = None,
    answer: Annotated[
        int | None, typer.Option(metavar="REMARK", help="It answers this remark, as `review comments` numbers them.")
    ] = None,
    editor: Editor = None,
    lake: LakeOption = None,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Remark on a line, or on the episode, or answer a remark, which opens it again."""
    show.as_json = as_json
    store = lake_of(lake, profile)
    script = _script(store, series, episode, to, line)
    decisions.comment(store, script.place, text, editor_of(editor), line, remark=answer)
    _told({"commented": line, "answered": answer}, "noted")


@app.command()
def comments(
    series: Series,
    to: To,
    episode: Annotated[str | None, typer.Option(help="Only this episode.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Also those that are resolved.")] = False,
    lake: LakeOption = None,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """List the open remarks of a series in a language, with their answers."""
    show.as_json = as_json
    store, name, language = lake_of(lake, profile), known_as(series), tags.parse(to)
    keys = store.review_keys(language, name, episode and known_as(episode))
    found = [
        (part, remark)
        for part, own in groupby(keys, key=lambda key: key.episode)
        for remark in remarks(log.read(store, list(own)))
        if every or remark.open
    ]
    if as_json:
        rows = [{"episode": part, **_remark_as_dict(remark)} for part, remark in found]
        show.print_json({"series": name, "language": language, "remarks": rows})
        return
    table = show.new_table(f"Remarks on {series} in {to}", "episode", "line", "remark", "who", "text", "state")
    for part, remark in found:
        said = "\n".join([remark.text, *(f"↳ {each.editor}: {each.text}" for each in remark.answers)])
        state = "open" if remark.open else f"resolved by {remark.resolved and remark.resolved.editor}"
        table.add_row(*show.cells(part, remark.segment or "", remark.number, remark.editor, said, state))
    show.console.print(table)


@app.command()
def resolve(
    series: Series,
    episode: Episode,
    remark: Annotated[int, typer.Argument(metavar="REMARK", help="Its number, as `review comments` gives it.")],
    to: To,
    editor: Editor = None,
    lake: LakeOption = None,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Settle a remark. An answer opens it again."""
    show.as_json = as_json
    decisions.resolve(lake_of(lake, profile), place_of(series, episode, to), remark, editor_of(editor))
    _told({"resolved": remark}, f"remark {remark} is resolved")


@app.command()
def assign(
    series: Series,
    episode: Episode,
    to: To,
    assignee: Annotated[
        str | None, typer.Argument(metavar="[WHO]", help="Who is to do it; nobody takes it back.")
    ] = None,
    line: Line = None,
    editor: Editor = None,
    lake: LakeOption = None,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Give an episode in a language, or one line of it, to somebody."""
    show.as_json = as_json
    store = lake_of(lake, profile)
    script = _script(store, series, episode, to, line)
    decisions.assign(store, script.place, assignee, editor_of(editor), line)
    _told({"assigned": line, "assignee": assignee}, f"given to {assignee}" if assignee else "given to nobody")


def _script(store: Lake, series: str, episode: str, to: str, line: int | None) -> Script:
    script = scripts.read(store, place_of(series, episode, to))
    if line is not None:
        script.line(line)
    return script


def _say(
    say: Say,
    word: str,
    store: Lake,
    place: tuple[str, str, str],
    lines: list[int] | None,
    every: bool,
    editor: str | None,
) -> None:
    if bool(lines) == every:
        raise SettingsError("says no line, or two things", field="LINE…", remedy="name lines, or say --all")
    script = scripts.read(store, place_of(*place))
    wanted = (
        [line.segment for line in script.lines if line.text]
        if every
        else [script.line(each).segment for each in lines or ()]
    )
    said = say(store, script, wanted, editor_of(editor))
    _told({word: said}, f"{word}: {', '.join(map(str, said)) or 'none that was not already'}")


def _told(content: dict[str, Any], text: str) -> None:
    if show.as_json:
        show.print_json(content)
    else:
        show.console.print(show.escape(text))


def _remark_as_dict(remark: Remark) -> dict[str, Any]:
    return {
        "remark": remark.number,
        "segment": remark.segment,
        "editor": remark.editor,
        "text": remark.text,
        "at": remark.at and remark.at.isoformat(),
        "answers": [
            {"editor": each.editor, "text": each.text, "at": each.at and each.at.isoformat()} for each in remark.answers
        ],
        "resolved_by": remark.resolved and remark.resolved.editor,
    }


def _as_dict(found: Risk) -> dict[str, Any]:
    line = found.line
    return {
        "series": found.place.series,
        "episode": found.place.episode,
        "segment": line.segment,
        "state": line.state,
        "source_text": line.source_text,
        "text": line.text,
        "assignee": line.assignee,
        "weight": found.weight,
        "reasons": [{"reason": each.what, "weight": each.weight} for each in found.reasons],
    }
