"""`dubwright up` as a person runs it, and what a desk asks of the Prefect that it starts. Engines are fakes here."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Coroutine, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import pytest
from prefect.settings import PREFECT_API_URL, PREFECT_UI_URL, temporary_settings

from desk.console.known.activity import of_runs
from desk.runs import listing, orders, steering
from desk.runs.causes import causes
from desk.runs.listing import Run
from desk.runs.progress import progress
from desk.up import marked
from dubwright import settings
from dubwright.catalogue import catalog as catalogs
from dubwright.catalogue import registered
from dubwright.errors import RunMissingError, RunStateError, SettingsError
from dubwright.lake import open_lake
from dubwright.planning import plan
from dubwright.reports import coverage
from tests.flows.conftest import make_video
from tests.platform.processes import clean_environment

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
# A stand-in for the console, which says what it was told.
CONSOLE = """
import argparse, json, os
from http.server import BaseHTTPRequestHandler, HTTPServer
options = argparse.ArgumentParser()
options.add_argument("--host")
options.add_argument("--port", type=int)
options = options.parse_args()
class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({name: os.environ.get(name) for name in ("PREFECT_API_URL", "DUBWRIGHT_LAKE")}).encode())
HTTPServer((options.host, options.port), Page).serve_forever()
"""
PROGRAM = "from desk import cli; from desk.up import parts; parts.CONSOLE = 'stand_in'; cli.main()"


class Up:
    """A running `dubwright up --json` below `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "stand_in.py").write_text(CONSOLE, encoding="utf-8")
        self.state = root / "state"
        self.process: subprocess.Popen[str]
        self.addresses: dict[str, Any] = {}

    def environment(self) -> dict[str, str]:
        told = {
            "DUBWRIGHT_PROFILE": "fake",
            "DUBWRIGHT_LAKE": "lake",
            "DUBWRIGHT_NOTIFY__BLOCK": "custom-webhook/desk",
            "DUBWRIGHT_CLUSTER__PATIENCE_S": "600",
            "PYTHONPATH": str(self.root),
        }
        return clean_environment() | told

    def command(self) -> list[str]:
        return [sys.executable, "-c", PROGRAM, "up", "--state", str(self.state), "--json"]

    def start(self) -> Up:
        self.process = subprocess.Popen(
            self.command(),
            cwd=self.root,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout
        said = ""
        while not said.endswith("}\n"):
            line = self.process.stdout.readline()
            assert line, self.logs()
            said += line
        self.addresses = json.loads(said)
        return self

    def end(self, how: signal.Signals = signal.SIGINT, patience_s: float = 60) -> int:
        self.process.send_signal(how)
        return self.process.wait(timeout=patience_s)

    def processes(self, name: str = "") -> list[psutil.Process]:
        """What was started, and what that started."""
        found = []
        for process in psutil.process_iter():
            try:
                mark = process.environ().get(marked.MARK, "")
                ours = str(self.state) in " ".join([*process.cmdline(), process.cwd()])
                lives = process.status() != psutil.STATUS_ZOMBIE
            except (psutil.Error, OSError):
                continue
            if mark and ours and lives and mark.endswith(name):
                found.append(process)
        return found

    def logs(self) -> str:
        tails = [
            path.name + "\n" + path.read_text(errors="replace")[-3000:] for path in (self.state / "logs").glob("*.log")
        ]
        return "\n".join(tails)


def command_of(process: psutil.Process) -> str:
    """What a process was started with; nothing of one that has ended since it was found."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    running = Up(tmp_path_factory.mktemp("up"))
    try:
        running.start()
        yield running
    finally:
        if running.process.poll() is None:
            running.end()
        assert running.processes() == []


@pytest.fixture(scope="module")
def catalogue(up: Up) -> Path:
    folder = up.root / "catalogue"
    first = make_video(folder / "长夜灯" / "01.mp4")
    (folder / "B").mkdir()
    for name in ("长夜灯/02.mp4", "B/01.mp4"):
        shutil.copyfile(first, folder / name)
    registered.add(open_lake(str(up.root / "lake")), registered.new("dramas", str(folder), ["en"]))
    return folder


@pytest.fixture(scope="module")
def told(up: Up) -> Iterator[list[dict[str, Any]]]:
    """What people are told of, through a notification block that posts to this process."""
    messages: list[dict[str, Any]] = []

    class Post(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            messages.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Post)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    save_webhook(up, f"http://127.0.0.1:{server.server_address[1]}/")
    yield messages
    server.shutdown()
    server.server_close()


def asked(up: Up, question: Coroutine[Any, Any, Any]) -> Any:
    with temporary_settings({PREFECT_API_URL: up.addresses["api"], PREFECT_UI_URL: up.addresses["prefect"]}):
        return asyncio.run(question)


def wait(up: Up, what: str, until: Callable[[], Any], patience_s: float = 120) -> Any:
    deadline = time.monotonic() + patience_s
    while not (found := until()):
        assert time.monotonic() < deadline, f"{what}: not so\n{up.logs()}"
        time.sleep(0.5)
    return found


def ended(up: Up, run: Run) -> Run:
    def final() -> Run | None:
        now: Run = asked(up, listing.one(run.id))
        return now if now.final else None

    found: Run = wait(up, f"{run.name} has ended", final)
    return found


def page(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310
        content: bytes = answer.read()
    return content


def test_everything_runs_and_is_told_of_each_other(up: Up) -> None:
    told = json.loads(page(up.addresses["console"]))
    assert told == {"PREFECT_API_URL": up.addresses["api"], "DUBWRIGHT_LAKE": f"file://{up.root}/lake"}
    assert page(f"{up.addresses['api']}/health") == b"true"
    assert b"<html" in page(up.addresses["prefect"]).lower()
    names = {"prefect", "dask-scheduler", "dask-worker", "prefect-worker", "console"}
    assert {path.stem for path in (up.state / "logs").glob("*.log")} == names | {"deploy", "up"}
    assert all(up.processes(name) for name in names)
    listening = {
        found.laddr.ip for process in up.processes() for found in process.net_connections() if found.status == "LISTEN"
    }
    assert listening == {"127.0.0.1"}


def test_a_second_one_is_refused(up: Up) -> None:
    ran = subprocess.run(
        up.command(), cwd=up.root, env=up.environment(), capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 2, ran.stderr
    assert f"process {up.process.pid}, {up.addresses['console']}" in json.loads(ran.stdout)["error"]["problem"]


def test_a_catalogue_is_localized_and_told_of(up: Up, catalogue: Path) -> None:
    order = orders.localization("lake:dramas", ["en", "es"], settings={"lake": up.addresses["lake"], "profile": "fake"})
    before = orders.forecast(order)
    assert (before.series, sum(units.wanted for units in before.units)) == (2, 3 * (2 + 2 * 3))
    started = asked(up, orders.start(order, by="mei"))
    assert started.deployment == "localize" and {"desk", "by:mei", "localize"} <= set(started.tags)
    run = ended(up, started)
    assert run.state == "completed" and run.name == "lake:dramas to en, es", run
    assert {"normal", "en", "es", "by:mei"} <= set(run.tags)
    assert run.page == f"{up.addresses['prefect']}/runs/flow-run/{run.id}"
    done = asked(up, progress(run.id))
    assert done.all.done == 24 and done.all.waiting == 0 and done.series.done == 2, done
    below = asked(up, listing.sub_runs(run.id))
    assert below.total == 2 and {each.name for each in below.runs} == {"长夜灯 to en, es", "B to en, es"}
    series = next(each for each in below.runs if each.name.startswith("长夜灯"))
    assert asked(up, progress(series.id)).all.done == 16
    tasks = asked(up, listing.tasks(series.id))
    assert tasks.complete and set(tasks.counts) == {"ingest", "transcribe", "translate", "dub", "render"}
    assert set(tasks.counts["dub"]) == {"completed"}
    left = asked(up, listing.artifacts(run.id))
    by_key = {each.key: each for each in left}
    assert len(by_key["localization"].rows) == 6
    assert by_key["timeline"].picture.startswith("data:image/png;base64,iVBOR")
    assert f"{up.addresses['console']}/runs/{run.id}" in by_key["console"].text
    assert sum(units.wanted for units in orders.forecast(order).units) == 0


def test_runs_are_listed_newest_first_and_by_pages(up: Up, catalogue: Path) -> None:
    run = ended(up, asked(up, orders.start(orders.backfill(["en"], series=["B"]))))
    whole = asked(up, listing.listed())
    assert whole.runs[0].id == run.id and whole.runs[0].name == "backfill of lake: to en"
    times = [each.expected for each in whole.runs]
    assert times == sorted(times, reverse=True) and whole.total == len(whole.runs) >= 2
    second = asked(up, listing.listed(limit=1, offset=1))
    assert [each.id for each in second.runs] == [whole.runs[1].id] and second.total == whole.total
    assert asked(up, listing.listed(flow="backfill")).total == 1
    assert asked(up, listing.listed(states=["failed"])).runs == []
    assert asked(up, listing.listed(tags=["by:mei"])).total == 1


def test_a_run_is_held_goes_on_and_is_cancelled(up: Up, catalogue: Path, told: list[dict[str, Any]]) -> None:
    (worker,) = (process for process in up.processes("dask-worker") if "dask_worker" in command_of(process))
    # Nothing is computed while its Dask workers stand still.
    stopped = [worker, *worker.children(recursive=True)]
    for process in stopped:
        process.suspend()
    try:
        order = orders.localization("lake:dramas", ["fr"], only="B", settings={"cluster": {"series_at_once": 1}})
        run = asked(up, orders.start(order))
        with pytest.raises(RunStateError, match="cannot be resumed"):
            asked(up, steering.resume(run.id))

        def waiting() -> Any:
            found = asked(up, progress(run.id))
            return found if found and found.all.running else None

        seen = wait(up, "a unit is on its way", waiting)
        assert seen.all.done == 0 and seen.all.running + seen.all.waiting >= 3 and seen.series.running == 1
        active = asked(up, listing.active())
        assert {run.id} < {each.id for each in active}, "its series is a run of its own"
        assert of_runs(active).run("B", "fr") and not of_runs(active).run("B", "th")
        assert asked(up, steering.pause(run.id)).state == "paused"
        assert asked(up, steering.resume(run.id)).state == "running"
        assert asked(up, steering.cancel(run.id)).state in ("cancelling", "cancelled")
        # At first it is its process that says how it ended.
        wait(up, "the run is cancelled", lambda: asked(up, listing.one(run.id)).state == "cancelled")
        with pytest.raises(RunStateError, match="cannot be cancelled"):
            asked(up, steering.cancel(run.id))
    finally:
        for process in stopped:
            process.resume()
    with pytest.raises(RunMissingError):
        asked(up, listing.one(uuid4()))
    assert told == []


def test_what_failed_is_told_grouped_and_tried_again(up: Up, catalogue: Path, told: list[dict[str, Any]]) -> None:
    lake = open_lake(str(up.root / "lake"))
    resolved = settings.load({"profile": "fake", "lake": str(up.root / "lake")})
    planner = plan.planner(["it"], resolved, lake)
    unit = next(unit for unit in planner.build(catalogs.load("lake:dramas", "B", lake)).wanted)
    assert unit.work.stage == "translate"
    error = {"error": "ModelError", "problem": "no model 'of-this-name'", "remedy": "pull it"}
    lake.record_failure(unit.work.key, "translate", error, permanent=True)

    run = ended(up, asked(up, orders.start(orders.localization("lake:dramas", ["it"], only="B"))))
    assert run.state == "failed", run
    (message,) = wait(up, "somebody is told", lambda: told, 30)
    assert message["title"] == f"dubwright: {run.name}: Failed"
    assert "3 units are missing" in message["text"] and f"/runs/{run.id}" in message["text"]
    (cause,) = causes(coverage.standing_failures(lake))
    assert (cause.error, cause.series, cause.languages, cause.permanent) == ("ModelError", ["B"], ["it"], 1)

    order = orders.retry(cause, lake)
    again = ended(up, asked(up, orders.start(order)))
    assert again.state == "completed" and again.name == "retry of lake: to it", again
    assert asked(up, progress(again.id)).all.done == 3
    assert list(coverage.standing_failures(lake)) == [] and len(told) == 1


def test_parameters_that_the_server_refuses_are_an_error(up: Up) -> None:
    order = orders.backfill(["fr"])
    wrong = order.model_copy(update={"parameters": {**order.parameters, "budget_minutes": "many"}})
    with pytest.raises(SettingsError, match="Prefect refuses the parameters"):
        asked(up, orders.start(wrong))


def test_a_child_that_is_killed_comes_back(up: Up) -> None:
    for name, marker in (("dask-worker", "dask_worker"), ("console", "stand_in"), ("prefect-worker", "worker start")):

        def living(name: str = name, marker: str = marker) -> list[psutil.Process]:
            return [process for process in up.processes(name) if marker in command_of(process)]

        (old,) = living()
        old.kill()
        wait(
            up, f"{name} is back", lambda old=old, living=living: [each for each in living() if each.pid != old.pid], 60
        )
        assert f"{name} ended with SIGKILL; it is started again in 1 s" in (up.state / "logs" / "up.log").read_text()
    wait(up, "the console answers", lambda: answers(up.addresses["console"]), 30)


def test_ctrl_c_ends_everything(up: Up) -> None:
    assert up.processes()
    assert up.end() == 0
    assert up.processes() == []
    assert not (up.state / "up.json").exists()


def test_nothing_is_left_when_it_is_killed(up: Up) -> None:
    up.start()
    assert len(up.processes()) >= 5
    assert up.end(signal.SIGKILL) == -signal.SIGKILL
    deadline = time.monotonic() + 2 * marked.PATIENCE_S
    while up.processes() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert up.processes() == []


def test_what_cannot_live_ends_everything(tmp_path: Path) -> None:
    broken = Up(tmp_path)
    (tmp_path / "stand_in.py").write_text("raise SystemExit('no such moon')", encoding="utf-8")
    ran = subprocess.run(
        broken.command(),
        cwd=tmp_path,
        env=broken.environment(),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ran.returncode == 1, ran.stderr
    error = json.loads(ran.stdout)["error"]
    assert error["where"] == "console" and "no such moon" in error["problem"], error
    assert error["remedy"] == f"see {tmp_path}/state/logs/console.log"
    assert broken.processes() == []


def answers(url: str) -> bool:
    try:
        return bool(page(url))
    except OSError:
        return False


def save_webhook(up: Up, address: str) -> None:
    """What a person does on Prefect's page: save a notification block."""
    program = f"""
from prefect.blocks.notifications import CustomWebhookNotificationBlock as Webhook
data = {{"title": "{{{{subject}}}}", "text": "{{{{body}}}}"}}
Webhook(name="desk", url={address!r}, json_data=data).save("desk", overwrite=True)
"""
    environment = {**clean_environment(), "PREFECT_API_URL": up.addresses["api"], "HOME": str(up.root)}
    ran = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stderr
