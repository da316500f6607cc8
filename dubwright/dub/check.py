"""Whether what a synthesizer gave is the line that it was asked for, told from the sound alone: pure, milliseconds a line.

The bounds are wide on purpose. They are to catch an engine that fell over (silence, noise, a line said by half or without
end), not to judge a voice: `tests/dub/test_check.py` holds them to what the real engines say.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dubwright.dub.engine import Speech
from dubwright.dub.silence import AUDIBLE

RATES = (8_000, 192_000)
# Against what was predicted. What is shorter or longer by these says something else, or not all.
SHORTEST_SHARE, LONGEST_SHARE = 0.65, 2.5
# Predictions of a word or two are off by more than that.
SHORT_SLACK_MS, LONG_SLACK_MS = 250, 1200
# Without a prediction: nobody takes so long for a letter or a digit.
LETTER_MS = 900
# Where the wave stands still at full scale; of a voice that is only turned up, single peaks do.
FULL_SCALE, MOST_CLIPPED = 0.985, 0.005
FRAME_S = 0.04
# A voice: at least so many of its loud frames repeat themselves at a pitch within these (Hz).
PITCHES_HZ = (55.0, 500.0)
REPEATS, LEAST_VOICED = 0.35, 0.1
LOUD_DB = 25.0
# Too short to tell noise from "Psst!".
LEAST_S = 0.5
# Noise has all frequencies alike, or stays as loud as it is; speech has neither.
FLAT, STEADY_DB = 0.4, 1.5
BAND_HZ = (100.0, 5000.0)

Samples = NDArray[np.float32]


def fault(speech: Speech, text: str, expected_ms: int | None = None) -> str | None:
    """What is wrong with the speech of a text, in words; None if it may be heard. `expected_ms` is how long it should take."""
    samples = speech.samples
    if samples.ndim != 1 or not len(samples) or not np.isfinite(samples).all():
        return "gave no sound"
    if not RATES[0] <= speech.rate <= RATES[1]:
        return f"gave a sound of {speech.rate} samples a second"
    levels = _levels(samples, speech.rate)
    if levels.max() < 10 * AUDIBLE:
        return "gave silence"
    if _clipped(samples) > MOST_CLIPPED:
        return "gave a clipped sound"
    return _wrong_length(speech.duration_ms, text, expected_ms) or _no_voice(samples, speech.rate, levels)


def _levels(samples: Samples, rate: int) -> NDArray[np.float64]:
    """RMS of each frame."""
    levels: NDArray[np.float64] = np.sqrt(np.square(_frames(samples, rate)).mean(axis=1))
    return levels


def _frames(samples: Samples, rate: int) -> NDArray[np.float64]:
    """Frames [count, length] one after the other, the last filled with silence."""
    length = round(FRAME_S * rate)
    count = -(-len(samples) // length)
    padded = np.zeros(count * length)
    padded[: len(samples)] = samples
    return padded.reshape(count, length)


def _clipped(samples: Samples) -> float:
    """Share of samples at full scale whose neighbour is there too."""
    full = np.abs(samples) >= FULL_SCALE
    return float((full[1:] & full[:-1]).mean()) if len(samples) > 1 else 0.0


def _wrong_length(duration_ms: int, text: str, expected_ms: int | None) -> str | None:
    said = sum(map(str.isalnum, text))
    most = LETTER_MS * said + LONG_SLACK_MS
    if expected_ms:
        if duration_ms < SHORTEST_SHARE * expected_ms - SHORT_SLACK_MS:
            return f"said it in {duration_ms} ms, where about {expected_ms} were expected: not all of it"
        most = min(most, round(LONGEST_SHARE * expected_ms + LONG_SLACK_MS))
    if duration_ms > most:
        about = f"about {expected_ms}" if expected_ms else f"{most} at most"
        return f"went on for {duration_ms} ms, where {about} were expected"
    return None


def _no_voice(samples: Samples, rate: int, levels: NDArray[np.float64]) -> str | None:
    if len(samples) < LEAST_S * rate:
        return None
    loud = levels > levels.max() * 10 ** (-LOUD_DB / 20)
    steady = float(np.std(20 * np.log10(np.maximum(levels[:-1], AUDIBLE / 10)))) < STEADY_DB
    if steady:
        return "gave a hum or noise, no speech"
    frames = _frames(samples, rate)[loud]
    if _voiced(frames, rate) < LEAST_VOICED and _flatness(frames, rate) > FLAT:
        return "gave noise, no speech"
    return None


def _voiced(frames: NDArray[np.float64], rate: int) -> float:
    """Share of the frames that repeat themselves at a pitch, by their autocorrelation."""
    length = frames.shape[1]
    centred = frames - frames.mean(axis=1, keepdims=True)
    power = np.square(np.abs(np.fft.rfft(centred, 2 * length)))
    correlation = np.fft.irfft(power)[:, :length]
    lags = np.arange(int(rate / PITCHES_HZ[1]), min(int(rate / PITCHES_HZ[0]), length * 3 // 4))
    # Fewer samples meet at a longer lag.
    found = correlation[:, lags] * (length / (length - lags))
    return float((found.max(axis=1) > REPEATS * np.maximum(correlation[:, 0], 1e-12)).mean())


def _flatness(frames: NDArray[np.float64], rate: int) -> float:
    """How alike all frequencies are on average: 1 for white noise, a tenth for speech."""
    power = np.square(np.abs(np.fft.rfft(frames * np.hanning(frames.shape[1])))).mean(axis=0)
    at = np.fft.rfftfreq(frames.shape[1], 1 / rate)
    band = np.maximum(power[(at >= BAND_HZ[0]) & (at <= BAND_HZ[1])], 1e-15)
    return float(np.exp(np.log(band).mean()) / band.mean())
