"""The translate stage as a Prefect task."""

from __future__ import annotations

from tasks.dispatch import Packet
from tasks.unit_task import unit_task


@unit_task
async def translate(packet: Packet) -> None:
    """Segments to text in the target language. Runs on a Dask worker that offers `mt`."""
    await packet.carry_out()
