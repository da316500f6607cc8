"""What the engines' stock voices sound like, as measured once (`voices.toml`): by that a series is cast."""

from __future__ import annotations

import math
import tomllib
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FILE = Path(__file__).with_name("voices.toml")
# Prints of different people's voices are this alike (cosine) at least: below it two voices have nothing in common.
STRANGERS = 0.5
# Voices this far apart in pitch (semitones) are half as alike as their prints say.
APART = 4.0


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """How a voice sounds: its median pitch (Hz), and a unit vector of shape [256] that it is known by, where there is one."""

    f0_hz: float
    print: NDArray[np.float32] | None = None

    def packed(self) -> str:
        """The print as text: a signed byte a number, in base64."""
        if self.print is None:
            return ""
        return b64encode(np.round(self.print / np.abs(self.print).max() * 127).astype(np.int8).tobytes()).decode()


@cache
def everyone() -> Mapping[str, Mapping[str, Sound]]:
    """The measured voices by engine and name."""
    tables = tomllib.loads(FILE.read_text(encoding="utf-8")) if FILE.is_file() else {}
    return {
        engine: {name: Sound(each["f0_hz"], _unpacked(each["print"])) for name, each in voices.items()}
        for engine, voices in tables.items()
    }


def of_engine(engine: str) -> Mapping[str, Sound]:
    """The measured voices of an engine by name; empty for one that nobody has measured."""
    return everyone().get(engine, {})


def semitones(one_hz: float, other_hz: float) -> float:
    """How far apart two pitches are (semitones)."""
    return abs(12 * math.log2(one_hz / other_hz))


def alike(one: Sound, other: Sound) -> float:
    """How easily two voices are taken for each other: 0 not at all, 1 the same; by their prints and their pitch."""
    timbre = 1.0
    if one.print is not None and other.print is not None:
        timbre = max(0.0, (float(one.print @ other.print) - STRANGERS) / (1 - STRANGERS))
    near = math.exp2(-semitones(one.f0_hz, other.f0_hz) / APART)
    return min(1.0, timbre * near)


def _unpacked(text: str) -> NDArray[np.float32] | None:
    if not text:
        return None
    values = np.frombuffer(b64decode(text), np.int8).astype(np.float32)
    found: NDArray[np.float32] = values / np.linalg.norm(values)
    return found
