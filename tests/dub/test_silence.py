from __future__ import annotations

import numpy as np
import pytest

from dubwright.dub.silence import fade_ends, trim

RATE = 24_000


@pytest.mark.parametrize(("before", "after"), [(0, 0), (12_000, 5000), (1, 24_000)])
def test_silence_at_the_ends_goes_but_for_a_margin(before: int, after: int) -> None:
    tone = (0.5 * np.sin(np.arange(RATE) / 10)).astype(np.float32)
    found = trim(np.concatenate([np.zeros(before, np.float32), tone, np.zeros(after, np.float32)]), RATE)
    assert len(tone) <= len(found) <= len(tone) + 0.05 * RATE


@pytest.mark.parametrize(
    "samples", [np.zeros(0, np.float32), np.zeros(1000, np.float32), np.full(1000, 1e-5, np.float32)]
)
def test_nothing_audible_is_nothing(samples: np.ndarray) -> None:
    assert not len(trim(samples, RATE))


def test_a_fade_takes_no_sound_away_from_the_middle() -> None:
    faded = fade_ends(np.ones(RATE, np.float32), RATE)
    assert faded[0] == 0
    assert faded[-1] == 0
    assert (faded[200:-200] == 1).all()
    assert len(fade_ends(np.ones(1, np.float32), RATE)) == 1
