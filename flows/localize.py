"""Localize: bring a catalogue, or one series of it, into the languages named. Does only what the lake does not have yet."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

from prefect import flow, get_run_logger
from prefect.states import Completed, Failed

from dubwright import catalog as catalogs
from dubwright import plan as plans
from dubwright import settings as all_settings
from dubwright.lake import open_lake
from dubwright.plan import Plan, PlannedUnit
from dubwright.report import record_problems
from dubwright.settings import Settings
from dubwright.stages import STAGES
from tasks import report
from tasks.cluster import Bench, bench
from tasks.dub import dub
from tasks.events import Event, tell
from tasks.ingest import ingest
from tasks.render import render
from tasks.transcribe import transcribe
from tasks.translate import translate

TASKS = {"ingest": ingest, "transcribe": transcribe, "translate": translate, "dub": dub, "render": render}


@flow(flow_run_name="{source} to {to}", validate_parameters=True)
async def localize_catalog(
    source: str,
    to: list[str],
    settings: dict[str, Any] | None = None,
    only: str | None = None,
    until: str = "render",
    retry_failed: bool = False,
) -> Any:
    """Plan a catalogue and localize each series that lacks something.

    `settings` is laid over the environment, the settings file and the profile, as the command line's flags are.
    Ends failed, with everything else delivered, if a unit failed.
    """
    resolved = all_settings.load(settings)
    plan = await asyncio.to_thread(_plan, source, to, resolved, only, until, retry_failed)
    lake = open_lake(resolved.lake)
    await asyncio.to_thread(record_problems, lake, plan.catalog)
    wanted = plan.wanted
    if wanted:
        names = list(dict.fromkeys(unit.work.series for unit in wanted))
        turn = asyncio.Semaphore(resolved.cluster.series_at_once)
        async with bench(resolved, width=_width(plan)) as cluster:

            async def one(series: str) -> None:
                async with turn:
                    await localize_series(
                        source,
                        series,
                        to,
                        settings,
                        only if only and only.startswith(f"{series}/") else series,
                        until,
                        retry_failed,
                        cluster.address,
                        return_state=True,
                    )

            await asyncio.gather(*(one(name) for name in names))
    after = await asyncio.to_thread(_plan, source, to, resolved, only, until, False)
    await report.publish(after, lake)
    return _state(after)


@flow(flow_run_name="{series} to {to}", validate_parameters=True)
async def localize_series(
    source: str,
    series: str,
    to: list[str],
    settings: dict[str, Any] | None = None,
    only: str | None = None,
    until: str = "render",
    retry_failed: bool = False,
    cluster: str | None = None,
) -> Any:
    """Localize one series of a catalogue: every episode at its own pace, languages branching off the transcript.

    `cluster` is the address of a Dask scheduler to join; without one the settings decide.
    """
    resolved = all_settings.load(settings)
    plan = await asyncio.to_thread(_plan, source, to, resolved, only or series, until, retry_failed)
    async with bench(resolved, width=_width(plan), address=cluster) as joined:
        episodes: dict[str, list[PlannedUnit]] = {}
        for unit in plan:
            episodes.setdefault(unit.work.episode, []).append(unit)
        failed = sum(await asyncio.gather(*(_episode(units, joined) for units in episodes.values())))
    if failed:
        return Failed(message=f"{failed} units failed; the others are delivered")
    return Completed(message=f"{len(plan.units)} units committed")


async def _episode(units: Sequence[PlannedUnit], cluster: Bench) -> int:
    """Run what an episode lacks, in order; how many of its units failed."""
    shared = [unit for unit in units if not STAGES[unit.work.stage].per_language]
    failed = await _chain(shared, cluster)
    if failed:
        return failed
    branches: dict[str, list[PlannedUnit]] = {}
    for unit in units:
        if STAGES[unit.work.stage].per_language:
            branches.setdefault(unit.work.language, []).append(unit)
    return sum(await asyncio.gather(*(_chain(branch, cluster) for branch in branches.values())))


async def _chain(units: Iterable[PlannedUnit], cluster: Bench) -> int:
    """Run units one after another; stop at the first that fails, since the later ones read it."""
    for unit in units:
        if unit.state == "committed":
            continue
        if unit.state in ("failed", "blocked"):
            return 1
        try:
            async with cluster.room:
                await TASKS[unit.work.stage].with_options(retries=cluster.retries)(unit.work, cluster)
        except Exception as error:
            # Every attempt is recorded in the lake by now; this episode ends here, the others go on.
            get_run_logger().error("%s: %s", unit.work.label, error)
            tell(Event("given up", unit.work, error))
            return 1
    return 0


def _plan(source: str, to: list[str], settings: Settings, only: str | None, until: str, retry_failed: bool) -> Plan:
    catalog = catalogs.load(source)
    if only:
        catalog = catalog.only(only)
    return plans.build(catalog, to, settings, open_lake(settings.lake), until=until, retry_failed=retry_failed)


def _width(plan: Plan) -> int:
    """How many units can run side by side: every language of every episode that lacks something."""
    return len({(unit.work.series, unit.work.episode, unit.work.language) for unit in plan.wanted})


def _state(plan: Plan) -> Any:
    missing = sum(unit.state != "committed" for unit in plan)
    problems = len(plan.catalog.problems)
    if missing or problems:
        return Failed(
            message=f"{missing} units are missing, {problems} episodes cannot be read; the others are delivered"
        )
    return Completed(message=f"all {len(plan.units)} units are committed")
