"""Synthesizers that speak no language: tones as long and as loud as speech would be, at once and without a model."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np

from dubwright.dub.engine import Speech, Voice
from dubwright.dub.silence import fade_ends
from dubwright.engines import EngineInfo
from dubwright.errors import EngineOutputError, VoiceError
from dubwright.settings import DubSettings

RATE = 24000
# Seconds that a letter of a script takes to speak; every other script is as quick as Latin.
_SECONDS = {"CJK": 0.22, "HANGUL": 0.14, "HIRAGANA": 0.13, "KATAKANA": 0.13, "THAI": 0.08, "DEVANAGARI": 0.08}
_LATIN_SECONDS = 1 / 14
_DIGIT_SECONDS = 0.3
_PAUSE_SECONDS = 0.15
_SHORTEST_SECONDS = 0.2
# Fundamental frequency (Hz) of each voice.
_PITCHES = {
    "fake-f1": 210.0,
    "fake-m1": 120.0,
    "fake-f2": 235.0,
    "fake-m2": 100.0,
    "fake-f3": 190.0,
    "fake-m3": 140.0,
}
# What a voice is learnt from lasts this long at least, is this loud (RMS), and lies between these pitches.
_LEAST_LEARNT_MS = 500
_QUIET = 1e-3
_LOWEST_HZ, _HIGHEST_HZ = 60, 450


class FakeSynthesizer:
    """Buzzing syllables at 24 kHz; the pitch tells the voice, the length follows the text."""

    info: ClassVar[EngineInfo] = EngineInfo(
        name="fake", revision=1, languages=frozenset(), code_licence="Apache-2.0", weights_licence="none"
    )

    def __init__(self, settings: DubSettings, models: dict[str, Path], threads: int) -> None:
        pass

    @classmethod
    def voices(cls, language: str) -> Sequence[Voice]:
        """Three of each sex, the same for every language."""
        return [Voice(name, "female" if "-f" in name else "male") for name in _PITCHES]

    def speak(self, text: str, language: str, voice: str) -> Speech:
        """Tones for a line. Raises `EngineOutputError` if the text has neither letter nor digit."""
        if voice not in _PITCHES:
            raise VoiceError(f"there is no voice {voice!r}", where=self.info.name, field="voice")
        return self._buzz(text, _PITCHES[voice])

    def _buzz(self, text: str, f0_hz: float) -> Speech:
        seconds = sum(map(_seconds, text))
        if not any(char.isalnum() for char in text):
            raise EngineOutputError("the text has nothing that can be spoken", where=self.info.name, field=text[:80])
        time = np.arange(round(max(seconds, _SHORTEST_SECONDS) * RATE)) / RATE
        harmonics = sum(np.sin(2 * np.pi * f0_hz * n * time) / n for n in range(1, 9))
        # Four syllables a second, never down to silence.
        swell = 0.55 - 0.45 * np.cos(2 * np.pi * 4 * time)
        return Speech(fade_ends((0.2 * harmonics * swell).astype(np.float32), RATE), RATE)


class FakeCloner(FakeSynthesizer):
    """The same, also at the pitch of clips that it was shown."""

    info: ClassVar[EngineInfo] = replace(FakeSynthesizer.info, name="fake-cloner", clones=True)

    def learn(self, clips: Sequence[Speech]) -> bytes:
        """The clips' pitch (Hz), as text. Raises `EngineOutputError` for clips too short or too quiet to have one."""
        if sum(clip.duration_ms for clip in clips) < _LEAST_LEARNT_MS:
            raise EngineOutputError("the clips are too short to learn a voice from", where=self.info.name)
        pitches = [pitch for clip in clips if (pitch := _pitch(clip))]
        if not pitches:
            raise EngineOutputError("the clips are too quiet to learn a voice from", where=self.info.name)
        return f"{np.median(pitches):.1f}".encode()

    def speak_as(self, text: str, language: str, learnt: bytes) -> Speech:
        """Tones at a pitch that was learnt. Raises `EngineOutputError` also for what is none."""
        if not re.fullmatch(rb"[0-9]{2,3}\.[0-9]", learnt):
            raise EngineOutputError("this is nothing that was learnt", where=self.info.name)
        return self._buzz(text, float(learnt))


def _pitch(clip: Speech) -> float | None:
    """The fundamental (Hz) of a sound by where it repeats itself; None for silence."""
    middle = len(clip.samples) // 2
    frame = clip.samples[max(0, middle - clip.rate // 10) : middle + clip.rate // 10].astype(np.float64)
    if not len(frame) or np.sqrt(np.mean(frame**2)) < _QUIET:
        return None
    same = np.correlate(frame, frame, "full")[len(frame) - 1 :]
    shortest, longest = clip.rate // _HIGHEST_HZ, min(clip.rate // _LOWEST_HZ, len(same))
    if shortest >= longest:
        return None
    return float(clip.rate / (shortest + int(np.argmax(same[shortest:longest]))))


def _seconds(char: str) -> float:
    category = unicodedata.category(char)
    if category == "Nd":
        return _DIGIT_SECONDS
    if category[0] == "L":
        return _SECONDS.get(unicodedata.name(char, "").partition(" ")[0], _LATIN_SECONDS)
    return _PAUSE_SECONDS if char in ".,;:!?…。，、；：！？" else _LATIN_SECONDS if char == " " else 0.0
