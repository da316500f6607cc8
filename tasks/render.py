"""The render stage as a Prefect task."""

from __future__ import annotations

from dubwright.unit import Receipt, Work
from tasks.cluster import Bench
from tasks.unit_task import unit_task


@unit_task
async def render(work: Work, bench: Bench) -> Receipt:
    """Tracks and subtitles to deliverables. Runs on a Dask worker that offers `cpu`."""
    return await bench.run(work)
