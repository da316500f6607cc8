"""The way to Prefect's API: bounded in time, with errors that a person can act on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from httpx import HTTPError, HTTPStatusError
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings

from dubwright.errors import ClusterError, RunMissingError

# All that a question costs at most (s): somebody waits for the page, and a busy server's answer is better than none.
PATIENCE_S = 30.0
# A server whose database is locked for a moment answers 503; asked again, 2, 4 and 8 s later, it mostly has time.
RETRIES = 3
REMEDY = "start it (`dubwright up` runs one on this machine), or correct the address"


@asynccontextmanager
async def server(patience_s: float = PATIENCE_S) -> AsyncIterator[PrefectClient]:
    """A client of the server at `PREFECT_API_URL`, for the questions of the block, which take `patience_s` at most together.

    Raises `ClusterError` if no address is set, nobody answers there in time, or the answer is an error.
    """
    address = PREFECT_API_URL.value()
    if not address:
        # Prefect would start a server of its own, which knows of nothing.
        raise ClusterError("no Prefect server is named", field="PREFECT_API_URL", remedy=REMEDY)
    try:
        with temporary_settings({PREFECT_CLIENT_MAX_RETRIES: RETRIES}):
            async with asyncio.timeout(patience_s), get_client() as client:
                yield client
    except HTTPStatusError as error:
        said = f"{error.response.status_code} {error.response.text[:300]}"
        raise ClusterError(f"Prefect's server answers {said}", where=address) from error
    except (HTTPError, OSError, TimeoutError) as error:
        # Of its time-outs, too, asyncio's says nothing.
        why = str(error) or f"nothing was heard within {patience_s:g} s"
        raise ClusterError(
            f"Prefect's server does not answer: {why}", where=address, field="PREFECT_API_URL", remedy=REMEDY
        ) from error


async def found(client: PrefectClient, run: UUID) -> FlowRun:
    """A flow run. Raises `RunMissingError`."""
    try:
        return await client.read_flow_run(run)
    except ObjectNotFound as error:
        raise RunMissingError(
            "Prefect knows no such run", where=str(run), remedy="it may have been deleted: see the list of runs"
        ) from error
