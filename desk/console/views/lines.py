"""Lines as people see and correct them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from desk.console.state import State
from desk.console.views import remarks
from desk.console.views.remarks import Comment, Remark
from desk.console.views.speech import SOUND
from dubwright.order import natural
from dubwright.quality.gate import Finding
from dubwright.review import decisions, edits, lines
from dubwright.review.decisions import LONGEST_NAME, LONGEST_TEXT, Change
from dubwright.review.edits import Place
from dubwright.review.lines import Script
from dubwright.series import cast as casts
from dubwright.series.cast import Cast

Decision = Literal["approve", "lock", "unlock", "reopen"]


class Person(BaseModel):
    """Somebody of the cast, by id, and what they are called."""

    id: str
    called: str


class Line(BaseModel):
    """A line: heard, said, and how that turned out. Times in ms.

    `number` is that of its last correction; `pending`: it was corrected, or given to another character, and is not dubbed
    yet. `character_id` says who speaks it, where that is one of the cast. `findings` are the figures of
    its dub that did not pass, `sound` a link to its speech at its own tempo.
    """

    segment: int
    start_ms: int
    end_ms: int
    heard_ms: tuple[int, int]
    said_ms: tuple[int, int] | None
    kind: str
    evidence: str | None
    who: str | None
    character_id: str | None
    source_text: str
    text: str
    state: str
    stale: bool
    pending: bool
    number: int
    editor: str | None
    at: datetime | None
    assignee: str | None
    comments: list[Comment]
    remarks: list[Remark]
    tempo: float | None
    voice: str | None
    verdict: str | None
    flags: list[str]
    findings: list[str]
    sound: str | None


class Correction(BaseModel):
    """What a line is to be: what is left out stays as it is. Times in ms.

    `after` is the number of the last correction that the person had seen, `source_text` the source.
    """

    text: str | None = Field(None, min_length=1, max_length=LONGEST_TEXT)
    start_ms: int | None = Field(None, ge=0, le=2**31 - 1)
    end_ms: int | None = Field(None, ge=0, le=2**31 - 1)
    after: int = Field(ge=0, le=10**9)
    source_text: str | None = Field(None, max_length=10_000)

    def told(self) -> str:
        """What is corrected of it: never with which text."""
        moved = self.start_ms is not None or self.end_ms is not None
        return ", ".join(filter(None, ("text" if self.text is not None else "", "times" if moved else "")))


class Restoring(BaseModel):
    """The number of the correction that is to count again, 0 for the engine's line; None for the one before the last."""

    number: int | None = Field(None, ge=0, le=10**9)
    after: int = Field(ge=0, le=10**9)

    def told(self) -> str:
        """To what."""
        return {None: "the one before", 0: "the engine's"}.get(self.number, f"correction {self.number}")


class Reviewing(BaseModel):
    """What is decided on lines, by their numbers."""

    segments: list[int] = Field(min_length=1, max_length=1000)
    decide: Decision

    def told(self) -> str:
        """What is decided on how many."""
        return f"{self.decide}: {len(self.segments)} lines"


class Assigning(BaseModel):
    """Whose work an episode, or with `segment` a line of it, is; None: nobody's."""

    assignee: str | None = Field(None, max_length=LONGEST_NAME)
    segment: int | None = Field(None, ge=1)

    def told(self) -> str:
        """Which of it, to whom."""
        return f"{'all' if self.segment is None else f'line {self.segment}'} to {self.assignee or 'nobody'}"


class Version(BaseModel):
    """A line as a correction made it; the engine's own where `text` is None."""

    number: int
    text: str | None
    start_ms: int | None
    end_ms: int | None
    editor: str
    at: datetime


class OneLine(BaseModel):
    """A line as it stands now, in a language, of the language that is spoken; `cast` are those who may speak it."""

    line: Line
    cast: list[Person]
    language: str
    source_language: str


class Judging(BaseModel):
    """What is decided on a line."""

    decide: Decision

    def told(self) -> str:
        """What is decided."""
        return self.decide


class Reviewed(BaseModel):
    """The lines that were changed by a decision, and all of the episode as they stand now."""

    changed: list[int]
    lines: list[Line]


# What of a line is not as `review.lines.Line` has it.
_OWN = ("pending", "comments", "remarks", "findings", "sound")


def shown(
    console: State, script: Script, flags: Mapping[int, Sequence[Finding]], only: int | None = None
) -> list[Line]:
    """The lines of a script, or one of them; `flags` as `gate.judge` gives them."""
    return [_shown(console, line, flags) for line in script.lines if only in (None, line.segment)]


def _shown(console: State, line: lines.Line, flags: Mapping[int, Sequence[Finding]]) -> Line:
    pending = line.pending or line.recast
    return Line(
        **{name: getattr(line, name) for name in Line.model_fields if name not in _OWN},
        pending=pending,
        comments=[remarks.comment(each) for each in line.comments],
        remarks=[remarks.shown(each) for each in line.remarks],
        findings=[] if pending else [str(finding) for finding in flags.get(line.segment, ())],
        sound=console.links.to(line.sound, SOUND) if line.sound and not pending else None,
    )


def people(cast: Cast) -> list[Person]:
    """The cast in the order of what they are called."""
    found = [Person(id=one.id, called=one.called) for one in cast.people.values()]
    return sorted(found, key=lambda one: natural(one.called))


def correct(console: State, place: Place, segment: int, correction: Correction, editor: str) -> OneLine:
    """Correct a line. Raises `EditConflictError`, `LockedError`, `EditError`, `CatalogError`."""
    change = Change(segment, **correction.model_dump())
    decisions.save(console.lake, lines.read(console.lake, place), change, editor)
    return now(console, place, segment)


def restore(console: State, place: Place, segment: int, restoring: Restoring, editor: str) -> OneLine:
    """Make a line again what it was. Raises as `correct`."""
    script = lines.read(console.lake, place)
    number = restoring.number
    if number is None:
        before = [each.number for each in edits.history(script.edits, segment)]
        number = before[-2] if len(before) > 1 else 0
    decisions.restore(console.lake, script, segment, number, editor, after=restoring.after)
    return now(console, place, segment)


def review(console: State, place: Place, reviewing: Reviewing, editor: str) -> Reviewed:
    """Approve, lock, unlock or reopen lines. Raises `EditConflictError`, `LockedError`, `EditError`."""
    decide = {
        "approve": decisions.approve,
        "lock": decisions.lock,
        "unlock": decisions.unlock,
        "reopen": decisions.reopen,
    }[reviewing.decide]
    changed = decide(console.lake, lines.read(console.lake, place), reviewing.segments, editor)
    return Reviewed(changed=changed, lines=shown(console, lines.read(console.lake, place), {}))


def judge(console: State, place: Place, segment: int, judging: Judging, editor: str) -> OneLine:
    """The same of one line."""
    review(console, place, Reviewing(segments=[segment], decide=judging.decide), editor)
    return now(console, place, segment)


def assign(console: State, place: Place, assigning: Assigning, editor: str) -> Reviewed:
    """Give an episode or a line to somebody. Raises `EditError`, `CatalogError`."""
    script = lines.read(console.lake, place)
    wanted = [line.segment for line in script.lines] if assigning.segment is None else [assigning.segment]
    lines.shown(script.lines, wanted)
    decisions.assign(console.lake, place, assigning.assignee or None, editor, assigning.segment)
    return Reviewed(changed=wanted, lines=shown(console, lines.read(console.lake, place), {}))


def history(console: State, place: Place, segment: int) -> list[Version]:
    """A line's corrections, oldest first. Raises `CatalogError`."""
    script = lines.read(console.lake, place)
    script.line(segment)
    return [
        Version(**{name: getattr(each, name) for name in Version.model_fields})
        for each in edits.history(script.edits, segment)
    ]


def now(console: State, place: Place, segment: int) -> OneLine:
    """A line as it stands. Raises `CatalogError`."""
    cast = casts.read(console.lake, place.series)
    script = lines.read(console.lake, place, cast)
    script.line(segment)
    (line,) = shown(console, script, {}, segment)
    source = console.settings.source_language
    return OneLine(line=line, cast=people(cast), language=place.language, source_language=source)
