"""What a run leaves behind in Prefect for people to see."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from httpx import HTTPError
from prefect import get_run_logger
from prefect.artifacts import acreate_table_artifact

from dubwright import report
from dubwright.catalog import Catalog
from dubwright.lake import Lake
from dubwright.plan import Planner

ARTIFACT = "localization"
# More than a page shows is for `dubwright status`, not for Prefect's database.
MOST_ROWS = 1000


async def publish(planner: Planner, worked_on: Catalog, lake: Lake) -> None:
    """A row per episode and language of the series worked on, as the command line prints it."""

    def rows() -> list[report.Delivered]:
        return list(islice(report.delivered(planner.by_series(worked_on), lake), MOST_ROWS))

    table = [row.as_dict() for row in await asyncio.to_thread(rows)]
    await leave_table(ARTIFACT, table, f"{worked_on.source} to {', '.join(planner.targets)}")


async def leave_table(key: str, table: Sequence[Mapping[str, Any]], description: str) -> None:
    """Leave a table with the run in Prefect; where its server cannot be reached, the run's log says so and goes on."""
    try:
        await acreate_table_artifact(key=key, table=[dict(row) for row in table], description=description)
    except HTTPError as error:
        # What was done stands in the lake as well.
        get_run_logger().warning("the table %r (%s) did not reach Prefect: %s", key, description, error)
