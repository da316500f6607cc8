"""Evaluate: figures that need no ground truth, over a sample of what is delivered. Writes nothing to the lake."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from prefect import flow, get_run_logger

from dubwright import settings as all_settings
from dubwright.lake import open_lake
from dubwright.quality import sampling
from tasks.report import leave_table

ARTIFACT = "evaluation"


@flow(flow_run_name="evaluate {episodes} episodes a language", validate_parameters=True)
async def evaluate(
    settings: dict[str, Any] | None = None, episodes: int = 100, seed: str | None = None
) -> dict[str, Any]:
    """Score at most `episodes` delivered episodes of each language; what came of it, as the artifact shows it.

    Without a `seed` each week draws other episodes, and the runs of one week the same. Ends completed whatever the
    figures are: a figure that is held to a bound says in `passed` whether it keeps it.
    """
    resolved = all_settings.load(settings)
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
    return {**sample, "seed": drawn}
