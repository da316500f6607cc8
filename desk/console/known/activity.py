"""Which series the runs that are under way are about, as Prefect tells it behind the pages."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from desk.console.known.behind import Behind
from desk.runs import listing
from desk.runs.listing import Run
from dubwright.errors import ClusterError

# What is known of the runs is asked for anew after this time (s).
FRESH_S = 5.0
# A server that says nothing for so long (s) is left alone for now.
PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True)
class Activity:
    """The runs under way by series and language (None: in whatever language it comes); none where no server answers."""

    runs: Mapping[tuple[str, str | None], UUID] = field(default_factory=dict)

    @property
    def languages(self) -> set[str]:
        """Every language that a run is about by name."""
        return {language for _, language in self.runs if language}

    def run(self, series: str, language: str | None = None) -> UUID | None:
        """The run that is about a series, in a language where one is named."""
        if language is None:
            return next((run for (name, _), run in self.runs.items() if name == series), None)
        return self.runs.get((series, language)) or self.runs.get((series, None))


def of_runs(runs: Iterable[Run]) -> Activity:
    """What runs are about, by their parameters; of a whole catalogue the series that it has begun tell of themselves."""
    found: dict[tuple[str, str | None], UUID] = {}
    for run in runs:
        for series in _series(run.parameters):
            for language in run.parameters.get("to") or [None]:
                found.setdefault((series, language), run.id)
    return Activity(found)


def watching() -> Behind[Activity]:
    """The activity, asked for behind the pages."""

    def take() -> Activity:
        try:
            return of_runs(asyncio.run(listing.active(PATIENCE_S)))
        except ClusterError:
            # The page of the runs says that it is away, and why.
            return Activity()

    return Behind(take, FRESH_S, "runs under way")


def _series(parameters: Mapping[str, Any]) -> list[str]:
    """The series that a flow run's parameters name: of `localize_series`, `localize_catalog` or `backfill`."""
    match parameters:
        case {"series": str(name)}:
            return [name]
        case {"series": list(names)}:
            return [str(name) for name in names]
        case {"only": str(selection)}:
            # One series, or one episode of it: names with a slash are rare, and both are looked up as they come.
            return list(dict.fromkeys([selection, selection.rpartition("/")[0] or selection]))
    return []
