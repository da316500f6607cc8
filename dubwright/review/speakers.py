"""Who speaks a line, decided by people. Of two who decide on one line at once, the second is told, and nothing is overwritten."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dubwright.errors import CatalogError, EditConflictError, EditError
from dubwright.lake import Lake
from dubwright.reports import coverage
from dubwright.series import cast as casts
from dubwright.series.cast import Cast, Person

Row = Mapping[str, Any]


def heard(lake: Lake, series: str, episode: str, segment: int) -> Row:
    """A line of an episode's newest transcript. Raises `CatalogError` if there is none."""
    found = coverage.newest_rows(lake, "transcript", series, episode)
    if found is None:
        raise CatalogError(
            "is not transcribed", where=f"{series}/{episode}", field="EPISODE", remedy="see `dubwright status`"
        )
    rows = {row["segment"]: row for row in found}
    if segment not in rows:
        raise CatalogError(
            f"has no line {segment}",
            where=f"{series}/{episode}",
            field="SEGMENT",
            remedy=f"its lines are 1 to {max(rows)}" if rows else "nobody speaks in it",
        )
    return rows[segment]


def assign(
    lake: Lake, series: str, episode: str, segment: int, character: str, editor: str, *, seen: str | None
) -> tuple[Cast, Cast]:
    """Say that a character, by id or name, speaks a line, for every language; the cast before and after.

    `seen` is who spoke it when the editor looked (None: nobody known). Raises `EditConflictError` if it is somebody else by
    now, `EditError` if it is that character already, `CatalogError` for nobody known and no such line.
    """
    line = heard(lake, series, episode, segment)
    while True:
        log = casts.log(lake, series)
        cast = casts.resolve(log.decisions)
        now = speaker(cast, episode, line)
        before = cast.find(seen) if seen else None
        if (now and now.id) != (before and before.id):
            raise _conflict(cast, series, episode, line, now)
        decision = casts.assign(cast, episode, segment, line["start_ms"], line["end_ms"], character)
        if now and now.id == decision.character:
            raise EditError(
                f"{now.called} speaks it already",
                where=f"{series}/{episode}",
                field=f"line {segment}",
                remedy="nothing is to be done",
            )
        if casts.append(lake, series, [decision], editor, after=log.version):
            return cast, casts.resolve((*log.decisions, decision))


def speaker(cast: Cast, episode: str, line: Row) -> Person | None:
    """Who speaks a line of the transcript; None if nobody knows."""
    return cast.who(episode, line["speaker"], line["start_ms"], line["end_ms"])


def _conflict(cast: Cast, series: str, episode: str, line: Row, now: Person | None) -> EditConflictError:
    said = cast.assigned(episode, line["start_ms"], line["end_ms"])
    called = now.called if now else None
    who = f"{said.editor} said meanwhile that {called} speaks it" if said else f"{called or 'nobody'} speaks it by now"
    return EditConflictError(
        who,
        where=f"{series}/{episode}",
        field=f"line {line['segment']}",
        remedy="look at it again, then decide",
        text=called,
        editor=said.editor if said else None,
        at=said.at if said else None,
    )
