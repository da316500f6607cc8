"""Who speaks each line of an episode, and where one line is two people's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dubwright.series.facts import Sex
from dubwright.transcribe import text
from dubwright.transcribe.engine import Turn, Word
from dubwright.transcribe.fusion import Line
from dubwright.transcribe.marks import ONE_VOICE
from dubwright.transcribe.speakers import Diarization, diarize, features
from dubwright.voiceprints.encoder import VoiceEncoder
from dubwright.voiceprints.spectra import RATE

# A phrase must last so long (ms) to be told to be somebody else's, and be so much more like another voice (cosine).
SHORTEST_PHRASE_MS, MARGIN = 800, 0.1
# Of a line, an engine's turn must cover so much to say who speaks it.
COVERED = 0.4
SPLIT = "a subtitle for two speakers"


@dataclass(frozen=True, slots=True)
class Spoken:
    """A line and who speaks it: label within the episode (None where that would be a guess), how sure (0 to 1), median
    pitch (Hz), and the line's own voice print of shape [256]; None what is not known."""

    line: Line
    speaker: str | None = None
    confidence: float | None = None
    f0_hz: float | None = None
    voice_print: tuple[float, ...] | None = None


def attribute(
    lines: Sequence[Line], samples: NDArray[np.float32], encoder: VoiceEncoder | None, cast: Sequence[Sex] = ()
) -> list[Spoken]:
    """The lines with their speakers, told apart in the sound: shape [n], mono at 16 kHz. `cast` as `diarize` takes it.

    Captions, songs, crowds and people at once have no speaker. A line of which two phrases are clearly two voices
    becomes two lines.
    """
    found = _diarized(lines, samples, encoder, cast)
    if encoder is not None and len(found.prints) > 1:
        parted = [part for line in lines for part in _parted(line, samples, encoder, found)]
        if len(parted) > len(lines):
            lines, found = parted, _diarized(parted, samples, encoder, cast)
    rest = iter(range(len(found.lines)))
    return [_spoken(line, found, next(rest)) if line.kind in ONE_VOICE else Spoken(line) for line in lines]


def _diarized(
    lines: Sequence[Line], samples: NDArray[np.float32], encoder: VoiceEncoder | None, cast: Sequence[Sex]
) -> Diarization:
    return diarize(samples, [(line.start_ms, line.end_ms) for line in lines if line.kind in ONE_VOICE], encoder, cast)


def _spoken(line: Line, found: Diarization, at: int) -> Spoken:
    who, f0_hz = found.lines[at], float(found.features.f0_hz[at])
    vector = found.voices[at] if found.voices is not None else None
    known = vector is not None and bool(np.isfinite(vector).all()) and bool(vector.any())
    return Spoken(
        line,
        who.label,
        who.confidence,
        None if np.isnan(f0_hz) else round(f0_hz, 1),
        tuple(float(value) for value in vector) if vector is not None and known else None,
    )


def _parted(line: Line, samples: NDArray[np.float32], encoder: VoiceEncoder, found: Diarization) -> Iterator[Line]:
    """The line, in two where its phrases before and after a mark are each clearly another known voice's."""
    if line.kind not in ONE_VOICE:
        yield line
        return
    voices = np.array([each.voice for each in found.prints])
    for at in _breaks(line.words):
        halves = (line.words[:at], line.words[at:])
        cuts = [samples[half[0].start_ms * RATE // 1000 : half[-1].end_ms * RATE // 1000] for half in halves]
        alike = encoder.embed(cuts) @ voices.T
        first, second = int(alike[0].argmax()), int(alike[1].argmax())
        if first != second and min(alike[0, first] - alike[0, second], alike[1, second] - alike[1, first]) >= MARGIN:
            for half in halves:
                yield replace(
                    line,
                    start_ms=half[0].start_ms,
                    end_ms=half[-1].end_ms,
                    words=tuple(half),
                    notes=(*line.notes, SPLIT),
                )
            return
    yield line


def _breaks(words: Sequence[Word]) -> Iterator[int]:
    """Where a line may pass from one person to another: after a mark, with a phrase on either side."""
    for at in range(1, len(words)):
        long_enough = (
            words[at - 1].end_ms - words[0].start_ms >= SHORTEST_PHRASE_MS
            and words[-1].end_ms - words[at].start_ms >= SHORTEST_PHRASE_MS
        )
        if long_enough and text.ends_phrase(words[at - 1].text):
            yield at


def from_turns(lines: Sequence[Line], samples: NDArray[np.float32], turns: Sequence[Turn]) -> list[Spoken]:
    """The lines with the speakers that an engine told apart by itself; pitch is measured here."""
    names: dict[str, str] = {}
    for turn in sorted(turns, key=lambda turn: turn.start_ms):
        names.setdefault(turn.label, f"S{len(names) + 1}")
    spans = [(line.start_ms, line.end_ms) for line in lines]
    measured = features.measure(samples, spans) if spans else None
    found: list[Spoken] = []
    for at, line in enumerate(lines):
        if line.kind not in ONE_VOICE or measured is None:
            found.append(Spoken(line))
            continue
        f0_hz = float(measured.f0_hz[at])
        pitch = None if np.isnan(f0_hz) else round(f0_hz, 1)
        covered = dict.fromkeys(names, 0)
        for turn in turns:
            covered[turn.label] += max(0, min(line.end_ms, turn.end_ms) - max(line.start_ms, turn.start_ms))
        owner = max(covered, key=lambda label: covered[label], default=None)
        share = covered[owner] / max(1, line.end_ms - line.start_ms) if owner is not None else 0.0
        if owner is None or share < COVERED:
            found.append(Spoken(line, f0_hz=pitch))
            continue
        vector = next((turn.voice_print for turn in turns if turn.label == owner and turn.voice_print), None)
        found.append(Spoken(line, names[owner], round(min(1.0, share), 3), pitch, vector))
    return found
