"""The promised true peak holds for the track as it is delivered, whatever an encoder makes of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dubwright.media import limiter, sound
from dubwright.render import peaks, video
from dubwright.render.video import Film, Track

pytestmark = pytest.mark.slow
RATE, MOST_DBTP = 48_000, -1.0


def film(clip: Path, folder: Path) -> Film:
    """Bursts of overdriven noise up to the ceiling, a tone between them: what an encoder overshoots at."""
    random, at = np.random.default_rng(3), np.arange(2 * RATE)
    loud = np.tanh(4 * random.normal(0, 1, 2 * RATE))
    samples = np.where(at % RATE < RATE // 4, loud, 0.2 * np.sin(at / 30)).astype(np.float32)
    path = folder / "hard.flac"
    sound.write_flac(path, limiter.limit(np.stack([samples, samples], axis=1), RATE, MOST_DBTP - 0.1), RATE)
    return Film(clip, 2000, [Track(path, "en", "English"), Track(path, "zh", "Chinese")])


def test_what_an_encoder_adds_is_taken_off(clip: Path, tmp_path: Path) -> None:
    made, bare, kept = film(clip, tmp_path), tmp_path / "bare.mp4", tmp_path / "kept.mp4"
    video.mux(made, bare, bitrate_kbps=128, threads=1)
    assert sound.loudness(bare).true_peak_dbtp > MOST_DBTP
    peaks.mux(made, kept, MOST_DBTP, bitrate_kbps=128, threads=1)
    assert sound.loudness(kept).true_peak_dbtp <= MOST_DBTP
    # What lies below the peaks stays as loud as it was.
    quiet = slice(RATE // 2, RATE)
    levels = [np.sqrt(np.mean(np.square(sound.read(path)[0][quiet]))) for path in (bare, kept)]
    assert levels[1] == pytest.approx(levels[0], rel=0.02)


def test_what_is_below_is_written_once_and_as_it_is(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, out = tmp_path / "soft.flac", tmp_path / "soft.mp4"
    sound.write_flac(path, np.full((RATE, 2), 0.01, np.float32), RATE)
    written: list[Path] = []
    real = video.mux
    monkeypatch.setattr(video, "mux", lambda made, to, **options: (written.append(to), real(made, to, **options))[1])
    peaks.mux(Film(clip, 1000, [Track(path, "en", "English")]), out, MOST_DBTP, bitrate_kbps=128, threads=1)
    assert written == [out]
