"""What quality judges of deliverables, kept: a series of eighty episodes in ten languages has eight hundred."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from dubwright.lake import Lake
from dubwright.lake.layout import UnitKey
from dubwright.lately import Lately
from dubwright.quality import standing
from dubwright.quality.gate import PICTURE
from dubwright.quality.standing import Standing
from dubwright.settings import QualitySettings

# Some KB each, and in brief some hundred bytes.
KEPT, KEPT_BRIEFLY = 2000, 100_000
# More than these are read behind the page.
AT_ONCE = 100
_log = logging.getLogger(__name__)


class Brief(NamedTuple):
    """A verdict in brief: whether it passed, the worst of what did not, how many of its `lines` are flagged.

    Hundreds at a time come from another process; whole ones held up every page while they were put together again.
    """

    passed: bool | None
    worst: str | None
    flagged: int
    lines: int


class Verdicts:
    """Verdicts on the deliverables of a lake under some bounds: each is read and judged once.

    `elsewhere` does what `briefly` does, where that is done by another process.
    """

    def __init__(
        self,
        lake: Lake,
        settings: QualitySettings,
        elsewhere: Callable[[Sequence[UnitKey]], list[Brief]] | None = None,
    ) -> None:
        self._judge = partial(_judged, Lake(lake.store), settings)
        self._many = elsewhere or self.briefly
        self._whole: Lately[UnitKey, Standing] = Lately(KEPT)
        self._brief: Lately[UnitKey, Brief] = Lately(KEPT_BRIEFLY)
        self._asked: set[UnitKey] = set()
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(1, "dubwright-verdicts")

    def of(self, keys: Iterable[UnitKey]) -> list[Standing]:
        """The verdicts, in the order of the keys; of what was measured they hold no more than the picture."""
        return self._whole.of(list(keys), self._judge)

    def briefly(self, keys: Iterable[UnitKey]) -> list[Brief]:
        """The verdicts in brief, in the order of the keys."""
        return self._brief.of(list(keys), lambda new: map(_brief, self._judge(new)))

    def known(self, keys: Iterable[UnitKey]) -> tuple[dict[UnitKey, Brief], bool]:
        """The verdicts that are known by now, and whether these are all. What is not is read meanwhile."""
        wanted = list(keys)
        found = self._brief.known(wanted)
        unread = [key for key in wanted if key not in found]
        if len(unread) <= AT_ONCE:
            return found | dict(zip(unread, self.briefly(unread), strict=True)), True
        with self._lock:
            new = [key for key in unread if key not in self._asked]
            self._asked.update(new)
        if new:
            self._thread.submit(self._read, new)
        return found, False

    def _read(self, keys: Sequence[UnitKey]) -> None:
        try:
            self._brief.keep(keys, self._many(keys))
        except Exception:
            _log.exception("%d verdicts could not be read", len(keys))
        finally:
            with self._lock:
                self._asked.difference_update(keys)


def _brief(judged: Standing) -> Brief:
    quality = judged.quality
    worst = str(quality.failed[0]) if quality.failed else None
    return Brief(quality.passed, worst, len(quality.flags), quality.lines)


def _judged(lake: Lake, settings: QualitySettings, keys: Sequence[UnitKey]) -> list[Standing]:
    """The verdicts in the order of the keys, without what was measured but for the picture."""
    found = {
        each.key: replace(each, rows=tuple(row for row in each.rows if row["metric"] == PICTURE))
        for each in standing.of_units(lake, keys, settings)
    }
    return [found[key] for key in keys]
