"""What the voices of an episode can be known by elsewhere: from its lines as measured, or from the transcript's rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dubwright.series.facts import Sex
from dubwright.transcribe.speakers.features import Span
from dubwright.voiceprints.encoder import unit
from dubwright.voiceprints.pitch import median_pitch, sex_of
from dubwright.voiceprints.spectra import Array

# Of a voice, a line says as much as it lasts, up to this (s).
LONGEST_WEIGHT_S = 3.0
# The columns of the table `transcript` that say it.
COLUMNS = ("start_ms", "end_ms", "speaker", "kind", "f0_hz", "voice_print")
DIALOGUE = "dialogue"


@dataclass(frozen=True, slots=True)
class VoicePrint:
    """A voice of one episode: what it can be known by elsewhere.

    `voice` is a unit vector of shape [256], None where it was told apart without an encoder. `f0_hz` is its median
    pitch, NaN if it was never voiced. `speech_ms` is how much was heard of it, `first_ms` when it speaks first.
    """

    label: str
    voice: Array | None
    f0_hz: float
    sex: Sex
    speech_ms: int
    first_ms: int


def weights(spans: Sequence[Span]) -> Array:
    """How much each line (start, end, ms) says of a voice, shape [n]."""
    length_s = np.array([end - start for start, end in spans], np.float32) / 1000
    found: Array = np.clip(length_s, 0.1, LONGEST_WEIGHT_S)
    return found


def gathered(
    label: str, spans: Sequence[Span], voices: Sequence[Array | None], pitches: Iterable[tuple[float | None, float]]
) -> VoicePrint:
    """The print of a voice from its lines: their times (ms), unit vectors, pitches (Hz, weight)."""
    known = [(voice, weight) for voice, weight in zip(voices, weights(spans), strict=True) if voice is not None]
    voice = unit(np.sum([voice * weight for voice, weight in known], axis=0)[None])[0] if known else None
    f0_hz = median_pitch(pitches)
    speech_ms = sum(end - start for start, end in spans)
    return VoicePrint(label, voice, f0_hz, sex_of(f0_hz), speech_ms, min(start for start, _ in spans))


def lines_of(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """The rows of a transcript that tell of a voice, by its label, in order of appearance: dialogue with a speaker."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in sorted(rows, key=lambda row: (row["start_ms"], row["end_ms"])):
        if row["speaker"] and (row.get("kind") or DIALOGUE) == DIALOGUE:
            found.setdefault(row["speaker"], []).append(row)
    return found


def prints_of(rows: Iterable[Mapping[str, Any]]) -> list[VoicePrint]:
    """The voices of a transcript, in order of appearance, from its rows.

    Lines without a label, and what is no dialogue, are passed over; a line without a vector tells only of pitch and time.
    """
    return [_print(label, lines) for label, lines in lines_of(rows).items()]


def _print(label: str, lines: Sequence[Mapping[str, Any]]) -> VoicePrint:
    spans = [(line["start_ms"], line["end_ms"]) for line in lines]
    vectors = [np.array(line["voice_print"], np.float32) if line.get("voice_print") else None for line in lines]
    pitches = [(line.get("f0_hz"), float(end - start)) for line, (start, end) in zip(lines, spans, strict=True)]
    return gathered(label, spans, vectors, pitches)
