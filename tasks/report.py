"""What a run leaves behind in Prefect for people to see."""

from __future__ import annotations

import asyncio

from prefect.artifacts import acreate_table_artifact

from dubwright import report
from dubwright.lake import Lake
from dubwright.plan import Plan

ARTIFACT = "localization"


async def publish(plan: Plan, lake: Lake) -> None:
    """A row per episode and language, as the command line prints it."""
    rows = await asyncio.to_thread(report.delivered, plan, lake)
    await acreate_table_artifact(
        key=ARTIFACT,
        table=[row.as_dict() for row in rows],
        description=f"{plan.catalog.source} to {', '.join(plan.languages)}",
    )
