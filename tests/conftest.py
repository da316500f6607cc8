"""What tests of every area use: a lake in a folder of its own, settings that no environment disturbs."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
import typer.testing

from dubwright import settings
from dubwright.lake import Lake, open_lake

if TYPE_CHECKING:
    from tests.platform.delivered import Delivered

# Where tests are run in the background by a script, Ctrl-C is ignored, and so it would be by all that tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Sixty made-up cases of each are enough at every run; a test that needs more says so itself. How long one takes tells of the
# machine: pytest's own limit ends what does not end.
hypothesis.settings.register_profile("fast", max_examples=60, deadline=None)
hypothesis.settings.load_profile("fast")


@pytest.fixture(autouse=True, scope="session")
def no_waiting_for_disks() -> Iterator[None]:
    """No test cuts a machine's power, so none has to wait until what it wrote has reached a disk."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


@pytest.fixture(autouse=True, scope="session")
def one_command_line() -> Iterator[None]:
    """A runner builds the whole command line anew at every call, which takes longer than most commands do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.testing, "_get_command", cache(typer.main.get_command))
        yield


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("DUBWRIGHT_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def sample_catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample series, rendered once for all tests of a process that want it: a minute on two cores."""
    folder = tmp_path_factory.mktemp("sample") / "catalogue"
    command = [sys.executable, "-m", "samples.render", "--out", str(folder)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DUBWRIGHT_")}
    root = Path(__file__).parent.parent
    subprocess.run(command, check=True, timeout=900, cwd=root, env=environment, stdout=subprocess.DEVNULL)
    return folder


@pytest.fixture(scope="session")
def delivered(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Delivered]:
    """The sample series delivered by a whole platform, once for all tests of a process that want it: ten minutes."""
    # Imported here: with it comes Prefect.
    from tests.platform import delivered

    folder = tmp_path_factory.mktemp("platform")
    real = delivered.PROFILE == "embedded"
    catalogue = request.getfixturevalue("sample_catalogue") if real else delivered.stand_in(folder / "catalogue")
    with delivered.delivered(folder, catalogue) as found:
        yield found


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return open_lake(str(tmp_path / "lake"))


@pytest.fixture
def fake_settings(tmp_path: Path) -> settings.Settings:
    """Settings of the profile whose engines do no real work."""
    return settings.load({"profile": "fake", "lake": str(tmp_path / "lake")})


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any use of the network fails."""

    def refuse(*_: Any) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
