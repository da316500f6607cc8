"""The transcribe stage as a Prefect task."""

from __future__ import annotations

from tasks.dispatch import Packet
from tasks.unit_task import unit_task


@unit_task
async def transcribe(packet: Packet) -> None:
    """Speech to segments with times. Runs on a Dask worker that offers `asr`."""
    await packet.carry_out()
