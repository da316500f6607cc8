"""How long plan, status and a backfill's dry run take on a synthetic catalogue, and what memory; whole and for one series.

    python -m benchmarks.synthetic make DIR
    python -m benchmarks.planning DIR --runs 3

The lake lists keys in pages of 1,000, each after `--page-ms`, as an object store over a network does; nothing can be
read. Each figure is of a process of its own, its start and the reading of the manifest included.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

from benchmarks import synthetic
from benchmarks.machine import describe, spread
from dubwright import backfill, coverage, plan
from dubwright import catalog as catalogs
from dubwright.lake import Lake


def whole_or_one(what: str, folder: Path, page_s: float) -> dict[str, float]:
    """Do one of them here; pages listed and units seen."""
    name, _, selection = what.partition(" ")
    manifest = str(folder / "catalogue.parquet")
    store = synthetic.ListOnlyStore(folder, page_s)
    lake = Lake(store)
    series = None
    if selection:
        series = next(iter(catalogs.load(manifest).series)).name
    started = time.perf_counter()
    units = 0
    if name == "status":
        found = coverage.coverage(lake, series)
        units = sum(sum(each.delivered.values()) for each in found.values())
        list(coverage.standing_failures(lake, series))
    else:
        planner = plan.planner(synthetic.LANGUAGES[:10], synthetic.settings(), lake)
        limits = backfill.Limits((series,) if series else ())
        catalog = backfill.load(manifest, limits, lake)
        if name == "plan":
            units = planner.survey(catalog).total.total()
        else:
            units = backfill.choose(planner, catalog, limits).units.total()
    return {
        "seconds": time.perf_counter() - started,
        "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "pages": store.pages,
        "units": units,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--page-ms", type=float, default=50.0)
    parser.add_argument("--what", help="only this, in this process: for the benchmark's own use")
    arguments = parser.parse_args()
    if arguments.what:
        print(json.dumps(whole_or_one(arguments.what, arguments.folder, arguments.page_ms / 1000)))
        return
    print(describe("pyarrow"))
    print(f"\npages of 1,000 keys after {arguments.page_ms:g} ms each\n")
    print("| what | s | peak MiB | pages | units |\n|---|---|---|---|---|")
    for what in ("plan", "status", "backfill", "plan one", "status one", "backfill one"):
        command = [sys.executable, "-m", "benchmarks.planning", str(arguments.folder), "--what", what]
        command += ["--page-ms", str(arguments.page_ms)]
        runs = [json.loads(subprocess.check_output(command)) for _ in range(arguments.runs)]
        figures = [spread([run[name] for run in runs]) for name in ("seconds", "mib")]
        print(f"| {what} | {' | '.join(figures)} | {runs[0]['pages']} | {runs[0]['units']} |", flush=True)


if __name__ == "__main__":
    main()
