"""A look-ahead limiter for true peaks: those between the samples too, as converters and codecs will make them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

LOOK_AHEAD_S = 0.010
OVERSAMPLING = 4
_TAPS = 24  # samples on which a value in between is built
_AT_ONCE = 1 << 17  # values, so that a long episode takes no more memory than a short one


def limit(samples: Samples, rate: int, ceiling_db: float) -> Samples:
    """Samples of shape [n, channels] with no true peak above the ceiling (dBTP; within 0.1 dB but for hard high edges).

    All channels are turned down alike, so that nothing moves from one to another; nothing is turned up.
    """
    ceiling = 10 ** (ceiling_db / 20)
    peaks = true_peaks(samples, ceiling)
    if not len(peaks) or peaks.max() <= ceiling:
        return samples
    wanted = np.minimum(1.0, ceiling / np.maximum(peaks, 1e-9))
    reach = max(1, round(LOOK_AHEAD_S * rate))
    # The lowest gain wanted within reach, averaged over as far again: smooth, and nowhere above what is wanted.
    gain = _average(_lowest(wanted, reach), reach)
    limited: Samples = (samples * gain[:, np.newaxis]).astype(np.float32)
    return limited


def true_peaks(samples: Samples, above: float = 0.0) -> NDArray[np.float64]:
    """The highest level (of any channel) at each sample or between it and the next; shape [n].

    Where it cannot be above a level, which is known from the samples around it, it may be the sample's own.
    """
    peaks: NDArray[np.float64] = np.abs(samples).max(axis=1, initial=0.0).astype(np.float64)
    kernels = np.stack([_kernel(phase / OVERSAMPLING)[::-1] for phase in range(1, OVERSAMPLING)], axis=1)
    # However the samples stand, what is built on them is no higher than the highest of them so many times.
    most = float(np.abs(kernels).sum(axis=0).max())
    before, behind = _TAPS // 2 - 1, _TAPS // 2
    loud = np.cumsum(np.pad(peaks * most > above, (before + 1, behind)))
    near = np.flatnonzero(loud[_TAPS:] > loud[:-_TAPS])
    if not len(near):
        return peaks
    for channel in samples.T:
        windows = np.lib.stride_tricks.sliding_window_view(np.pad(channel, (before, behind)), _TAPS)
        for start in range(0, len(near), _AT_ONCE):
            at = near[start : start + _AT_ONCE]
            peaks[at] = np.maximum(peaks[at], np.abs(windows[at] @ kernels).max(axis=1))
    return peaks


def _kernel(fraction: float) -> NDArray[np.float32]:
    """A windowed sinc that yields the value a fraction of a sample later."""
    offsets = np.arange(-_TAPS // 2, _TAPS // 2) + fraction
    window = 0.5 + 0.5 * np.cos(np.pi * offsets / (_TAPS / 2 + 1))
    kernel = np.sinc(offsets) * window
    normal: NDArray[np.float32] = (kernel / kernel.sum()).astype(np.float32)
    return normal


def _lowest(values: NDArray[np.float64], reach: int) -> NDArray[np.float64]:
    """The minimum over `reach` values to each side."""
    padded = np.pad(values, reach, constant_values=1.0)
    width, window = 1, 2 * reach + 1
    while 2 * width <= window:  # windows of doubling width, at last two that overlap
        padded = np.minimum(padded[:-width], padded[width:])
        width *= 2
    rest = window - width
    return np.minimum(padded[: len(padded) - rest], padded[rest:]) if rest else padded


def _average(values: NDArray[np.float64], reach: int) -> NDArray[np.float64]:
    """The mean over `reach` values in all, centred."""
    padded = np.pad(values, (reach // 2 + 1, reach - reach // 2 - 1), mode="edge")
    total = np.cumsum(padded)
    return (total[reach:] - total[:-reach]) / reach
