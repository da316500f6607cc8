"""An episode's new sound: dubbed lines over what is left of the original without its voices; the original between them.

Samples are float32; the original has shape [n, channels] in a layout that is kept (`media.layouts`), a line [m]. All share
one rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dubwright.dub import room
from dubwright.dub.silence import fade_ends, frame_power
from dubwright.media import layouts, limiter, sound
from dubwright.settings import DubSettings

Samples = NDArray[np.float32]
Span = tuple[int, int]  # start and end, ms

# The original gives way before a line and comes back slowly after it; shorter gaps stay as they are, or it would pump.
ATTACK_MS, RELEASE_MS, BRIDGE_MS = 120, 350, 700
CUT_FADE_S = 0.15
# Recognizers hear a line begin late or end early by a syllable, which would be left of it: as far beside a line as this,
# sound of its voice belongs to it, down to this much below its own level (dB), across as long a rest as a stop's.
BESIDE_MS, AUDIBLE_DB, STOP_MS, FRAME_MS = 400, 25.0, 60, 10
# A centre so far (dB) below left and right has no actors in it.
EMPTY_DB = 20.0
# Of active speech, where the original has no voice to go by (dBFS, RMS).
SPEECH_DBFS = -21.0
SPEECH_BOUNDS_DBFS = (-32.0, -16.0)
LOUDNESS_TOLERANCE_LU = 0.2
# What an encoder mostly adds to the peaks at most: the promise is for the track as it is delivered, and the render keeps it.
ENCODING_DB = 0.5
# More would blow noise up to the level of speech.
MOST_GAIN_DB = 30.0
ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class PlacedLine:
    """A line at tempo 1 and where it goes; where `cut`, its sound ends early and fades. `original` is where it was spoken."""

    speech: Samples
    start_ms: int
    duration_ms: int
    tempo: float
    cut: bool = False
    original: Span | None = None


def mix(
    original: Samples,
    rate: int,
    lines: Sequence[PlacedLine],
    voices: Sequence[Span],
    settings: DubSettings,
    kept: Sequence[Span] = (),
    bed: Samples | None = None,
    threads: int = 1,
) -> Samples:
    """The dubbed sound, of the original's shape, at the delivery loudness and below the true peak.

    `voices` are the spans of the original's lines that are dubbed: there, and under the lines, the `bed` stands for it,
    for as much of a line as its voice is heard beside its span; or the original is lowered where there is no bed. But not
    where a line was `kept`. With a bed, the lines sound in the room that the actors did, or on their telephone. They come
    from where the actors do, and from nowhere else. Without lines the original is returned as it is.
    """
    if not lines:
        return original
    front = list(_front(original, bed, rate, voices))
    level_db = _speech_level(original[:, front], rate, voices)
    actors, hall_s = None, 0.0
    if bed is not None:
        actors = (original[:, front] - bed[:, front]).mean(axis=1)
        hall_s = room.decay_s(actors, rate, voices)
        voices = whole(voices, actors, rate)
    dubbed = [(line.start_ms, line.start_ms + line.duration_ms) for line in lines]
    depth = _depth(len(original), rate, [*dubbed, *voices], kept, dubbed)[:, np.newaxis]
    if bed is None:
        mixed = original * 10 ** (depth * np.float32(settings.duck_db / 20))
    else:
        mixed = original * (1 - depth) + bed * (depth * _gain(settings.bed_db))
    # What changes a tempo is a program of its own, which takes longer to start than to run.
    with ThreadPoolExecutor(threads) as side_by_side:
        spoken = list(side_by_side.map(partial(_fitted, rate=rate), lines))
    for line, speech in zip(lines, spoken, strict=True):
        if actors is not None and line.original and (high_hz := room.narrow_hz(actors, rate, line.original)):
            speech = room.through(speech, rate, high_hz)
        else:  # a caller is elsewhere
            speech = room.within(speech, rate, hall_s)
        start = round(line.start_ms * rate / 1000)
        piece = speech[: max(0, len(mixed) - start)]
        mixed[start : start + len(piece), front] += (piece * _gain(level_db - _active_db(piece, rate)))[:, np.newaxis]
    return deliver(mixed, rate, settings)


def _front(original: Samples, bed: Samples | None, rate: int, voices: Sequence[Span]) -> tuple[int, ...]:
    """The channels that the actors speak from: of those that they may, where most of their power is within the lines.

    Without a bed their power is not known from the music's, and they are taken to speak from the likeliest unless it is empty.
    """
    fronts = layouts.KEPT[original.shape[1]].fronts
    power = np.zeros(original.shape[1])
    for start, end in voices:
        span = slice(start * rate // 1000, end * rate // 1000)
        heard = original[span] if bed is None else original[span] - bed[span]
        power += np.square(heard).sum(axis=0, dtype=np.float64)
    power[list(fronts[0])] *= 10 ** (EMPTY_DB / 10) if bed is None else 1
    return max(fronts, key=lambda channels: power[list(channels)].sum())


def whole(spans: Sequence[Span], voice: Samples, rate: int) -> list[Span]:
    """The spans of lines (ms), widened to what is heard of their `voice` [n] right before and behind them."""
    power = frame_power(voice, max(1, rate * FRAME_MS // 1000))
    found = []
    for start, end in spans:
        own = _active_db(voice[max(0, start) * rate // 1000 : max(0, end) * rate // 1000], rate)
        audible = power > 10 ** ((own - AUDIBLE_DB) / 10) if np.isfinite(own) else np.zeros(len(power), bool)
        first, last = max(0, start) // FRAME_MS, max(0, end) // FRAME_MS
        most = BESIDE_MS // FRAME_MS
        before = _sounding(audible[max(0, first - most) : first][::-1]) * FRAME_MS
        behind = _sounding(audible[last : last + most]) * FRAME_MS
        found.append((start - before, end + behind))
    return found


def _sounding(audible: NDArray[np.bool_]) -> int:
    """How many frames from the first on are one sound: up to the first rest that is longer than a stop's."""
    sounding = np.flatnonzero(audible)
    rests = np.flatnonzero(np.diff(sounding, prepend=-1) - 1 > STOP_MS // FRAME_MS)
    joined = sounding[: rests[0]] if len(rests) else sounding
    return int(joined[-1]) + 1 if len(joined) else 0


def deliver(mixed: Samples, rate: int, settings: DubSettings) -> Samples:
    """The samples at the loudness of the settings, their true peak limited, encoding allowed for. Silence stays silence."""
    most_dbtp = settings.true_peak_dbtp - ENCODING_DB
    gain_db, ceiling_db = 0.0, most_dbtp - 0.1
    found = sound.loudness(mixed, rate)
    if found.integrated_lufs <= sound.QUIETEST_LUFS:
        return mixed
    delivered, over = mixed, found.true_peak_dbtp - most_dbtp
    for _ in range(ATTEMPTS):
        short = settings.loudness_lufs - found.integrated_lufs
        if abs(short) <= LOUDNESS_TOLERANCE_LU and over <= 0:
            break
        gain_db = min(gain_db + short, MOST_GAIN_DB)
        delivered = limiter.limit(mixed * _gain(gain_db), rate, ceiling_db)
        found = sound.loudness(delivered, rate)
        over = found.true_peak_dbtp - most_dbtp
        ceiling_db -= max(over, 0.0)
    # Whatever the loudness, the peak is a promise.
    return delivered * _gain(-over) if over > 0 else delivered


def _fitted(line: PlacedLine, rate: int) -> Samples:
    """The line's sound with the tempo applied, exactly as long as planned, at most."""
    speech = sound.time_stretch(line.speech, rate, line.tempo)
    length = round(line.duration_ms * rate / 1000)
    return fade_ends(speech[:length], rate, CUT_FADE_S if line.cut else 0.005)


def _speech_level(original: Samples, rate: int, voices: Sequence[Span]) -> float:
    """How loud the actors speak (dBFS) in the channels that they speak from: the dub takes their place in the mix."""
    pieces = [original[start * rate // 1000 : end * rate // 1000].mean(axis=1) for start, end in voices]
    found = _active_db(np.concatenate(pieces), rate) if pieces else -np.inf
    return float(np.clip(found, *SPEECH_BOUNDS_DBFS)) if found > -50 else SPEECH_DBFS


def _active_db(samples: Samples, rate: int) -> float:
    """RMS (dBFS) of the parts of a voice that sound: frames within 20 dB of the loudest tenth."""
    power = frame_power(samples, max(1, rate // 50))
    if not len(power):
        return -np.inf
    loud = np.quantile(power, 0.9)
    if loud <= 0:
        return -np.inf
    return float(10 * np.log10(power[power >= loud / 100].mean()))


def _gain(db: float) -> np.float32:
    """Decibels as a factor; 0 for what cannot be levelled because it is silent."""
    return np.float32(10 ** (db / 20)) if np.isfinite(db) else np.float32(0)


def _depth(length: int, rate: int, spans: Sequence[Span], kept: Sequence[Span], dubbed: Sequence[Span]) -> Samples:
    """How far the original has given way at each sample [n]: 0, or 1 within the spans, with smooth ramps."""
    total = length * 1000 // rate + 2  # one value per millisecond
    low = np.zeros(total, bool)
    for start, end in _bridged(spans, kept):
        low[max(0, start) : max(0, end)] = True
    for start, end in kept:
        low[max(0, start) : max(0, end)] = False
    for start, end in dubbed:
        low[max(0, start) : max(0, end)] = True
    depth = low.astype(np.float64)
    edges = np.flatnonzero(np.diff(low.astype(np.int8), prepend=0, append=0))
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        before = np.arange(max(0, start - ATTACK_MS), start)
        depth[before] = np.maximum(depth[before], _ease(1 - (start - before) / ATTACK_MS))
        after = np.arange(end, min(total, end + RELEASE_MS))
        depth[after] = np.maximum(depth[after], _ease(1 - (after - end + 1) / RELEASE_MS))
    return np.asarray(np.interp(np.arange(length) * (1000 / rate), np.arange(total), depth), np.float32)


def _ease(share: NDArray[np.float64]) -> NDArray[np.float64]:
    """0 to 1, without a corner at either end."""
    eased: NDArray[np.float64] = (1 - np.cos(np.pi * share)) / 2
    return eased


def _bridged(spans: Sequence[Span], kept: Sequence[Span]) -> list[Span]:
    """The spans, and the gaps between them that are too short to come up in; a gap with a kept line is none."""
    ordered = sorted(spans)
    bridges, until = [], 0
    for (_, end), (start, _) in pairwise(ordered):
        until = max(until, end)
        if 0 < start - until < BRIDGE_MS and not any(first < start and last > until for first, last in kept):
            bridges.append((until, start))
    return [*ordered, *bridges]
