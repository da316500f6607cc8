"""What a run leaves behind in Prefect for people to see."""

from __future__ import annotations

import asyncio
from itertools import islice

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
    try:
        await acreate_table_artifact(
            key=ARTIFACT, table=table, description=f"{worked_on.source} to {', '.join(planner.targets)}"
        )
    except HTTPError as error:
        # All of it stands in the lake as well.
        get_run_logger().warning("the table of what was delivered did not reach Prefect: %s", error)
