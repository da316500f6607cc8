"""Localize: bring a catalogue, or one series of it, into the languages named. Does only what the lake does not have yet."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

from prefect import flow, get_run_logger
from prefect.states import Cancelled, Completed, Failed

from dubwright import settings as all_settings
from dubwright.catalogue import catalog as catalogs
from dubwright.catalogue import registered
from dubwright.catalogue.catalog import Catalog
from dubwright.dub.stage import engine
from dubwright.lake import Lake, leases, open_lake
from dubwright.lake.layout import UnitKey
from dubwright.planning import plan as plans
from dubwright.planning.plan import Plan, Planner
from dubwright.planning.series_plan import PlannedUnit
from dubwright.planning.survey import Survey
from dubwright.quality.evaluation_log import require_standing
from dubwright.reports.failures import record_problems
from dubwright.series_voices import cast_series
from dubwright.settings import Settings
from dubwright.stages import STAGES
from dubwright.transcribe.speakers.clips import keep
from dubwright.transcribe.speakers.series import link_series
from flows.each_series import SeriesRun, each_series, runs_above
from flows.naming import of_catalog, of_series
from tasks import report
from tasks.cluster import bench
from tasks.dispatch import Dispatcher, Packet, dispatching
from tasks.dub import dub
from tasks.events import Event, listening, tell
from tasks.gate import Stopped, watched
from tasks.ingest import ingest
from tasks.notify import tell_failure
from tasks.progress import SeriesProgress
from tasks.published import published
from tasks.render import render
from tasks.termination import heeds_sigterm
from tasks.transcribe import transcribe
from tasks.translate import translate
from tasks.waiting import all_ended

# Units that are done one after another: those of an episode, or (with a language) of one of its languages.
Chain = tuple[str, str | None]
TASKS = {"ingest": ingest, "transcribe": transcribe, "translate": translate, "dub": dub, "render": render}


@flow(flow_run_name=of_catalog, on_failure=[tell_failure], on_crashed=[tell_failure], validate_parameters=True)
@heeds_sigterm
async def localize_catalog(
    source: str,
    to: list[str] | None = None,
    settings: dict[str, Any] | None = None,
    only: str | None = None,
    until: str = "render",
    retry_failed: bool = False,
) -> Any:
    """Plan a catalogue and localize each series that lacks something.

    `to` may be left out for registered catalogues: each then comes into its own languages, at its own priority.
    `settings` is laid over the environment, the settings file and the profile, as the command line's flags are.
    Ends failed, with everything else delivered, if a unit failed.
    """
    resolved = all_settings.load(settings)
    lake = open_lake(resolved.lake)
    if to is None and source == registered.PREFIX:
        return await _each_registered(lake, settings, until, retry_failed)
    to = to or list(await asyncio.to_thread(registered.languages_of, source, lake))
    await report.introduce(resolved, resolved.cluster.priority, *to)
    planner = plans.planner(to, resolved, lake, until=until, retry_failed=retry_failed)
    before = await asyncio.to_thread(_survey, planner, source, only)
    await asyncio.to_thread(require_standing, lake, resolved, before.wanted)
    await asyncio.to_thread(record_problems, lake, before.catalog)
    stopped = None
    if before.lacking:
        run = SeriesRun(source, to, settings, until=until, retry_failed=retry_failed)
        episodes = _episodes_of(only, before.catalog)
        stopped = await each_series(localize_series, dict.fromkeys(before.lacking, episodes), run, resolved, before)
    after = await asyncio.to_thread(_survey, planner, source, only)
    worked_on = Catalog(source, tuple(each for each in after.catalog.series if each.name in before.lacking))
    await report.publish(planner, worked_on, lake)
    return state_of(after, stopped)


async def _each_registered(lake: Lake, settings: dict[str, Any] | None, until: str, retry_failed: bool) -> Any:
    """Localize one registered catalogue after the other, the most urgent first."""
    entries = await asyncio.to_thread(registered.entries, lake)
    failed = []
    for entry in sorted(entries, key=lambda entry: registered.PRIORITIES.index(entry.priority)):
        given = settings or {}
        own = {**given, "cluster": {"priority": entry.priority, **given.get("cluster", {})}}
        state = await localize_catalog(
            entry.address, settings=own, until=until, retry_failed=retry_failed, return_state=True
        )
        if state.is_cancelled():
            return state
        if not state.is_completed():
            failed.append(f"{entry.name}: {state.message}")
    if failed:
        return Failed(message="; ".join(failed))
    return Completed(message=f"{len(entries)} registered catalogues are complete")


@flow(flow_run_name=of_series, on_failure=[tell_failure], on_crashed=[tell_failure], validate_parameters=True)
@heeds_sigterm
async def localize_series(
    source: str,
    series: str,
    to: list[str],
    settings: dict[str, Any] | None = None,
    episodes: list[str] | None = None,
    until: str = "render",
    retry_failed: bool = False,
    cluster: str | None = None,
    stop_at: float | None = None,
) -> Any:
    """Localize one series of a catalogue: every episode at its own pace, its languages once the series' voices are linked.

    `episodes` narrows it to some of them, `cluster` is the address of a Dask scheduler to join (without one the
    settings decide), and no unit starts after `stop_at` (seconds since the epoch).
    """
    resolved = all_settings.load(settings)
    lake = open_lake(resolved.lake)
    planner = plans.planner(to, resolved, lake, until=until, retry_failed=retry_failed)
    await report.introduce(resolved, resolved.cluster.priority, *to)
    above, progress = runs_above(), SeriesProgress(series)
    # Before the lake is listed: nobody collects now what this run is about to count on.
    async with _lease(lake, series, above):
        whole = await asyncio.to_thread(_load, source, series, planner)
        part = whole.narrowed({series: episodes})
        plan = await asyncio.to_thread(planner.build, part)
        progress.plan(plan)
        async with (
            _told(progress),
            bench(resolved, width=len(plan.wanted), address=cluster) as joined,
            watched(above, stop_at) as gate,
            dispatching(joined, gate, _carrier(resolved)) as dispatcher,
        ):
            failures = await _side_by_side(_chains(plan, per_language=False), dispatcher)
            if gate.closed is None:
                # Who speaks decides translations and dubs: they are planned by what is known of it now.
                transcripts = await asyncio.to_thread(_link, whole.of({series}), planner)
                plan = await asyncio.to_thread(planner.build, part)
                progress.plan(plan)
                branches = _chains(plan, per_language=True)
                going_on = {chain: units for chain, units in branches.items() if not failures.get((chain[0], None))}
                # Nothing waits for them: what a voice is cloned from is listened for meanwhile.
                keeping = asyncio.create_task(asyncio.to_thread(keep, lake, series, transcripts))
                failures |= await _side_by_side(going_on, dispatcher)
                await keeping
            stopped = gate.closed
    if len(above) == 1:
        # A run of its own: nobody above it says what came of it.
        await report.publish(planner, part, lake)
    if stopped:
        return Cancelled(message=f"stopped: {stopped}; what is committed stays")
    if failed := sum(failures.values()):
        return Failed(message=f"{failed} units failed; the others are delivered")
    return Completed(message=f"{len(plan.units)} units committed")


@asynccontextmanager
async def _told(progress: SeriesProgress) -> AsyncIterator[None]:
    """Have the run's progress follow what is told of its units, and Prefect show it."""
    with listening(progress.hear):
        async with published(progress):
            yield


@asynccontextmanager
async def _lease(lake: Lake, series: str, runs: Sequence[UUID]) -> AsyncIterator[None]:
    """Hold a run's lease on a series without blocking the event loop while a collector is waited for."""
    lease = leases.running(lake, [series], about={"flow_run": str(runs[0]) if runs else None})
    await asyncio.to_thread(lease.__enter__)
    try:
        yield
    finally:
        await asyncio.to_thread(lease.__exit__, None, None, None)


def _carrier(settings: Settings) -> Any:
    """What runs the Prefect task of a packet's stage."""
    tasks = {stage: task.with_options(retries=settings.cluster.retries) for stage, task in TASKS.items()}

    def carry(packet: Packet) -> Any:
        return tasks[packet.stage](packet)

    return carry


def _chains(plan: Plan, *, per_language: bool) -> dict[Chain, list[PlannedUnit]]:
    """What is done one after another: of each episode the units that serve every language, or those of each language."""
    chains: dict[Chain, list[PlannedUnit]] = {}
    for unit in plan:
        if STAGES[unit.work.stage].per_language == per_language:
            chains.setdefault((unit.work.episode, unit.work.key.language), []).append(unit)
    return chains


async def _side_by_side(chains: Mapping[Chain, Sequence[PlannedUnit]], dispatcher: Dispatcher) -> dict[Chain, int]:
    """Run what the chains lack, all of them at once; how many units failed in each."""
    failed = await all_ended(*(_chain(units, dispatcher) for units in chains.values()))
    return dict(zip(chains, failed, strict=True))


def _link(catalog: Catalog, planner: Planner) -> list[UnitKey]:
    """Link the voices of a series that nobody has linked yet, also of episodes that this run leaves out; its transcripts.

    Then whoever speaks in them has a voice in each language that is to be dubbed.
    """
    (series,) = catalog.series
    plan = replace(planner, targets=()).build(catalog)
    transcripts = [unit.work.key for unit in plan if unit.work.stage == "transcribe" and unit.state == "committed"]
    link_series(planner.lake, series.name, transcripts, series.facts.cast)
    if any(stage.name == "dub" for stage in planner.stages):
        engines = {language: engine(planner.recipes.settings.dub, language) for language in planner.targets}
        cast_series(planner.lake, series.name, transcripts, series.facts, engines, planner.recipes.settings.dub)
    return transcripts


async def _chain(units: Iterable[PlannedUnit], dispatcher: Dispatcher) -> int:
    """Run units one after another; stop at the first that fails, since the later ones read it."""
    for unit in units:
        if unit.state == "committed":
            continue
        if unit.state in ("failed", "blocked"):
            return 1
        try:
            await dispatcher.run(unit.work)
        except Stopped:
            return 0
        except Exception as error:
            # Every attempt is recorded in the lake by now; this episode ends here, the others go on.
            get_run_logger().error("%s: %s", unit.work.label, error)
            tell(Event("given up", unit.work, error))
            return 1
    return 0


def _load(source: str, only: str | None, planner: Planner) -> Catalog:
    return catalogs.load(source, only, planner.lake, planner.recipes.source_language)


def _survey(planner: Planner, source: str, only: str | None) -> Survey:
    return planner.survey(_load(source, only, planner))


def _episodes_of(only: str | None, catalog: Catalog) -> list[str] | None:
    """The episodes that a selection of a single one leaves; None for all of a series."""
    if only is None or any(series.name == only for series in catalog.series):
        return None
    return [episode.episode for episode in catalog.episodes]


def state_of(after: Survey, stopped: str | None) -> Any:
    """How a run ends, by what the lake has now and why it was stopped, if it was."""
    total, problems = after.total, len(after.catalog.problems)
    missing = total.total() - total["committed"]
    if stopped:
        return Cancelled(message=f"stopped: {stopped}; {missing} units are missing")
    if missing or problems:
        return Failed(
            message=f"{missing} units are missing, {problems} episodes cannot be read; the others are delivered"
        )
    return Completed(message=f"all {total.total()} units are committed")
