"""The whole job on a folder of episodes, from an empty lake: real-time factor as a whole and by stage, memory, idleness.

    python -m benchmarks.job SOURCE --to en,es --runs 3

Models must be there already (`dubwright models pull`). Each run has a lake of its own; figures are the median of the
runs, with the lowest and the highest. `busy` is the time that units took by the time that all Dask workers had.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from benchmarks.machine import describe, spread
from dubwright.lake import Lake, open_lake
from dubwright.stages import STAGES

Figures = dict[str, list[float]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source")
    parser.add_argument("--to", default="en,es")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2, help="Dask workers, to know what they could have done")
    arguments = parser.parse_args()
    print(describe("faster-whisper", "ctranslate2", "xllamacpp", "kokoro-onnx", "prefect", "distributed"))
    whole: Figures = defaultdict(list)
    stages: dict[str, Figures] = defaultdict(lambda: defaultdict(list))
    for _ in range(arguments.runs):
        with tempfile.TemporaryDirectory() as folder:
            measure(arguments.source, arguments.to, arguments.workers, Path(folder), whole, stages)
    print("\n| | wall s | × real time | units' share of the Dask workers' time |\n|---|---|---|---|")
    print(
        f"| whole job, {arguments.runs} runs | {' | '.join(spread(whole[name]) for name in ('wall', 'rtf', 'busy'))} |"
    )
    print("\n| stage | × real time, one language | CPU s / wall s | peak MiB of its Dask worker |\n|---|---|---|---|")
    for stage in STAGES:
        figures = stages[stage]
        print(f"| {stage} | {' | '.join(spread(figures[name]) for name in ('rtf', 'cpu', 'peak'))} |")


def measure(source: str, to: str, workers: int, folder: Path, whole: Figures, stages: dict[str, Figures]) -> None:
    """One run from an empty lake, its figures added."""
    started = time.monotonic()
    ran = subprocess.run(
        [
            Path(sys.executable).with_name("dubwright"),
            "localize",
            source,
            "--to",
            to,
            "--lake",
            folder / "lake",
            "--json",
            "--set",
            f"cluster.workers={workers}",
        ],
        stdout=subprocess.PIPE,
        check=True,
    )
    wall = time.monotonic() - started
    lake = open_lake(str(folder / "lake"))
    video_s = sum(lake.read(key).row()["duration_ms"] for key in lake.units("source")) / 1000
    busy = 0.0
    for stage in STAGES.values():
        costs = unit_costs(lake, stage.table)
        busy += sum(cost["wall_s"] for cost in costs)
        languages = len(to.split(",")) if stage.per_language else 1
        figures = stages[stage.name]
        figures["rtf"].append(sum(cost["wall_s"] for cost in costs) / languages / video_s)
        figures["cpu"].append(sum(cost["cpu_s"] for cost in costs) / sum(cost["wall_s"] for cost in costs))
        figures["peak"].append(max(cost["peak_mib"] for cost in costs))
    seconds = json.loads(ran.stdout)["seconds"]
    whole["wall"].append(wall)
    whole["rtf"].append(wall / video_s)
    whole["busy"].append(busy / (workers * seconds))
    print(f"{video_s:.1f} s of video into {to}: {wall:.1f} s, of it the flow {seconds:.1f} s")


def unit_costs(lake: Lake, table: str) -> list[dict[str, float]]:
    """What each unit of a table took."""
    return [dict(lake.read(key).provenance["cost"]) for key in lake.units(table)]


if __name__ == "__main__":
    main()
