"""What was said of an episode's lines in a language: approved, locked, remarked, given to somebody.

Versions in the lake, `review/language=L/series=S/episode=E/<version>.parquet`: none is ever changed, later ones stand above
earlier ones. None of it decides a unit's result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from dubwright.lake import Lake
from dubwright.lake.layout import ReviewKey
from dubwright.review.edits import Place

Kind = Literal["approve", "lock", "unlock", "reopen", "comment", "resolve", "assign"]
KINDS: tuple[str, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing said of a line, or of the whole episode (`segment` None).

    Of a line that is approved or locked, `source_text` and `text` are what was approved; of a comment, `text` is the
    comment. `remark` is the number of the remark that a comment answers, or that is resolved. `at` is when (UTC), None
    before it is in the lake.
    """

    kind: Kind
    editor: str
    segment: int | None = None
    source_text: str | None = None
    text: str | None = None
    assignee: str | None = None
    remark: int | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Log:
    """An episode's entries, oldest first, up to a version of them (0: there is none)."""

    entries: tuple[Entry, ...] = ()
    version: int = 0


def log(lake: Lake, place: Place) -> Log:
    """What was said. Raises `StoreError`, `UnreadableError`."""
    keys = lake.review_keys(place.language, place.series, place.episode)
    return Log(read(lake, keys), max((key.version for key in keys), default=0))


def read(lake: Lake, keys: Sequence[ReviewKey]) -> tuple[Entry, ...]:
    """What stands under these keys, in their order; kinds of a newer dubwright are passed over."""
    return tuple(_entry(row) for row in lake.read_reviews(keys) if row["kind"] in KINDS)


def say(lake: Lake, place: Place, entries: Sequence[Entry]) -> ReviewKey:
    """Append entries as one version, all or none; its key."""
    while True:
        keys = lake.review_keys(place.language, place.series, place.episode)
        version = max((key.version for key in keys), default=0)
        if append(lake, place, entries, after=version):
            return ReviewKey(place.language, place.series, place.episode, version + 1)


def append(lake: Lake, place: Place, entries: Sequence[Entry], *, after: int) -> bool:
    """Append entries that were made in the knowledge of all up to version `after`; False if there are newer ones."""
    rows = [{name: getattr(one, name) for name in Entry.__slots__ if name != "at"} for one in entries]
    return lake.add_review(ReviewKey(place.language, place.series, place.episode, after + 1), rows)


def locked(entries: Sequence[Entry]) -> set[int]:
    """The lines that are locked by entries, oldest first."""
    found: set[int] = set()
    for entry in entries:
        if entry.segment is None:
            continue
        if entry.kind == "lock":
            found.add(entry.segment)
        elif entry.kind in ("unlock", "reopen"):
            found.discard(entry.segment)
    return found


def _entry(row: dict[str, Any]) -> Entry:
    return Entry(**{name: row[name] for name in Entry.__slots__ if name != "at"}, at=row["created_at"])
