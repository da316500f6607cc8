"""A run's lease on the series that it works on, held while a flow runs; it names the flow run that holds it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from prefect.runtime import flow_run

from dubwright.lake import Lake, leases
from dubwright.lake.leases import Lease


@asynccontextmanager
async def run_lease(lake: Lake, series: Sequence[str] = ()) -> AsyncIterator[Lease]:
    """Hold a lease on these series (none named: all) for the time of the `async with` block. List the lake inside it.

    Waits while a collector works on them. Raises `LeaseError` if it does so for an hour, `StoreError` if the store fails.
    """
    lease = Lease(lake, "run", series, about={"flow_run": flow_run.get_id()})
    try:
        await asyncio.to_thread(lease.take)
        await asyncio.to_thread(leases.wait_for_collectors, lake, series)
        yield lease
    finally:
        # Also when the flow was cancelled while it waited for the store.
        await asyncio.to_thread(lease.release)
