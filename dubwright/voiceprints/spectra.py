"""Spectra of mono sound at 16 kHz: what all that listens to voices here is built on."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

RATE = 16000
HOP = 160
FRAME_MS = 1000 * HOP // RATE

Array = NDArray[np.float32]


def frames(samples: Array, size: int) -> Array:
    """Overlapping frames of shape [n, size], one every 10 ms, centred on their time; silence beyond the ends."""
    padded = np.pad(samples, (size // 2, size // 2 + HOP))
    count = len(samples) // HOP + 1
    return np.lib.stride_tricks.sliding_window_view(padded, size)[: count * HOP : HOP]


def power(samples: Array, size: int) -> Array:
    """Power spectra of shape [n, size // 2 + 1], under a Hann window."""
    window = np.hanning(size + 1)[:-1].astype(np.float32)
    found: Array = (np.abs(np.fft.rfft(frames(samples, size) * window, axis=1)) ** 2).astype(np.float32)
    return found


@cache
def mel_filters(size: int, channels: int, low_hz: float = 0.0, high_hz: float = RATE / 2) -> Array:
    """Triangles of equal area, evenly spaced on Slaney's mel scale; shape [channels, size // 2 + 1]."""
    edges = _hertz(np.linspace(_mel(low_hz), _mel(high_hz), channels + 2))
    bins = np.linspace(0, RATE / 2, size // 2 + 1)
    rise = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    fall = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    area = 2 / (edges[2:] - edges[:-2])
    filters: Array = (np.maximum(0, np.minimum(rise, fall)) * area[:, None]).astype(np.float32)
    return filters


@cache
def cosines(channels: int, count: int) -> Array:
    """The orthonormal cosine transform of `channels` values into `count`; shape [channels, count]."""
    angles = np.outer(np.arange(channels) + 0.5, np.arange(count)) * np.pi / channels
    table = np.cos(angles) * np.sqrt(2 / channels)
    table[:, 0] /= np.sqrt(2)
    scaled: Array = table.astype(np.float32)
    return scaled


# Slaney's scale: even up to 1 kHz, logarithmic above.
_KNEE_HZ, _KNEE_MEL, _STEP = 1000.0, 15.0, np.log(6.4) / 27


def _mel(hertz: float) -> float:
    if hertz < _KNEE_HZ:
        return hertz * _KNEE_MEL / _KNEE_HZ
    return float(_KNEE_MEL + np.log(hertz / _KNEE_HZ) / _STEP)


def _hertz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    low = mels * _KNEE_HZ / _KNEE_MEL
    found: NDArray[np.float64] = np.where(mels < _KNEE_MEL, low, _KNEE_HZ * np.exp((mels - _KNEE_MEL) * _STEP))
    return found
