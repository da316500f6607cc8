"""The Dask cluster that units run on: started on this machine, or joined at an address.

Prefect waits, Dask works: a unit travels as one plain function with the keys of what it reads, and what comes back is
a receipt. Dask workers never import Prefect.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import dask
from dask.system import CPU_COUNT
from distributed import Client, KilledWorker, LocalCluster
from distributed.system import MEMORY_LIMIT

from dubwright.errors import ClusterError, DubwrightError
from dubwright.lake import Lake, open_lake
from dubwright.settings import ClusterSettings, Settings
from dubwright.stages import STAGES
from dubwright.unit import Machine, Receipt, Work, execute
from tasks.events import Event, tell

# A unit that has taken this many Dask workers down with it is given up.
DEATHS_ALLOWED = 2


@dataclass(frozen=True, slots=True)
class Size:
    """Dask workers on a machine, and threads that an engine in each may use."""

    workers: int
    threads: int


def size(settings: ClusterSettings, cores: int, memory_bytes: int, width: int) -> Size:
    """Fit Dask workers to a machine: as many as have cores, memory for warm models, and something to do.

    `width` is the number of units that can run side by side. A worker runs one unit at a time and its engine uses the
    cores that are its share, so that workers do not fight over them.
    """
    by_memory = int(memory_bytes / 2**30 // settings.memory_per_worker_gib)
    workers = settings.workers or max(1, min(cores, by_memory, width))
    return Size(workers, settings.threads or max(1, cores // workers))


class Bench:
    """A connection to the cluster, and the lake that its units commit to.

    `room` bounds the units in flight: hold it while a unit's task runs. `retries` is how often to try again.
    """

    def __init__(self, client: Client, settings: Settings, threads: int) -> None:
        self.client = client
        self.lake: Lake = open_lake(settings.lake)
        self.machine = Machine(
            lake=self.lake.uri,
            models_dir=str(settings.models_dir),
            models_mirror=settings.models_mirror,
            threads=threads,
        )
        self.retries = settings.cluster.retries
        self.room = asyncio.Semaphore(settings.cluster.in_flight)

    @property
    def address(self) -> str:
        return str(self.client.scheduler_info(n_workers=0)["address"])

    async def run(self, work: Work) -> Receipt:
        """Have a unit computed and committed, unless it is. A failed attempt is recorded in the lake, then raised.

        Raises what the stage raised, or `ClusterError` if no Dask worker offers what the unit needs or it kills them.
        """
        if await asyncio.to_thread(self.lake.committed, work.key):
            receipt = Receipt(work.key, computed=False)
        else:
            tell(Event("submitted", work))
            try:
                receipt = await self._compute(work)
            except Exception as error:
                await asyncio.to_thread(self._record, work, error)
                tell(Event("attempt failed", work, error))
                raise
        tell(Event("computed" if receipt.computed else "found", work))
        return receipt

    async def _compute(self, work: Work) -> Receipt:
        resource = STAGES[work.stage].resource
        self.require(resource)
        future = self.client.submit(
            execute,
            work,
            self.machine,
            key=f"{work.stage}-{uuid.uuid4().hex}",
            resources={resource: 1},
            # What is nearer to being delivered goes first, so that episodes finish one by one.
            priority=list(STAGES).index(work.stage),
            retries=0,
            pure=False,
        )
        try:
            await _done(future)
            result = await asyncio.to_thread(future.result)
            if not isinstance(result, Receipt):
                raise ClusterError(f"a Dask worker answered {result!r:.100}", where=work.label)
            return result
        except KilledWorker as error:
            raise ClusterError(
                f"its Dask worker died {DEATHS_ALLOWED + 1} times while it ran",
                where=work.label,
                remedy="see the Dask workers' logs; out of memory is the usual cause",
            ) from error
        finally:
            future.release()  # type: ignore[no-untyped-call]

    def require(self, resource: str) -> None:
        """Raise `ClusterError` if no Dask worker offers a resource: Dask itself would wait for one for ever."""
        offers = [
            worker.get("resources", {}) for worker in self.client.scheduler_info(n_workers=-1)["workers"].values()
        ]
        if not any(offer.get(resource, 0) >= 1 for offer in offers):
            known = sorted({name for offer in offers for name in offer})
            raise ClusterError(
                f"none of the {len(offers)} Dask workers offers {resource!r} (offered: {', '.join(known) or 'nothing'})",
                where=self.address,
                remedy=f"start one with --resources '{resource}=1'",
            )

    def _record(self, work: Work, error: Exception) -> None:
        if isinstance(error, DubwrightError):
            about = error.as_dict()
        else:
            about = {"error": type(error).__name__, "problem": str(error)[:2000] or type(error).__name__}
        # If the lake itself is what failed, the failure is still told and raised, only not recorded.
        with contextlib.suppress(DubwrightError):
            self.lake.record_failure(work.key, work.stage, {**about, "unit": work.label}, permanent=is_permanent(error))


def is_transient(error: BaseException) -> bool:
    """Whether trying again at once can help."""
    return isinstance(error, DubwrightError) and error.transient


def is_permanent(error: BaseException) -> bool:
    """Whether the unit cannot succeed until something that decides its result changes."""
    return isinstance(error, DubwrightError) and not error.transient and not isinstance(error, ClusterError)


async def _done(future: Any) -> None:
    """Wait, without blocking the event loop, until a Dask future has ended in whatever way."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    future.add_done_callback(lambda _: loop.call_soon_threadsafe(ended.set))
    try:
        await ended.wait()
    except asyncio.CancelledError:
        future.cancel()
        raise


@asynccontextmanager
async def bench(settings: Settings, *, width: int = 64, address: str | None = None) -> AsyncIterator[Bench]:
    """Join the cluster at `address` or at the settings' own; start one on this machine if neither names any."""
    joined = address or settings.cluster.address
    fit = size(settings.cluster, CPU_COUNT, MEMORY_LIMIT, max(1, width))
    with contextlib.ExitStack() as stack:
        if joined:
            target: Any = joined
        else:
            dask.config.set({"distributed.scheduler.allowed-failures": DEATHS_ALLOWED})
            # A failed unit is recorded and told once; Dask would print it on every process that it passes, and
            # Prefect's root logger all of Dask's comings and goings.
            dask.config.set({"distributed.nanny.pre-spawn-environ.DASK_LOGGING__DISTRIBUTED": "critical"})
            logging.getLogger("distributed").setLevel(logging.CRITICAL)
            # A Dask worker runs one unit at a time, whatever the unit needs.
            target = await asyncio.to_thread(
                LocalCluster,
                n_workers=fit.workers,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                dashboard_address=None,
                memory_limit=MEMORY_LIMIT // fit.workers,
                resources={stage.resource: 1 for stage in STAGES.values()},
                silence_logs="ERROR",
            )
            stack.callback(target.close)
        try:
            client = await asyncio.to_thread(Client, target, timeout="30s", set_as_default=False)
        except OSError as error:
            raise ClusterError(
                f"no Dask scheduler answers: {error}",
                where=str(joined),
                field="cluster.address",
                remedy="start it, or correct the address",
            ) from error
        stack.callback(client.close)
        yield Bench(client, settings, fit.threads)
        # Closing blocks while processes end; the loop may still have Prefect's own to do.
        await asyncio.to_thread(stack.pop_all().close)


def stage_resources() -> Sequence[str]:
    """What Dask workers announce, for those who start them."""
    return sorted({stage.resource for stage in STAGES.values()})
