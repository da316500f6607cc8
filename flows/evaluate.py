"""Evaluate: figures that need no ground truth, over a sample of what is delivered; translators on the packaged set."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from prefect import flow, get_run_logger

from dubwright import languages
from dubwright import settings as all_settings
from dubwright.catalogue import registered
from dubwright.errors import DubwrightError
from dubwright.lake import Lake, open_lake
from dubwright.quality import evaluation_log, evaluation_set, sampling
from dubwright.quality.evaluation import Evaluation
from dubwright.settings import Settings
from tasks.cluster import bench
from tasks.evaluate import evaluated
from tasks.notify import tell_failure
from tasks.report import introduce, leave_table
from tasks.termination import heeds_sigterm

ARTIFACT = "evaluation"
TRANSLATORS = "translators"


@flow(
    flow_run_name="evaluate {episodes} episodes a language",
    on_failure=[tell_failure],
    on_crashed=[tell_failure],
    validate_parameters=True,
)
@heeds_sigterm
async def evaluate(
    settings: dict[str, Any] | None = None,
    episodes: int = 100,
    seed: str | None = None,
    to: list[str] | None = None,
) -> dict[str, Any]:
    """Score at most `episodes` delivered episodes of each language, and the translator into each of the languages `to`.

    Without a `seed` each week draws other episodes, and the runs of one week the same. Without `to` the translators into
    the languages of the registered catalogues are scored, with an empty one none is; each is held to the accepted one,
    and what came of it is recorded in the lake. Ends completed whatever the figures are: one that is held to a bound says
    in `passed` whether it keeps it. What came of it, as the artifacts show it, is returned.
    """
    resolved = all_settings.load(settings)
    await introduce(resolved, *(to or ()))
    drawn = seed if seed is not None else f"{datetime.now(UTC):%G-W%V}"
    lake = open_lake(resolved.lake)
    sample = (await asyncio.to_thread(sampling.evaluate, lake, episodes, drawn)).as_dict()
    broken = [row for row in sample["figures"] if not row["passed"]]
    for row in broken:
        get_run_logger().warning("%s %s: %s, bound %s", row["metric"], row["language"], row["value"], row["bound"])
    if sample["gone"]:
        get_run_logger().warning("%d deliverables lack a unit that they were made of", sample["gone"])
    about = f"{sample['episodes']} episodes of {lake.uri}, drawn by {drawn}; {len(broken)} bounds broken"
    await leave_table(ARTIFACT, sample["figures"], about)
    return {**sample, "seed": drawn, "translators": await _translators(to, resolved, lake)}


async def _translators(to: list[str] | None, resolved: Settings, lake: Lake) -> list[dict[str, Any]]:
    """Score the translators side by side; one that cannot be scored is told of and stops no other."""
    tags = (
        await asyncio.to_thread(registered.every_language, lake) if to is None else [languages.parse(tag) for tag in to]
    )
    if not tags:
        return []
    lines = evaluation_set.packaged()
    async with bench(resolved, width=len(tags)) as joined:
        found = await asyncio.gather(*(evaluated(lines, tag, resolved, joined) for tag in tags), return_exceptions=True)
    rows: list[dict[str, Any]] = []
    for tag, each in zip(tags, found, strict=True):
        if isinstance(each, Evaluation):
            held = await asyncio.to_thread(evaluation_log.settle, lake, each, resolved.evaluate.margin)
            about = {"language": tag, "engine": held.candidate.engine}
            rows += [about | score for score in held.as_dict()["scores"]]
        elif isinstance(each, DubwrightError):
            get_run_logger().warning("the translator into %s cannot be scored: %s", tag, each)
        else:
            raise each
    lost = [row for row in rows if row["passed"] is False]
    for row in lost:
        get_run_logger().warning("%(metric)s %(language)s of %(engine)s: %(value)s, not %(threshold)s or more", row)
    await leave_table(TRANSLATORS, rows, f"{len(tags)} languages on {lines.name}; {len(lost)} figures lost")
    return rows
