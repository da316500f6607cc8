"""The tests' own platform: processes start, are found, are killed with all that they started, come back, and are gone."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from distributed import Client

from tests.platform import Platform
from tests.platform.platform import REPOSITORY, postgres_installed
from tests.platform.processes import Command, ProcessError, Processes, clean_environment

# A process that leaves its session by a child that does the same: what a group id alone does not find.
NEST = """
import subprocess, sys, time
if len(sys.argv) < 2:
    subprocess.Popen([sys.executable, __file__, "child"], start_new_session=True)
print("up", flush=True)
time.sleep(600)
"""


@pytest.fixture
def nest(tmp_path: Path) -> Command:
    program = tmp_path / "nest.py"
    program.write_text(NEST, encoding="utf-8")
    log = tmp_path / "nest.log"
    return Command(
        "nest", [sys.executable, str(program)], clean_environment(), lambda: log.read_text().count("up") >= 2, 30
    )


def test_a_process_is_killed_with_its_children_in_other_sessions(nest: Command, tmp_path: Path) -> None:
    processes = Processes(tmp_path)
    processes.start(nest)
    assert processes.alive("nest") and len(processes.find("nest")) == 2
    processes.kill("nest")
    assert not processes.alive("nest") and processes.find() == []
    processes.restart("nest")
    assert processes.alive("nest")
    processes.stop_all()
    assert processes.find() == []


def test_what_does_not_start_says_why(tmp_path: Path) -> None:
    processes = Processes(tmp_path)
    broken = Command(
        "broken", [sys.executable, "-c", "raise SystemExit('no such moon')"], clean_environment(), lambda: False, 30
    )
    with pytest.raises(ProcessError, match=r"broken ended with 1\n(.|\n)*no such moon"):
        processes.start(broken)
    slow = Command("slow", [sys.executable, "-c", "import time; time.sleep(600)"], clean_environment(), bool, 0.3)
    with pytest.raises(ProcessError, match=r"slow is not ready after 0\.3 s"):
        processes.start(slow)
    processes.stop_all()
    assert processes.find() == []


def test_processes_are_gone_when_the_test_is_killed(nest: Command, tmp_path: Path) -> None:
    program = f"""
import os, signal, sys
from pathlib import Path
from tests.platform.processes import Command, Processes
root = Path({str(tmp_path)!r})
processes = Processes(root)
log = root / "nest.log"
command = [sys.executable, str(root / "nest.py")]
processes.start(Command("nest", command, {{}}, lambda: log.read_text().count("up") >= 2, 30))
print(*(process.pid for process in processes.find()), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == -signal.SIGKILL, ran.stderr
    pids = [int(pid) for pid in ran.stdout.split()]
    assert len(pids) == 2
    deadline = time.monotonic() + 10
    while (left := [pid for pid in pids if _runs(pid)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not left


def _runs(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


@pytest.mark.e2e
def test_dask_processes_announce_what_they_offer_and_come_back(tmp_path: Path) -> None:
    with Platform(tmp_path) as platform:
        address = platform.start_scheduler()
        platform.start_dask_worker("asr-1", {"asr": 1, "cpu": 1})
        platform.start_dask_worker("bare", {}, nanny=False)
        with Client(address, timeout="30s", set_as_default=False) as client:
            workers = client.scheduler_info(n_workers=-1)["workers"].values()
            assert {worker["name"]: worker["resources"] for worker in workers} == {
                "asr-1": {"asr": 1, "cpu": 1},
                "bare": {},
            }
            assert client.submit(sum, [1, 2], resources={"asr": 1}).result(timeout=30) == 3
            platform.restart("asr-1")
            assert client.submit(sum, [3, 4], resources={"asr": 1}).result(timeout=30) == 7
        platform.kill("scheduler")
        assert not platform.alive("scheduler") and platform.processes("scheduler") == []
        platform.restart("scheduler")
        assert platform.environment()["DUBWRIGHT_CLUSTER__ADDRESS"] == address
    assert platform.processes() == []


@pytest.mark.e2e
@pytest.mark.skipif(not postgres_installed(), reason="PostgreSQL is not installed: Prefect's server ran on SQLite only")
def test_prefect_on_postgres_keeps_its_state_through_kills(tmp_path: Path) -> None:
    with Platform(tmp_path) as platform:
        platform.start_prefect(platform.start_postgres())
        made = platform.run("prefect", "--no-prompt", "work-pool", "create", "dubwright", "--type", "process")
        assert made.returncode == 0, made.stderr
        platform.start_prefect_worker("dubwright")
        platform.kill("postgres")
        platform.restart("postgres")
        platform.restart("prefect")
        kept = platform.run("prefect", "--no-prompt", "work-pool", "ls")
        assert "dubwright" in kept.stdout, kept.stderr
        assert platform.alive("prefect-worker")
    assert platform.processes() == []
