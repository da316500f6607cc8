"""What a line of speech sounds like, in a few numbers: timbre, pitch, brightness. No model is needed.

Music that plays on under the speech is estimated from what is heard between the lines and taken out of the spectrum
before anything is measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dubwright.voiceprints import spectra
from dubwright.voiceprints.spectra import FRAME_MS, RATE, Array

COEFFICIENTS = 20
CHANNELS = 40
LOW_HZ, HIGH_HZ = 80.0, 7600.0
# How far around a line the bed is listened for, and how many frames of it there must be at least.
BED_AROUND_MS = 4000
BED_LEAST_FRAMES = 20
# Of what is measured together with the bed at least this share stays: nothing is known of less.
BED_FLOOR = 0.05
# What is quieter than a line's loud parts by more is not measured.
SPEECH_DB = 25.0
LEAST_FRAMES = 8

LOWEST_F0, HIGHEST_F0 = 70.0, 450.0
VOICED = 0.55
_SIZE = 512
_PITCH_SIZE = 1024
_CHUNK = 4096

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Features:
    """The lines of an episode in numbers, a row a line; NaN where a line was too short or too faint to tell.

    `timbre` [n, 38]: mean and deviation of mel cepstra. `pitch` [n, 2]: median and spread of log2 F0 (octaves).
    `voiced_ms` [n]: how much of the line was clearly voiced. `above_bed_db` [n]: level of the speech over the bed.
    """

    timbre: Array
    pitch: Array
    voiced_ms: Array
    above_bed_db: Array

    @property
    def f0_hz(self) -> Array:
        """Median fundamental frequency of each line, Hz; NaN where it has no voice."""
        found: Array = np.exp2(self.pitch[:, 0]).astype(np.float32)
        return found


def measure(samples: Array, spans: Sequence[Span]) -> Features:
    """Measure the lines at `spans` (start and end, ms) of a mono sound of shape [n] at 16 kHz."""
    mels = _mel_power(samples)
    pitch, voicing = _pitch(samples)
    speech = np.zeros(len(mels), bool)
    places = [_frames(span, len(mels)) for span in spans]
    for place in places:
        speech[place] = True
    rows = [_line(mels, pitch, voicing, place, _bed(mels, speech, place)) for place in places]
    table = np.array(rows, np.float32).reshape(len(spans), 2 * COEFFICIENTS + 2)
    return Features(table[:, :-4], table[:, -4:-2], table[:, -2], table[:, -1])


def _line(mels: Array, pitch: Array, voicing: Array, place: slice, bed: Array) -> NDArray[np.float64]:
    """One line's row: timbre, pitch, voiced time, level over the bed."""
    found = np.full(2 * COEFFICIENTS + 2, np.nan)
    found[-2] = 0.0
    heard = mels[place]
    if not len(heard):
        return found
    level = heard.sum(axis=1)
    loud = level > np.percentile(level, 95) * 10 ** (-SPEECH_DB / 10)
    clean = np.maximum(heard - bed, BED_FLOOR * heard)
    power = clean[loud].sum(axis=1).mean() if loud.any() else 0.0
    found[-1] = 10 * np.log10(max(power, 1e-12) / max(float(bed.sum()), 1e-12))
    if loud.sum() >= LEAST_FRAMES:
        cepstra = np.log(clean[loud] + 1e-10) @ spectra.cosines(CHANNELS, COEFFICIENTS)[:, 1:]
        found[: 2 * COEFFICIENTS - 2] = np.concatenate([cepstra.mean(axis=0), cepstra.std(axis=0)])
    voiced = pitch[place][loud & (voicing[place] > VOICED)]
    found[-2] = len(voiced) * FRAME_MS
    if len(voiced) >= LEAST_FRAMES:
        octaves = np.log2(voiced)
        low, middle, high = np.percentile(octaves, [20, 50, 80])
        found[-4:-2] = middle, high - low
    return found


def _bed(mels: Array, speech: NDArray[np.bool_], place: slice) -> Array:
    """What sounds around a line where nobody speaks, by channel; nothing where there is too little to tell."""
    around = BED_AROUND_MS // FRAME_MS
    near = slice(max(0, place.start - around), place.stop + around)
    quiet = mels[near][~speech[near]]
    if len(quiet) < BED_LEAST_FRAMES:
        quiet = mels[~speech]
    if len(quiet) < BED_LEAST_FRAMES:
        return np.zeros(CHANNELS, np.float32)
    found: Array = np.median(quiet, axis=0)
    return found


def _mel_power(samples: Array) -> Array:
    filters = spectra.mel_filters(_SIZE, CHANNELS, LOW_HZ, HIGH_HZ).T
    chunks = [spectra.power(part, _SIZE)[: len(part) // spectra.HOP] @ filters for part in _parts(samples)]
    return np.concatenate(chunks) if chunks else np.zeros((0, CHANNELS), np.float32)


def _pitch(samples: Array) -> tuple[Array, Array]:
    """Fundamental frequency (Hz) and how periodic the sound is (0 to 1) for each frame, by autocorrelation."""
    low, high = int(RATE / HIGHEST_F0), int(RATE / LOWEST_F0)
    window = np.hanning(_PITCH_SIZE + 1)[:-1].astype(np.float32)
    envelope = np.fft.irfft(np.abs(np.fft.rfft(window, 2 * _PITCH_SIZE)) ** 2)[: high + 2]
    band = _pitch_band()
    pitches, voicings = [], []
    for part in _parts(samples):
        cut = spectra.frames(part, _PITCH_SIZE)[: len(part) // spectra.HOP] * window
        spectrum = np.abs(np.fft.rfft(cut, 2 * _PITCH_SIZE, axis=1)) ** 2 * band
        correlation = np.fft.irfft(spectrum, axis=1)[:, : high + 2]
        normal = correlation / np.maximum(correlation[:, :1], 1e-9) * (envelope[0] / envelope)
        inner = normal[:, 1:-1]
        peak = (inner >= normal[:, :-2]) & (inner > normal[:, 2:])
        # A period's multiples are as periodic: what is shorter counts for a little more.
        lags = np.arange(1, high + 1)
        worth = np.where(peak & (lags >= low), inner - 0.03 * np.log2(lags / low), -1.0)
        best = worth.argmax(axis=1)
        pitches.append(RATE / lags[best])
        voicings.append(np.where(worth.max(axis=1) > -1, inner[np.arange(len(best)), best], 0.0))
    if not pitches:
        return np.zeros(0, np.float32), np.zeros(0, np.float32)
    return np.concatenate(pitches).astype(np.float32), np.concatenate(voicings).astype(np.float32)


def _pitch_band() -> Array:
    """Weights of the spectrum that pitch is heard in: up to 1.2 kHz, nothing below the lowest voice."""
    hertz = np.linspace(0, RATE / 2, _PITCH_SIZE + 1)
    found: Array = ((hertz > LOWEST_F0 * 0.9) * np.clip((1500 - hertz) / 600, 0, 1)).astype(np.float32)
    return found


def _parts(samples: Array) -> list[Array]:
    """A sound in pieces of 41 s, so that spectra of a long one fit into memory; what is left over a frame is left out."""
    size = _CHUNK * spectra.HOP
    return [part for at in range(0, len(samples), size) if len(part := samples[at : at + size]) >= spectra.HOP]


def _frames(span: Span, count: int) -> slice:
    start = min(max(0, span[0] // FRAME_MS), count)
    return slice(start, min(max(start, -(-span[1] // FRAME_MS)), count))
