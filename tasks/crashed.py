"""Flow runs whose process died: Prefect still calls them running; their lease in the lake says otherwise.

A run of ours holds a lease that names it and is renewed while its process lives. One that ran out some time ago and
was never given up belongs to a process that is no more. Runs without a lease in this lake are not touched: they may be
another lake's, or no run of ours at all.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from uuid import UUID

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import ObjectNotFound
from prefect.states import Crashed

from dubwright.lake import Lake, leases
from dubwright.lake.collection import LINGER

# A process that only lost sight of its store for a while comes back before that.
DEAD_AFTER_SECONDS = 600.0


async def mark_crashed(lake: Lake) -> list[str]:
    """Mark the runs of dead processes as crashed and clear away old leases; the names of the runs that were marked.

    Raises `StoreError`, and what Prefect's client raises if its server does not answer.
    """
    now, marked = time.time(), []
    seen = await asyncio.to_thread(leases.seen, lake, "run")
    async with get_client() as client:
        for held in seen:
            if held.expires < now - DEAD_AFTER_SECONDS:
                async for run in _runs(client, str(held.about.get("flow_run"))):
                    if run.state is not None and not run.state.is_final():
                        message = f"its process died: its lease ran out {now - held.expires:.0f} s ago"
                        await client.set_flow_run_state(run.id, Crashed(message=message), force=True)
                        marked.append(run.name)
    # A dead lease still protects from collection what its run had sent out.
    for held in seen + await asyncio.to_thread(leases.seen, lake, "collect"):
        if held.expires < now - LINGER.total_seconds() - leases.SKEW_SECONDS:
            await asyncio.to_thread(leases.clear, lake, held)
    return marked


async def _runs(client: PrefectClient, run_id: str) -> AsyncIterator[FlowRun]:
    """The flow run of this id, and those above it that ran in the same process."""
    with suppress(ValueError, ObjectNotFound):
        run = await client.read_flow_run(UUID(run_id))
        yield run
        # A deployment's run has a process of its own; a plain subflow shares that of the run above.
        while run.parent_task_run_id and run.deployment_id is None:
            above = (await client.read_task_run(run.parent_task_run_id)).flow_run_id
            if above is None:
                return
            run = await client.read_flow_run(above)
            yield run
