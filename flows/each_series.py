"""Runs the localization of many series: each as a run of a deployment where one is named, else as a subflow here."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from httpx import HTTPError
from prefect import get_run_logger
from prefect.deployments import arun_deployment
from prefect.exceptions import ObjectNotFound
from prefect.runtime import flow_run

from dubwright.errors import SettingsError
from dubwright.planning.listing import Partition
from dubwright.planning.survey import Survey
from dubwright.settings import Settings
from tasks.cluster import bench
from tasks.gate import Gate, watched
from tasks.progress import CatalogProgress
from tasks.published import last_rows, published
from tasks.waiting import all_ended

# Before a series is begun again that Prefect's server would not have (s).
WAITS_S = (5.0, 15.0)
# A series' flow run, and whether it did all that it was to do.
Ended = tuple[UUID | None, bool]


@dataclass(frozen=True, slots=True)
class SeriesRun:
    """What the runs of all series have in common: see `flows.localize.localize_series`."""

    source: str
    to: list[str]
    settings: dict[str, Any] | None
    until: str = "render"
    retry_failed: bool = False
    stop_at: float | None = None

    def parameters(self, series: str, episodes: list[str] | None) -> dict[str, Any]:
        return {
            "source": self.source,
            "series": series,
            "to": self.to,
            "settings": self.settings,
            "episodes": episodes,
            "until": self.until,
            "retry_failed": self.retry_failed,
            "stop_at": self.stop_at,
        }


async def each_series(
    localize_series: Any,
    episodes: Mapping[str, list[str] | None],
    run: SeriesRun,
    settings: Settings,
    before: Survey,
    wanted: Mapping[Partition, int] | None = None,
) -> str | None:
    """Localize every series named, a few at a time; `episodes` has those wanted of each, None for all.

    `before` is how the catalogue stands, `wanted` the units that are to be run, where that is less than all it lacks.
    One series that fails does not stop the others. Returns why no more series were started, or None if all were.
    """
    turn = asyncio.Semaphore(settings.cluster.series_at_once)
    deployment = settings.cluster.series_deployment
    progress = CatalogProgress(before.wanted if wanted is None else wanted, len(episodes))
    async with watched(runs_above(), run.stop_at) as gate, published(progress):
        if deployment:

            async def one(series: str) -> Ended:
                return await _deployed(deployment, run.parameters(series, episodes[series]), settings.cluster.priority)

            await _in_turn(episodes, one, turn, gate, progress)
        else:
            async with bench(settings, width=_width(before)) as cluster:

                async def one(series: str) -> Ended:
                    parameters = run.parameters(series, episodes[series])
                    state = await localize_series(**parameters, cluster=cluster.address, return_state=True)
                    return state.state_details.flow_run_id, state.is_completed()

                await _in_turn(episodes, one, turn, gate, progress)
        return gate.closed


async def _in_turn(
    names: Iterable[str],
    one: Callable[[str], Awaitable[Ended]],
    turn: asyncio.Semaphore,
    gate: Gate,
    progress: CatalogProgress,
) -> None:
    async def when_it_is_time(series: str) -> None:
        async with turn:
            for wait in (*WAITS_S, None):
                while gate.held and gate.closed is None:
                    await asyncio.sleep(1)
                if not gate.open:
                    return
                try:
                    progress.begun(series)
                    found, completed = await one(series)
                    progress.ended(series, await last_rows(found), completed=completed)
                    return
                except HTTPError as error:
                    # A server that is overworked or starts anew is no reason to give up the other series; and a series
                    # that is begun again does only what it lacks.
                    get_run_logger().warning("%s: Prefect's server did not do its part: %s", series, error)
                    await asyncio.sleep(wait or 0)
            progress.ended(series, [], completed=False)

    await all_ended(*(when_it_is_time(name) for name in names))


async def _deployed(deployment: str, parameters: dict[str, Any], queue: str) -> Ended:
    """Run a deployment and wait for its end; the pool's queues are named after the priorities."""
    try:
        run = await arun_deployment(
            deployment, parameters=parameters, work_queue_name=queue, timeout=None, poll_interval=5
        )
    except ObjectNotFound as error:
        raise SettingsError(
            f"Prefect knows no deployment {deployment!r}",
            field="cluster.series_deployment",
            remedy="run `prefect deploy --all`, or leave the setting out",
        ) from error
    return run.id, run.state is not None and run.state.is_completed()


def _width(survey: Survey) -> int:
    """How many units can run side by side, to size a cluster on this machine."""
    widest: dict[str | None, int] = {}
    for (_, language), counts in survey.counts.items():
        widest[language] = max(widest.get(language, 0), counts["wanted"])
    return sum(widest.values())


def runs_above() -> list[UUID]:
    """This flow run and the one that it belongs to: pausing or cancelling either holds for it."""
    found = [flow_run.id, flow_run.parent_flow_run_id]
    return [UUID(str(each)) for each in found if each]
