"""The translate stage as a Prefect task."""

from __future__ import annotations

from dubwright.unit import Receipt, Work
from tasks.cluster import Bench
from tasks.unit_task import unit_task


@unit_task
async def translate(work: Work, bench: Bench) -> Receipt:
    """Segments to text in the target language. Runs on a Dask worker that offers `mt`."""
    return await bench.run(work)
