"""Lines come from where the actors speak, in every layout that is kept; the other channels are the original's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dubwright.dub.mixing import PlacedLine, mix
from dubwright.media import layouts, sound
from dubwright.settings import DubSettings
from tests.dub.conftest import RATE

pytestmark = pytest.mark.slow

SETTINGS = DubSettings()
SECONDS = 9
SPANS = [(1000, 2000), (4000, 5500)]
LINES = [PlacedLine((0.2 * np.sin(np.arange(RATE) * 0.1)).astype(np.float32), start, 900, 1.0) for start, _ in SPANS]
SURROUNDS = [6, 8]
CENTRE, LOW = 2, 3

Samples = NDArray[np.float32]


def noise(channels: int, level: float = 0.02, seconds: float = SECONDS) -> Samples:
    """Another noise in every channel."""
    random = np.random.default_rng(channels).normal(0, level, (round(seconds * RATE), channels))
    return random.astype(np.float32)


def voice(channels: int, *speaking: int, level: float = 0.15) -> Samples:
    """A buzz in some channels, where the lines are."""
    samples = np.zeros((SECONDS * RATE, channels), np.float32)
    for start, end in SPANS:
        span = np.arange(start * RATE // 1000, end * RATE // 1000)
        for at in speaking:
            samples[span, at] = level * np.sign(np.sin(span * 2 * np.pi * 150 / RATE))
    return samples


def part(samples: Samples, start_ms: int, end_ms: int) -> Samples:
    return samples[start_ms * RATE // 1000 : end_ms * RATE // 1000]


def unlike(mixed: Samples, expected: Samples) -> NDArray[np.float64]:
    """By channel, what of a sound is not a multiple of another, one for all channels; against that other (RMS)."""
    gain = np.median((mixed / expected)[np.abs(expected) > 0.01])
    return np.asarray(np.sqrt(np.square(mixed / gain - expected).mean(axis=0) / np.square(expected).mean(axis=0)))


@pytest.mark.parametrize("channels", SURROUNDS)
@pytest.mark.parametrize("front", [(CENTRE,), (0, 1)])
@pytest.mark.parametrize("separated", [True, False])
def test_a_line_comes_from_where_the_actors_speak_and_all_else_is_the_originals(
    channels: int, front: tuple[int, ...], separated: bool
) -> None:
    """An upmixed stereo sound has next to nothing in its centre."""
    music = noise(channels)
    music[:, CENTRE] *= 1.0 if CENTRE in front else 0.1
    bed, original = music, music + voice(channels, *front)
    mixed = mix(original, RATE, LINES, SPANS, SETTINGS, bed=bed if separated else None)
    between, under = (part(mixed, *span) for span in ((6500, 8500), (1100, 1800)))
    assert unlike(between, part(original, 6500, 8500)).max() < 0.05
    dubbed = unlike(under, part(bed if separated else original, 1100, 1800))
    assert [at for at in range(channels) if dubbed[at] > 0.5] == list(front)
    assert np.delete(dubbed, front).max() < 0.05
    lowered = SETTINGS.bed_db if separated else SETTINGS.duck_db
    levels = [np.sqrt(np.square(each[:, LOW]).mean()) for each in (under, between)]
    assert 20 * np.log10(levels[0] / levels[1]) == pytest.approx(lowered, abs=0.3)


@pytest.mark.parametrize("channels", SURROUNDS)
@pytest.mark.parametrize("separated", [True, False])
def test_voices_decide_and_not_the_music_around_them(channels: int, separated: bool) -> None:
    music = noise(channels)
    music[:, :2] *= 15
    original = music + voice(channels, CENTRE)
    mixed = mix(original, RATE, LINES, SPANS, SETTINGS, bed=music if separated else None)
    dubbed = unlike(part(mixed, 1100, 1800), part(music if separated else original, 1100, 1800))
    assert [at for at in range(channels) if dubbed[at] > 0.5] == [CENTRE]


@pytest.mark.parametrize("separated", [True, False])
def test_left_and_right_of_an_upmix_are_as_in_stereo(separated: bool) -> None:
    music = noise(2)
    original = music + voice(2, 0, 1)
    spread = [np.pad(each, ((0, 0), (0, 4))) for each in (original, music)]
    stereo = mix(original, RATE, LINES, SPANS, SETTINGS, bed=music if separated else None)
    upmix = mix(spread[0], RATE, LINES, SPANS, SETTINGS, bed=spread[1] if separated else None)
    assert np.allclose(upmix[:, :2], stereo, atol=1e-6)
    assert not upmix[:, 2:].any()


def test_mono_is_as_stereo_with_both_sides_alike_but_for_its_loudness() -> None:
    original, music = (noise(1) + voice(1, 0)), noise(1)
    mono = mix(original, RATE, LINES, SPANS, SETTINGS, bed=music)
    stereo = mix(original.repeat(2, axis=1), RATE, LINES, SPANS, SETTINGS, bed=music.repeat(2, axis=1))
    assert mono.shape == original.shape
    assert unlike(mono, stereo[:, :1]) < 0.05


@pytest.mark.parametrize("channels", layouts.KEPT)
@pytest.mark.parametrize("loud", [0.05, 1.0])
def test_loudness_and_true_peak_are_delivered_in_every_layout(channels: int, loud: float) -> None:
    fronts = layouts.KEPT[channels].fronts
    original = (noise(channels) + voice(channels, *fronts[0])) * np.float32(loud)
    mixed = mix(original, RATE, LINES, SPANS, SETTINGS, bed=noise(channels) * np.float32(loud))
    assert mixed.shape == original.shape
    found = sound.loudness(mixed, RATE)
    assert abs(found.integrated_lufs - SETTINGS.loudness_lufs) <= 0.5
    assert found.true_peak_dbtp <= SETTINGS.true_peak_dbtp


@settings(max_examples=20, deadline=None)
@given(
    channels=st.sampled_from(sorted(layouts.KEPT)),
    length=st.integers(1, 2 * RATE),
    level=st.sampled_from([0.0, 1e-6, 0.1, 1.0]),
    separated=st.booleans(),
    starts=st.lists(st.integers(0, 2500), min_size=1, max_size=3),
    spans=st.lists(st.tuples(st.integers(0, 2000), st.integers(2000, 2500)), max_size=3),
)
def test_whatever_the_sound_its_shape_is_kept_and_every_sample_is_a_number(
    channels: int,
    length: int,
    level: float,
    separated: bool,
    starts: list[int],
    spans: list[tuple[int, int]],
) -> None:
    original = noise(channels, level, 3)[:length]
    bed = original / 2 if separated else None
    lines = [
        PlacedLine(LINES[0].speech[: RATE // 2], start, 400, 1.0, original=(start, start + 400)) for start in starts
    ]
    mixed = mix(original, RATE, lines, spans, SETTINGS, bed=bed)
    assert mixed.shape == original.shape
    assert mixed.dtype == np.float32
    assert np.isfinite(mixed).all()
