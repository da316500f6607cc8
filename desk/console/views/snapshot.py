"""What the whole lake holds, kept in memory: thousands of series are listed behind the pages that show them."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime

from desk.console.views.apart import apart
from dubwright import coverage
from dubwright.coverage import SeriesCoverage
from dubwright.lake import Lake
from dubwright.report import Failure

# A picture of the lake older than this (s) is taken anew; one that took long, after four times as long.
FRESH_S = 5.0
REST = 4
# What took longer (s) is left to a process of its own from then on.
ALONE_S = 1.0
# How long a page waits (s) for the new one before it shows the old; not at all where it is sure to be late.
PATIENCE_S = 0.25
_log = logging.getLogger(__name__)


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
        self._taken = self._took = 0.0
        self._picture: Picture | None = None
        self._lock = threading.Lock()
        self._taking: Future[Picture] | None = None
        self._thread = ThreadPoolExecutor(1, "dubwright-snapshot")

    def picture(self) -> Picture:
        """The picture to show. Raises `StoreError` if there is none yet and the lake cannot be listed."""
        with self._lock:
            if self._taking is None and time.monotonic() - self._taken > max(FRESH_S, REST * self._took):
                self._taking = self._thread.submit(self._take)
            picture, taking = self._picture, self._taking
            patience = PATIENCE_S if self._took <= PATIENCE_S else 0.0
        if taking is None:
            return picture or self._take()
        try:
            return taking.result(None if picture is None else patience)
        except Exception:
            # It takes longer, or the lake is away for once: better an older picture than none.
            if picture is None:
                raise
            return picture

    def forget(self) -> None:
        """Have the next picture taken anew, for something was changed just now."""
        with self._lock:
            self._taken = 0.0

    def _take(self) -> Picture:
        begun = time.monotonic()
        try:
            found = apart(picture_of, self._lake) if self._took > ALONE_S else picture_of(self._lake)
            self._picture = found
            return found
        except Exception:
            _log.exception("the lake could not be listed")
            raise
        finally:
            with self._lock:
                self._taken, self._taking = time.monotonic(), None
                self._took = self._taken - begun


def picture_of(lake: Lake) -> Picture:
    """The picture as it is now. Raises `StoreError`."""
    return Picture(coverage.coverage(lake), tuple(coverage.standing_failures(lake)))
