"""The dub stage as a Prefect task."""

from __future__ import annotations

from tasks.dispatch import Packet
from tasks.unit_task import unit_task


@unit_task
async def dub(packet: Packet) -> None:
    """Target text to a dubbed sound track. Runs on a Dask worker that offers `tts`."""
    await packet.carry_out()
