"""The ingest stage as a Prefect task."""

from __future__ import annotations

from tasks.dispatch import Packet
from tasks.unit_task import unit_task


@unit_task
async def ingest(packet: Packet) -> None:
    """Probe a video and decode its sound. Runs on a Dask worker that offers `cpu`."""
    await packet.carry_out()
