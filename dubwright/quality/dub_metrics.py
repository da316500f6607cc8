"""What can be told of a dub by itself, without a truth to hold it against: pure functions of rows and of samples.

Samples are mono float32 of shape [n] at `RATE`. What figures are held to is `gate`, what they are taken of `measuring`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dubwright.moved import span

RATE = 16_000
# The order of the dub's verdicts, from the best: what the metric `fit` counts.
VERDICTS = ("fits", "tight", "late", "unfit")
KEPT, MIX = "kept", "mix"
# A voice print of less says little.
SHORTEST_VOICE_S = 1.0
# A line that was spoken in less than half or more than twice the time that its text takes was cut short or ran away.
PLAUSIBLE = (0.5, 2.0)
# Two sounds that are shifted so far against each other have nothing in common but by chance.
APART_MS = 100
QUIETEST_DB = -60.0

Samples = NDArray[np.float32]
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DubbedLine:
    """A line that is to be spoken, and what became of it: all that the tables say.

    `original_start_ms` and `original_end_ms` are where it belongs: at its original's times, or where a person moved it.
    `who` speaks it: the voice that it was given, since a character has one and people's word on who speaks is in it
    already; else the character or the label in the episode. Times are ms; a line that is not spoken has neither
    `start_ms` nor `duration_ms` nor `tempo`.
    """

    segment: int
    who: str
    text: str
    predicted_ms: int | None
    original_start_ms: int
    original_end_ms: int
    start_ms: int | None
    duration_ms: int | None
    tempo: float | None
    verdict: str
    reason: str | None
    cloned: bool
    blob: str | None

    @property
    def span(self) -> tuple[int, int] | None:
        """When it is spoken (ms); None if it is not."""
        if self.start_ms is None or not self.duration_ms:
            return None
        return self.start_ms, self.start_ms + self.duration_ms


def lines_of(transcript: Iterable[Row], translation: Iterable[Row], dub: Iterable[Row]) -> list[DubbedLine]:
    """The lines of a dub that were to be spoken, in the order of their originals; what was to be kept is none."""
    heard = {row["segment"]: row for row in transcript}
    texts = {row["segment"]: row for row in translation}
    found = []
    for row in dub:
        if row["segment"] is None or row["verdict"] in (KEPT, MIX) or row["segment"] not in heard:
            continue
        source, text = heard[row["segment"]], texts.get(row["segment"], {})
        first, last = span(source, text)
        found.append(
            DubbedLine(
                segment=row["segment"],
                who=row.get("voice") or source.get("character") or source.get("speaker") or "",
                text=row.get("text") or text.get("text") or "",
                # Of what was said instead nothing is predicted.
                predicted_ms=None if row.get("text") else text.get("predicted_ms"),
                original_start_ms=first,
                original_end_ms=last,
                start_ms=row.get("start_ms"),
                duration_ms=row.get("duration_ms"),
                tempo=row.get("tempo"),
                verdict=row["verdict"] or "",
                reason=row.get("reason"),
                cloned=bool(row.get("cloned")),
                blob=row.get("blob"),
            )
        )
    return sorted(found, key=lambda line: (line.original_start_ms, line.segment))


def confidence(transcript: Iterable[Row]) -> float | None:
    """How sure (0 to 1) of its text a transcript is, each line counted by its length; None of one without lines."""
    lines = [
        (row["confidence"], row["end_ms"] - row["start_ms"]) for row in transcript if row["confidence"] is not None
    ]
    total = sum(length for _, length in lines)
    return sum(sure * length for sure, length in lines) / total if total else None


def fit(line: DubbedLine) -> float | None:
    """The place of the line's verdict among `VERDICTS`: 0 fits, 3 is unfit; None for one that is not known."""
    return float(VERDICTS.index(line.verdict)) if line.verdict in VERDICTS else None


def onset_ms(line: DubbedLine) -> float | None:
    """How much later than its original the line starts (ms); None if it is not spoken."""
    return None if line.span is None else float(line.span[0] - line.original_start_ms)


def implausible(line: DubbedLine) -> bool:
    """Whether the line was spoken in a time that its text cannot take."""
    if line.span is None or not line.predicted_ms or not line.tempo:
        return False
    share = (line.span[1] - line.span[0]) * line.tempo / line.predicted_ms
    return not PLAUSIBLE[0] <= share <= PLAUSIBLE[1]


# Level ------------------------------------------------------------------------------------------------


def levels_db(track: Samples, lines: Sequence[DubbedLine]) -> dict[int, float]:
    """By segment, how much louder (dB) a line is in the track than its speaker's lines are in the middle.

    Of a speaker with a single line, than the episode's lines are. Silent lines are at -60 dB.
    """
    found = {line.segment: (line.who, _active_db(cut(track, line.span))) for line in lines if line.span}
    everyone = [level for _, level in found.values()]
    usual: dict[str, float] = {}
    for who in {who for who, _ in found.values()}:
        own = [level for speaker, level in found.values() if speaker == who]
        usual[who] = float(np.median(own if len(own) > 1 else everyone))
    return {segment: max(level - usual[who], QUIETEST_DB) for segment, (who, level) in found.items()}


def _active_db(samples: Samples) -> float:
    """RMS (dBFS) of the frames of 20 ms that sound: those within 20 dB of the loudest tenth."""
    frame = RATE // 50
    count = len(samples) // frame
    power = np.square(samples[: count * frame].reshape(count, frame), dtype=np.float64).mean(axis=1)
    loud = float(np.quantile(power, 0.9)) if count else 0.0
    return float(10 * np.log10(power[power >= loud / 100].mean())) if loud > 0 else 2 * QUIETEST_DB


def cut(samples: Samples, span: tuple[int, int]) -> Samples:
    """The samples of a span (ms), as far as there are any."""
    return samples[max(0, span[0]) * RATE // 1000 : max(0, span[1]) * RATE // 1000]


# Residue ----------------------------------------------------------------------------------------------


def residue(
    track: Samples, original: Samples, bed: Samples, spans: Sequence[tuple[int, int]]
) -> tuple[float, float] | None:
    """What is left of the original's voices in the track over some spans (ms), and all that is heard there, as energies.

    The voices are the original without its bed. What the track has in common with them, beyond the bed and beyond what
    two sounds have in common by chance, is left of them: by chance it may be below 0. None where there was no voice, or
    the track is silent.
    """
    length = min(len(track), len(original), len(bed))
    heard, said, music = (
        np.concatenate([each[:0], *(cut(each[:length], span) for span in spans)]).astype(np.float64)
        for each in (track, original, bed)
    )
    voices = said - music
    loud, spoken = _energy(heard), _energy(voices)
    if not loud or spoken <= len(voices) * 10 ** (QUIETEST_DB / 10):
        return None
    heard, voices = _without(heard, music), _without(voices, music)
    # At every lag at once; where they are apart, what they still have in common is chance.
    common = np.fft.irfft(np.fft.rfft(heard) * np.conj(np.fft.rfft(voices)), len(heard)) ** 2
    apart = common[APART_MS * RATE // 1000 : -APART_MS * RATE // 1000]
    chance = float(apart.mean()) if len(apart) else 0.0
    return (float(common[0]) - chance) / max(_energy(voices) ** 2, 1e-12) * spoken, loud


def residue_db(parts: Sequence[tuple[float, float]]) -> float | None:
    """How loud (dB, against all that is heard) what is left of the voices is, from the energies of one part or more."""
    loud = sum(heard for _, heard in parts)
    left = sum(left for left, _ in parts) / loud if loud else 0.0
    return max(QUIETEST_DB, 10 * math.log10(max(left, 1e-12))) if parts else None


def _energy(sound: NDArray[np.float64]) -> float:
    # Not by a product of vectors: for that NumPy wakes a thread on every core, and waits for all of them.
    return float(np.square(sound).sum())


def shared(span: tuple[int, int], others: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The parts of a span (ms) that lie in any of some others, in order; none twice."""
    found: list[tuple[int, int]] = []
    start = span[0]
    for first, last in sorted(others):
        if max(first, start) < min(last, span[1]):
            found.append((max(first, start), min(last, span[1])))
            start = found[-1][1]
    return found


def _without(sound: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """A sound without what it has in common with another."""
    energy = _energy(other)
    return sound - other * (float((sound * other).sum()) / energy) if energy else sound


# Likeness ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Likeness:
    """How near (cosine) a line's voice is to its speaker's other lines, and how much nearer than to the next speaker's.

    Either is None where there is nothing to compare with.
    """

    own: float | None
    margin: float | None


def likenesses(prints: NDArray[np.float32], speakers: Sequence[str]) -> list[Likeness]:
    """Each line's likeness, from the unit vectors [n, d] of all and who speaks each."""
    names = sorted(set(speakers))
    member = np.array([[who == name for name in names] for who in speakers], np.float32).reshape(-1, len(names))
    sums = member.T @ prints
    found = []
    for print_, who in zip(prints, speakers, strict=True):
        others = sums.copy()
        others[names.index(who)] -= print_
        sizes = np.linalg.norm(others, axis=1)
        near = {name: float(others[at] @ print_ / sizes[at]) for at, name in enumerate(names) if sizes[at] > 1e-6}
        own = near.pop(who, None)
        found.append(Likeness(own, None if own is None or not near else own - max(near.values())))
    return found
