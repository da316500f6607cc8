"""A run with real engines, killed again and again: what the next run makes of it.

    python -m benchmarks.killed CATALOGUE --to en,es --at 3,5,10,14,20 [--profile NAME]

The command runs in a process group of its own, which gets SIGKILL as soon as so many units are committed; after the last
one it runs to its end. Printed: units that a later run committed again (they are told by their files), files in the lake
that cannot be read, units that are there twice, and how the last run ended.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq

from benchmarks.machine import describe
from dubwright.lake import Lake, open_lake
from dubwright.lake.layout import UnitKey
from dubwright.stages import STAGES

PATIENCE_S = 1800.0
PROGRAM = Path(sys.executable).parent / "dubwright"


def units(lake: Lake) -> list[UnitKey]:
    """The committed units, by their keys."""
    return [key for stage in STAGES.values() for key in lake.units(stage.table)]


def run(command: list[str], lake: Lake, at: int | None) -> int:
    """Run until so many units are committed, then kill the whole group; None lets it end. Its exit code."""
    process = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + PATIENCE_S
    try:
        while process.poll() is None and time.monotonic() < deadline:
            if at is not None and len(units(lake)) >= at:
                break
            time.sleep(0.05)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    return process.wait()


def contents(root: Path) -> dict[str, str]:
    """Digest of each unit's file; raises where one cannot be read whole."""
    found = {}
    for path in sorted(root.rglob("*.parquet")):
        pq.read_table(path, partitioning=None)
        found[str(path.relative_to(root))] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("catalogue")
    parser.add_argument("--to", default="en,es")
    parser.add_argument("--at", default="3,5,10,14,20", help="units committed when the run is killed, each in turn")
    parser.add_argument("--profile", default="embedded")
    arguments = parser.parse_args()
    print(describe(), flush=True)
    with TemporaryDirectory(prefix="dubwright-killed-") as folder:
        lake = open_lake(folder)
        command = [str(PROGRAM), "localize", arguments.catalogue, "--to", arguments.to]
        command += ["--lake", folder, "--profile", arguments.profile, "--json"]
        before: dict[str, str] = {}
        again = 0
        for at in [*map(int, arguments.at.split(",")), None]:
            code = run(command, lake, at)
            after = contents(Path(folder))
            again += sum(after.get(name) != digest for name, digest in before.items())
            before = after
            when = "to its end" if at is None else f"killed at {at} units"
            print(f"{when}: exit {code}, {len(units(lake))} units committed, all files whole", flush=True)
        keys = units(lake)
        twice = Counter((key.table, key.series, key.episode, key.language) for key in keys)
        print(f"committed again or lost: {again}; units: {len(keys)}; twice: {sum(n > 1 for n in twice.values())}")


if __name__ == "__main__":
    main()
