"""The command as a user runs it, in a process of its own, on small videos with real sound."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dubwright.media import ffmpeg, sound

COMMAND = [str(Path(sys.executable).with_name("dubwright"))]


@dataclass(frozen=True)
class Ran:
    code: int
    content: Any
    stdout: str
    stderr: str


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of its own for Prefect, kept for the session so that its database is made once."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One video of three lines, made once and copied wherever an episode is wanted."""
    return make_video(tmp_path_factory.mktemp("video") / "video.mp4")


@pytest.fixture
def environment(home: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DUBWRIGHT_", "PREFECT_"))}
    return kept | {"PREFECT_HOME": str(home / ".prefect"), "DUBWRIGHT_PROFILE": "fake"}


@pytest.fixture
def dubwright(environment: dict[str, str], tmp_path: Path) -> Callable[..., Ran]:
    """Run `dubwright … --json` in `tmp_path`; its exit code and what it printed."""

    def run(*arguments: str, timeout: float = 240) -> Ran:
        done = subprocess.run(
            [*COMMAND, *arguments, "--json"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        try:
            content = json.loads(done.stdout)
        except ValueError:
            content = None
        return Ran(done.returncode, content, done.stdout, done.stderr)

    return run


def make_video(path: Path, *, bursts: int = 3, seconds: float = 6.0, pitches: Sequence[float] = (150.0,)) -> Path:
    """A portrait video whose sound has `bursts` of something like speech, a second and a half apart.

    They have these pitches (Hz) in turn, and so are several people's.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    rate, rng = 44100, np.random.default_rng(7)
    samples = rng.normal(0, 0.0005, round(seconds * rate)).astype(np.float32)
    for number in range(bursts):
        start = round((0.5 + 1.6 * number) * rate)
        time = np.arange(round(0.9 * rate)) / rate
        voice = sum(
            np.sin(2 * np.pi * pitches[number % len(pitches)] * harmonic * time) / harmonic for harmonic in range(1, 20)
        )
        samples[start : start + len(time)] += (0.1 * voice * (1 + np.sin(2 * np.pi * 4 * time))).astype(np.float32)
    track = path.with_suffix(".flac")
    sound.write_flac(track, samples, rate)
    picture = ["-f", "lavfi", "-i", f"testsrc2=s=180x320:r=25:d={seconds}"]
    codecs = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac"]
    ffmpeg.run([*picture, "-i", str(track), *codecs, "-shortest", f"file:{path}"], what="test video", timeout_s=60)
    track.unlink()
    return path
