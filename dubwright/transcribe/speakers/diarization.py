"""Who speaks which line of an episode, and what each of these voices sounds like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dubwright.series.facts import Sex
from dubwright.transcribe.speakers import clustering, features, prints
from dubwright.transcribe.speakers.features import Features, Span
from dubwright.transcribe.speakers.prints import VoicePrint
from dubwright.voiceprints.encoder import VoiceEncoder
from dubwright.voiceprints.spectra import RATE, Array

# A shorter line says too little of a voice to found one: it joins a voice that longer lines have founded.
SHORTEST_MS = 700
# Below this confidence nobody is named.
SURE = 0.6
# Without an encoder a line that is surely nearest to a voice was its own no more often than this.
MOST_SURE_ALONE = 0.85
# How much a line's timbre, pitch and voice by the encoder weigh; chosen on casts that are no part of the sample.
WEIGHTS, WEIGHTS_ALONE = (0.7, 0.5, 1.0), (1.0, 0.6, 0.0)
_DEVIATION, _SPREAD = 0.3, 0.3
# Without one of its lines a group counts for at least this share of itself.
LEAST_REST = 0.25


@dataclass(frozen=True, slots=True)
class Attribution:
    """Who speaks a line: `S1`, `S2` … in order of appearance, None where that would be a guess; and how sure (0 to 1)."""

    label: str | None
    confidence: float


@dataclass(frozen=True, slots=True)
class Diarization:
    """An attribution for every line, in the order given, the voices in order of appearance, and what was measured.

    `voices` has the lines' own vectors, of shape [n, 256]; None without an encoder.
    """

    lines: tuple[Attribution, ...]
    prints: tuple[VoicePrint, ...]
    features: Features = field(repr=False)
    voices: Array | None = field(default=None, repr=False)


def diarize(
    samples: Array, spans: Sequence[Span], encoder: VoiceEncoder | None = None, cast: Sequence[Sex] = ()
) -> Diarization:
    """Tell the voices of an episode apart: sound of shape [n], mono at 16 kHz, with lines at `spans` (start, end, ms).

    `cast` has the sexes of those who may speak, if a list is known; it bounds how many are believed, loosely.
    """
    measured = features.measure(samples, spans)
    length_ms = np.array([end - start for start, end in spans], np.float32)
    voices = encoder.embed([samples[a * RATE // 1000 : b * RATE // 1000] for a, b in spans]) if encoder else None
    audible = ~np.isnan(measured.timbre).any(axis=1)
    founding = np.flatnonzero(audible & (length_ms >= SHORTEST_MS))
    if not len(founding):
        # Nobody speaks long enough to be told from anybody.
        founding = np.flatnonzero(audible)
    if not len(founding):
        return Diarization((Attribution(None, 0.0),) * len(spans), (), measured)
    points = _points(measured, voices, founding)
    weights = prints.weights(spans)
    groups = _groups(points[founding], weights[founding], None if voices is None else voices[founding], len(cast))
    owners, confidence = _owners(points, weights, [[int(founding[at]) for at in group] for group in groups])
    confidence[~audible] = 0.0
    if voices is None:
        confidence *= MOST_SURE_ALONE
    return _named(spans, owners, confidence, measured, voices)


def _points(measured: Features, voices: Array | None, founding: NDArray[np.int64]) -> Array:
    """Lines as points, in units of how the founding lines vary: shape [n, d]."""
    of_timbre, of_pitch, of_voice = WEIGHTS if voices is not None else WEIGHTS_ALONE
    timbre = _standard(measured.timbre, founding)
    half = timbre.shape[1] // 2
    timbre[:, half:] *= _DEVIATION
    timbre /= np.sqrt(half * (1 + _DEVIATION**2))
    pitch = _standard(measured.pitch, founding) * np.array([1, _SPREAD], np.float32)
    parts = [of_timbre * timbre, of_pitch * pitch]
    if voices is not None:
        centred = voices - voices[founding].mean(axis=0)
        spread = np.sqrt((centred[founding] ** 2).sum(axis=1).mean())
        parts.append(of_voice * centred / max(float(spread), 1e-6))
    return np.concatenate(parts, axis=1).astype(np.float32)


def _standard(values: Array, founding: NDArray[np.int64]) -> Array:
    """Columns brought to mean 0 and deviation 1 over the founding lines; what is not known is ordinary."""
    known = np.ma.masked_invalid(values[founding])
    middle, spread = known.mean(axis=0).filled(0.0), known.std(axis=0).filled(0.0)
    scaled: Array = np.nan_to_num((values - middle) / np.maximum(spread, 1e-6), nan=0.0).astype(np.float32)
    return np.clip(scaled, -4, 4)


def _groups(points: Array, weights: Array, voices: Array | None, cast: int) -> clustering.Groups:
    tree = clustering.ward(points, weights)
    if voices is not None:
        return tree[clustering.voices_by_likeness(voices, tree, cast or None)]
    return tree[clustering.voices_by_silhouette(points, weights, tree, cast or None)]


def _owners(points: Array, weights: Array, groups: clustering.Groups) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The group of every line, and how sure: by how much less it would add to this group's spread than to the next one's.

    That is Ward's measure, by which the groups were formed: a group of two is not left for a large one that is farther.
    """
    centre = clustering.centres(points, weights, groups)
    mass = np.array([weights[group].sum() for group in groups])
    apart = ((points[:, None] - centre[None]) ** 2).sum(axis=2)
    added = apart * mass / (mass + weights[:, None])
    for at, group in enumerate(groups):
        # A line draws its own group's centre towards itself: without it the group has so much less spread.
        rest = np.maximum(mass[at] - weights[group], LEAST_REST * mass[at])
        added[group, at] = apart[group, at] * mass[at] / rest
    owners = added.argmin(axis=1)
    if len(groups) == 1:
        return owners, np.full(len(points), 0.9)
    nearest = np.sqrt(np.sort(added, axis=1)[:, :2])
    margin = (nearest[:, 1] - nearest[:, 0]) / np.maximum(nearest.sum(axis=1), 1e-9)
    return owners, _sureness(margin)


def _sureness(margin: NDArray[np.floating]) -> NDArray[np.float64]:
    """How often a line of this margin was right, on casts that are no part of the sample."""
    found: NDArray[np.float64] = 1 / (1 + np.exp(-(0.2 + 20 * margin)))
    return found


def _named(
    spans: Sequence[Span],
    owners: NDArray[np.int64],
    confidence: NDArray[np.float64],
    measured: Features,
    voices: Array | None,
) -> Diarization:
    """Labels in order of appearance, and the voices behind them, from the lines that are surely theirs."""
    sure = confidence >= SURE
    order = sorted(range(len(spans)), key=lambda at: spans[at])
    labels: dict[int, str] = {}
    for at in order:
        if sure[at]:
            labels.setdefault(int(owners[at]), f"S{len(labels) + 1}")
    found = []
    for owner, label in labels.items():
        own = np.flatnonzero((owners == owner) & sure).tolist()
        pitches = [(float(measured.f0_hz[at]), float(measured.voiced_ms[at])) for at in own]
        vectors = [None if voices is None else voices[at] for at in own]
        found.append(prints.gathered(label, [spans[at] for at in own], vectors, pitches))
    lines = tuple(
        Attribution(labels[int(owner)] if certain else None, round(float(share), 3))
        for owner, certain, share in zip(owners, sure, confidence, strict=True)
    )
    return Diarization(lines, tuple(found), measured, voices)
