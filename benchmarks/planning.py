"""How long plan, status and a backfill's dry run take on a synthetic catalogue, and what memory; whole and for one series.

    python -m benchmarks.synthetic make DIR
    python -m benchmarks.planning DIR --runs 3

The lake lists keys in pages of 1,000, each after `--page-ms`, as an object store over a network does, and reads a unit in the
same time. Each figure is of a process of its own, its start, the command's imports and the manifest included.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import resource
import subprocess
import sys
import time
from itertools import product
from pathlib import Path

import psutil

from benchmarks import synthetic
from benchmarks.machine import describe, spread
from dubwright.catalogue import catalog as catalogs
from dubwright.lake import Lake
from dubwright.planning import backfill, plan
from dubwright.reports import coverage


def whole_or_one(what: str, series: str | None, folder: Path, page_s: float) -> dict[str, float]:
    """Do one of them here, for a series or for all; requests made and units seen."""
    importlib.import_module("desk.cli")  # as the command does
    manifest = str(folder / "catalogue.parquet")
    counted = folder / "requests"
    counted.write_bytes(b"")
    lake = Lake(synthetic.SyntheticStore(folder, page_s, counted))
    units = 0
    if what == "status":
        found = coverage.coverage(lake, series)
        units = sum(sum(each.delivered.values()) for each in found.values())
        list(coverage.standing_failures(lake, series))
    else:
        planner = plan.planner(synthetic.LANGUAGES[:10], synthetic.settings(), lake)
        limits = backfill.Limits((series,) if series else ())
        catalog = backfill.load(manifest, limits, lake)
        if what == "plan":
            units = planner.survey(catalog).total.total()
        else:
            units = backfill.choose(planner, catalog, limits).units.total()
    return {
        "seconds": time.time() - psutil.Process().create_time(),
        "mib": most_memory() / 1024,
        "requests": counted.stat().st_size,
        "units": units,
    }


def most_memory() -> int:
    """What this process and those that it started took at most (KiB), as if each of them had taken the most of all."""
    begun = len(os.sched_getaffinity(0))
    return (
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        + begun * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--page-ms", type=float, default=50.0)
    parser.add_argument("--only-one", action="store_true", help="leave out what takes minutes: the whole catalogue")
    parser.add_argument("--what", help="only this, in this process: for the benchmark's own use")
    parser.add_argument("--series", help="of this series: for the benchmark's own use")
    arguments = parser.parse_args()
    if arguments.what:
        print(json.dumps(whole_or_one(arguments.what, arguments.series, arguments.folder, arguments.page_ms / 1000)))
        return
    begun = {key.series for key in Lake(synthetic.SyntheticStore(arguments.folder, 0)).units("source")}
    names = [series.name for series in catalogs.load(str(arguments.folder / "catalogue.parquet")).series]
    untouched, half_done = (
        next(name for name in names if name not in begun),
        next(name for name in names if name in begun),
    )
    scopes: dict[str, str | None] = {"one, half done": half_done, "one, not begun": untouched}
    if not arguments.only_one:
        scopes = {"whole": None, **scopes}
    print(describe("pyarrow"))
    print(f"\npages of 1,000 keys after {arguments.page_ms:g} ms each\n")
    print("| what | s | peak MiB | requests | units |\n|---|---|---|---|---|")
    for (scope, series), what in product(scopes.items(), ("plan", "status", "backfill")):
        command = [sys.executable, "-m", "benchmarks.planning", str(arguments.folder), "--what", what]
        command += ["--page-ms", str(arguments.page_ms), *(["--series", series] if series else [])]
        runs = [json.loads(subprocess.check_output(command)) for _ in range(arguments.runs)]
        figures = [spread([run[name] for run in runs]) for name in ("seconds", "mib")]
        print(f"| {what}, {scope} | {' | '.join(figures)} | {runs[0]['requests']} | {runs[0]['units']} |", flush=True)


if __name__ == "__main__":
    main()
