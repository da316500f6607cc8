"""What no listing tells of a series: what a run would make anew, and what quality judges flagged.

Looked at behind the pages, a series at a time and those first that somebody has before them; a look reads a bounded number
of files, and what was read of a delivery once is known for good.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from desk.console.known.verdicts import Verdicts
from dubwright.catalogue import catalog as catalogs
from dubwright.catalogue import registered
from dubwright.errors import CatalogError, ManifestError
from dubwright.lake import Lake
from dubwright.planning import plan
from dubwright.reports import coverage
from dubwright.reports.coverage import SeriesCoverage
from dubwright.settings import Settings
from dubwright.stages import STAGES

# A look older than this (s) is taken anew when somebody has the series before them.
FRESH_S = 180.0
# After a look the thread rests as long as that took, but no longer than this (s): others want the processor too.
REST_S = 1.0
# For so long (s) nobody looks again for a series that no registered catalogue had: all of them were gone through for it.
STRANGE_S = 1800.0
# Series that wait to be looked at, and those that are kept.
MOST_WAITING, MOST_KEPT = 100, 5000
LAST = list(STAGES)[-1]
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Look:
    """A series as it was found `at` a moment, by language.

    `outdated` counts the delivered episodes that a run would make anew (None: no registered catalogue has the series), `why`
    says what changed of the first of them; `flagged` counts those that quality judges flagged, of those read by now: all
    of them where the look is `whole`.
    """

    outdated: Mapping[str, int] | None = None
    why: Mapping[str, str] = field(default_factory=dict)
    flagged: Mapping[str, int] = field(default_factory=dict)
    whole: bool = True
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


class Inspection:
    """Looks at series, taken by one thread; `look` takes one."""

    def __init__(self, look: Callable[[str], Look], fresh_s: float = FRESH_S) -> None:
        self._look = look
        self._fresh_s = fresh_s
        self._looks: OrderedDict[str, tuple[float, Look]] = OrderedDict()
        self._waiting: list[str] = []
        self._at: str | None = None
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(1, "dubwright-inspection")

    def looks(self) -> dict[str, Look]:
        """All that is known by now."""
        with self._lock:
            return {series: look for series, (_, look) in self._looks.items()}

    def ask(self, series: Sequence[str]) -> int:
        """Have these series looked at, before others, unless that was done just now; how many are not known wholly yet."""
        with self._lock:
            now = time.monotonic()
            stale = [name for name in series if not self._fresh(name, now)]
            others = [name for name in self._waiting if name not in set(stale)]
            self._waiting = [name for name in (*stale, *others) if name != self._at][:MOST_WAITING]
            if self._at is None:
                self._go_on()
            return sum(name not in self._looks or not self._looks[name][1].whole for name in stale)

    def forget(self, series: str) -> None:
        """Have a series looked at anew, for something was decided on it just now."""
        with self._lock:
            if series in self._looks:
                self._looks[series] = (-self._fresh_s, self._looks[series][1])

    def _fresh(self, name: str, now: float) -> bool:
        taken, look = self._looks.get(name, (None, None))
        return taken is not None and look is not None and look.whole and now - taken <= self._fresh_s

    def _go_on(self) -> None:
        """Have the thread take the next look, if one waits; it is given one at a time, so that a process can end."""
        self._at = self._waiting.pop(0) if self._waiting else None
        if self._at is not None:
            with suppress(RuntimeError):  # the process is ending
                self._thread.submit(self._take, self._at)

    def _take(self, name: str) -> None:
        began = time.monotonic()
        try:
            look = self._look(name)
        except Exception:
            # What was known stays; it is tried again with the next look.
            _log.exception("%s could not be looked at", name)
            look = self._looks.get(name, (0.0, Look()))[1]
        with self._lock:
            self._looks[name] = (time.monotonic(), look)
            self._looks.move_to_end(name)
            if len(self._looks) > MOST_KEPT:
                self._looks.popitem(last=False)
        time.sleep(min(time.monotonic() - began, REST_S))
        with self._lock:
            self._go_on()


def looking(lake: Lake, settings: Settings, verdicts: Verdicts) -> Callable[[str], Look]:
    """What looks at a series of a lake, as a run of these settings would."""
    strange: dict[str, float] = {}

    def look(series: str) -> Look:
        covered = coverage.coverage(lake, series).get(series, SeriesCoverage())
        languages = sorted(covered.delivered)
        delivered = [key for language in languages for key in coverage.newest(lake, "deliverable", language, series)]
        judged, whole = verdicts.known(delivered)
        below = Counter(key.language for key, one in judged.items() if one.passed is False)
        flagged = {language: below[language] for language in languages}
        if time.monotonic() - strange.get(series, -STRANGE_S) < STRANGE_S:
            return Look(None, {}, flagged, whole)
        outdated, why = _outdated(lake, settings, series, languages)
        if outdated is None:
            strange[series] = time.monotonic()
        return Look(outdated, why, flagged, whole)

    return look


def _outdated(
    lake: Lake, settings: Settings, series: str, languages: Sequence[str]
) -> tuple[dict[str, int] | None, dict[str, str]]:
    """Delivered episodes that a run would make anew, by language, and what changed of the first."""
    try:
        works = catalogs.load(registered.PREFIX, series, lake, settings.source_language).of({series})
    except (CatalogError, ManifestError):
        return None, {}
    if not works.series:
        return None, {}
    targets = plan.plannable(languages, settings, lake)
    survey = plan.planner(targets, settings, lake).survey_here(works)
    # What changes in any stage changes what follows it, so the last one tells of all.
    counts = {
        language: sum(n for why, n in survey.reasons[LAST, language].items() if why.startswith("changed"))
        for language in targets
    }
    why = {}
    for language in (language for language, number in counts.items() if number):
        chain = ((name, language if stage.per_language else None) for name, stage in STAGES.items())
        changed = next((survey.changed[where] for where in chain if survey.changed.get(where)), ())
        why[language] = next((plan.explain(unit, lake) for unit in changed), "")
    return counts, why
