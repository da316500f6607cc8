"""The dub stage as a Prefect task."""

from __future__ import annotations

from dubwright.unit import Receipt, Work
from tasks.cluster import Bench
from tasks.unit_task import unit_task


@unit_task
async def dub(work: Work, bench: Bench) -> Receipt:
    """Target text to a dubbed sound track. Runs on a Dask worker that offers `tts`."""
    return await bench.run(work)
