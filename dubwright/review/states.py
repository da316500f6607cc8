"""How each line of an episode stands: what its translation, people's corrections and what was said of it come to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from dubwright.review.edits import Edit, last_numbers, standing
from dubwright.review.log import Entry

State = Literal["failed", "draft", "edited", "approved", "locked"]
STATES: tuple[State, ...] = ("failed", "draft", "edited", "approved", "locked")


@dataclass(frozen=True, slots=True)
class Standing:
    """How a line stands.

    `number` is that of its last correction (0: there is none), for whoever corrects it next. `editor` changed, approved or
    locked it last, `at` (UTC); `engine_text` is what it said before anybody did. A line that is `approved` beneath its lock
    is so again when that is taken off. What was locked is `stale` where the line's source or text is another one by now: it
    stays locked, and needs a look.
    """

    segment: int
    state: State
    text: str
    number: int = 0
    approved: bool = False
    stale: bool = False
    editor: str | None = None
    at: datetime | None = None
    edit: Edit | None = None
    assignee: str | None = None
    comments: tuple[Entry, ...] = ()
    engine_text: str = ""


def states(rows: Iterable[Mapping[str, Any]], edits: Sequence[Edit], entries: Iterable[Entry]) -> dict[int, Standing]:
    """The lines by number. `rows` are those of the table `translation` as the engine made them, `edits` in their order.

    An approval is one of a text: it lapses when the line's source or text is another one.
    """
    said: dict[int, list[Entry]] = {}
    everybody = None
    for entry in entries:
        if entry.segment is not None:
            said.setdefault(entry.segment, []).append(entry)
        elif entry.kind == "assign":
            everybody = entry.assignee
    counts, numbers = standing(edits), last_numbers(edits)
    return {
        row["segment"]: _stand(
            row,
            counts.get((row["segment"], row["source_text"])),
            Standing(row["segment"], "draft", "", numbers.get(row["segment"], 0), assignee=everybody),
            said.get(row["segment"], ()),
        )
        for row in rows
    }


def _stand(row: Mapping[str, Any], edit: Edit | None, bare: Standing, entries: Iterable[Entry]) -> Standing:
    text = edit.text if edit and edit.text is not None else row["text"] or ""
    found = replace(
        bare, text=text, engine_text=row["text"] or "", edit=edit, state="draft" if text.strip() else "failed"
    )
    if edit and not edit.base and edit.changes and text.strip():
        found = replace(found, state="edited", editor=edit.editor, at=edit.at)
    approval: Entry | None = None
    lock: Entry | None = None
    for entry in entries:
        match entry.kind:
            case "approve":
                approval = entry
            case "lock":
                lock = entry
            case "unlock":
                lock = None
            case "reopen":
                approval = lock = None
            case "assign":
                found = replace(found, assignee=entry.assignee)
            case "comment":
                found = replace(found, comments=(*found.comments, entry))
    if approval and _same(approval, row, text):
        found = replace(found, state="approved", approved=True, editor=approval.editor, at=approval.at)
    if lock:
        stale = not _same(lock, row, text)
        found = replace(found, state="locked", stale=stale, editor=lock.editor, at=lock.at)
    return found


def _same(entry: Entry, row: Mapping[str, Any], text: str) -> bool:
    return entry.text == text and entry.source_text == row["source_text"]
