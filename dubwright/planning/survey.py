"""How a whole catalogue stands, counted; a large one on all processors, a run of its series each."""

from __future__ import annotations

import multiprocessing
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from dubwright.catalogue.catalog import Catalog, Series
from dubwright.lake import layout
from dubwright.planning.listing import Partition
from dubwright.stages import Stage

if TYPE_CHECKING:
    from dubwright.planning.plan import Planner
    from dubwright.planning.series_plan import PlannedUnit

# Fewer series are counted before another process has started.
SERIES_COUNTED_ALONE = 500
SERIES_A_PART = 250
# Each takes some 150 MiB, and a store answers only so many.
MOST_PROCESSES = 8
# Of each stage and language, changed units that are kept to be explained.
EXPLAINED = 3


@dataclass(slots=True)
class Survey:
    """How a whole catalogue stands, without its units.

    `counts` has the number of units by state for each stage and language (None for a stage that has none of its own),
    `reasons` why the wanted ones are wanted, `lacking` the number of wanted units of each series that has any, in the
    catalogue's order, `troubled` the series with units that were tried and failed. `changed` holds a few changed units
    of each stage and language, to be explained.
    """

    catalog: Catalog
    languages: tuple[str, ...]
    counts: dict[Partition, Counter[str]] = field(default_factory=dict)
    reasons: dict[Partition, Counter[str]] = field(default_factory=dict)
    lacking: dict[str, int] = field(default_factory=dict)
    troubled: list[str] = field(default_factory=list)
    changed: dict[Partition, list[PlannedUnit]] = field(default_factory=dict)

    @classmethod
    def of(cls, catalog: Catalog, stages: Sequence[Stage], languages: tuple[str, ...]) -> Survey:
        """One in which nothing has been counted."""
        found = cls(catalog, languages)
        for stage in stages:
            for language in languages if stage.per_language else (None,):
                found.counts[stage.name, language] = Counter()
                found.reasons[stage.name, language] = Counter()
        return found

    @property
    def wanted(self) -> Counter[Partition]:
        """Wanted units by stage and language."""
        return Counter({where: counts["wanted"] for where, counts in self.counts.items() if counts["wanted"]})

    @property
    def total(self) -> Counter[str]:
        """Units by state over all stages and languages."""
        return sum(self.counts.values(), Counter())

    def add(self, part: Survey) -> None:
        """Count what was counted of other series of the catalogue."""
        for where, counts in part.counts.items():
            self.counts[where].update(counts)
            self.reasons[where].update(part.reasons[where])
        self.lacking |= part.lacking
        self.troubled += part.troubled
        for where, units in part.changed.items():
            self.changed[where] = [*self.changed.get(where, ()), *units][:EXPLAINED]


def parts(planner: Planner, catalog: Catalog) -> Iterator[Survey]:
    """The catalogue's series counted in one or more parts, in the order of their keys."""
    processes = min(len(os.sched_getaffinity(0)), MOST_PROCESSES)
    # Dask's workers may start no processes.
    alone = processes == 1 or multiprocessing.current_process().daemon
    if alone or len(catalog.series) <= SERIES_COUNTED_ALONE:
        yield planner.survey_here(catalog)
        return
    in_order = sorted(catalog.series, key=lambda series: layout.encode(series.name))
    cut = [tuple(in_order[at : at + SERIES_A_PART]) for at in range(0, len(in_order), SERIES_A_PART)]
    # Begun anew: a fork would have this process's connections, and its locks as they happen to stand.
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(partial(_part, planner), cut)


def _part(planner: Planner, series: tuple[Series, ...]) -> Survey:
    found = planner.survey_here(Catalog("", series))
    found.catalog = Catalog("", ())
    return found
