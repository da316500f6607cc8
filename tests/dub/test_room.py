"""The actors' room and their telephones, told from their voices and put on others."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from dubwright.dub import room
from dubwright.dub.mixing import PlacedLine, mix
from dubwright.settings import DubSettings

pytestmark = pytest.mark.slow
RATE = 48_000
SPANS = [(500 + 1500 * number, 1300 + 1500 * number) for number in range(6)]

Samples = NDArray[np.float32]


def voices(dies_away_s: float, spans: list[tuple[int, int]] = SPANS, seconds: float = 10.0) -> Samples:
    """Noise where the lines are, falling by 60 dB in so many seconds behind each."""
    rng, samples = np.random.default_rng(5), np.zeros(round(seconds * RATE))
    for start, end in spans:
        tail = round(dies_away_s * RATE)
        shape = np.concatenate([np.ones((end - start) * RATE // 1000), 10 ** (-3 * np.arange(tail) / max(tail, 1))])
        first = start * RATE // 1000
        piece = shape[: len(samples) - first] * rng.normal(0, 0.1, len(shape))[: len(samples) - first]
        samples[first : first + len(piece)] += piece
    return samples.astype(np.float32)


def level(samples: Samples, low_hz: float, high_hz: float) -> float:
    """The power (dB) between two frequencies."""
    hertz = np.fft.rfftfreq(len(samples), 1 / RATE)
    return float(10 * np.log10(np.square(np.abs(np.fft.rfft(samples)))[(hertz >= low_hz) & (hertz < high_hz)].sum()))


def telephone(samples: Samples) -> Samples:
    """What a telephone line carries: nothing below 300 Hz or above 3400."""
    spectrum, hertz = np.fft.rfft(samples), np.fft.rfftfreq(len(samples), 1 / RATE)
    return np.fft.irfft(spectrum * ((hertz > 300) & (hertz < 3400)), len(samples)).astype(np.float32)


@pytest.mark.parametrize(("left_s", "room_s"), [(0.05, 0.0), (0.12, 0.0), (0.18, 0.3), (0.24, 0.5), (0.6, 0.8)])
def test_the_room_is_told_from_how_voices_die_away(left_s: float, room_s: float) -> None:
    assert room.decay_s(voices(left_s), RATE, SPANS) == pytest.approx(room_s, abs=0.12)


def test_few_lines_a_silence_or_a_tone_that_stays_tell_no_room() -> None:
    assert room.decay_s(voices(0.5)[: 5 * RATE], RATE, SPANS[:3]) == 0
    assert room.decay_s(np.zeros(10 * RATE, np.float32), RATE, SPANS) == 0
    assert room.decay_s(np.full(10 * RATE, 0.1, np.float32), RATE, SPANS) == 0
    assert room.decay_s(voices(0.5), RATE, []) == 0
    assert room.decay_s(voices(0.05), RATE, [(-500, -100), (9900, 20_000), (50_000, 60_000), (3000, 3000)]) == 0


def test_a_voice_in_a_room_is_the_same_voice_and_an_answer() -> None:
    speech = voices(0.0, [(0, 1000)], 1.0)
    small, large = (room.within(speech, RATE, seconds) for seconds in (0.3, 0.8))
    assert room.within(speech, RATE, 0.0) is speech
    begins = round(room.PREDELAY_S * RATE)
    assert np.allclose(large[:begins], speech[:begins], atol=1e-5)
    for heard, below, seconds in ((small, -12, 0.3), (large, -6, 0.8)):
        answer = heard[: len(speech)] - speech
        assert level(answer, 0, 24e3) - level(speech, 0, 24e3) == pytest.approx(below, abs=2.5)
        assert (len(heard) - len(speech)) / RATE == pytest.approx(seconds * 40 / 60 + room.PREDELAY_S, abs=0.01)
    assert np.array_equal(large, room.within(speech, RATE, 0.8))
    assert len(room.within(speech[:0], RATE, 0.8)) == 0


def test_a_telephone_is_told_from_its_band_and_put_on() -> None:
    whole = voices(0.05)
    for span in SPANS:
        assert room.narrow_hz(whole, RATE, span) is None
        assert room.narrow_hz(telephone(whole), RATE, span) == pytest.approx(3600, rel=0.15)
    called = room.through(whole, RATE, 4300)
    assert level(called, 500, 3000) == pytest.approx(level(whole, 500, 3000), abs=0.5)
    assert level(called, 5000, 20e3) < level(whole, 5000, 20e3) - 25
    assert level(called, 20, 150) < level(whole, 20, 150) - 15


@pytest.mark.parametrize("span", [(0, 100), (0, 1000), (-900, -100), (20_000, 30_000), (700, 700)])
def test_what_is_short_silent_or_not_there_is_no_telephone(span: tuple[int, int]) -> None:
    assert room.narrow_hz(np.zeros(2 * RATE, np.float32), RATE, span) is None


def test_only_the_line_that_was_on_the_telephone_is_put_on_one() -> None:
    bed = np.full((10 * RATE, 2), 1e-4, np.float32)
    actors = voices(0.05)
    first, second = SPANS[0], SPANS[1]
    on_phone = slice(first[0] * RATE // 1000, first[1] * RATE // 1000)
    actors[on_phone] = telephone(actors[on_phone])
    dub = voices(0.0, [(0, 700)], 0.7)
    lines = [PlacedLine(dub, start, 700, 1.0, original=(start, end)) for start, end in (first, second)]
    mixed = mix(bed + actors[:, np.newaxis], RATE, lines, [first, second], DubSettings(), bed=bed)[:, 0]
    caller, present = (mixed[start * RATE // 1000 :][: 7 * RATE // 10] for start, _ in (first, second))
    assert level(caller, 6000, 20e3) < level(present, 6000, 20e3) - 20
    assert level(caller, 500, 3000) > level(present, 500, 3000)


def test_the_dub_of_a_hall_dies_away_as_the_hall_does() -> None:
    bed = np.full((10 * RATE, 2), 1e-4, np.float32)
    dub = voices(0.0, [(0, 700)], 0.7)
    lines = [PlacedLine(dub, start, 700, 1.0, original=(start, end)) for start, end in SPANS]
    behind = slice(1230 * RATE // 1000, 1330 * RATE // 1000)  # of the first dub's end
    dry, hall = (
        mix(bed + voices(left)[:, np.newaxis], RATE, lines, SPANS, DubSettings(), bed=bed)[behind, 0]
        for left in (0.05, 0.4)
    )
    assert level(hall, 100, 10e3) > level(dry, 100, 10e3) + 15
