"""The render stage as a Prefect task."""

from __future__ import annotations

from tasks.dispatch import Packet
from tasks.unit_task import unit_task


@unit_task
async def render(packet: Packet) -> None:
    """Tracks and subtitles to deliverables. Runs on a Dask worker that offers `cpu`."""
    await packet.carry_out()
