"""A run's progress as an artifact of its own in Prefect, written anew while it changes; see `tasks.progress`."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import ArtifactCreate
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    ArtifactFilterKey,
)
from prefect.runtime import flow_run

from tasks.progress import CatalogProgress, Row, SeriesProgress

ARTIFACT = "progress"
WRITE_EVERY_S = 5.0
# The end of a run waits no longer (s) for a server that is away.
LAST_WRITE_S = 10.0


@asynccontextmanager
async def published(progress: SeriesProgress | CatalogProgress) -> AsyncIterator[None]:
    """Leave `progress` with the current flow run while the block lasts, and as it is at the end.

    While Prefect's server is away nothing is written, and nothing raised.
    """
    page = _Page(progress, flow_run.id)
    writing = asyncio.create_task(page.keep())
    try:
        yield
    finally:
        writing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await writing
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(page.end(), LAST_WRITE_S)


async def last_rows(run: UUID | None) -> list[Row]:
    """What a run has published last; nothing where it has not, or the server does not say."""
    if run is None:
        return []
    wanted = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run]), key=ArtifactFilterKey(any_=[ARTIFACT]))
    # Whatever goes wrong while asking is no reason to stop the work.
    with contextlib.suppress(Exception):
        async with get_client() as client:
            found = await asyncio.wait_for(client.read_artifacts(artifact_filter=wanted), LAST_WRITE_S)
        return list(json.loads(str(found[0].data)))
    return []


class _Page:
    def __init__(self, progress: SeriesProgress | CatalogProgress, run: Any) -> None:
        self._progress = progress
        self._run = run
        self._artifact: UUID | None = None
        self._written: list[Row] | None = None

    async def keep(self) -> None:
        while self._run:
            # A server that is away is no reason to stop the work; it is told the next time. One that answers is asked by
            # one client, since to make one costs as much as many writes.
            with contextlib.suppress(Exception):
                async with get_client() as client:
                    while True:
                        await self._write(client)
                        await asyncio.sleep(WRITE_EVERY_S)
            await asyncio.sleep(WRITE_EVERY_S)

    async def end(self) -> None:
        if self._run:
            with contextlib.suppress(Exception):
                async with get_client() as client:
                    await self._write(client)

    async def _write(self, client: PrefectClient) -> None:
        rows = self._progress.rows()
        if rows != self._written:
            await self._send(client, json.dumps(rows))
            self._written = rows

    async def _send(self, client: PrefectClient, data: str) -> None:
        if self._artifact is None:
            run = UUID(str(self._run))
            new = ArtifactCreate(key=ARTIFACT, type="table", description="units by stage", data=data, flow_run_id=run)
            self._artifact = (await client.create_artifact(new)).id
        else:
            # The client's own method also sends an event each time, which the server would keep.
            path = {"id": self._artifact}
            await client.request("PATCH", "/artifacts/{id}", path_params=path, json={"data": data})
