"""The transcribe stage as a Prefect task."""

from __future__ import annotations

from dubwright.unit import Receipt, Work
from tasks.cluster import Bench
from tasks.unit_task import unit_task


@unit_task
async def transcribe(work: Work, bench: Bench) -> Receipt:
    """Speech to segments with times. Runs on a Dask worker that offers `asr`."""
    return await bench.run(work)
