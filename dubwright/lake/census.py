"""What a lake holds, series by series, from one listing: every unit and every failed attempt with its size and time.

Every partition is listed once, from beginning to end, side by side with the others; so a series' keys come together
and memory holds one series, however large the lake. The time is the store's: one clock for all who write.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from dubwright.lake import layout
from dubwright.lake.lake import Lake
from dubwright.lake.layout import FailureKey, UnitKey
from dubwright.lake.spreading import spread
from dubwright.lake.store import ObjectInfo

Place = tuple[str, str, str | None]


@dataclass(frozen=True, slots=True)
class Unit:
    """A committed unit: its key, its size in bytes, when it was committed."""

    key: UnitKey
    size: int
    modified: datetime

    @property
    def place(self) -> Place:
        """Table, episode and language: what a newer unit supersedes an older one in."""
        return (self.key.table, self.key.episode, self.key.language)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A failed attempt: its key, the size of its record in bytes, when it was recorded."""

    key: FailureKey
    size: int
    modified: datetime


@dataclass(slots=True)
class Holdings:
    """What the lake has of one series."""

    series: str
    units: list[Unit] = field(default_factory=list)
    failures: list[Attempt] = field(default_factory=list)

    def versions(self) -> dict[Place, list[Unit]]:
        """The units of every place, oldest first. The last one is the newest: what was committed last."""
        places: dict[Place, list[Unit]] = {}
        for unit in self.units:
            places.setdefault(unit.place, []).append(unit)
        for units in places.values():
            # Of two that were committed in one moment, everybody takes the same.
            units.sort(key=lambda unit: (unit.modified, unit.key.fingerprint))
        return places

    def partitions(self) -> dict[tuple[str, str | None], list[Unit]]:
        """The units by table and language."""
        found: dict[tuple[str, str | None], list[Unit]] = {}
        for unit in self.units:
            found.setdefault((unit.key.table, unit.key.language), []).append(unit)
        return found


def by_series(lake: Lake, series: str | None = None) -> Iterator[Holdings]:
    """Everything that the lake has, one series at a time; of one series only, if one is named."""
    if series is not None:
        holdings = of(lake, series)
        if holdings.units or holdings.failures:
            yield holdings
        return
    streams = [_by_part(lake.store.list(f"{prefix}series=")) for prefix in _partitions(lake)]
    for _, found in groupby(heapq.merge(*streams, key=_part_of), key=_part_of):
        part = _holdings(info for _, info in found)
        if part:
            yield part


def of(lake: Lake, series: str) -> Holdings:
    """What the lake has of one series now. Nothing else is listed but the names of its languages."""

    def listed(prefix: str) -> list[ObjectInfo]:
        return list(lake.store.list(f"{prefix}series={layout.encode(series)}/"))

    found = spread(listed, _partitions(lake))
    return _holdings(info for infos in found for info in infos) or Holdings(series)


def _partitions(lake: Lake) -> list[str]:
    """The prefixes below which series lie: of every table and every stage's failures, by language where there are any."""
    heads = [f"{table}/" for table in layout.UNIT_TABLES]
    heads += [f"failure/{stage}/" for stage in lake.store.folders("failure/")]

    def with_languages(head: str) -> list[str]:
        return [head, *(f"{head}language={name}/" for name in lake.store.folders(f"{head}language="))]

    return [prefix for found in spread(with_languages, heads) for prefix in found]


def _holdings(found: Iterable[ObjectInfo]) -> Holdings | None:
    units, failures = [], []
    for info in found:
        if info.key.startswith("failure/"):
            failure = layout.parse_failure(info.key)
            if failure:
                failures.append(Attempt(failure, info.size, info.modified))
            continue
        unit = layout.parse_unit(info.key)
        # Not what only looks like one: two spellings of a unit would be two units.
        if unit and str(unit) == info.key:
            units.append(Unit(unit, info.size, info.modified))
    names = [unit.key.series for unit in units[:1]] + [failure.key.unit.series for failure in failures[:1]]
    return Holdings(names[0], units, failures) if names else None


def _by_part(listing: Iterator[ObjectInfo]) -> Iterator[tuple[bytes, ObjectInfo]]:
    for info in listing:
        # With the slash behind the name: so the keys of series are in order whose names begin alike.
        part, below, _ = info.key.split("/series=", 1)[1].partition("/")
        if below:
            yield f"{part}/".encode(), info


def _part_of(entry: tuple[bytes, ObjectInfo]) -> bytes:
    return entry[0]
