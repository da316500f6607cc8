"""What commands print of costs: what units have taken, and what is still to come will take."""

from __future__ import annotations

from collections.abc import Sequence

from desk import show
from dubwright.lake import Lake
from dubwright.planning.backfill import Selection
from dubwright.reports.history import Cost


def costs(found: Sequence[Cost], lake: Lake) -> None:
    """Seconds per minute of video by stage, language and engine."""
    if show.as_json:
        show.print_json({"lake": lake.uri, "costs": [cost.as_dict() for cost in found]})
        return
    numbers = ("units", "wall s", "CPU s", "peak MiB")
    table = show.new_table("Per minute of video", "stage", "language", "engine", "device", *numbers, right=numbers)
    for cost in found:
        measured = (cost.units, cost.wall_s, cost.cpu_s, cost.peak_mib)
        table.add_row(*show.cells(cost.stage, cost.language or "(source)", cost.engine, cost.device, *measured))
    show.console.print(table)
    show.console.print("Means over a sample of the lake's episodes.")


def selection(chosen: Selection, lake: Lake) -> None:
    """What a backfill would take on, and what that is expected to cost."""
    if show.as_json:
        show.print_json({"lake": lake.uri, **chosen.as_dict()})
        return
    table = show.new_table(f"To do in {len(chosen.episodes)} series", "stage", "language", "units", right=("units",))
    for (stage, language), number in chosen.units.items():
        if number:
            table.add_row(*show.cells(stage, language or "(source)", number))
    show.console.print(table)
    show.console.print(
        f"{chosen.units.total()} units, about {chosen.minutes:.1f} minutes of video, {chosen.seconds / 3600:.2f} hours of "
        f"a Dask worker's time, {chosen.bytes / 2**20:.1f} MiB of deliverables"
    )
    if chosen.unknown:
        show.console.print(f"Not in it, for want of history: {', '.join(chosen.unknown)}")
