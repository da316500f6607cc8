"""Many Dask workers in one process whose units only sleep, and write down when: `python -m benchmarks.simulated_workers`.

The scheduler, the flow and the lake are the real ones, so is the unit's way through `dubwright.unit.execute`; only what
a stage computes is replaced.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import dask
from distributed import Worker

from dubwright.stages import STAGES

RESOURCES = {stage.resource: 1.0 for stage in STAGES.values()}


def pretend(seconds: float, log: Path) -> None:
    """Have every stage sleep instead of computing; a line for each unit: start, end."""

    def run(work: Any, lake: Any, machine: Any) -> list[dict[str, Any]]:
        started = time.time()
        time.sleep(seconds)
        with log.open("a", encoding="utf-8") as file:
            file.write(f"{started}\t{time.time()}\n")
        return [{"duration_ms": round(seconds * 1000)}] if work.stage == "ingest" else []

    for stage in STAGES:
        import_module(f"dubwright.{stage}.work").run = run  # type: ignore[attr-defined]


async def serve(scheduler: str, number: int, name: str) -> None:
    dask.config.set({"distributed.worker.memory.terminate": False, "distributed.worker.memory.pause": False})
    workers = [
        Worker(scheduler, nthreads=1, name=f"{name}-{each}", resources=RESOURCES, dashboard=False, memory_limit=0)
        for each in range(number)
    ]
    async with asyncio.TaskGroup() as group:
        for worker in workers:
            group.create_task(_live(worker))


async def _live(worker: Worker) -> None:
    async with worker:
        await worker.finished()  # type: ignore[no-untyped-call]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scheduler")
    parser.add_argument("--number", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--name", default="simulated")
    arguments = parser.parse_args()
    pretend(arguments.seconds, arguments.log)
    asyncio.run(serve(arguments.scheduler, arguments.number, arguments.name))


if __name__ == "__main__":
    main()
