"""What quality judges of deliverables, kept: a series of eighty episodes in ten languages has eight hundred."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import replace

from dubwright.lake import Lake
from dubwright.lake.layout import UnitKey
from dubwright.quality import standing
from dubwright.quality.gate import PICTURE
from dubwright.quality.standing import Standing
from dubwright.settings import QualitySettings

# Some KB each.
KEPT = 20_000


class Verdicts:
    """Verdicts on the deliverables of a lake under some bounds: each is read and judged once."""

    def __init__(self, lake: Lake, settings: QualitySettings) -> None:
        self._lake = lake
        self._settings = settings
        self._found: OrderedDict[UnitKey, Standing] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, keys: Iterable[UnitKey]) -> list[Standing]:
        """The verdicts, in the order of the keys; of what was measured they hold no more than the picture."""
        wanted = list(keys)
        # Who asks for the same meanwhile waits, and finds it.
        with self._lock:
            unread = [key for key in wanted if key not in self._found]
            for each in standing.of_units(self._lake, unread, self._settings):
                pictures = tuple(row for row in each.rows if row["metric"] == PICTURE)
                self._found[each.key] = replace(each, rows=pictures)
            found = [self._found[key] for key in wanted]
            while len(self._found) > KEPT:
                self._found.popitem(last=False)
        return found
