"""What a voice's pitch says of it."""

from __future__ import annotations

import math
from collections.abc import Iterable

from dubwright.series.facts import Sex

# Median pitch (Hz) above which a voice is taken to be a woman's, below which a man's; between them nobody can tell. A
# boy's voice is as high as a woman's: only a person can say so.
FEMALE_HZ, MALE_HZ = 178.0, 150.0


def sex_of(f0_hz: float) -> Sex:
    """A voice's likely sex by its median pitch (Hz); unknown between the two, and for a voice without pitch."""
    return "female" if f0_hz >= FEMALE_HZ else "male" if f0_hz <= MALE_HZ else "unknown"


def median_pitch(lines: Iterable[tuple[float | None, float]]) -> float:
    """The weighted median of lines' pitches (Hz, weight), None and NaN left out; NaN of nothing."""
    known = sorted((f0_hz, weight) for f0_hz, weight in lines if f0_hz is not None and not math.isnan(f0_hz))
    half = sum(weight for _, weight in known) / 2
    summed = 0.0
    for f0_hz, weight in known:
        summed += weight
        if summed >= half:
            return f0_hz
    return math.nan
