"""What people change: a line's text and times, its approval and lock, remarks, whose work it is. Two at once lose nothing.

Whoever corrects a line says which correction of it they had seen, and a newer one is an error that tells of it. Approvals
and locks are of texts, and whoever locks a line looks at its chain afterwards, as whoever corrects one looks at the locks: of
two who do both at once, at least one sees the other and gives way.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from dubwright.errors import DubwrightError, EditConflictError, EditError, LockedError
from dubwright.lake import Lake, layout
from dubwright.lake.lake import ulid
from dubwright.lake.layout import EditKey
from dubwright.review import edits, log
from dubwright.review.edits import Edit, Place
from dubwright.review.lines import Line, Script, shown
from dubwright.review.log import Entry, Kind
from dubwright.review.remarks import Remark, remarks

LONGEST_TEXT = 1000
LONGEST_COMMENT = 2000
LONGEST_NAME = 100
SHORTEST_MS, LONGEST_MS = 100, 60_000
# Breaks are spaces in a line; the spaces that do not break are the editor's own.
_SPACES = re.compile("[ \t\n\r\x0b\x0c\x85\u2028\u2029]+")
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Change:
    """What a line is to be: what is None stays as it is. Times in ms.

    `after` is the number of the last correction of the line that was seen, `source_text` the source: those of the script
    at hand where they are None.
    """

    segment: int
    text: str | None = None
    start_ms: int | None = None
    end_ms: int | None = None
    after: int | None = None
    source_text: str | None = None


# Corrections ------------------------------------------------------------------------------------------


def save(lake: Lake, script: Script, change: Change, editor: str) -> str:
    """Correct one line; the correction's key.

    Raises `EditConflictError` if somebody corrected it since, `LockedError`, `EditError` for what no line can be or what
    it is already, `CatalogError` if it is not there. Then nothing of it stays.
    """
    (outcome,) = save_all(lake, script, [change], editor)
    if isinstance(outcome, DubwrightError):
        raise outcome
    return outcome


def save_all(lake: Lake, script: Script, changes: Sequence[Change], editor: str) -> list[str | DubwrightError]:
    """Correct lines of an episode, each for itself: the key of each correction, or why there is none, in order."""
    editor = _named(editor, "editor")
    before = log.log(lake, script.place)
    fixed = log.locked(before.entries)
    outcomes: list[str | DubwrightError] = []
    for change in changes:
        try:
            outcomes.append(_put(lake, script, change, editor, fixed))
        except DubwrightError as error:
            if error.transient:
                raise
            outcomes.append(error)
    since = log.log(lake, script.place)
    if since.version != before.version:
        newly = log.locked(since.entries) - fixed
        for at, change in enumerate(changes):
            saved = outcomes[at]
            if change.segment in newly and isinstance(saved, str):
                outcomes[at] = _give_way(lake, script, change.segment, saved, editor)
    return outcomes


def restore(lake: Lake, script: Script, segment: int, number: int, editor: str, *, after: int | None = None) -> str:
    """Make a line again what its correction of this number made it, or with 0 what the engine said; the new one's key.

    Raises as `save` does, and `EditError` if it has no such correction.
    """
    line = script.line(segment)
    found = next((each for each in edits.history(script.edits, segment) if number and each.number == number), None)
    if number and found is None:
        raise _wrong(script.place, segment, f"has no correction {number}", "see `dubwright lines … --history LINE`")
    said = _Said.by(found)
    if said == _Said.by(line.edit):
        raise _wrong(script.place, segment, "is that already", "nothing is to be done")
    if segment in log.locked(log.log(lake, script.place).entries):
        raise _locked(script.place, segment)
    seen = line.number if after is None else after
    key = _append(lake, script.place, line, said, _named(editor, "editor"), seen)
    if segment in log.locked(log.log(lake, script.place).entries):
        raise _give_way(lake, script, segment, key, editor)
    return key


def _put(lake: Lake, script: Script, change: Change, editor: str, fixed: set[int]) -> str:
    place, line = script.place, script.line(change.segment)
    if change.source_text is not None and change.source_text != line.source_text:
        raise EditConflictError(
            f"its source is another one by now: {line.source_text!r}",
            where=str(place),
            field=f"line {line.segment}",
            remedy="look at the line again, then correct it",
            text=line.text,
            number=line.number,
        )
    if line.segment in fixed:
        raise _locked(place, line.segment)
    now = _Said.by(line.edit)
    if now.text is None and line.approved:
        # What was approved stands by itself; what the engine says may change with it.
        now = replace(now, text=line.text, subtitle_text=line.subtitle_text, short_text=line.short_text)
    said = now
    if change.text is not None and (text := cleaned(change.text, place, line.segment)) != line.text:
        said = replace(said, text=text, subtitle_text=None, short_text=None)
    times = (
        line.start_ms if change.start_ms is None else change.start_ms,
        line.end_ms if change.end_ms is None else change.end_ms,
    )
    if times != (line.start_ms, line.end_ms):
        start_ms, end_ms = _checked(times, script, line.segment)
        # Where its original is, it is not moved.
        own = {"start_ms": None, "end_ms": None} if times == line.heard_ms else {"start_ms": start_ms, "end_ms": end_ms}
        said = replace(said, **own)
    seen = line.number if change.after is None else change.after
    if said == now and seen == line.number:
        raise _wrong(place, line.segment, "says that already", "nothing is to be done")
    return _append(lake, place, line, said, editor, seen)


def _append(lake: Lake, place: Place, line: Line, said: _Said, editor: str, after: int) -> str:
    return lake.add_edit(
        place.language,
        place.series,
        place.episode,
        segment=line.segment,
        source_text=line.source_text,
        editor=editor,
        after=after,
        **{name: getattr(said, name) for name in _Said.__slots__},
    )


@dataclass(frozen=True, slots=True)
class _Said:
    """What a correction says of its line, as `edits.Edit` has it."""

    text: str | None = None
    start_ms: int | None = None
    end_ms: int | None = None
    subtitle_text: str | None = None
    short_text: str | None = None

    @classmethod
    def by(cls, edit: Edit | None) -> _Said:
        return cls(*(getattr(edit, name) for name in cls.__slots__)) if edit else cls()


def _give_way(lake: Lake, script: Script, segment: int, saved: str, editor: str) -> LockedError:
    """Take a correction back that was `saved` when the line was being locked."""
    line, key = script.line(segment), layout.parse_edit(saved)
    _append(lake, script.place, line, _Said.by(line.edit), editor, key.number if key else line.number + 1)
    return _locked(script.place, segment)


def cleaned(text: str, place: Place | None = None, segment: int | None = None) -> str:
    """A line's text as it is kept. Raises `EditError` for one that is empty, too long or holds what no text does."""
    said = _SPACES.sub(" ", text).strip()
    if not said or len(said) > LONGEST_TEXT:
        problem = f"a text of {len(said)} characters"
        raise _wrong(place, segment, problem, f"give what is to be said, up to {LONGEST_TEXT}")
    for char in said:
        if unicodedata.category(char) in ("Cc", "Cs") or _TURNING.match(char):
            raise _wrong(place, segment, f"a text with U+{ord(char):04X}, which is no part of one", "take it away")
    return said


def _checked(times: tuple[int, int], script: Script, segment: int) -> tuple[int, int]:
    start_ms, end_ms = times
    if not 0 <= start_ms < end_ms:
        raise _wrong(script.place, segment, f"from {start_ms} to {end_ms} ms is no time", "let it start before it ends")
    if not SHORTEST_MS <= end_ms - start_ms <= LONGEST_MS:
        remedy = f"a line takes {SHORTEST_MS / 1000:g} to {LONGEST_MS / 1000:g} s"
        raise _wrong(script.place, segment, f"{(end_ms - start_ms) / 1000:g} s is no line's length", remedy)
    if script.duration_ms is not None and end_ms > script.duration_ms:
        remedy = f"the episode ends at {script.duration_ms / 1000:.1f} s"
        raise _wrong(script.place, segment, f"would end at {end_ms / 1000:.1f} s", remedy)
    return times


# Reviews ----------------------------------------------------------------------------------------------


def approve(lake: Lake, script: Script, segments: Iterable[int], editor: str) -> list[int]:
    """Approve the texts of lines as the script has them; the lines that were not approved or locked before.

    They stand then whatever engine translates the episode again. Raises `EditConflictError` if one was corrected
    since, `EditError` for a line without a text.
    """
    lines = [line for line in shown(script.lines, segments) if not line.approved and line.state != "locked"]
    _say_of_texts(lake, script, lines, editor, "approve")
    return [line.segment for line in lines]


def lock(lake: Lake, script: Script, segments: Iterable[int], editor: str) -> list[int]:
    """Approve and lock lines: nobody corrects them until they are unlocked; those that were not locked. Raises as `approve`."""
    lines = [line for line in shown(script.lines, segments) if line.state != "locked"]
    _say_of_texts(lake, script, lines, editor, "lock")
    moved = _corrected_since(lake, script, lines)
    if moved:
        log.say(lake, script.place, [Entry("unlock", editor, segment) for segment in moved])
        raise _conflict(lake, script.place, moved)
    return [line.segment for line in lines]


def unlock(lake: Lake, script: Script, segments: Iterable[int], editor: str) -> list[int]:
    """Unlock lines: they are approved, as before, while they stay as they are; those that were locked."""
    lines = [line for line in shown(script.lines, segments) if line.state == "locked"]
    return _say(lake, script, lines, editor, "unlock")


def reopen(lake: Lake, script: Script, segments: Iterable[int], editor: str) -> list[int]:
    """Take approvals back; the lines that were approved. Raises `LockedError` for one that is locked."""
    lines = shown(script.lines, segments)
    for line in lines:
        if line.state == "locked":
            raise _locked(script.place, line.segment)
    lines = [line for line in lines if line.approved]
    said = _say(lake, script, lines, editor, "reopen")
    standing = edits.standing(script.edits)
    pinned = [line for line in lines if (edit := standing.get((line.segment, line.source_text))) and edit.base]
    _pin(lake, script, pinned, editor, release=True)
    return said


def comment(
    lake: Lake, place: Place, text: str, editor: str, segment: int | None = None, *, remark: int | None = None
) -> None:
    """Remark on a line, or on the episode, or answer a remark there, by its number, which is open again then.

    Raises `EditError` for what is no remark, and for an answer to none of that line.
    """
    said = text.strip()
    if not said or len(said) > LONGEST_COMMENT or any(unicodedata.category(char) in ("Cs",) for char in said):
        problem = f"a comment of {len(said)} characters"
        raise _wrong(place, segment, problem, f"write something, up to {LONGEST_COMMENT}")
    if remark is not None:
        segment = _remark(log.log(lake, place), place, segment, remark).segment
    log.say(lake, place, [Entry("comment", _named(editor, "editor"), segment, text=said, remark=remark)])


def resolve(lake: Lake, place: Place, remark: int, editor: str, segment: int | None = None) -> None:
    """Settle a remark, by its number, which with `segment` is one on that line.

    Raises `EditError` if there is none such, or it was answered or settled meanwhile.
    """
    editor = _named(editor, "editor")
    seen = log.log(lake, place)
    found = _remark(seen, place, segment, remark)
    while True:
        if not found.open:
            raise _wrong(place, segment, f"remark {remark} is resolved already", "nothing is to be done")
        if log.append(lake, place, [Entry("resolve", editor, found.segment, remark=remark)], after=seen.version):
            return
        seen = log.log(lake, place)
        now = _remark(seen, place, segment, remark)
        if len(now.answers) != len(found.answers):
            raise _wrong(place, segment, f"remark {remark} was answered meanwhile", "read the answer, then decide")
        found = now


def _remark(said: log.Log, place: Place, segment: int | None, number: int) -> Remark:
    for found in remarks(said.entries):
        if found.number == number and segment in (None, found.segment):
            return found
    raise _wrong(place, segment, f"has no remark {number}", "see `dubwright review comments`")


def assign(lake: Lake, place: Place, assignee: str | None, editor: str, *segments: int | None) -> None:
    """Give an episode (no `segments`), or some lines of it, to somebody; None to nobody."""
    who = None if assignee is None else _named(assignee, "assignee")
    by = _named(editor, "editor")
    log.say(lake, place, [Entry("assign", by, segment, assignee=who) for segment in segments or (None,)])


def _say(lake: Lake, script: Script, lines: Sequence[Line], editor: str, kind: Kind) -> list[int]:
    if lines:
        log.say(lake, script.place, [Entry(kind, _named(editor, "editor"), line.segment) for line in lines])
    return [line.segment for line in lines]


def _say_of_texts(lake: Lake, script: Script, lines: Sequence[Line], editor: str, kind: Kind) -> None:
    if not lines:
        return
    for line in lines:
        if not line.text.strip():
            raise _wrong(script.place, line.segment, "has no text to approve", "correct it first")
    if moved := _corrected_since(lake, script, lines):
        raise _conflict(lake, script.place, moved)
    approval = Entry("approve", _named(editor, "editor"))
    kinds: dict[Kind, list[Line]] = {"approve": [line for line in lines if not line.approved]}
    if kind == "lock":
        kinds["lock"] = list(lines)
    entries = [
        replace(approval, kind=each, segment=line.segment, source_text=line.source_text, text=line.text)
        for each, own in kinds.items()
        for line in own
    ]
    # First what is said, then what it is to outlive: an end between them leaves an approval that may lapse, no text
    # that stands although nobody approved it.
    log.say(lake, script.place, entries)
    standing = edits.standing(script.edits)
    _pin(lake, script, [line for line in lines if not _stands(standing, line)], editor)


def _stands(standing: Mapping[edits.Line, edits.Edit], line: Line) -> bool:
    """Whether a correction or an earlier pin has the line's text already, whatever the engine says."""
    edit = standing.get((line.segment, line.source_text))
    return edit is not None and edit.text == line.text


def _pin(lake: Lake, script: Script, lines: Sequence[Line], editor: str, *, release: bool = False) -> None:
    place = script.place
    rows = [
        {
            "segment": line.segment,
            "number": line.number,
            "source_text": line.source_text,
            "text": None if release else line.text,
            "start_ms": line.edit.start_ms if line.edit else None,
            "end_ms": line.edit.end_ms if line.edit else None,
            "subtitle_text": None if release else line.subtitle_text,
            "short_text": None if release else line.short_text,
            "editor": editor,
        }
        for line in lines
    ]
    if rows:
        lake.add_pins(EditKey(place.language, place.series, place.episode, ulid(), base=script.base), rows)


def _corrected_since(lake: Lake, script: Script, lines: Sequence[Line]) -> dict[int, EditKey]:
    """The newest corrections, by line, that the script does not know of."""
    place, found = script.place, dict[int, EditKey]()
    seen = {line.segment: line.number for line in lines}
    for key in lake.edit_keys(place.language, place.series, place.episode):
        if key.number > seen.get(key.segment, key.number):
            found[key.segment] = max(key, found.get(key.segment, key), key=lambda each: each.number)
    return found


def _conflict(lake: Lake, place: Place, moved: Mapping[int, EditKey]) -> EditConflictError:
    return lake.edit_conflict(moved[min(moved)])


# Errors -----------------------------------------------------------------------------------------------


def _named(name: str, field: str) -> str:
    said = " ".join(name.split())
    if not said or len(said) > LONGEST_NAME or any(unicodedata.category(char) in ("Cc", "Cs") for char in said):
        raise EditError(f"{name[:40]!r} is no name", field=field, remedy=f"use 1 to {LONGEST_NAME} characters")
    return said


def _wrong(place: Place | None, segment: int | None, problem: str, remedy: str) -> EditError:
    field = None if segment is None else f"line {segment}"
    return EditError(problem, where=str(place) if place else None, field=field, remedy=remedy)


def _locked(place: Place, segment: int) -> LockedError:
    remedy = "unlock it first: `dubwright review unlock`"
    return LockedError("is locked", where=str(place), field=f"line {segment}", remedy=remedy)
