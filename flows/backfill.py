"""Backfill: bring everything in the catalogue that lacks a language into it, within limits; again and again until done."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from prefect import flow
from prefect.states import Cancelled, Completed

from dubwright import settings as all_settings
from dubwright.lake import open_lake
from dubwright.planning import backfill as backfills
from dubwright.planning import plan as plans
from dubwright.planning.backfill import Limits, Selection
from dubwright.quality.evaluation_log import require_standing
from dubwright.reports.failures import record_problems
from flows.each_series import SeriesRun, each_series
from flows.localize import localize_series, state_of
from flows.naming import of_backfill
from tasks.notify import tell_failure
from tasks.report import introduce, leave_table, publish
from tasks.termination import heeds_sigterm

ARTIFACT = "backfill"


@flow(flow_run_name=of_backfill, on_failure=[tell_failure], on_crashed=[tell_failure], validate_parameters=True)
@heeds_sigterm
async def backfill(
    to: list[str],
    source: str = "lake:",
    settings: dict[str, Any] | None = None,
    series: list[str] | None = None,
    since: str | None = None,
    budget_minutes: float | None = None,
    hours: float | None = None,
    dry_run: bool = False,
    retry_failed: bool = False,
) -> Any:
    """Localize what lacks the languages `to`, behind all other work unless `cluster.priority` says otherwise.

    What the lake has is reused: an episode with a transcript costs translation, dub and render. Limits: `series`,
    `since` (ISO date of ingest), `budget_minutes` of sound, `hours` of wall time after which no unit starts. `dry_run`
    only says what it would take, `retry_failed` tries again what failed for good. A run that was limited or killed is
    continued by the next one.
    """
    stop_at = None if hours is None else time.time() + hours * 3600
    settings = backfill_settings(settings)
    resolved = all_settings.load(settings)
    lake = open_lake(resolved.lake)
    planner = plans.planner(to, resolved, lake, retry_failed=retry_failed)
    await introduce(resolved, resolved.cluster.priority, *to)
    limits = Limits(tuple(series or ()), backfills.since(since), budget_minutes)

    def choose() -> Selection:
        return backfills.choose(planner, backfills.load(source, limits, lake, resolved.source_language), limits)

    chosen = await asyncio.to_thread(choose)
    await leave_table(ARTIFACT, [chosen.as_dict()], f"{source} to {', '.join(to)}")
    if dry_run:
        return Completed(message=f"{chosen.units.total()} units in {len(chosen.episodes)} series would be run")
    await asyncio.to_thread(record_problems, lake, chosen.survey.catalog)
    stopped = None
    await asyncio.to_thread(require_standing, lake, resolved, chosen.units)
    if chosen.episodes:
        run = SeriesRun(source, to, settings, retry_failed=retry_failed, stop_at=stop_at)
        stopped = await each_series(localize_series, chosen.episodes, run, resolved, chosen.survey, chosen.units)
        await publish(planner, chosen.survey.catalog.narrowed(chosen.episodes), lake)
    if stopped:
        return Cancelled(message=f"stopped: {stopped}; the next backfill goes on")
    left = await asyncio.to_thread(choose)
    if limits.by_episode and not left.survey.troubled:
        return Completed(message=f"{chosen.minutes:.1f} minutes done; {left.survey.total['wanted']} units still lack")
    return state_of(left.survey, None)


def backfill_settings(settings: dict[str, Any] | None) -> dict[str, Any]:
    """The flags of a backfill: behind all other work, unless they say otherwise."""
    given = settings or {}
    return {**given, "cluster": {"priority": "backfill", **given.get("cluster", {})}}
