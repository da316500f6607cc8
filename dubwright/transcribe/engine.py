"""What a speech recognizer is to dubwright."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

from dubwright.engines import EngineInfo
from dubwright.settings import TranscribeSettings


@dataclass(frozen=True, slots=True)
class Word:
    """One word (or character) as heard; times in ms on the clock of the sound that was given."""

    text: str
    start_ms: int
    end_ms: int
    probability: float


@dataclass(frozen=True, slots=True)
class Passage:
    """Words that the recognizer gave together; `no_speech` is its own probability (0 to 1) that nobody spoke."""

    words: tuple[Word, ...]
    no_speech: float = 0.0


@dataclass(frozen=True, slots=True)
class Turn:
    """Somebody speaks from `start_ms` to `end_ms`; `label` tells the voices of a sound apart, `voice_print` (a unit
    vector, if the engine has one) tells them from those of other sounds."""

    start_ms: int
    end_ms: int
    label: str
    voice_print: tuple[float, ...] = ()


class Transcriber(Protocol):
    """Speech to words with times.

    Loaded once per process and kept; `transcribe` is called from one thread at a time. An engine that tells voices apart
    by itself also has `speakers(sound: Path) -> list[Turn] | None` (None where it cannot here). One that fills batches
    over several sounds also has `transcribe_many(sounds, language)`: for each what `transcribe` would return or raise. One
    that knows languages by their sound also has `language_of(samples) -> tuple[str, float]`: the likeliest language (BCP-47)
    of up to 28 s (mono, shape [n] at 16 kHz), and how likely it is.
    """

    info: ClassVar[EngineInfo]

    def __init__(self, settings: TranscribeSettings, models: dict[str, Path], threads: int) -> None:
        """Load. `models` maps the name of each artefact in `info.models` to its folder or file."""
        ...

    def transcribe(self, sound: Path, language: str) -> list[Passage]:
        """The passages of a 16 kHz mono sound file, in order; empty where nobody speaks.

        Raises `EngineOutputError` if the engine's answer is unusable.
        """
        ...
