"""The room that an actor spoke in, and the line that a caller's voice came through, put on the voice that takes its place.

A stock voice is recorded close by, with all its highs: over a scene in a hall it stands before the picture, and a caller
stands in the room. Both are told from the original's separated voices, cautiously: where nothing is told, nothing is done.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dubwright.dub.silence import frame_power

Samples = NDArray[np.float32]
Span = tuple[int, int]  # start and end, ms

FRAME_MS = 10
# How a voice dies away is read between these levels (dB below its last loud sound), so far about the end of its line.
FROM_DB, TO_DB, BEFORE_MS, BEHIND_MS = -3.0, -18.0, 200, 600
# Of the lines the most abrupt fifth tells the room, the others how they were spoken; fewer lines tell nothing.
FEWEST, SHARE = 4, 0.2
# A separator takes most of a room away with the music. What DeepFilterNet 3 leaves dies away (s by 60 dB) as in the first
# row, where the room did as in the second (three series, rooms made with noise; dry voices 0.09 to 0.12).
LEFT_S, ROOM_S = (0.16, 0.18, 0.24, 0.30), (0.0, 0.3, 0.5, 0.8)
# How far the room is below the voice itself, in the driest and in the largest (dB); when it answers, and until when it is heard.
WET_DB, PREDELAY_S, HEARD_DB = (-12.0, -6.0), 0.012, 40.0
# A voice ends where its spectrum is so far below its strongest sixth of an octave (dB). A telephone's is at its end by
# 4 to 5 kHz, any other at 7 and more; a telephone carries nothing from below this either. Of a line's moments the better
# half counts: the answer of a room to the line before, or a door, is soon over.
EDGE_DB, NARROW_HZ, LOWEST_HZ, MOMENTS = 45.0, 5500.0, 250.0, 0.6
LEAST_MS, WINDOW = 300, 4096


def decay_s(voices: Samples, rate: int, spans: Sequence[Span]) -> float:
    """How long (s) the scenes' room takes to fall by 60 dB, from separated voices [n] and their lines; 0 where none is heard."""
    level = 10 * np.log10(frame_power(voices, rate * FRAME_MS // 1000) + 1e-12)
    starts = sorted(start for start, _ in spans)
    found = []
    for _, end in spans:
        until = min((start for start in starts if start >= end), default=end + BEHIND_MS)
        near = level[max(0, end - BEFORE_MS) // FRAME_MS : min(end + BEHIND_MS, until) // FRAME_MS]
        if (decay := _decay(near)) is not None:
            found.append(decay)
    if len(found) < FEWEST:
        return 0.0
    return float(np.interp(np.quantile(found, SHARE), LEFT_S, ROOM_S))


def narrow_hz(voices: Samples, rate: int, span: Span) -> float | None:
    """Up to where (Hz) one line's separated voice [n] reaches, if that is no further than a telephone's; else None."""
    piece = voices[max(0, span[0]) * rate // 1000 : max(0, span[1]) * rate // 1000]
    if len(piece) < max(WINDOW, LEAST_MS * rate // 1000):
        return None
    frames = np.lib.stride_tricks.sliding_window_view(piece, WINDOW)[:: WINDOW // 2] * np.hanning(WINDOW)
    powers = np.square(np.abs(np.fft.rfft(frames, axis=1)))
    spectrum = np.quantile(powers, MOMENTS, axis=0)
    edges = 100 * 2 ** (np.arange(48) / 6)
    edges = edges[edges < rate / 2]
    bins = (edges * WINDOW / rate).astype(int)
    levels = np.array([spectrum[low : max(low + 1, high)].mean() for low, high in pairwise(bins)])
    if not levels.max() > 0:
        return None
    high = float(edges[np.flatnonzero(levels > levels.max() * 10 ** (-EDGE_DB / 10))[-1] + 1])
    return high if high < NARROW_HZ else None


def through(speech: Samples, rate: int, high_hz: float) -> Samples:
    """Speech [n] as it comes through a telephone that carries hardly anything from `high_hz` on."""
    hertz = np.fft.rfftfreq(len(speech), 1 / rate)
    # It begins to close a third of an octave before.
    high = 1 / np.sqrt(1 + (hertz / (high_hz * 0.79)) ** 16)
    low = 1 / np.sqrt(1 + (LOWEST_HZ / np.maximum(hertz, 1.0)) ** 8)
    return np.asarray(np.fft.irfft(np.fft.rfft(speech) * high * low, len(speech)), np.float32)


def within(speech: Samples, rate: int, seconds: float) -> Samples:
    """Speech [n] in a room of that decay (s), longer by its tail; the voice itself as it was."""
    if not seconds or not len(speech):
        return speech
    answer = _answer(rate, seconds)
    length = len(speech) + len(answer)
    size = 1 << (length - 1).bit_length()
    wet = np.fft.irfft(np.fft.rfft(speech, size) * np.fft.rfft(answer, size), size)[:length]
    wet[: len(speech)] += speech
    return np.asarray(wet, np.float32)


def _answer(rate: int, seconds: float) -> NDArray[np.float64]:
    """What a room gives back of an impulse: noise that dies away, its highs first; the same every time."""
    length = round(seconds * HEARD_DB / 60 * rate)
    noise = np.random.default_rng(0).normal(size=length) * 10 ** (-3 * np.arange(length) / (seconds * rate))
    hertz = np.fft.rfftfreq(length, 1 / rate)
    answer = np.fft.irfft(np.fft.rfft(noise) / np.sqrt(1 + (hertz / 4000) ** 2), length)
    below = np.interp(seconds, (ROOM_S[1], ROOM_S[-1]), WET_DB)
    answer *= 10 ** (below / 20) / np.sqrt(np.square(answer).sum())
    return np.concatenate([np.zeros(round(PREDELAY_S * rate)), answer])


def _decay(level: NDArray[np.float64]) -> float | None:
    """The seconds to fall by 60 dB that levels (dB, a frame each) tell; None where they do not fall far enough."""
    if len(level) < 2:
        return None
    tail = level[np.flatnonzero(level > level.max() - 6)[-1] :]
    tail = tail - tail[0]
    ends = np.flatnonzero(tail < TO_DB)
    if not len(ends):
        return None
    falling = tail[: ends[0] + 1]
    falling = falling[np.flatnonzero(falling <= FROM_DB)[0] :]
    if len(falling) < 3:  # too abrupt for a line through them
        return float(ends[0]) * FRAME_MS / 1000 * 60 / -TO_DB
    slope = np.polyfit(np.arange(len(falling)) * FRAME_MS / 1000, falling, 1)[0]
    return float(-60 / slope) if slope < 0 else None
