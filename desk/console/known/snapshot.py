"""What the whole lake holds, kept in memory: thousands of series are listed behind the pages that show them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from desk.console.known.apart import apart
from desk.console.known.behind import Behind
from dubwright.lake import Lake
from dubwright.reports import coverage
from dubwright.reports.coverage import SeriesCoverage
from dubwright.reports.failures import Failure

# A picture of the lake older than this (s) is taken anew; one that took long, after four times as long.
FRESH_S = 5.0
# What took longer (s) is left to a process of its own from then on.
ALONE_S = 1.0


@dataclass(frozen=True, slots=True)
class Picture:
    """A lake as it stood at a moment: how far each series is, and the failures that stand."""

    series: Mapping[str, SeriesCoverage]
    failures: tuple[Failure, ...]
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def languages(self) -> list[str]:
        """Every language that something was delivered in or failed in."""
        found = {language for each in self.series.values() for language in each.delivered}
        return sorted(found | {failure.language for failure in self.failures if failure.language})

    @property
    def failed(self) -> Counter[tuple[str, str | None]]:
        """Failed units by series and language (None: what all languages need)."""
        return Counter((failure.series, failure.language) for failure in self.failures)


class Snapshot:
    """The newest picture of a lake; only who asks first waits for one."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._behind = Behind(self._take, FRESH_S, "picture of the lake")

    def picture(self) -> Picture:
        """The picture to show. Raises `StoreError` if there is none yet and the lake cannot be listed."""
        return self._behind.get()

    def forget(self) -> None:
        """Have the next picture taken anew, for something was changed just now."""
        self._behind.forget()

    def _take(self) -> Picture:
        return apart(picture_of, self._lake) if self._behind.took > ALONE_S else picture_of(self._lake)


def picture_of(lake: Lake) -> Picture:
    """The picture as it is now. Raises `StoreError`."""
    return Picture(coverage.coverage(lake), tuple(coverage.standing_failures(lake)))
