"""Synthesizers and separators that misbehave, each in its own way, and are registered as real ones are."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from dubwright import engines, unit
from dubwright.dub.engine import Saying, Speech, Voice
from dubwright.dub.fake import FakeSynthesizer
from dubwright.engines import EngineInfo
from dubwright.errors import EngineOutputError, VoiceError
from dubwright.settings import DubSettings

# A line with this word is the one that goes wrong.
BAD = "princess"
# What hanging engines wait for, so that no thread outlives the tests for long.
released = threading.Event()


class Faulty(FakeSynthesizer):
    """The fake, but for what it says of lines with `BAD`; it remembers what it was asked."""

    info: ClassVar[EngineInfo] = EngineInfo("faulty", 1, frozenset(), "Apache-2.0", "none")
    fault = ""
    asked: ClassVar[list[str]] = []

    def speak(self, text: str, language: str, voice: str) -> Any:
        self.asked.append(text)
        good = super().speak(text, language, voice)
        return getattr(self, self.fault)(good, text) if self.fault and BAD in text else good

    def silent(self, good: Speech, text: str) -> Speech:
        return Speech(np.zeros_like(good.samples), good.rate)

    def empty(self, good: Speech, text: str) -> Speech:
        return Speech(good.samples[:0], good.rate)

    def nothing(self, good: Speech, text: str) -> None:
        return None

    def clipping(self, good: Speech, text: str) -> Speech:
        return Speech(np.clip(20 * good.samples, -1, 1), good.rate)

    def noise(self, good: Speech, text: str) -> Speech:
        drawn = np.random.default_rng(1).normal(0, 0.1, len(good.samples))
        return Speech(drawn.astype(np.float32), good.rate)

    def hum(self, good: Speech, text: str) -> Speech:
        time = np.arange(len(good.samples)) / good.rate
        return Speech((0.3 * np.sin(2 * np.pi * 100 * time)).astype(np.float32), good.rate)

    def not_a_number(self, good: Speech, text: str) -> Speech:
        return Speech(np.full_like(good.samples, np.nan), good.rate)

    def two_channels(self, good: Speech, text: str) -> Speech:
        return Speech(np.stack([good.samples, good.samples]), good.rate)

    def half(self, good: Speech, text: str) -> Speech:
        return Speech(good.samples[: len(good.samples) // 2], good.rate)

    def endless(self, good: Speech, text: str) -> Speech:
        return Speech(np.tile(good.samples, 10), good.rate)

    def falls_over(self, good: Speech, text: str) -> Speech:
        raise RuntimeError("the model fell over")

    def no_memory(self, good: Speech, text: str) -> Speech:
        raise MemoryError("3 TiB")

    def hangs(self, good: Speech, text: str) -> Speech:
        released.wait(60)
        return good

    def no_voice(self, good: Speech, text: str) -> Speech:
        raise VoiceError("the file of the voice is gone", where="faulty", field="voice")

    def whole_only(self, good: Speech, text: str) -> Speech:
        """The line goes wrong as a whole; its clauses do not."""
        return self.silent(good, text) if "," in text else good


class Together(Faulty):
    """The same, said together; it remembers of how many lines. As a batch it may be `broken`."""

    info: ClassVar[EngineInfo] = EngineInfo("together", 1, frozenset(), "Apache-2.0", "none")
    broken = ""
    batches: ClassVar[list[int]] = []

    def speak_all(self, sayings: Sequence[Saying], language: str) -> Any:
        self.batches.append(len(sayings))
        if self.broken == "falls over":
            raise RuntimeError("no memory for so many")
        if self.broken == "hangs":
            released.wait(60)
        said = [self._one(saying, language) for saying in sayings]
        return {"short": said[:-1], "nothing": None, "no sounds": [None] * len(said)}.get(self.broken, said)

    def _one(self, saying: Saying, language: str) -> Any:
        try:
            return self.speak(saying.text, language, saying.voice)
        except EngineOutputError as error:
            return error


_SOUNDS = ["silent", "empty", "nothing", "clipping", "noise", "hum", "not_a_number", "two_channels", "half", "endless"]
FAULTS = [*_SOUNDS, "falls_over", "no_memory", "hangs"]


class StandIn(FakeSynthesizer):
    """The fake under other names, its voices too."""

    info: ClassVar[EngineInfo] = EngineInfo("stand-in", 4, frozenset(), "Apache-2.0", "none")

    @classmethod
    def voices(cls, language: str) -> Sequence[Voice]:
        return [Voice(f"s{voice.name}", voice.sex) for voice in super().voices(language)]

    def speak(self, text: str, language: str, voice: str) -> Speech:
        return super().speak(text, language, voice.removeprefix("s"))


class Missing(StandIn):
    """One whose package nobody installed."""

    info: ClassVar[EngineInfo] = EngineInfo("missing", 1, frozenset(), "", "", package="no-such-package", extra="gpu")


class Separator:
    """Takes half of everything for voices, or does what `fault` says."""

    info: ClassVar[EngineInfo] = EngineInfo("separator", 1, frozenset(), "Apache-2.0", "none", choices=())
    fault = ""

    def __init__(self, settings: DubSettings, models: dict[str, Path], threads: int) -> None:
        pass

    def voices(self, samples: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
        if self.fault == "falls over":
            raise ValueError("no idea")
        if self.fault == "no memory":
            raise MemoryError
        if self.fault == "hangs":
            released.wait(60)
        if self.fault == "not a number":
            return samples * np.nan
        return samples[:-1] if self.fault == "short" else samples / 2


ENGINES = {each.info.name: each for each in (Faulty, Together, StandIn, Missing, Separator)}


def register(patch: pytest.MonkeyPatch, fault: str = "") -> None:
    """Let the engines of this module be found by their names, and `Faulty` have a fault."""
    known = engines.engine_class
    patch.setattr(engines, "engine_class", lambda stage, name: ENGINES.get(name) or known(stage, name))
    patch.setattr(unit, "_loaded", {})
    patch.setattr(unit, "_hung", type(unit._hung)())
    patch.setattr(Faulty, "asked", [])
    patch.setattr(Faulty, "fault", fault)
    patch.setattr(Separator, "fault", "")
    released.clear()
