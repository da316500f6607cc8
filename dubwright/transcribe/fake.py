"""A transcriber without a model that listens all the same: it finds the speech in real sound, not what it says."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import cycle, pairwise
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from dubwright.engines import EngineInfo
from dubwright.errors import DubwrightError
from dubwright.media import sound as sounds
from dubwright.settings import TranscribeSettings
from dubwright.transcribe.engine import Passage, Turn, Word

RATE = 16000
FRAME_MS = 10
SMOOTH_FRAMES = 5
QUIETEST_DB = -45.0  # what is quieter than this is silence
ABOVE_FLOOR_DB = 9.0  # speech stands out this far from what sounds all the time, such as music
SHORTEST_MS = 80
SHORTEST_BREAK_MS = 100
CHARACTER_MS = 200  # how long a Mandarin syllable takes at an easy pace
PROBABILITY = 0.9
PRINT = 256

# The first lines of the Thousand Character Classic: every character once.
CHARACTERS = "天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏闰余成岁律吕调阳云腾致雨露结为霜"


class FakeTranscriber:
    """Hears where the sound rises above its floor, and writes one Chinese character for every 200 ms of it."""

    info: ClassVar[EngineInfo] = EngineInfo(
        name="fake", revision=1, languages=frozenset(), code_licence="Apache-2.0", weights_licence="none"
    )

    def __init__(self, settings: TranscribeSettings, models: dict[str, Path], threads: int) -> None:
        self.settings = settings

    def transcribe(self, sound: Path, language: str) -> list[Passage]:
        """A passage for each stretch of sound that stands out; empty for silence and for steady music."""
        samples = sounds.read(sound, rate=RATE, channels=1)[0][:, 0]
        characters = cycle(CHARACTERS)
        return [Passage(tuple(_words(start, end, characters))) for start, end in stretches(samples)]

    def transcribe_many(self, files: Sequence[Path], language: str) -> list[list[Passage] | DubwrightError]:
        """The passages of each file; in the place of those that cannot be read, why."""
        answers: list[list[Passage] | DubwrightError] = []
        for file in files:
            try:
                answers.append(self.transcribe(file, language))
            except DubwrightError as error:
                answers.append(error)
        return answers

    def speakers(self, sound: Path) -> list[Turn]:
        """A turn for each stretch; the voices are told apart by their pitch, by which other episodes know them too."""
        samples = sounds.read(sound, rate=RATE, channels=1)[0][:, 0]
        turns = []
        for start, end in stretches(samples):
            pitch = _semitone(samples[start * RATE // 1000 : end * RATE // 1000])
            vector = np.zeros(PRINT)
            vector[pitch % PRINT] = 1.0
            turns.append(Turn(start, end, f"pitch {pitch}", tuple(vector.tolist())))
        return turns


def _semitone(samples: NDArray[np.float32]) -> int:
    """The pitch of a stretch by its autocorrelation, in steps of two semitones from 60 Hz up."""
    middle = samples[: 4 * RATE].astype(np.float64)
    spectrum = np.abs(np.fft.rfft(middle, 2 * len(middle))) ** 2
    likeness = np.fft.irfft(spectrum)
    lags = np.arange(RATE // 400, min(RATE // 60, len(middle) - 1))
    lag = int(lags[likeness[lags].argmax()]) if len(lags) else RATE // 60
    return round(6 * math.log2(RATE / lag / 60))


def stretches(samples: NDArray[np.float32]) -> list[tuple[int, int]]:
    """Start and end (ms) of what stands out in a mono sound of shape [n] at 16 kHz."""
    per_frame = RATE * FRAME_MS // 1000
    frames = samples[: len(samples) // per_frame * per_frame].astype(np.float64).reshape(-1, per_frame)
    if not len(frames):
        return []
    energy = np.convolve((frames**2).mean(axis=1), np.ones(SMOOTH_FRAMES) / SMOOTH_FRAMES, mode="same")
    level = 10 * np.log10(np.maximum(energy, 1e-12))
    loud = level > max(QUIETEST_DB, float(np.percentile(level, 10)) + ABOVE_FLOOR_DB)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], loud, [False]]).astype(np.int8))) * FRAME_MS
    found: list[tuple[int, int]] = []
    for start, end in edges.reshape(-1, 2).tolist():
        if found and start - found[-1][1] < SHORTEST_BREAK_MS:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return [(start, end) for start, end in found if end - start >= SHORTEST_MS]


def _words(start_ms: int, end_ms: int, characters: Iterator[str]) -> list[Word]:
    """Characters spread evenly over a stretch, the last one closing a sentence."""
    count = max(1, round((end_ms - start_ms) / CHARACTER_MS))
    bounds = np.linspace(start_ms, end_ms, count + 1).round().astype(int).tolist()
    written = [next(characters) for _ in range(count)]
    written[-1] += "。"
    return [Word(char, start, end, PROBABILITY) for char, (start, end) in zip(written, pairwise(bounds), strict=True)]
