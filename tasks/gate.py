"""May new units start? Asks Prefect whether people have paused or cancelled the run, and watches its deadline.

Units that run are left to end and commit. While Prefect's server cannot be reached, work goes on as before.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.objects import StateType

ASK_EVERY_S = 5.0
HELD = (StateType.PAUSED,)
ENDED = (StateType.CANCELLING, StateType.CANCELLED)


class Stopped(Exception):
    """No new units start in this run; the reason says why. What was not started stays wanted."""


class Gate:
    """Open, held (paused: units wait) or closed for good. `changed` is called after every change."""

    def __init__(self, stop_at: float | None = None) -> None:
        self.held = False
        self.closed: str | None = None
        self.stop_at = stop_at
        self.listeners: list[Callable[[], None]] = []

    @property
    def open(self) -> bool:
        if self.stop_at is not None and time.time() >= self.stop_at:
            self.close("the time for this run is used up")
        return not self.held and self.closed is None

    def hold(self, held: bool) -> None:
        if held != self.held:
            self.held = held
            self._tell()

    def close(self, reason: str) -> None:
        if self.closed is None:
            self.closed = reason
            self._tell()

    def _tell(self) -> None:
        for listener in tuple(self.listeners):
            listener()


@asynccontextmanager
async def watched(runs: Sequence[UUID], stop_at: float | None = None) -> AsyncIterator[Gate]:
    """A gate that follows the state of these flow runs (a run and those that it belongs to) while the block lasts.

    `stop_at` is when the gate closes by itself (seconds since the epoch).
    """
    gate = Gate(stop_at)
    async with get_client() as client:
        watcher = asyncio.create_task(_watch(gate, client, runs))
        try:
            yield gate
        finally:
            watcher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watcher


async def _watch(gate: Gate, client: PrefectClient, runs: Sequence[UUID]) -> None:
    while gate.closed is None:
        kinds = []
        for run in runs:
            # Whatever goes wrong while asking is no reason to stop the work.
            with contextlib.suppress(Exception):
                state = (await client.read_flow_run(run)).state
                kinds.append(state.type if state else None)
        if any(kind in ENDED for kind in kinds):
            gate.close("the run was cancelled")
            return
        if kinds:
            gate.hold(any(kind in HELD for kind in kinds))
        if not gate.open:
            gate._tell()
        await asyncio.sleep(ASK_EVERY_S)
