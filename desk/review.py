"""`dubwright review`: which lines to look at first, and what came of it: approved, locked, remarked, given to somebody."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
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
from dubwright.review import decisions, risk
from dubwright.review import lines as scripts
from dubwright.review.lines import Script
from dubwright.review.risk import Risk

app = typer.Typer(
    help="Review of lines: list the riskiest, approve, lock, unlock, reopen, comment, assign. None of it redoes anything.",
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
    found = risk.queue(open_lake(resolved.lake), resolved.quality, tags.parse(to), name, done=done)
    found = [each for each in found if assignee in (None, each.line.assignee)]
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
    editor: Editor = None,
    lake: LakeOption = None,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Remark on a line, or on the episode."""
    show.as_json = as_json
    store = lake_of(lake, profile)
    script = _script(store, series, episode, to, line)
    decisions.comment(store, script.place, text, editor_of(editor), line)
    _told({"commented": line}, "noted")


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
