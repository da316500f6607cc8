from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dubwright.media import limiter, sound

RATE = 48_000


def test_peaks_between_samples_are_found() -> None:
    # A quarter of the rate, sampled 45 degrees off its peaks: every sample is 3 dB below them.
    wave = np.sin(2 * np.pi * np.arange(RATE) / 4 + np.pi / 4)[:, None].astype(np.float32)
    assert np.abs(wave).max() == pytest.approx(0.7071, abs=1e-3)
    assert limiter.true_peaks(wave)[100:-100].max() == pytest.approx(1.0, abs=0.01)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1500), st.integers(0, 2**32 - 1), st.floats(0, 3))
def test_peaks_above_a_level_are_those_found_everywhere(length: int, seed: int, level: float) -> None:
    samples = np.random.default_rng(seed).standard_normal((length, 2)).astype(np.float32)
    everywhere, found = limiter.true_peaks(samples), limiter.true_peaks(samples, level)
    assert found.shape == everywhere.shape == (length,)
    high = everywhere > level + 1e-5
    assert found[high] == pytest.approx(everywhere[high], abs=1e-5)
    assert (found[~high] <= level + 1e-5).all()


@pytest.mark.parametrize("hertz", [60, 997, 8000, 12_000, 17_000])
def test_what_is_limited_measures_below_the_ceiling(hertz: float) -> None:
    time = np.arange(2 * RATE) / RATE
    wave = 1.5 * np.sin(2 * np.pi * hertz * time + 0.7) * (0.65 + 0.35 * np.sin(2 * np.pi * 3 * time))
    limited = limiter.limit(np.stack([wave, wave / 2], axis=1).astype(np.float32), RATE, -1.1)
    assert sound.loudness(limited, RATE).true_peak_dbtp <= -1.0
    assert np.abs(limited).max() > 0.6


def test_what_is_below_the_ceiling_is_untouched() -> None:
    quiet = np.full((1000, 2), 0.5, np.float32)
    assert limiter.limit(quiet, RATE, -1.0) is quiet


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1500), st.integers(0, 2**32 - 1), st.floats(0.1, 8), st.floats(-9, 0))
def test_no_sample_passes_the_ceiling_and_none_is_raised(length: int, seed: int, level: float, ceiling: float) -> None:
    random = np.random.default_rng(seed)
    samples = (level * random.standard_normal((length, 2))).astype(np.float32)
    limited = limiter.limit(samples, RATE, ceiling)
    assert limited.shape == samples.shape
    assert np.abs(limited).max(initial=0) <= 10 ** (ceiling / 20) * 1.0001
    assert (np.abs(limited) <= np.abs(samples) * 1.0001).all()
