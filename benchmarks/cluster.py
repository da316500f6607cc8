"""How busy a flow keeps a cluster: the real scheduler and flow, Dask workers whose units sleep.

    python -m benchmarks.cluster --workers 64 --seconds 5 --episodes 10000 --languages 5 --minutes 6

The run is a backfill that stops starting units after `--minutes`. Busy is the time that units slept by the time that
all Dask workers had, from a ramp of `--ramp` seconds after the first unit's start to the last start; memory is the
highest that was seen of the scheduler's and the flow's process.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.machine import describe
from benchmarks.synthetic import LANGUAGES

EPISODES_PER_SERIES = 80
# Dask workers that share a process: more processes than cores would only fight.
WORKERS_PER_PROCESS = 16


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=5.0, help="that each unit sleeps")
    parser.add_argument("--episodes", type=int, default=10_000)
    parser.add_argument("--languages", type=int, default=5)
    parser.add_argument("--minutes", type=float, default=6.0)
    parser.add_argument("--ramp", type=float, default=15.0)
    parser.add_argument("--packet", type=float, default=5.0, help="the setting cluster.packet_s")
    arguments = parser.parse_args()
    print(describe("prefect", "distributed"))
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder, ExitStack() as stack:
        measure(arguments, Path(folder), stack)


def measure(arguments: argparse.Namespace, root: Path, stack: ExitStack) -> None:
    """One run, its figures printed."""
    manifest, log, port = root / "catalogue.parquet", root / "units.log", _free_port()
    rows = [
        {
            "series": f"series {n // EPISODES_PER_SERIES:04d}",
            "episode": f"{n:05d}",
            "video": "/nowhere.mp4",
            "digest": f"{n:032x}",
        }
        for n in range(arguments.episodes)
    ]
    pq.write_table(pa.Table.from_pylist(rows), manifest)
    address = f"tcp://127.0.0.1:{port}"
    scheduler = [
        sys.executable,
        "-m",
        "distributed.cli.dask_scheduler",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--no-dashboard",
    ]
    processes = {"scheduler": stack.enter_context(_process("scheduler", scheduler, root))}
    left = arguments.workers
    while left > 0:
        number = min(left, WORKERS_PER_PROCESS)
        command = [sys.executable, "-m", "benchmarks.simulated_workers", address, "--number", str(number)]
        command += ["--seconds", str(arguments.seconds), "--log", str(log), "--name", f"p{left}"]
        stack.enter_context(_process(f"workers {left}", command, root))
        left -= number
    time.sleep(10)
    languages = ",".join(LANGUAGES[: arguments.languages])
    command = [str(Path(sys.executable).with_name("dubwright")), "backfill", str(manifest), "--to", languages]
    command += ["--hours", str(arguments.minutes / 60), "--lake", str(root / "lake"), "--profile", "fake", "--json"]
    command += ["--set", f"cluster.address={address}", "--set", f"cluster.packet_s={arguments.packet}"]
    flow = processes["flow"] = stack.enter_context(_process("flow", command, root))
    peaks = dict.fromkeys(processes, 0)
    spent = dict.fromkeys(processes, 0.0)
    done = threading.Event()
    deadline = time.monotonic() + arguments.minutes * 60 + 120
    # The flow ends with its deadline; what it tells afterwards of a lake of this size is not waited for.
    while not done.wait(1) and flow.poll() is None and time.monotonic() < deadline:
        for name, process in processes.items():
            try:
                watched = psutil.Process(process.pid)
                peaks[name] = max(peaks[name], watched.memory_info().rss)
                times = watched.cpu_times()
                spent[name] = times.user + times.system
            except psutil.NoSuchProcess:
                continue
    if flow.poll() not in (None, 0):
        print((root / "flow.out").read_text(errors="replace"))
    _print(arguments, log, peaks, spent)


def _print(arguments: argparse.Namespace, log: Path, peaks: dict[str, int], spent: dict[str, float]) -> None:
    units = [tuple(map(float, line.split("\t"))) for line in log.read_text().splitlines()]
    first, last = min(start for start, _ in units), max(start for start, _ in units)
    begin = first + arguments.ramp
    busy = sum(max(0.0, min(end, last) - max(start, begin)) for start, end in units)
    whole = sum(min(end, last) - start for start, end in units)
    print(
        f"{arguments.workers} Dask workers, units of {arguments.seconds:g} s, {arguments.episodes} episodes x "
        f"{arguments.languages} languages planned: {len(units)} units in {last - first:.0f} s"
    )
    shares = busy / (last - begin) / arguments.workers, whole / (last - first) / arguments.workers
    print(f"busy {shares[0]:.1%} after {arguments.ramp:g} s, {shares[1]:.1%} from the first unit on")
    for name in peaks:
        print(f"{name}: {peaks[name] / 2**20:.0f} MiB at most, {spent[name] / len(units) * 1000:.1f} ms of CPU a unit")
    share = sum(spent.values()) / (len(units) * arguments.seconds)
    print(f"orchestration (scheduler and flow, CPU) by work: {share:.2%}")


@contextmanager
def _process(name: str, command: list[str], root: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process for the time of the block; what it prints goes to a file."""
    environment = os.environ | {"PREFECT_HOME": str(root / "prefect"), "DO_NOT_TRACK": "1"}
    with (root / f"{name}.out").open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output, stdin=subprocess.DEVNULL)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
