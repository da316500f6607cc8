"""What a speech synthesizer is to dubwright."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from dubwright.engines import EngineInfo
from dubwright.facts import Sex
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

        Raises `EngineOutputError` if nothing audible comes out.
        """
        ...
