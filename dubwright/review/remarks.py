"""Remarks on lines and episodes: written, answered, resolved, opened again by an answer.

A remark is known by its number among its episode's comments in one language, from 1: the log is only ever appended to, so
it stays the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from dubwright.review.log import Entry


@dataclass(frozen=True, slots=True)
class Remark:
    """A remark on the line `segment` (None: on the episode), its `answers`, oldest first, and who resolved it, if anybody."""

    number: int
    segment: int | None
    text: str
    editor: str
    at: datetime | None
    answers: tuple[Entry, ...] = ()
    resolved: Entry | None = None

    @property
    def open(self) -> bool:
        return self.resolved is None


def remarks(entries: Iterable[Entry]) -> list[Remark]:
    """The remarks that an episode's entries make, oldest first; what answers or resolves none is passed over."""
    found: dict[int, Remark] = {}
    # The number of the remark that an answer belongs to, by the answer's own.
    begun: dict[int, int] = {}
    count = 0
    for entry in entries:
        if entry.kind == "comment":
            count += 1
            first = begun.get(entry.remark or 0)
            begun[count] = first or count
            if first:
                found[first] = replace(found[first], answers=(*found[first].answers, entry), resolved=None)
            else:
                found[count] = Remark(count, entry.segment, entry.text or "", entry.editor, entry.at)
        elif entry.kind == "resolve" and (first := begun.get(entry.remark or 0)):
            found[first] = replace(found[first], resolved=entry)
    return list(found.values())


def count_open(entries: Iterable[Entry]) -> int:
    """How many remarks wait for somebody."""
    return sum(remark.open for remark in remarks(entries))
