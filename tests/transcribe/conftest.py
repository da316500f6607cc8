"""Sounds that the transcribers are tried on, made here: speech and stand-ins for it, music, noise, silence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from dubwright import settings
from dubwright.dub.engine import Speech
from dubwright.media import sound
from dubwright.models.store import ModelStore
from dubwright.settings import DubSettings, TranscribeSettings
from dubwright.transcribe.engine import Transcriber
from dubwright.transcribe.fake import FakeTranscriber
from dubwright.transcribe.faster_whisper import FasterWhisper
from dubwright.transcribe.whisperx.engine import WhisperX

RATE = 16000
LINES = ("师父，整条街都停电了，谁还会来？", "我等了他三年。", "沈总，合同我们没有签。")
GAPS_MS = (900, 700, 1400, 1100)

Sound = NDArray[np.float32]


@dataclass(frozen=True)
class Candidate:
    """A transcriber under test and a sound that it should understand, with the true times (ms) of its lines."""

    make: Callable[[], Transcriber]
    voices: tuple[Sound, ...]

    def speech(self) -> tuple[Sound, list[tuple[int, int]]]:
        return between_silences(self.voices)


def between_silences(voices: Sequence[Sound]) -> tuple[Sound, list[tuple[int, int]]]:
    """Lines with pauses around them, over a faint noise; and their times (ms)."""
    parts, times, at = [silence(GAPS_MS[0])], [], GAPS_MS[0]
    for voice, gap_ms in zip(voices, GAPS_MS[1:], strict=True):
        length_ms = round(1000 * len(voice) / RATE)
        times.append((at, at + length_ms))
        parts += [voice, silence(gap_ms)]
        at += length_ms + gap_ms
    whole = np.concatenate(parts)
    return whole + noise(len(whole), 2e-4), times


def silence(length_ms: int) -> Sound:
    return np.zeros(RATE * length_ms // 1000, np.float32)


def noise(length: int, level: float) -> Sound:
    return (np.random.default_rng(7).standard_normal(length) * level).astype(np.float32)


def music(length_ms: int, level: float = 0.1) -> Sound:
    """Held chords that change every two seconds, each note with overtones."""
    chords = [(220, 262, 330), (175, 220, 262), (196, 247, 294), (165, 208, 247)]
    time = np.arange(RATE * length_ms // 1000) / RATE
    chord = (time // 2).astype(int) % len(chords)
    whole = np.zeros_like(time)
    for index, notes in enumerate(chords):
        tones = sum(
            np.sin(2 * np.pi * note * overtone * time) / overtone for note in notes for overtone in (1, 2, 3, 4)
        )
        whole += np.where(chord == index, tones, 0.0)
    scaled: Sound = (level * whole / np.sqrt(np.mean(whole**2))).astype(np.float32)
    return scaled


def burst(length_ms: int) -> Sound:
    """A voice-like tone with a syllable's rise and fall five times a second, never silent in between."""
    time = np.arange(RATE * length_ms // 1000) / RATE
    swell = 0.6 + 0.4 * np.sin(2 * np.pi * 5 * time)
    tone = sum(np.sin(2 * np.pi * 140 * overtone * time) / overtone for overtone in range(1, 9))
    shaped: Sound = (0.1 * swell * tone).astype(np.float32)
    return shaped


def model(name: str) -> Path:
    configured = settings.load()
    return ModelStore(configured.models_dir, configured.models_mirror).ensure(name)


def spoken_by_kokoro(lines: Sequence[str]) -> tuple[Sound, ...]:
    from dubwright.dub.kokoro import Kokoro

    kokoro = Kokoro(DubSettings(), {name: model(name) for name in Kokoro.info.models}, 2)
    voices = [voice.name for voice in Kokoro.voices("zh")]
    return tuple(at_16_khz(kokoro.speak(line, "zh", voices[index % 4])) for index, line in enumerate(lines))


def at_16_khz(speech: Speech) -> Sound:
    """Band-limited, by way of the spectrum."""
    length = round(len(speech.samples) * RATE / speech.rate)
    spectrum = np.fft.rfft(speech.samples)[: length // 2 + 1]
    resampled: Sound = (np.fft.irfft(spectrum, length) * (length / len(speech.samples))).astype(np.float32)
    return resampled


REAL: dict[str, type[Transcriber]] = {engine.info.name: engine for engine in (FasterWhisper, WhisperX)}


@pytest.fixture(scope="module", params=["fake", *(pytest.param(name, marks=pytest.mark.models) for name in REAL)])
def candidate(request: pytest.FixtureRequest) -> Candidate:
    if request.param == "fake":
        voices = tuple(burst(length_ms) for length_ms in (2600, 1300, 2200))
        return Candidate(lambda: FakeTranscriber(TranscribeSettings(engine="fake", model=""), {}, 1), voices)
    engine = REAL[request.param]
    if not engine.info.installed:
        pytest.skip(f"{request.param} is not installed here: `make test-gpu` tries it")
    chosen = TranscribeSettings(engine=request.param)
    folder = model(chosen.model)
    return Candidate(lambda: engine(chosen, {chosen.model: folder}, 2), spoken_by_kokoro(LINES))


@pytest.fixture(scope="module")
def transcriber(candidate: Candidate) -> Transcriber:
    return candidate.make()


@pytest.fixture
def written(tmp_path: Path) -> Callable[[Sound], Path]:
    """Writes samples as the FLAC file that transcribers are given."""

    def write(samples: Sound) -> Path:
        path = tmp_path / "sound.flac"
        sound.write_flac(path, samples, RATE)
        return path

    return write
