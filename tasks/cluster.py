"""The Dask cluster that units run on: started on this machine, or joined at an address.

Prefect waits, Dask works: a unit travels as one plain function with the keys of what it reads, and what comes back is
a receipt. Dask workers never import Prefect.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import dask
from dask.system import CPU_COUNT
from distributed import Client, KilledWorker, LocalCluster
from distributed.client import FutureCancelledError
from distributed.system import MEMORY_LIMIT

from dubwright.errors import ClusterError, DubwrightError, SchedulerLostError
from dubwright.lake import Lake, open_lake
from dubwright.settings import ClusterSettings, Settings
from dubwright.stages import STAGES
from dubwright.unit import Machine, Receipt, Work, execute_all
from tasks.termination import unheard

# A unit that has taken this many Dask workers down with it is given up.
DEATHS_ALLOWED = 2
# How often to see whether the client still has a scheduler.
LOOK_EVERY_S = 5.0
# Dask's own priorities: a release goes before ordinary work and that before a backfill, whatever the stage.
PRIORITIES = {"release": 100, "normal": 0, "backfill": -100}


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
    """A connection to the cluster, and the lake that its units commit to."""

    def __init__(self, client: Client, settings: Settings, threads: int) -> None:
        self.client = client
        self.settings = settings.cluster
        self.lake: Lake = open_lake(settings.lake)
        self.machine = Machine(
            lake=self.lake.uri,
            models_dir=str(settings.models_dir),
            models_mirror=settings.models_mirror,
            threads=threads,
            copy_sources=settings.copy_sources,
            quality=settings.quality,
        )

    @property
    def address(self) -> str:
        return str(self.client.scheduler_info(n_workers=0)["address"])

    async def slots(self, needs: Mapping[str, float]) -> int:
        """How many units with these needs the Dask workers can run side by side; 0 if none offers it all.

        Dask itself would wait for ever for what no worker offers.
        """
        info = await asyncio.to_thread(self.client.scheduler_info, n_workers=-1)
        return sum(
            int(min(worker["nthreads"], *(worker.get("resources", {}).get(name, 0) / n for name, n in needs.items())))
            for worker in info["workers"].values()
        )

    async def offers(self) -> str:
        """What the Dask workers announce, in words."""
        workers = (await asyncio.to_thread(self.client.scheduler_info, n_workers=-1))["workers"].values()
        names = sorted({name for worker in workers for name in worker.get("resources", {})})
        return f"{len(workers)} Dask workers offer {', '.join(names) or 'nothing'}"

    async def compute(self, works: Sequence[Work]) -> list[Receipt | Exception]:
        """Have units of one stage computed and committed by one Dask worker, unless they are; an outcome for each.

        Raises `SchedulerLostError` if the scheduler goes away meanwhile. A unit that kills its Dask worker again and
        again ends as a `ClusterError`, and does not take the units beside it along.
        """
        stage = works[0].stage
        try:
            future = self.client.submit(
                execute_all,
                works,
                self.machine,
                key=f"{stage}-{uuid.uuid4().hex}",
                resources=dict(needs(works[0])),
                # Nothing of the stage: a run that has come further would hold up all others. Within a run the
                # dispatcher sends first what is nearer to delivery.
                priority=PRIORITIES[self.settings.priority],
                retries=0,
                pure=False,
            )
        except Exception as error:  # a client that was closed says so in several ways
            raise self._lost(works) from error
        try:
            await done(future, self.client)
            outcomes = await asyncio.to_thread(future.result)
        except KilledWorker as error:
            if len(works) > 1:
                return [outcome for work in works for outcome in await self.compute([work])]
            killed = ClusterError(
                f"its Dask worker died {DEATHS_ALLOWED + 1} times while it ran",
                where=works[0].label,
                remedy="see the Dask workers' logs; out of memory is the usual cause",
            )
            killed.__cause__ = error
            return [killed]
        except (FutureCancelledError, ConnectionError) as error:
            raise self._lost(works) from error
        finally:
            future.release()  # type: ignore[no-untyped-call]
        if not isinstance(outcomes, list) or len(outcomes) != len(works):
            raise ClusterError(f"a Dask worker answered {outcomes!r:.100}", where=works[0].label)
        return outcomes

    def _lost(self, works: Sequence[Work]) -> SchedulerLostError:
        return SchedulerLostError(
            "the connection to the Dask scheduler was lost",
            where=works[0].label,
            remedy="see that it runs, then run again: what is committed stays",
        )

    def record(self, work: Work, error: Exception) -> None:
        """Record a failed attempt in the lake; if the lake itself is what failed, it is only told."""
        if isinstance(error, DubwrightError):
            about = error.as_dict()
        else:
            about = {"error": type(error).__name__, "problem": str(error)[:2000] or type(error).__name__}
        with contextlib.suppress(DubwrightError):
            self.lake.record_failure(work.key, work.stage, {**about, "unit": work.label}, permanent=is_permanent(error))


def needs(work: Work) -> Mapping[str, float]:
    """The Dask resources that a unit takes: its stage's, and a GPU's token where an engine of it computes on one."""
    stage = STAGES[work.stage]
    on_gpu = any(info.device == "cuda" for info in stage.engines(work.settings, work.language))
    return {stage.resource: 1} | ({"GPU": 1} if on_gpu else {})


def is_transient(error: BaseException) -> bool:
    """Whether trying again at once can help."""
    return isinstance(error, DubwrightError) and error.transient


def is_permanent(error: BaseException) -> bool:
    """Whether the unit cannot succeed until something that decides its result changes."""
    return isinstance(error, DubwrightError) and not error.transient and not isinstance(error, ClusterError)


async def done(future: Any, client: Client) -> None:
    """Wait, without blocking the event loop, until a Dask future has ended in whatever way.

    Raises `ConnectionError` if the client has given up on its scheduler: what it was sent while it tried to reach it
    again stays pending for ever.
    """
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    future.add_done_callback(lambda _: loop.call_soon_threadsafe(ended.set))
    try:
        while not ended.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), LOOK_EVERY_S)
            if client.status in ("closing", "closed") and not ended.is_set():
                raise ConnectionError("the Dask client has closed")
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
                unheard()(LocalCluster),
                n_workers=fit.workers,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                dashboard_address=None,
                memory_limit=MEMORY_LIMIT // fit.workers,
                # The token for engines that take a GPU where there is one; here they do without where there is none.
                resources={**{stage.resource: 1 for stage in STAGES.values()}, "GPU": 1},
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
