"""Lines as people see and correct them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from desk.console.state import State
from dubwright.dub.engine import stock
from dubwright.dub.preview import preview
from dubwright.dub.stage import engine
from dubwright.quality.gate import Finding
from dubwright.review import decisions, edits, lines
from dubwright.review.decisions import LONGEST_COMMENT, LONGEST_NAME, LONGEST_TEXT, Change
from dubwright.review.edits import Place
from dubwright.review.lines import Script

SOUND = "audio/flac"
Decision = Literal["approve", "lock", "unlock", "reopen"]


class Comment(BaseModel):
    """A remark on a line."""

    editor: str
    text: str
    at: datetime | None


class Line(BaseModel):
    """A line: heard, said, and how that turned out. Times in ms.

    `number` is that of its last correction; `pending`: it was corrected and is not dubbed yet. `findings` are the figures of
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


class Restoring(BaseModel):
    """The number of the correction that is to count again, 0 for the engine's line; None for the one before the last."""

    number: int | None = Field(None, ge=0, le=10**9)
    after: int = Field(ge=0, le=10**9)


class Reviewing(BaseModel):
    """What is decided on lines, by their numbers."""

    segments: list[int] = Field(min_length=1, max_length=1000)
    decide: Decision


class Remark(BaseModel):
    """A remark on a line."""

    text: str = Field(min_length=1, max_length=LONGEST_COMMENT)


class Assigning(BaseModel):
    """Whose work lines are; None: nobody's."""

    assignee: str | None = Field(None, max_length=LONGEST_NAME)
    segment: int | None = Field(None, ge=1)


class Wording(BaseModel):
    """How a line might be said."""

    text: str = Field(min_length=1, max_length=LONGEST_TEXT)


class Sounding(BaseModel):
    """A text as it is spoken: a link to the sound, how long it is, and at what tempo it would fill the line's time (ms)."""

    sound: str
    duration_ms: int
    slot_ms: int
    tempo: float


class Version(BaseModel):
    """A line as a correction made it; the engine's own where `text` is None."""

    number: int
    text: str | None
    start_ms: int | None
    end_ms: int | None
    editor: str
    at: datetime


class OneLine(BaseModel):
    """A line as it stands now, in a language, of the language that is spoken."""

    line: Line
    language: str
    source_language: str


class Judging(BaseModel):
    """What is decided on a line."""

    decide: Decision


class Reviewed(BaseModel):
    """The lines that were changed by a decision, and all of the episode as they stand now."""

    changed: list[int]
    lines: list[Line]


def shown(
    console: State, script: Script, flags: Mapping[int, Sequence[Finding]], only: int | None = None
) -> list[Line]:
    """The lines of a script, or one of them; `flags` as `gate.judge` gives them."""
    return [
        Line(
            **{
                name: getattr(line, name) for name in Line.model_fields if name not in ("comments", "findings", "sound")
            },
            comments=[Comment(editor=each.editor, text=each.text or "", at=each.at) for each in line.comments],
            findings=[] if line.pending else [str(finding) for finding in flags.get(line.segment, ())],
            sound=console.links.to(line.sound, SOUND) if line.sound and not line.pending else None,
        )
        for line in script.lines
        if only in (None, line.segment)
    ]


def correct(console: State, place: Place, segment: int, correction: Correction, editor: str) -> OneLine:
    """Correct a line. Raises `EditConflictError`, `LockedError`, `EditError`, `CatalogError`."""
    change = Change(segment, **correction.model_dump())
    decisions.save(console.lake, lines.read(console.lake, place), change, editor)
    return _now(console, place, segment)


def restore(console: State, place: Place, segment: int, restoring: Restoring, editor: str) -> OneLine:
    """Make a line again what it was. Raises as `correct`."""
    script = lines.read(console.lake, place)
    number = restoring.number
    if number is None:
        before = [each.number for each in edits.history(script.edits, segment)]
        number = before[-2] if len(before) > 1 else 0
    decisions.restore(console.lake, script, segment, number, editor, after=restoring.after)
    return _now(console, place, segment)


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
    return _now(console, place, segment)


def comment(console: State, place: Place, segment: int, remark: Remark, editor: str) -> OneLine:
    """Remark on a line. Raises `EditError`, `CatalogError`."""
    lines.read(console.lake, place).line(segment)
    decisions.comment(console.lake, place, remark.text, editor, segment)
    return _now(console, place, segment)


def assign(console: State, place: Place, assigning: Assigning, editor: str) -> Reviewed:
    """Give an episode or a line to somebody. Raises `EditError`, `CatalogError`."""
    lines.read(console.lake, place)
    decisions.assign(console.lake, place, assigning.assignee or None, editor, assigning.segment)
    return Reviewed(changed=[], lines=shown(console, lines.read(console.lake, place), {}))


def history(console: State, place: Place, segment: int) -> list[Version]:
    """A line's corrections, oldest first. Raises `CatalogError`."""
    script = lines.read(console.lake, place)
    script.line(segment)
    return [
        Version(**{name: getattr(each, name) for name in Version.model_fields})
        for each in edits.history(script.edits, segment)
    ]


def say(console: State, place: Place, segment: int, wording: Wording) -> Sounding:
    """A text in a line's voice. Raises `CatalogError` without such a line, and what the engine raises."""
    line, resolved = lines.read(console.lake, place).line(segment), console.settings.dub
    stocked = [each.name for each in stock(engine(resolved, place.language).name, resolved, place.language)]
    voice = line.voice if line.voice in stocked else stocked[0]
    with console.speaking:
        found = preview(console.lake, resolved, console.machine, wording.text, place.language, voice)
    slot_ms = max(1, line.end_ms - line.start_ms)
    sound = console.links.to(found.blob, SOUND)
    return Sounding(sound=sound, duration_ms=found.duration_ms, slot_ms=slot_ms, tempo=found.duration_ms / slot_ms)


def _now(console: State, place: Place, segment: int) -> OneLine:
    (line,) = shown(console, lines.read(console.lake, place), {}, segment)
    return OneLine(line=line, language=place.language, source_language=console.settings.source_language)
