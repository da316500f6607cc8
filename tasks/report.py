"""What a run leaves behind in Prefect for people to see."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any
from uuid import UUID

from httpx import HTTPError
from prefect import get_run_logger
from prefect.artifacts import acreate_image_artifact, acreate_link_artifact, acreate_table_artifact
from prefect.client.orchestration import get_client
from prefect.exceptions import PrefectException
from prefect.runtime import flow_run

from dubwright.catalogue.catalog import Catalog
from dubwright.errors import StoreError
from dubwright.lake import Lake
from dubwright.planning import report
from dubwright.planning.plan import Planner
from dubwright.settings import Settings

ARTIFACT = "localization"
QUALITY = "quality"
TIMELINE = "timeline"
CONSOLE = "console"
# Pictures that a run leaves in Prefect's database, and the largest of them (bytes).
MOST_PICTURES = 12
LARGEST_PICTURE = 256 * 1024
# More than a page shows is for `dubwright status`, not for Prefect's database.
MOST_ROWS = 1000


async def introduce(settings: Settings, *tags: str) -> None:
    """Say at a run's beginning what it is about: tags to find it by, and the way to the console, where there is one.

    What Prefect's server does not take is logged.
    """
    run = flow_run.id
    if not run:
        return
    try:
        async with get_client() as client:
            # The tasks of the run have none of them: a task with tags waits for a concurrency slot.
            await client.update_flow_run(UUID(str(run)), tags=list(dict.fromkeys([*flow_run.tags, *tags])))
        if page := page_of(settings, str(run)):
            await acreate_link_artifact(link=page, link_text="in the console", key=CONSOLE)
    except (HTTPError, PrefectException, RuntimeError) as error:
        get_run_logger().warning("the run could not be introduced to Prefect: %s", error)


def page_of(settings: Settings, run: str) -> str | None:
    """The page of a flow run in the operator's console; None where no address is known."""
    return f"{settings.console.url.rstrip('/')}/runs/{run}" if settings.console.url else None


async def publish(planner: Planner, worked_on: Catalog, lake: Lake) -> None:
    """A row per episode and language of the series worked on, as the command line prints it."""

    policy = planner.recipes.settings.quality

    def rows() -> list[report.Delivered]:
        return list(islice(report.delivered(planner.by_series(worked_on), lake, policy), MOST_ROWS))

    delivered = await asyncio.to_thread(rows)
    await leave_table(
        ARTIFACT, [row.as_dict() for row in delivered], f"{worked_on.source} to {', '.join(planner.targets)}"
    )
    failed = [row for row in delivered if row.quality.failed]
    if failed:
        about = f"{len(failed)} of {len(delivered)} deliveries are below the quality asked for"
        await leave_table(QUALITY, [line for row in failed for line in _complaints(row)], about)
    # What failed first: of those a person wants to see why.
    await leave_pictures([*failed, *(row for row in delivered if not row.quality.failed)], lake)


def _complaints(row: report.Delivered) -> list[dict[str, Any]]:
    """A line for each figure of a delivery that is beyond its bound."""
    which = {"series": row.series, "episode": row.episode, "language": row.language, "withheld": row.withheld}
    return [
        which | {"metric": each.metric, "value": round(each.value, 3), "bound": each.threshold}
        for each in row.quality.failed
    ]


async def leave_pictures(rows: Sequence[report.Delivered], lake: Lake) -> None:
    """Leave the timelines of the first rows with the run in Prefect, as its `image` artifacts show them.

    They are put into the artifact itself, since a browser cannot reach into the lake: so only a few, and no large one.
    """
    left = 0
    for row in rows:
        if left == MOST_PICTURES:
            return
        image = await asyncio.to_thread(_picture, lake, row)
        if image is None or len(image) > LARGEST_PICTURE:
            continue
        left += 1
        about = f"{row.series}/{row.episode} {row.language}: {row.quality}"
        try:
            address = f"data:image/png;base64,{base64.b64encode(image).decode('ascii')}"
            await acreate_image_artifact(image_url=address, key=TIMELINE, description=about)
        except HTTPError as error:
            get_run_logger().warning("the timeline of %s did not reach Prefect: %s", about, error)
            return


def _picture(lake: Lake, row: report.Delivered) -> bytes | None:
    """The timeline of a delivery; None where there is none, or it cannot be read."""
    try:
        return lake.read_blob(row.picture) if row.picture else None
    except StoreError:
        return None


async def leave_table(key: str, table: Sequence[Mapping[str, Any]], description: str) -> None:
    """Leave a table with the run in Prefect; where its server cannot be reached, the run's log says so and goes on."""
    try:
        await acreate_table_artifact(key=key, table=[dict(row) for row in table], description=description)
    except HTTPError as error:
        # What was done stands in the lake as well.
        get_run_logger().warning("the table %r (%s) did not reach Prefect: %s", key, description, error)
