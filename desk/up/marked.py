"""Processes that carry a mark in their environment, found and ended by it; and the watcher that outlives `dubwright up`.

A process may leave its parent's session (Prefect's flow runs do) or outlive it (Dask's). The environment is inherited by
all of them, so what carries the mark was started here. A mark is a path, `STATE/RUN/NAME`: what is asked for below one
of its parts is all that carries it.
"""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import psutil

MARK = "STARTED_BY_DUBWRIGHT_UP"
# What ignores SIGTERM for so long is ended by SIGKILL (s).
PATIENCE_S = 10.0


def find(mark: str) -> list[psutil.Process]:
    """Living processes with this mark, or with one below it."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            ours = f"{process.environ().get(MARK, '')}/".startswith(f"{mark}/")
            if ours and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def end(mark: str, hurry: Callable[[], bool] = lambda: False, patience_s: float = PATIENCE_S) -> None:
    """End all that carry a mark, and what they start meanwhile: SIGTERM, after `patience_s` or on `hurry` SIGKILL.

    Raises nothing: what cannot be ended within another `PATIENCE_S` (it waits for a disk) is left to the kernel.
    """
    for process in find(mark):
        _send(process, signal.SIGTERM)
    deadline = time.monotonic() + patience_s
    while find(mark) and time.monotonic() < deadline and not hurry():
        time.sleep(0.1)
    deadline = time.monotonic() + PATIENCE_S
    while (left := find(mark)) and time.monotonic() < deadline:
        for process in left:
            _send(process, signal.SIGKILL)
        time.sleep(0.05)


def watch(mark: str) -> subprocess.Popen[bytes]:
    """Start a process that ends all with this mark once this one is gone, however that came about."""
    # Nobody else has the other end of its standard input, so that closes when this process ends.
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "desk.up.marked", mark],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _send(process: psutil.Process, how: signal.Signals) -> None:
    # psutil refuses to signal an id that has gone to another process meanwhile.
    with contextlib.suppress(psutil.Error, OSError):
        process.send_signal(how)


if __name__ == "__main__":
    sys.stdin.buffer.read()
    end(sys.argv[1])
