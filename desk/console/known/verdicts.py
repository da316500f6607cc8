"""What quality judges of deliverables, kept: a series of eighty episodes in ten languages has eight hundred."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from desk.console.known.apart import BEHIND, Beside
from dubwright.lake import Lake
from dubwright.lake.layout import UnitKey
from dubwright.lately import Lately
from dubwright.quality import standing
from dubwright.quality.gate import PICTURE
from dubwright.quality.standing import Standing
from dubwright.settings import QualitySettings

# Some KB each.
KEPT = 20_000
# More than these are read behind the page, by a process of its own.
AT_ONCE = 100
_log = logging.getLogger(__name__)


class Verdicts:
    """Verdicts on the deliverables of a lake under some bounds: each is read and judged once."""

    def __init__(self, lake: Lake, settings: QualitySettings) -> None:
        own = Lake(lake.store)
        self._settings = settings
        self._judge = partial(_judged, own, settings)
        self._beside = Beside(own, BEHIND)
        self._found: Lately[UnitKey, Standing] = Lately(KEPT)
        self._asked: set[UnitKey] = set()
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(1, "dubwright-verdicts")

    def of(self, keys: Iterable[UnitKey]) -> list[Standing]:
        """The verdicts, in the order of the keys; of what was measured they hold no more than the picture."""
        return self._found.of(list(keys), self._judge)

    def known(self, keys: Iterable[UnitKey]) -> tuple[list[Standing], bool]:
        """The verdicts that are known by now, and whether these are all. What is not is read meanwhile."""
        wanted = list(keys)
        found = self._found.known(wanted)
        unread = [key for key in wanted if key not in found]
        if len(unread) <= AT_ONCE:
            return self.of(wanted), True
        with self._lock:
            new = [key for key in unread if key not in self._asked]
            self._asked.update(new)
        if new:
            self._thread.submit(self._read, new)
        return list(found.values()), False

    def _read(self, keys: Sequence[UnitKey]) -> None:
        try:
            self._found.keep(keys, self._beside.call(_judged, self._settings, keys))
        except Exception:
            _log.exception("%d verdicts could not be read", len(keys))
        finally:
            with self._lock:
                self._asked.difference_update(keys)


def _judged(lake: Lake, settings: QualitySettings, keys: Sequence[UnitKey]) -> list[Standing]:
    """The verdicts in the order of the keys, without what was measured but for the picture."""
    found = {
        each.key: replace(each, rows=tuple(row for row in each.rows if row["metric"] == PICTURE))
        for each in standing.of_units(lake, keys, settings)
    }
    return [found[key] for key in keys]
