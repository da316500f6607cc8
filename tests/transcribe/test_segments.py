"""Words in, lines of dialogue out: whatever a recognizer says."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dubwright.errors import EngineOutputError
from dubwright.transcribe import segments
from dubwright.transcribe.engine import Passage, Word
from dubwright.transcribe.segments import SENTENCE_PAUSE_MS, Segment, cut

DURATION_MS = 60_000
HAN = "天地玄黄宇宙洪荒"

# Anything goes for times and probabilities: beyond the sound, backwards, of no length, not even numbers.
hostile_words = st.lists(
    st.builds(
        Word,
        text=st.builds(str.__add__, st.sampled_from(HAN), st.sampled_from(["", "", "，", "。", "？"])),
        start_ms=st.integers(-5_000, 80_000),
        end_ms=st.integers(-5_000, 80_000),
        probability=st.floats(allow_nan=True, allow_infinity=True),
    ),
    max_size=40,
)


@st.composite
def sound_words(draw: st.DrawFn) -> list[Word]:
    """Words as a good recognizer gives them: in order, with pauses."""
    words, at = [], 0
    for _ in range(draw(st.integers(0, 40))):
        at += draw(st.sampled_from([0, 0, 0, 60, 130, 300, 449, 450, 900]))
        length = draw(st.integers(40, 700))
        text = draw(st.sampled_from(HAN)) + draw(st.sampled_from(["", "", "", "，", "。"]))
        words.append(Word(text, at, at + length, 0.9))
        at += length
    return words


def _cut(words: list[Word], *, pause_ms: int = 450, longest_ms: int = 7000) -> list[Segment]:
    passages = [Passage(tuple(words))]
    return cut(passages, "zh", duration_ms=DURATION_MS, pause_ms=pause_ms, longest_ms=longest_ms)


def _said(*spoken: tuple[str, int, int]) -> list[Word]:
    return [Word(text, start_ms, end_ms, 0.9) for text, start_ms, end_ms in spoken]


def _texts(found: list[Segment]) -> list[str]:
    return ["".join(word.text for word in segment.words) for segment in found]


@pytest.mark.slow
@given(hostile_words, st.integers(1, 2000), st.integers(1000, 9000))
def test_whatever_the_words_segments_are_in_order_and_within_the_sound(
    words: list[Word], pause_ms: int, longest_ms: int
) -> None:
    found = _cut(words, pause_ms=pause_ms, longest_ms=longest_ms)
    assert [word.text for segment in found for word in segment.words] == [word.text for word in words]
    assert all(0 <= segment.start_ms < segment.end_ms <= DURATION_MS for segment in found)
    assert all(before.end_ms <= after.start_ms for before, after in pairwise(found))
    assert all(segment.end_ms - segment.start_ms <= longest_ms or len(segment.words) == 1 for segment in found)
    assert all(0 <= segment.confidence <= 1 for segment in found)
    every = [word for segment in found for word in segment.words]
    assert all(word.start_ms < word.end_ms for word in every)
    assert all(before.end_ms <= after.start_ms for before, after in pairwise(every))


@pytest.mark.slow
@given(sound_words())
def test_times_that_hold_are_kept(words: list[Word]) -> None:
    assert [word for segment in _cut(words) for word in segment.words] == words


@given(sound_words(), st.integers(SENTENCE_PAUSE_MS, 1000))
def test_no_pause_is_left_inside(words: list[Word], pause_ms: int) -> None:
    for segment in _cut(words, pause_ms=pause_ms):
        for before, after in pairwise(segment.words):
            pause = after.start_ms - before.end_ms
            assert pause < pause_ms
            assert pause < SENTENCE_PAUSE_MS or not before.text.endswith("。")


@given(sound_words())
def test_cutting_again_changes_nothing(words: list[Word]) -> None:
    for segment in _cut(words):
        assert [again.words for again in _cut(list(segment.words))] == [segment.words]


def test_a_short_pause_cuts_only_after_a_sentence() -> None:
    words = _said(("好", 0, 300), ("吗？", 300, 700), ("好，", 850, 1200), ("走。", 1400, 1800))
    assert _texts(_cut(words)) == ["好吗？", "好，走。"]


def test_a_long_line_is_cut_at_its_longest_pause() -> None:
    words = _said(("天", 0, 2500), ("地", 2600, 5000), ("玄", 5300, 8000), ("黄", 8050, 9000))
    assert _texts(_cut(words, pause_ms=1000)) == ["天地", "玄黄"]


def test_without_any_pause_a_long_line_is_cut_near_its_middle() -> None:
    words = _said(*((HAN[index], index * 1000, index * 1000 + 1000) for index in range(8)))
    assert _texts(_cut(words)) == ["天地玄黄", "宇宙洪荒"]


def test_a_word_that_overlaps_the_next_ends_where_that_begins() -> None:
    (segment,) = _cut(_said(("天", 100, 900), ("地", 600, 1000)))
    assert [(word.start_ms, word.end_ms) for word in segment.words] == [(100, 600), (600, 1000)]


def test_nobody_speaks_no_segments() -> None:
    assert cut([], "zh", duration_ms=0, pause_ms=450, longest_ms=7000) == []
    assert _cut(_said(("。", 0, 100), (" ", 100, 200))) == []


def test_more_words_than_the_sound_can_hold_are_an_error() -> None:
    with pytest.raises(EngineOutputError, match="3 words in 2 ms"):
        segments.in_order(_said(("天", 0, 1), ("地", 0, 1), ("玄", 0, 1)), 2)
