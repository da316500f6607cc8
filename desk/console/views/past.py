"""What became of a line: who changed what, and when; each earlier text can be had again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel

from desk.console.state import State
from dubwright.review import edits, lines
from dubwright.review.edits import Edit, Place
from dubwright.review.lines import Line, Script
from dubwright.review.log import Entry
from dubwright.series import cast as casts
from dubwright.series.cast import Decision
from dubwright.series.cast import Line as Spoken

What = Literal["engine", "edit", "approve", "lock", "unlock", "reopen", "assign", "speaker"]
_SAID = ("approve", "lock", "unlock", "reopen", "assign")


class Event(BaseModel):
    """Something that was done to a line.

    An `edit` has its `number`, which `restore` takes (0: what the engine said; None: it is older than numbers are), its `text`
    (None: the engine's) and times in ms (None: the original's); `about` is to whom it was given, or who speaks it.
    `other_source`: the line's source was another.
    """

    what: What
    editor: str
    at: datetime | None
    number: int | None = None
    text: str | None = None
    start_ms: int | None = None
    end_ms: int | None = None
    about: str | None = None
    other_source: bool = False
    now: bool = False


class Past(BaseModel):
    """A line's events, the newest first; the engine's text is the last. `number` is that of its last correction."""

    segment: int
    language: str
    number: int
    locked: bool
    events: list[Event]


def past(console: State, place: Place, segment: int) -> Past:
    """What was done to a line. Raises `CatalogError`."""
    log = casts.log(console.lake, place.series)
    script = lines.read(console.lake, place, casts.resolve(log.decisions))
    line = script.line(segment)
    found = [
        *(_edited(each, line) for each in edits.history(script.edits, segment)),
        *_said(script, segment),
        *_spoken(log, place.episode, line),
    ]
    # What was approved stands as a correction too, also where it is the engine's.
    as_begun = line.edit is None or bool(line.edit.base and line.text == line.engine_text)
    begun = Event(what="engine", editor="dubwright", at=None, number=0, text=line.engine_text, now=as_begun)
    long_ago = datetime.min.replace(tzinfo=UTC)
    return Past(
        segment=segment,
        language=place.language,
        number=line.number,
        locked=line.state == "locked",
        events=[*sorted(found, key=lambda event: event.at or long_ago, reverse=True), begun],
    )


def _edited(edit: Edit, line: Line) -> Event:
    return Event(
        what="edit",
        editor=edit.editor,
        at=edit.at,
        number=edit.number or None,
        text=edit.text,
        start_ms=edit.start_ms,
        end_ms=edit.end_ms,
        other_source=edit.source_text != line.source_text,
        now=line.edit is not None and edit.number == line.number,
    )


def _said(script: Script, segment: int) -> Iterator[Event]:
    def concerns(entry: Entry) -> bool:
        return entry.kind in _SAID and (entry.segment == segment or (entry.kind == "assign" and entry.segment is None))

    for entry in filter(concerns, script.said):
        yield Event(what=entry.kind, editor=entry.editor, at=entry.at, about=entry.assignee)


def _spoken(log: casts.Log, episode: str, line: Line) -> Iterator[Event]:
    cast = casts.resolve(log.decisions)

    def same(decision: Decision) -> bool:
        span = Spoken(decision.start_ms or 0, decision.end_ms or 0, decision.character)
        return decision.kind == "assign" and decision.episode == episode and span.is_line(*line.heard_ms)

    for decision in filter(same, log.decisions):
        person = cast.find(decision.character)
        yield Event(
            what="speaker",
            editor=decision.editor,
            at=decision.at,
            about=person.called if person else decision.character,
        )
