"""What a figure was measured on, for the head of every benchmark's output."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

import psutil


def describe(*packages: str) -> str:
    """One line: processor, cores, memory, Python, and the versions of the packages that matter."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        processor = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        processor = platform.processor()
    cores, memory = len(os.sched_getaffinity(0)), psutil.virtual_memory().total / 2**30
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    return f"{processor}, {cores} cores, {memory:.0f} GiB; Python {platform.python_version()}; {versions}"


def spread(values: list[float], digits: int = 2) -> str:
    """`median (lowest to highest)`."""
    ordered = sorted(values)
    middle = ordered[len(ordered) // 2]
    return f"{middle:.{digits}f} ({ordered[0]:.{digits}f} to {ordered[-1]:.{digits}f})"
