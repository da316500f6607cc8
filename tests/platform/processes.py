"""Processes of a test: each in a session of its own, logging to a file, found and ended by id, gone when the test is.

A child may leave its parent's session (Prefect's flow runs and PostgreSQL's backends do) or outlive it. So every process
started here carries a mark in its environment, which its children inherit, and what carries the mark is ended.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

MARK = "TEST_PROCESS_OF"


class ProcessError(AssertionError):
    """A process ended, or did not get ready in time; the message ends with the tail of its log."""


@dataclass(frozen=True, slots=True)
class Command:
    """How a process is started, so that it can be started again: `ready` tells whether it answers."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    ready: Callable[[], bool]
    patience_s: float


class Processes:
    """Named processes below one folder: logs in `NAME.log`, each with a working folder of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._mark = uuid.uuid4().hex
        self._commands: dict[str, Command] = {}
        self._leaders: dict[str, subprocess.Popen[bytes]] = {}
        self._logged: dict[str, int] = {}
        self._watcher: subprocess.Popen[bytes] | None = None

    def start(self, command: Command) -> None:
        """Start a process and wait until it is ready. Raises `ProcessError`."""
        if self.alive(command.name):
            raise ProcessError(f"{command.name} runs already")
        self._watch()
        folder = self.root / command.name
        folder.mkdir(parents=True, exist_ok=True)
        with self.log(command.name).open("ab") as log:
            self._logged[command.name] = log.tell()
            self._leaders[command.name] = subprocess.Popen(
                list(command.arguments),
                cwd=folder,
                env={**command.environment, MARK: f"{self._mark}/{command.name}"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._commands[command.name] = command
        self._wait(command)

    def _watch(self) -> None:
        """Have a process of its own wait for the end of this one, whatever that is, and end what was started here."""
        if self._watcher is None:
            self._watcher = subprocess.Popen(
                # -P: this folder's platform.py is not the standard library's.
                [sys.executable, "-P", __file__, self._mark],
                stdin=subprocess.PIPE,
                start_new_session=True,
            )

    def _wait(self, command: Command) -> None:
        deadline = time.monotonic() + command.patience_s
        while not command.ready():
            code = self._leaders[command.name].poll()
            if code is not None:
                raise ProcessError(f"{command.name} ended with {code}\n{self.tail(command.name)}")
            if time.monotonic() > deadline:
                raise ProcessError(
                    f"{command.name} is not ready after {command.patience_s} s\n{self.tail(command.name)}"
                )
            time.sleep(0.1)

    def restart(self, name: str) -> None:
        """End a process if it lives and start it again as it was: same ports, same data."""
        self.kill(name)
        self.start(self._commands[name])

    def alive(self, name: str) -> bool:
        """Whether the process that was started under this name still runs."""
        leader = self._leaders.get(name)
        return leader is not None and leader.poll() is None

    def find(self, name: str | None = None) -> list[psutil.Process]:
        """Living processes started here under `name` (None: under any), with all that they started, wherever it is."""
        return _marked(f"{self._mark}/{name}" if name else self._mark)

    def kill(self, name: str, how: signal.Signals = signal.SIGKILL, patience_s: float = 30) -> None:
        """Send a signal to a process and all that it started, and wait until none of them is left.

        Whatever ignores the signal for `patience_s` is ended by SIGKILL.
        """
        for process in (processes := self.find(name)):
            _send(process, how)
        self._reap(name, patience_s if how is not signal.SIGKILL else 0)
        deadline = time.monotonic() + 30
        while processes := self.find(name):
            # Also what they started in between.
            for process in processes:
                _send(process, signal.SIGKILL)
            if time.monotonic() > deadline:
                raise ProcessError(f"{name} cannot be ended: {processes}")
            time.sleep(0.02)
        if name in self._leaders:
            self._leaders[name].wait(timeout=30)

    def _reap(self, name: str, patience_s: float) -> None:
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline and self.find(name):
            time.sleep(0.05)

    def stop_all(self) -> None:
        """End everything that was started here. Never raises; calling it again is harmless."""
        _end(self._mark)
        for leader in self._leaders.values():
            leader.poll()
        if self._watcher and self._watcher.stdin:
            self._watcher.stdin.close()
            self._watcher.wait(timeout=30)
            self._watcher = None

    def log(self, name: str) -> Path:
        """The file that holds what the process printed."""
        return self.root / f"{name}.log"

    def said(self, name: str) -> str:
        """What the process has printed since its last start."""
        with self.log(name).open("rb") as log:
            log.seek(self._logged.get(name, 0))
            return log.read().decode("utf-8", errors="replace")

    def tail(self, name: str, lines: int = 25) -> str:
        """The end of a process's log, for messages."""
        try:
            text = self.log(name).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return "(no log)"
        return "\n".join(["--- end of " + str(self.log(name)), *text.splitlines()[-lines:]])


def _marked(mark: str) -> list[psutil.Process]:
    """Living processes with this mark, or with one below it."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            ours = f"{process.environ().get(MARK, '')}/".startswith(f"{mark}/")
            if ours and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def _end(mark: str) -> None:
    """End all that carry a mark, and what they start while they are being ended."""
    for _ in range(500):
        processes = _marked(mark)
        for process in processes:
            _send(process, signal.SIGKILL)
        if not processes:
            return
        time.sleep(0.02)


def _send(process: psutil.Process, how: signal.Signals) -> None:
    # psutil refuses to signal an id that has gone to another process meanwhile.
    with contextlib.suppress(psutil.Error, OSError):
        process.send_signal(how)


def clean_environment() -> dict[str, str]:
    """This process's environment without what would steer dubwright, Prefect or Dask."""
    steering = ("DUBWRIGHT_", "PREFECT_", "DASK_", "AWS_", "PG")
    return {name: value for name, value in os.environ.items() if not name.startswith(steering)}


if __name__ == "__main__":
    # Ends when the process that holds the other end of standard input does.
    sys.stdin.buffer.read()
    _end(sys.argv[1])
