"""Which unit goes to the cluster when.

Units wait here, by what they need of a Dask worker, until the cluster has room: a little more is sent than can run at
once, so that no worker idles and several runs share a cluster fairly. Units that are short travel in packets, since a
Prefect task run costs some 20 ms whatever it carries; how short they are is measured as they come back.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from dubwright.errors import ClusterError, SchedulerLostError
from dubwright.stages import STAGES
from dubwright.unit import Receipt, Work
from tasks.cluster import Bench, is_transient, needs
from tasks.events import Event, tell
from tasks.gate import Gate, Stopped

# Sent ahead of what can run at once, as a share of it, so that a Dask worker has its next unit when it ends one.
AHEAD = 0.25
# Most units in a packet: what is lost, when its Dask worker dies, is run again.
LARGEST_PACKET = 16
LOOK_EVERY_S = 2.0


@dataclass(slots=True)
class Pending:
    """A unit that waits for its outcome."""

    work: Work
    outcome: asyncio.Future[Receipt]
    error: Exception | None = None  # of its last attempt


class Packet:
    """Units of one stage that travel together. No dataclass: Prefect would look into every part of it."""

    def __init__(self, units: Sequence[Pending], dispatcher: Dispatcher) -> None:
        self.units = units
        self.dispatcher = dispatcher

    @property
    def stage(self) -> str:
        return self.units[0].work.stage

    @property
    def label(self) -> str:
        more = len(self.units) - 1
        return self.units[0].work.label + (f" and {more} more" if more else "")

    async def carry_out(self) -> None:
        """Have what has no outcome yet computed; raises one of the errors if a unit failed."""
        left = [unit for unit in self.units if not unit.outcome.done()]
        bench = self.dispatcher.bench
        outcomes = await bench.compute([unit.work for unit in left])
        self.dispatcher.took(self.stage, outcomes)
        errors = []
        for unit, outcome in zip(left, outcomes, strict=True):
            if isinstance(outcome, Receipt):
                tell(Event("computed" if outcome.computed else "found", unit.work))
                unit.outcome.set_result(outcome)
                continue
            await asyncio.to_thread(bench.record, unit.work, outcome)
            tell(Event("attempt failed", unit.work, outcome))
            unit.error = outcome
            errors.append(outcome)
            if not is_transient(outcome):
                unit.outcome.set_exception(outcome)
        if errors:
            # The task is tried again for the sake of those that this can help.
            raise next((error for error in errors if is_transient(error)), errors[0])


@dataclass(slots=True)
class _Line:
    """Units that need the same of a Dask worker: those nearest to delivery first, and first come, first served."""

    needs: Mapping[str, float]
    waiting: list[tuple[int, int, Pending]] = field(default_factory=list)
    running: int = 0
    slots: int = 0
    dry_since: float | None = None

    @property
    def room(self) -> int:
        return self.slots + max(1, int(self.slots * AHEAD)) if self.slots else 0


class Dispatcher:
    """Sends units to a cluster. `carry` runs the Prefect task of a packet's stage; made by `dispatching`."""

    def __init__(self, bench: Bench, gate: Gate, carry: Callable[[Packet], Any]) -> None:
        self.bench = bench
        self.gate = gate
        self._carry = carry
        self._lines: dict[tuple[tuple[str, float], ...], _Line] = {}
        self._order = itertools.count()
        self._under_way: set[asyncio.Task[None]] = set()
        self._seconds: dict[str, float] = {}
        gate.listeners.append(self._pump)

    async def run(self, work: Work) -> Receipt:
        """Have a unit computed and committed, unless it is; every failed attempt is recorded in the lake.

        Raises what the stage raised last, `ClusterError` if no Dask worker offers what the unit needs or it kills them,
        `Stopped` if the run was stopped before the unit was sent.
        """
        if self.gate.closed is not None:
            raise Stopped(self.gate.closed)
        pending = Pending(work, asyncio.get_running_loop().create_future())
        wanted = needs(work)
        key = tuple(sorted(wanted.items()))
        line = self._lines.get(key)
        if line is None:
            line = self._lines[key] = _Line(wanted)
            line.slots = await self.bench.slots(wanted)
        heapq.heappush(line.waiting, (-list(STAGES).index(work.stage), next(self._order), pending))
        tell(Event("submitted", work))
        self._pump()
        return await pending.outcome

    def took(self, stage: str, outcomes: Sequence[Receipt | Exception]) -> None:
        """Learn how long units of a stage take on a Dask worker, from what the workers measured."""
        walls = [outcome.cost.get("wall_s", 0.0) for outcome in outcomes if isinstance(outcome, Receipt)]
        for wall in walls:
            known = self._seconds.get(stage)
            self._seconds[stage] = wall if known is None else 0.8 * known + 0.2 * wall

    def _pump(self) -> None:
        """Send what there is room for; give up what waits once the run is stopped."""
        if self.gate.closed is not None:
            for line in self._lines.values():
                self._give_up(line, Stopped(self.gate.closed))
            return
        for line in self._lines.values():
            while self.gate.open and line.waiting and line.running < min(line.room, self.bench.settings.in_flight):
                packet = Packet(self._take(line), self)
                for unit in packet.units:
                    tell(Event("sent", unit.work))
                line.running += 1
                task = asyncio.create_task(self._see_through(packet, line))
                self._under_way.add(task)
                task.add_done_callback(self._under_way.discard)

    def _take(self, line: _Line) -> list[Pending]:
        """The next unit, and as many of its stage as make a packet of a few seconds and leave work for every slot."""
        first = heapq.heappop(line.waiting)[2]
        taken, stage = [first], first.work.stage
        seconds = self._seconds.get(stage)
        if seconds is not None:
            fit = int(self.bench.settings.packet_s / max(seconds, 0.001))
            share = len(line.waiting) // max(1, line.slots)
            most = min(fit, share, LARGEST_PACKET)
            while len(taken) < most and line.waiting and line.waiting[0][2].work.stage == stage:
                taken.append(heapq.heappop(line.waiting)[2])
        return taken

    async def _see_through(self, packet: Packet, line: _Line) -> None:
        """Carry a packet to its end; whatever happens, each of its units gets an outcome."""
        error: BaseException = ClusterError("its task ended without an outcome", where=packet.label)
        try:
            await self._carry(packet)
        except BaseException as raised:
            error = raised
        finally:
            line.running -= 1
            for unit in packet.units:
                if not unit.outcome.done():
                    unit.outcome.set_exception(unit.error or error)
            self._pump()

    def _give_up(self, line: _Line, error: Exception) -> None:
        waiting, line.waiting = line.waiting, []
        for _, _, pending in waiting:
            if not pending.outcome.done():
                pending.outcome.set_exception(error)

    async def close(self) -> None:
        """Let go of what is under way; Dask workers finish what they have begun."""
        self.gate.close("the run has ended")
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def look_after(self) -> None:
        """Follow Dask workers as they come and go; what none can run for too long is given up with a clear error."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            for line in list(self._lines.values()):
                try:
                    line.slots = await self.bench.slots(line.needs)
                except Exception as error:
                    if not line.running:
                        self._give_up(line, SchedulerLostError(f"the Dask scheduler does not answer: {error}"))
                    continue
                if line.slots or not line.waiting:
                    line.dry_since = None
                    continue
                line.dry_since = line.dry_since or time.monotonic()
                if time.monotonic() - line.dry_since >= self.bench.settings.patience_s:
                    wanted = ",".join(f"{name}={number:g}" for name, number in line.needs.items())
                    nobody = ClusterError(
                        f"no Dask worker offers {wanted} ({await self.bench.offers()})",
                        where=line.waiting[0][2].work.label,
                        remedy=f"start one with --resources '{wanted}'",
                    )
                    for _, _, pending in line.waiting:
                        await asyncio.to_thread(self.bench.record, pending.work, nobody)
                    self._give_up(line, nobody)
            self._pump()


@asynccontextmanager
async def dispatching(bench: Bench, gate: Gate, carry: Callable[[Packet], Any]) -> AsyncIterator[Dispatcher]:
    """A dispatcher for the time of the block."""
    dispatcher = Dispatcher(bench, gate, carry)
    looking = asyncio.create_task(dispatcher.look_after())
    try:
        yield dispatcher
    finally:
        await dispatcher.close()
        looking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await looking
