"""How many remarks of a series are open."""

from __future__ import annotations

from itertools import groupby

from dubwright.lake import Lake
from dubwright.lake.layout import ReviewKey
from dubwright.lake.spreading import spread
from dubwright.lately import Lately
from dubwright.reports import coverage
from dubwright.review import log, remarks
from dubwright.review.log import Entry

# Episodes in a language of which it is kept in memory what was remarked.
KEPT = 20_000
Where = tuple[str, str, str]


class OpenRemarks:
    """Counts the open remarks of a lake. What was said is never changed, so each version of a log is read once."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._read: Lately[Where, tuple[int, tuple[Entry, ...]]] = Lately(KEPT)

    def of_series(self, series: str) -> dict[tuple[str, str], int]:
        """The number for each episode and language that has any. Raises `StoreError`, `UnreadableError`."""
        keys = [
            key
            for language in coverage.languages(self._lake, "review")
            for key in self._lake.review_keys(language, series)
        ]
        logs = [list(own) for _, own in groupby(keys, key=lambda key: (key.language, key.episode))]
        counts = spread(lambda own: remarks.count_open(self._entries(own)), logs)
        return {(own[0].episode, own[0].language): count for own, count in zip(logs, counts, strict=True) if count}

    def _entries(self, keys: list[ReviewKey]) -> tuple[Entry, ...]:
        where = (keys[0].language, keys[0].series, keys[0].episode)
        version, known = self._read.known([where]).get(where, (0, ()))
        new = log.read(self._lake, [key for key in keys if key.version > version])
        entries = (*known, *(entry for entry in new if entry.kind in ("comment", "resolve")))
        self._read.keep([where], [(keys[-1].version, entries)])
        return entries
