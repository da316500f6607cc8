"""The clips that a character's voice is best cloned from: the cleanest seconds of its speech over the whole series."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from dubwright.voiceprints.spectra import RATE, Array

LEAST_MS, MOST_MS = 5000, 15000
# A line alone makes no clip if it is shorter than a phrase.
SHORTEST_MS = 1000
# Speech this far above what plays under it counts as clean, this near as useless (dB).
CLEAN_DB, BURIED_DB = 25.0, 6.0
# A good recording's speech stands here (dBFS); this much (dB) louder or softer is worth nothing.
LEVEL_DBFS, LEVEL_OFF_DB = -20.0, 25.0
CLIPPED = 0.985
# Of a line's samples, so many at full scale are heard as distortion.
MOST_CLIPPED = 1e-3
# A clip of a lower score is kept out as long as the others last for `LEAST_MS`.
WORTH_TAKING = 0.35
_ALONE_MS = 150


@dataclass(frozen=True, slots=True)
class Candidate:
    """A line that may serve: where it is (ms), how sure it is who speaks (0 to 1), its level over the bed (dB)."""

    episode: str
    segment: int
    start_ms: int
    end_ms: int
    confidence: float
    above_bed_db: float
    level_dbfs: float
    clipped: float
    alone: bool = True


@dataclass(frozen=True, slots=True)
class Choice:
    """A line chosen as reference, and how good it is (0 to 1)."""

    episode: str
    segment: int
    start_ms: int
    end_ms: int
    score: float


def candidates(
    episode: str,
    samples: Array,
    spans: Sequence[tuple[int, int, int]],
    confidence: Sequence[float],
    above_bed_db: Sequence[float],
) -> list[Candidate]:
    """The lines of an episode as candidates: sound of shape [n] at 16 kHz, lines as (segment, start, end in ms).

    `above_bed_db` is what `features.measure` found. A line that another one touches is not alone.
    """
    found = []
    for (segment, start, end), sure, above in zip(spans, confidence, above_bed_db, strict=True):
        cut = samples[start * RATE // 1000 : end * RATE // 1000]
        level = 10 * np.log10(float(np.mean(cut**2)) + 1e-12) if len(cut) else -120.0
        clipped = float(np.mean(np.abs(cut) >= CLIPPED)) if len(cut) else 0.0
        alone = not any(
            other != segment and begin < end + _ALONE_MS and start < stop + _ALONE_MS for other, begin, stop in spans
        )
        found.append(Candidate(episode, segment, start, end, sure, float(above), float(level), clipped, alone))
    return found


def score(candidate: Candidate) -> float:
    """How well a line serves, 0 to 1: sure speaker, little under it, a recording's level, nothing clipped, nobody near."""
    if candidate.clipped > MOST_CLIPPED or candidate.end_ms - candidate.start_ms < SHORTEST_MS:
        return 0.0
    clean = np.clip((candidate.above_bed_db - BURIED_DB) / (CLEAN_DB - BURIED_DB), 0, 1)
    level = np.clip(1 - abs(candidate.level_dbfs - LEVEL_DBFS) / LEVEL_OFF_DB, 0, 1)
    if not np.isfinite(clean):
        return 0.0
    return round(float(clean * (0.5 + 0.5 * level) * candidate.confidence * (1.0 if candidate.alone else 0.7)), 3)


def choose(lines: Iterable[Candidate]) -> list[Choice]:
    """One voice's clips, best first: 5 to 15 s in all where there is as much, none for a voice never heard clean."""
    return best(
        Choice(line.episode, line.segment, line.start_ms, line.end_ms, worth)
        for line in lines
        if (worth := score(line)) > 0
    )


def best(choices: Iterable[Choice]) -> list[Choice]:
    """The best of these, 5 to 15 s in all where there is as much.

    Of equally good lines the earlier is taken, so that the choice is the same however the lines are given.
    """
    chosen: list[Choice] = []
    total = 0
    for each in sorted(choices, key=lambda one: (-one.score, one.episode, one.start_ms, one.segment)):
        length = each.end_ms - each.start_ms
        if (each.score < WORTH_TAKING and total >= LEAST_MS) or total + length > MOST_MS:
            continue
        chosen.append(each)
        total += length
    return chosen
