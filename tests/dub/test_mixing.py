from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from dubwright.dub import mixing
from dubwright.dub.fake import FakeSynthesizer
from dubwright.dub.mixing import PlacedLine, deliver, mix
from dubwright.media import sound
from dubwright.settings import DubSettings
from tests.dub.conftest import LINES, RATE, bed, original

pytestmark = pytest.mark.slow

SETTINGS = DubSettings()
SPANS = [(line.start_ms, line.end_ms) for line in LINES]

Samples = NDArray[np.float32]


def tone(ms: int, hertz: float = 1234.5, level: float = 0.3) -> Samples:
    samples: Samples = (level * np.sin(2 * np.pi * hertz * np.arange(ms * RATE // 1000) / RATE)).astype(np.float32)
    return samples


def part(samples: Samples, start_ms: int, end_ms: int) -> Samples:
    return samples[start_ms * RATE // 1000 : end_ms * RATE // 1000]


def level_of(samples: Samples, hertz: float) -> float:
    """How strong a frequency is (dB, of the left channel)."""
    wave = np.exp(-2j * np.pi * hertz * np.arange(len(samples)) / RATE)
    return float(20 * np.log10(np.abs(samples[:, 0] @ wave) / len(samples) + 1e-9))


def test_without_lines_the_original_is_untouched() -> None:
    samples = original(LINES, 9.0)
    assert mix(samples, RATE, [], SPANS, SETTINGS) is samples


def test_the_original_is_low_under_its_own_lines_and_the_dub_and_back_between() -> None:
    samples = bed(9.0)
    mixed = mix(samples, RATE, [PlacedLine(tone(900), 500, 900, 1.0)], [(500, 2000), (6000, 7000)], SETTINGS)
    assert mixed.shape == samples.shape
    untouched = level_of(part(mixed, 3500, 5500), 220)
    for start, end in ((600, 1300), (1500, 2000), (6000, 7000)):
        assert level_of(part(mixed, start, end), 220) == pytest.approx(untouched + SETTINGS.duck_db, abs=1.0)
    assert level_of(part(mixed, 8000, 9000), 220) == pytest.approx(untouched, abs=0.2)


def test_the_dub_stands_where_it_was_placed_and_no_longer_than_planned() -> None:
    mixed = mix(bed(9.0), RATE, [PlacedLine(tone(2000), 3000, 1600, 1.25)], [(3000, 4000)], SETTINGS)
    inside, before, after = (part(mixed, *span) for span in ((3050, 4550), (2000, 3000), (4600, 5600)))
    assert level_of(inside, 1234.5) > max(level_of(before, 1234.5), level_of(after, 1234.5)) + 30


def test_the_bed_stands_for_the_original_where_it_gives_way() -> None:
    voiced, music = original(LINES, 9.0), bed(9.0)
    mixed = mix(voiced, RATE, [PlacedLine(tone(300), 500, 300, 1.0)], SPANS, SETTINGS, bed=music)
    untouched = level_of(part(mixed, 4900, 5700), 220)
    for line in LINES[1:]:
        inside = part(mixed, line.start_ms + 100, line.end_ms - 100)
        assert level_of(inside, 220) == pytest.approx(untouched + SETTINGS.bed_db, abs=0.5)
        assert level_of(inside, 150) < level_of(part(voiced, line.start_ms + 100, line.end_ms - 100), 150) - 30


def test_a_syllable_that_the_recognizer_did_not_hear_as_the_lines_gives_way_too() -> None:
    """The line begins 170 ms before its span, and ends 200 ms behind it after a stop; what comes later is another's."""
    music, voice = bed(9.0), np.zeros((9 * RATE, 2), np.float32)
    for start, end in ((1830, 3000), (3050, 3200), (3400, 3900)):
        voice[start * RATE // 1000 : end * RATE // 1000] = tone(end - start)[:, np.newaxis]
    assert mixing.whole([(2000, 3000)], voice[:, 0], RATE) == [(1830, 3200)]
    line = PlacedLine(tone(900, 700.0), 2000, 900, 1.0)
    mixed = mix(music + voice, RATE, [line], [(2000, 3000)], SETTINGS, bed=music)
    left = level_of(part(mixed, 3420, 3880), 1234.5)
    assert level_of(part(mixed, 1830, 1990), 1234.5) < left - 25
    assert level_of(part(mixed, 3050, 3190), 1234.5) < left - 25


def test_lines_reach_no_further_than_what_may_be_theirs() -> None:
    voice = 0.001 * tone(9000)
    part(voice, 2000, 3000)[:] = tone(1000)
    silence = np.zeros(9 * RATE, np.float32)
    assert mixing.whole([(2000, 3000)], voice, RATE) == [(2000, 3000)]
    assert mixing.whole([(2500, 2800)], voice, RATE) == [(2100, 3000)]
    assert mixing.whole([(0, 500), (8900, 9500)], tone(9000), RATE) == [(0, 900), (8500, 9500)]
    assert mixing.whole([(2000, 3000), (9500, 9900)], silence, RATE) == [(2000, 3000), (9500, 9900)]


def test_ramps_are_smooth() -> None:
    gain = 10 ** (mixing._depth(9 * RATE, RATE, [(3000, 4000)], [], []) * -18.0 / 20)
    assert gain[0] == gain[-1] == 1
    assert gain.min() == pytest.approx(10 ** (-18 / 20), rel=1e-3)
    # No step is more than 0.05 dB from one sample to the next.
    assert np.abs(np.diff(20 * np.log10(gain))).max() < 0.05


def test_short_gaps_stay_low_but_not_over_a_kept_line() -> None:
    low = 10 ** (mixing._depth(9 * RATE, RATE, [(1000, 2000), (2500, 3500)], [], []) * -18.0 / 20)
    assert part(low[:, None], 1000, 3500).max() < 0.13
    kept = 10 ** (mixing._depth(9 * RATE, RATE, [(1000, 2000), (2900, 3500)], [(2200, 2800)], []) * -18.0 / 20)
    assert part(kept[:, None], 2380, 2650).max() > 0.6
    under = 10 ** (mixing._depth(9 * RATE, RATE, [(1000, 2000)], [(1000, 2000)], [(1000, 2000)]) * -18.0 / 20)
    assert part(under[:, None], 1000, 2000).max() < 0.13


@pytest.mark.parametrize("level", [0.01, 0.1, 1.0])
def test_every_line_is_as_loud_as_the_others(level: float) -> None:
    voice = FakeSynthesizer(SETTINGS, {}, 1).speak("a line of some length", "en", "fake-f1")
    speech = np.interp(np.arange(RATE) * voice.rate / RATE, np.arange(len(voice.samples)), voice.samples)
    quiet, loud = (speech * level).astype(np.float32), speech.astype(np.float32)
    lines = [PlacedLine(quiet, 500, 1000, 1.0), PlacedLine(loud, 2600, 1000, 1.0)]
    mixed = mix(original(LINES, 9.0), RATE, lines, SPANS, SETTINGS)
    one, other = (mixing._active_db(part(mixed, start, start + 1000).mean(axis=1), RATE) for start in (500, 2600))
    assert one == pytest.approx(other, abs=0.5)


@pytest.mark.parametrize("loud", [0.02, 0.3, 1.0])
def test_loudness_and_true_peak_are_delivered(loud: float) -> None:
    lines = [PlacedLine(tone(1500), 500, 1500, 1.0), PlacedLine(tone(1500, 700), 2600, 1500, 1.0)]
    mixed = mix(original(LINES, 9.0) * np.float32(loud), RATE, lines, SPANS, SETTINGS)
    found = sound.loudness(mixed, RATE)
    assert abs(found.integrated_lufs - SETTINGS.loudness_lufs) <= 0.5
    assert found.true_peak_dbtp <= SETTINGS.true_peak_dbtp


def test_sound_full_of_peaks_is_delivered_below_the_true_peak() -> None:
    random = np.random.default_rng(7)
    clicks = bed(9.0) * 0.1
    clicks[random.integers(0, len(clicks), 400)] += random.choice([-1, 1], (400, 1)).astype(np.float32)
    found = sound.loudness(deliver(clicks, RATE, SETTINGS), RATE)
    assert found.true_peak_dbtp <= SETTINGS.true_peak_dbtp


def test_silence_is_delivered_as_silence() -> None:
    assert not deliver(np.zeros((RATE, 2), np.float32), RATE, SETTINGS).any()


def test_a_line_past_the_end_is_dropped_there() -> None:
    mixed = mix(bed(2.0), RATE, [PlacedLine(tone(1500), 1500, 1500, 1.0)], [], SETTINGS)
    assert len(mixed) == 2 * RATE
