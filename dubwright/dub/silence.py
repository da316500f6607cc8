"""How loud sound is from moment to moment, and where speech begins and ends in a synthesizer's output."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FRAME_S = 0.005
# Against the loudest frame: breath and weak consonants are kept, the vocoder's noise floor is not.
THRESHOLD_DB = -45.0
# Below this (full scale) nobody hears anything.
AUDIBLE = 1e-3


def frame_power(samples: NDArray[np.float32], frame: int) -> NDArray[np.float32]:
    """The mean square of mono samples [n] in each whole frame of so many samples [n // frame]."""
    power: NDArray[np.float32] = np.square(samples[: len(samples) // frame * frame].reshape(-1, frame)).mean(axis=1)
    return power


def trim(samples: NDArray[np.float32], rate: int, margin_s: float = 0.02) -> NDArray[np.float32]:
    """Mono samples [n] without the silence at their ends, but for a margin; empty if nothing is audible."""
    frame = max(1, round(FRAME_S * rate))
    count = -(-len(samples) // frame)
    padded = np.zeros(count * frame, np.float32)
    padded[: len(samples)] = samples
    level = np.sqrt(np.mean(padded.reshape(count, frame) ** 2, axis=1)) if count else np.zeros(0, np.float32)
    if not count or level.max() < AUDIBLE:
        return np.zeros(0, np.float32)
    (loud,) = np.nonzero(level > level.max() * 10 ** (THRESHOLD_DB / 20))
    margin = round(margin_s * rate)
    return samples[max(0, loud[0] * frame - margin) : (loud[-1] + 1) * frame + margin]


def fade_ends(samples: NDArray[np.float32], rate: int, seconds: float = 0.005) -> NDArray[np.float32]:
    """The samples with both ends ramped, so that a cut does not click."""
    length = min(round(seconds * rate), len(samples) // 2)
    faded = samples.copy()
    if length:
        ramp = np.linspace(0, 1, length, endpoint=False, dtype=np.float32)
        faded[:length] *= ramp
        faded[-length:] *= ramp[::-1]
    return faded
