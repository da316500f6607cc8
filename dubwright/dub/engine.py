"""What a speech synthesizer is to dubwright."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from dubwright import engines
from dubwright.engines import EngineInfo
from dubwright.errors import EngineOutputError
from dubwright.series.facts import Sex
from dubwright.settings import DubSettings


@dataclass(frozen=True, slots=True)
class Voice:
    """A stock voice of a synthesizer: its name there and its sex."""

    name: str
    sex: Sex


@dataclass(frozen=True, slots=True)
class Speech:
    """Synthesized sound: mono float32 samples of shape [n] within -1 to 1, at `rate` Hz."""

    samples: NDArray[np.float32]
    rate: int

    @property
    def duration_ms(self) -> int:
        return round(1000 * len(self.samples) / self.rate)


class Synthesizer(Protocol):
    """Text to speech.

    Loaded once per process and kept; `speak` is called from one thread at a time and is deterministic.
    """

    info: ClassVar[EngineInfo]

    def __init__(self, settings: DubSettings, models: dict[str, Path], threads: int) -> None:
        """Load. `models` maps the name of each artefact in `info.models` to its folder or file."""
        ...

    @classmethod
    def voices(cls, language: str) -> Sequence[Voice]:
        """The stock voices for a language, best first; known without loading."""
        ...

    def speak(self, text: str, language: str, voice: str) -> Speech:
        """Speak a line at the voice's natural tempo, without silence at its ends.

        Raises `EngineOutputError` if nothing audible comes out, `VoiceError` if it has not this voice.
        """
        ...


@runtime_checkable
class Configured(Protocol):
    """A synthesizer whose model and voices the settings name, none of them being an artefact of the model store."""

    @classmethod
    def decides(cls, settings: DubSettings) -> str:
        """What else decides how it says a text with a voice: the model, by its name."""
        ...

    @classmethod
    def voices_in(cls, settings: DubSettings, language: str) -> Sequence[Voice]:
        """As `Synthesizer.voices`, under these settings. Raises `SettingsError`."""
        ...


def stock(name: str, settings: DubSettings, language: str) -> Sequence[Voice]:
    """The stock voices of the synthesizer of a name for a language, best first; known without loading."""
    found = engines.engine_class("dub", name)
    voices: Sequence[Voice] = (
        found.voices_in(settings, language) if isinstance(found, Configured) else found.voices(language)
    )
    return voices


@dataclass(frozen=True, slots=True)
class Saying:
    """A text, to be said with a stock voice, by its name, or with one that was `learnt`."""

    text: str
    voice: str
    learnt: bytes | None = None


@runtime_checkable
class Batching(Protocol):
    """A synthesizer that says several lines in little more time than one of them."""

    def speak_all(self, sayings: Sequence[Saying], language: str) -> list[Speech | EngineOutputError]:
        """Each line as `Synthesizer.speak`, or `Cloner.speak_as`, says it alone; for one that cannot be said, why."""
        ...


@runtime_checkable
class Cloner(Protocol):
    """A synthesizer that also speaks with voices that it was shown."""

    def learn(self, clips: Sequence[Speech]) -> bytes:
        """What is kept of a voice, from clips of it, best first: computed once for a character, then read from the lake.

        Of equal clips it is equal; it holds numbers only, and is read without running anything that it may contain.
        Raises `EngineOutputError` if the clips are too short or too quiet to learn a voice from.
        """
        ...

    def speak_as(self, text: str, language: str, learnt: bytes) -> Speech:
        """Speak a line with a voice that was learnt; otherwise as `Synthesizer.speak`.

        Raises `EngineOutputError` also if `learnt` is not what this engine keeps of a voice.
        """
        ...
