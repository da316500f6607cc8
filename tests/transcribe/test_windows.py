"""Windows keep every stretch of speech, and lead back to where it was."""

from __future__ import annotations

from itertools import accumulate, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dubwright.transcribe.windows import PAD_S, Stretch, pack

LONGEST_S = 28.0
RATE = 1000


@st.composite
def spoken(draw: st.DrawFn) -> tuple[list[Stretch], float]:
    """Stretches of speech and the length of the sound that they lie in."""
    lengths = draw(st.lists(st.tuples(st.floats(0.1, 20), st.floats(0.1, 27)), max_size=12))
    ends = accumulate(gap + length for gap, length in lengths)
    stretches = [Stretch(end - length, end) for end, (_, length) in zip(ends, lengths, strict=True)]
    last = stretches[-1].end_s if stretches else 0.0
    return stretches, last + draw(st.floats(0, 5))


@given(spoken())
def test_every_stretch_is_in_one_window_and_none_is_too_long(case: tuple[list[Stretch], float]) -> None:
    stretches, length_s = case
    windows = pack(stretches, length_s, LONGEST_S)
    assert [stretch for window in windows for stretch in window.stretches] == stretches
    for window in windows:
        assert window.length_s <= LONGEST_S
        assert all(0 <= piece.start_s < piece.end_s <= length_s for piece in window.pieces)
        assert all(before.end_s < after.start_s for before, after in pairwise(window.pieces))
        for stretch in window.stretches:
            assert any(piece.start_s <= stretch.start_s and stretch.end_s <= piece.end_s for piece in window.pieces)


@given(spoken(), st.lists(st.floats(0, 30), min_size=2, max_size=20), st.booleans())
def test_words_fall_into_stretches_in_order(
    case: tuple[list[Stretch], float], bounds: list[float], closing: bool
) -> None:
    stretches, length_s = case
    times = list(pairwise(sorted(bounds)))
    for window in pack(stretches, length_s, LONGEST_S):
        settled = window.on_sound(times, [closing] * len(times))
        for start_s, end_s in settled:
            assert start_s <= end_s
            assert any(each.start_s <= start_s and end_s <= each.end_s for each in window.stretches)
        assert all(before <= after for before, after in pairwise(settled))


@given(spoken())
def test_halves_part_the_stretches(case: tuple[list[Stretch], float]) -> None:
    stretches, length_s = case
    for window in pack(stretches, length_s, LONGEST_S):
        if len(window.stretches) > 1:
            left, right = window.halves(length_s)
            assert left.stretches + right.stretches == window.stretches
            assert left.stretches and right.stretches


def test_a_window_holds_the_sound_without_its_long_silences() -> None:
    sound = np.arange(10 * RATE, dtype=np.float32)
    (window,) = pack([Stretch(1, 2), Stretch(2.1, 3), Stretch(6, 7)], 10, LONGEST_S)
    heard = window.samples(sound, RATE)
    kept = [(1 - PAD_S, 3 + PAD_S), (6 - PAD_S, 7 + PAD_S)]
    assert heard.tolist() == [value for start, end in kept for value in range(round(start * RATE), round(end * RATE))]


def test_windows_are_parted_at_a_long_silence() -> None:
    stretches = [Stretch(0, 8), Stretch(8.2, 16), Stretch(19, 24), Stretch(24.2, 29), Stretch(29.2, 36)]
    assert [len(window.stretches) for window in pack(stretches, 40, LONGEST_S)] == [2, 3]


@pytest.mark.parametrize(("closing", "home"), [(True, 0), (False, 1)])
def test_a_word_that_lies_over_a_silence_goes_to_one_side(closing: bool, home: int) -> None:
    stretches = [Stretch(1, 2), Stretch(2.1, 3)]
    (window,) = pack(stretches, 4, LONGEST_S)
    offset = 1 - PAD_S
    ((start_s, end_s),) = window.on_sound([(1.9 - offset, 2.2 - offset)], [closing])
    assert stretches[home].start_s <= start_s <= end_s <= stretches[home].end_s


def test_the_edge_words_of_a_stretch_reach_to_its_ends() -> None:
    (window,) = pack([Stretch(1, 3)], 4, LONGEST_S)
    offset = 1 - PAD_S
    first, last = window.on_sound([(1.2 - offset, 1.7 - offset), (1.7 - offset, 2.8 - offset)], [False, True])
    assert [*first, *last] == pytest.approx([1.0, 1.7, 1.7, 3.0])
    (alone,) = window.on_sound([(1.8 - offset, 2.0 - offset)], [True])
    assert alone == pytest.approx((1.8, 2.0))


def test_stretches_without_words_are_found() -> None:
    stretches = [Stretch(0, 1), Stretch(2, 3), Stretch(4, 5), Stretch(6, 6.2), Stretch(8, 9)]
    (window,) = pack(stretches, 10, LONGEST_S)
    found = window.unheard([(2.0, 2.5), (2.5, 3.0)], 0.4, 10)
    assert [list(each.stretches) for each in found] == [[stretches[0]], [stretches[2], stretches[4]]]
    assert window.unheard([(each.start_s, each.end_s) for each in stretches], 0.4, 10) == []
