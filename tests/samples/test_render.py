"""Episodes and their truth: complete, true, and rendered once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from dubwright.media import ffmpeg, probe
from dubwright.media.sound import read
from dubwright.quality import scorecard, scores
from dubwright.series import facts
from samples import render, script
from samples.sound import active_dbfs

NAMES = ["01", "02", "03"]
TITLE = "槐巷不灭灯"


@pytest.fixture
def short(tmp_path: Path) -> Path:
    """The script with a single line in a single episode."""
    content: dict[str, Any] = yaml.safe_load(script.FILE.read_text(encoding="utf-8"))
    (episode,) = content["episodes"][:1]
    episode |= {"lines": episode["lines"][:1], "effect": {"kind": "glass", "line": 1, "after_ms": 200}}
    episode["lines"][0] |= {"gap_ms": 100, "text": "灯灭了！"}
    path = tmp_path / "short.yaml"
    path.write_text(yaml.safe_dump(content | {"episodes": [episode]}, allow_unicode=True), encoding="utf-8")
    return path


@pytest.mark.e2e
def test_what_is_there_is_not_rendered_again(short: Path, tmp_path: Path, speak: render.Speak) -> None:
    out, loads = tmp_path / "out", []

    def load() -> render.Speak:
        loads.append(1)
        return speak

    series = render.render(out, load, 1, source=short)
    truth = out / "truth" / TITLE / "01"
    assert sorted(path.name for path in series.iterdir()) == ["01.mp4", "series.yaml"]
    assert sorted(path.name for path in truth.iterdir()) == ["bed.flac", "lines.json", "rendered.json", "speech.flac"]
    first = (series / "01.mp4").stat().st_mtime_ns

    render.render(out, load, 1, source=short)
    assert len(loads) == 1
    assert (series / "01.mp4").stat().st_mtime_ns == first

    (truth / "speech.flac").unlink()
    render.render(out, load, 1, source=short)
    assert len(loads) == 2
    assert (truth / "speech.flac").is_file()

    assert facts.read(series / "series.yaml").title == TITLE


def test_another_script_makes_other_episodes(short: Path) -> None:
    assert render.digest(short) == render.digest(short)
    assert render.digest(short) != render.digest(script.FILE)


@pytest.mark.models
def test_what_was_rendered_can_be_measured(short: Path, tmp_path: Path, speak: render.Speak) -> None:
    content = yaml.safe_load(short.read_text(encoding="utf-8"))
    content["episodes"][0]["captions"] = [{"text": "三年后", "start_ms": 0, "end_ms": 900, "x": 100, "y": 100}]
    short.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    render.render(tmp_path / "out", lambda: speak, 1, source=short)
    measure = [sys.executable, "-m", "benchmarks.transcribe", str(tmp_path / "out"), "--sound-only", "--json"]
    fake = ["--set", "transcribe.engine=fake", "--set", "transcribe.model="]
    root = Path(__file__).parents[2]
    ran = subprocess.run([*measure, *fake], check=True, timeout=200, cwd=root, stdout=subprocess.PIPE)
    (only,) = json.loads(ran.stdout)["passes"]
    found = only["figures"]["all"]
    assert (found["lines"], found["found"], found["spurious"], found["captions"]) == (1, 1, 0, 0)
    assert found["cer"] > 0.5
    assert found["peak_mib"] > 0 and found["cpu_rtf"] > 0


@pytest.mark.models
@pytest.mark.parametrize("name", NAMES)
def test_an_episode_is_what_a_user_would_have(rendered: Path, name: str) -> None:
    info = probe.probe(rendered / TITLE / f"{name}.mp4")
    assert 25_000 <= info.duration_ms <= 45_000
    assert (info.video.codec, info.video.width, info.video.height, info.video.fps) == ("h264", 720, 1280, 25)
    assert not info.video.variable_frame_rate
    assert (info.audio.codec, info.audio.sample_rate, info.audio.channels) == ("aac", 48_000, 2)
    assert facts.read(rendered / TITLE / facts.FILE).title == TITLE


@pytest.mark.models
@pytest.mark.parametrize("name", NAMES)
def test_truth_agrees_with_the_clean_speech(rendered: Path, name: str) -> None:
    folder = rendered / "truth" / TITLE / name
    speech, rate = read(folder / "speech.flac")
    level = np.abs(speech[:, 0])
    silent = np.ones(len(level), bool)
    for line in scorecard.read_truth(folder):
        assert 1000 <= line.span.end_ms - line.span.start_ms <= 4000, line.text
        start, end = line.span.start_ms * rate // 1000, (line.span.end_ms + 1) * rate // 1000
        (heard,) = np.nonzero(level[start:end] > 0.003)
        assert heard[0] < 0.08 * rate, line.text
        assert end - start - heard[-1] < 0.12 * rate, line.text
        silent[start:end] = False
    assert not level[silent].any()


@pytest.mark.models
@pytest.mark.parametrize("name", NAMES)
def test_the_bed_lies_below_the_speech(rendered: Path, name: str) -> None:
    folder = rendered / "truth" / TITLE / name
    speech, _ = read(folder / "speech.flac")
    bed, rate = read(folder / "bed.flac")
    effect = json.loads((folder / "rendered.json").read_text(encoding="utf-8"))["effect"]
    calm = np.concatenate([bed[: effect["start_ms"] * rate // 1000], bed[effect["end_ms"] * rate // 1000 :]])
    assert 14 <= active_dbfs(speech[:, 0]) - active_dbfs(calm) <= 18


@pytest.mark.models
@pytest.mark.parametrize("name", NAMES)
def test_picture_and_sound_are_in_step_with_the_truth(rendered: Path, name: str) -> None:
    video, folder = rendered / TITLE / f"{name}.mp4", rendered / "truth" / TITLE / name
    (drift,) = scores.drift(video)
    assert drift.frames <= 1
    speech, rate = read(folder / "speech.flac", rate=16_000, channels=1)
    bed, _ = read(folder / "bed.flac", rate=16_000, channels=1)
    mix, _ = read(video, rate=16_000, channels=1)
    assert abs(scores.lag((speech + bed)[:, 0], mix[:, 0], rate)[0]) < 1


@pytest.mark.models
@pytest.mark.parametrize("name", NAMES)
def test_subtitles_stand_in_the_picture_while_a_line_is_spoken(rendered: Path, name: str) -> None:
    video = rendered / TITLE / f"{name}.mp4"
    band = ["-vf", "crop=720:200:0:800,fps=25", "-f", "rawvideo", "-pix_fmt", "gray", "pipe:1"]
    raw = ffmpeg.run([*ffmpeg.trusted_input(video), *band], what="look at the subtitles", timeout_s=120).stdout
    white = (np.frombuffer(raw, np.uint8).reshape(-1, 200 * 720) > 225).sum(axis=1)
    spans = [line.span for line in scorecard.read_truth(rendered / "truth" / TITLE / name)]
    for span in spans:
        assert white[(span.start_ms + span.end_ms) // 80] > 600
    pauses = [(a.end_ms + b.start_ms) // 80 for a, b in pairwise(spans) if b.start_ms - a.end_ms > 1000]
    assert pauses
    assert all(white[frame] < 600 for frame in pauses)


@pytest.mark.models
def test_a_second_run_loads_nothing(rendered: Path) -> None:
    def load() -> render.Speak:
        raise AssertionError("the synthesizer was loaded")

    render.render(rendered, load, os.cpu_count() or 1)
