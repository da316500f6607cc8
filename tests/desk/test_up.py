"""The supervisor of `dubwright up`, with small processes: it starts, starts again, gives up, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from desk.up import marked, parts
from desk.up.supervisor import MOST_DEATHS, Asked, Part, Supervisor
from dubwright import settings
from dubwright.errors import ClusterError, SettingsError
from tests.flows.conftest import COMMAND
from tests.platform.processes import clean_environment

# Each has processes of its own.
pytestmark = pytest.mark.slow

# Says that it is up, and has a child in a session of its own that ignores SIGTERM.
NEST = """
import signal, subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import signal, time; signal.signal(15, 1); time.sleep(600)"], start_new_session=True)
print("up", flush=True)
time.sleep(600)
"""


def part(name: str, program: str, ready: Callable[[str], bool] = lambda said: "up" in said, **more: float) -> Part:
    return Part(name, [sys.executable, "-S", "-c", program], clean_environment(), ready, **more)  # type: ignore[arg-type]


def supervisor(state: Path, said: list[str] | None = None) -> Supervisor:
    state.mkdir(exist_ok=True)
    return Supervisor(state, (said if said is not None else []).append, pause_s=0.01)


def test_a_part_is_ended_with_all_that_it_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marked, "PATIENCE_S", 5.0)
    with supervisor(tmp_path) as running:
        running.hurry.set()
        running.start(part("nest", NEST))
        assert len(marked.find(f"{running.mark}/nest")) == 2
        mark = running.mark
    assert marked.find(mark) == []
    assert (tmp_path / "logs" / "nest.log").read_text() == "up\n"


def test_a_part_that_dies_is_started_again(tmp_path: Path) -> None:
    said: list[str] = []
    with supervisor(tmp_path, said) as running:
        running.start(part("sleeper", "import time; print('up', flush=True); time.sleep(600)"))
        (first,) = marked.find(f"{running.mark}/sleeper")
        looking = threading.Thread(target=running.look_after)
        looking.start()
        first.kill()
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if [process for process in marked.find(f"{running.mark}/sleeper") if process.pid != first.pid]:
                break
            time.sleep(0.05)
        running.asked.set()
        looking.join()
        (second,) = marked.find(f"{running.mark}/sleeper")
        assert second.pid != first.pid
    assert said == ["sleeper ended with SIGKILL; it is started again in 0.01 s"]


def test_what_cannot_live_is_an_error_that_shows_its_log(tmp_path: Path) -> None:
    said: list[str] = []
    with supervisor(tmp_path, said) as running:
        running.start(part("moon", "print('up', flush=True); raise SystemExit('no such moon')"))
        with pytest.raises(
            ClusterError, match=rf"died {MOST_DEATHS + 1} times in a row.*exit code 1(.|\n)*no such moon"
        ):
            running.look_after()
    assert len(said) == MOST_DEATHS


def test_what_does_not_start_is_an_error(tmp_path: Path) -> None:
    broken = part("broken", "raise SystemExit('no such moon')")
    slow = part("slow", "import time; time.sleep(600)", patience_s=0.2)
    with supervisor(tmp_path) as running:
        with pytest.raises(ClusterError, match=r"ended with exit code 1 before it was ready(.|\n)*no such moon"):
            running.start(broken)
        with pytest.raises(ClusterError, match=r"ended with exit code 1; it said:(.|\n)*no such moon"):
            running.run(broken)
        with pytest.raises(ClusterError, match=r"is not ready after 0\.2 s"):
            running.start(slow)
        with pytest.raises(ClusterError, match=r"has not ended after 0\.2 s"):
            running.run(slow)


def test_a_start_that_is_waited_for_can_be_given_up(tmp_path: Path) -> None:
    with supervisor(tmp_path) as running:
        running.asked.set()
        with pytest.raises(Asked):
            running.start(part("sleeper", "import time; time.sleep(600)"))
        mark = running.mark
    assert marked.find(mark) == []


def test_nothing_is_left_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    program = f"""
import os, signal, sys
from pathlib import Path
from tests.desk.test_up import NEST, part, supervisor
with supervisor(Path({str(tmp_path / "state")!r})) as running:
    running.start(part("sleeper", "import time; print('up', flush=True); time.sleep(600)"))
    print(running.mark, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == -signal.SIGKILL, ran.stderr
    deadline = time.monotonic() + 2 * marked.PATIENCE_S
    while (left := marked.find(ran.stdout.strip())) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left == []


def test_what_an_earlier_one_left_behind_is_ended_first(tmp_path: Path) -> None:
    with supervisor(tmp_path) as earlier:
        folder, _, _ = earlier.mark.partition("/")
    environment = {**clean_environment(), marked.MARK: f"{folder}/of-long-ago/sleeper"}
    orphan = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"], env=environment)
    with supervisor(tmp_path):
        assert orphan.wait(timeout=10) == -signal.SIGTERM


def test_logs_of_the_last_time_are_kept_once(tmp_path: Path) -> None:
    for text in ("first up", "second up", "third up"):
        with supervisor(tmp_path) as running:
            running.run(part("speaker", f"print({text!r})"))
    logs = tmp_path / "logs"
    assert (logs / "speaker.log").read_text() == "third up\n"
    assert (logs / "speaker.log.1").read_text() == "second up\n"


def test_a_port_that_is_taken_or_named_twice_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=f"--prefect-port: port {port} is taken"):
            parts.Ports.choose(None, port, None)
    with pytest.raises(SettingsError, match="is taken"):
        parts.Ports.choose(29999, 29999, None)
    chosen = parts.Ports.choose(None, None, None)
    numbers = {chosen.console, chosen.prefect, chosen.scheduler, chosen.scheduler_web, chosen.prefect_worker_web}
    assert len(numbers) == 5 and all(20000 <= number < 30000 for number in numbers)


def test_parts_are_told_of_each_other_and_of_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PREFECT_API_KEY", "for somebody else")
    monkeypatch.setenv("PREFECT_API_DATABASE_CONNECTION_URL", "postgresql://elsewhere")
    monkeypatch.setenv("PREFECT_LOGGING_LEVEL", "DEBUG")
    (tmp_path / "dubwright.toml").write_text("source_language = 'yue'\n")
    resolved = settings.load({"lake": "槐 巷", "profile": "fake", "models_dir": "models"})
    told = parts.Platform(tmp_path / "state", resolved, parts.Ports(1, 2, 3, 4, 5)).environment()
    assert told["DUBWRIGHT_LAKE"] == f"file://{tmp_path}/槐 巷" and told["DUBWRIGHT_PROFILE"] == "fake"
    assert told["DUBWRIGHT_MODELS_DIR"] == str(tmp_path / "models")
    assert told["DUBWRIGHT_CONFIG"] == str(tmp_path / "dubwright.toml")
    assert told["PREFECT_API_URL"] == "http://127.0.0.1:2/api" and told["PREFECT_LOGGING_LEVEL"] == "DEBUG"
    assert told["DUBWRIGHT_CLUSTER__ADDRESS"] == "tcp://127.0.0.1:3"
    assert "PREFECT_API_KEY" not in told and "PREFECT_API_DATABASE_CONNECTION_URL" not in told
    monkeypatch.setattr(os, "environ", told)
    assert settings.load().lake == told["DUBWRIGHT_LAKE"]


def test_a_second_one_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "up.json").write_text(json.dumps({"pid": 42, "console": None, "prefect": "http://127.0.0.1:1"}))
    with FileLock(tmp_path / "up.lock"):
        ran = subprocess.run(
            [*COMMAND, "up", "--state", str(tmp_path), "--json"],
            env=clean_environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert ran.returncode == 2, ran.stderr
    error = json.loads(ran.stdout)["error"]
    assert error["problem"] == "another `dubwright up` uses this folder: process 42, http://127.0.0.1:1"
