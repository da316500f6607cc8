"""A preload for Dask workers: units take real time, what starts is written down, and one kind of unit kills its worker."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

from dubwright.stages import STAGES

# Environment of the Dask workers.
LOG, SECONDS = "FAULTS_LOG", "FAULTS_SECONDS"
# An episode of this name does not survive being transcribed.
DEADLY = "deadly"


def dask_setup(_worker: Any) -> None:
    """What Dask calls in a worker that preloads this module."""
    for stage in STAGES:
        module = import_module(f"dubwright.{stage}.work")
        module.run = _slowed(module.run)  # type: ignore[attr-defined]


def _slowed(run: Callable[..., Any]) -> Callable[..., Any]:
    def slowed(work: Any, lake: Any, machine: Any) -> Any:
        with open(os.environ[LOG], "a", encoding="utf-8") as log:  # noqa: PTH123  one write: whole lines from many processes
            log.write(f"{time.time()}\t{work.key}\n")
        if work.episode == DEADLY and work.stage == "transcribe":
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(float(os.environ[SECONDS]))
        return run(work, lake, machine)

    return slowed
