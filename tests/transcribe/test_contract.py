"""What every transcriber promises, tried on each of them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from dubwright.errors import MediaError
from dubwright.transcribe.engine import Passage, Transcriber, Word
from tests.transcribe.conftest import RATE, Candidate, Sound, burst, music, noise, silence

Write = Callable[[Sound], Path]


def _words(passages: list[Passage]) -> list[Word]:
    return [word for passage in passages for word in passage.words]


def test_words_stand_where_the_lines_are(candidate: Candidate, transcriber: Transcriber, written: Write) -> None:
    samples, lines = candidate.speech()
    words = _words(transcriber.transcribe(written(samples), "zh"))
    for start_ms, end_ms in lines:
        inside = [word for word in words if word.start_ms < end_ms and word.end_ms > start_ms]
        assert inside
        assert abs(inside[0].start_ms - start_ms) <= 150
        assert abs(inside[-1].end_ms - end_ms) <= 150
    heard = sum(word.end_ms - word.start_ms for word in words)
    assert heard <= sum(end_ms - start_ms for start_ms, end_ms in lines) + 300 * len(lines)


def test_words_are_in_order_and_within_the_sound(
    candidate: Candidate, transcriber: Transcriber, written: Write
) -> None:
    samples, _ = candidate.speech()
    words = _words(transcriber.transcribe(written(samples), "zh"))
    assert all(0 <= word.start_ms <= word.end_ms <= 1000 * len(samples) / RATE for word in words)
    assert all(before.start_ms <= after.start_ms for before, after in pairwise(words))
    assert all(before.end_ms <= after.end_ms for before, after in pairwise(words))
    assert all(word.text.strip() and 0 <= word.probability <= 1 for word in words)


def test_the_same_sound_gives_the_same_words(candidate: Candidate, transcriber: Transcriber, written: Write) -> None:
    samples, _ = candidate.speech()
    first = transcriber.transcribe(written(samples), "zh")
    assert transcriber.transcribe(written(samples), "zh") == first
    assert candidate.make().transcribe(written(samples), "zh") == first


def test_speech_is_heard_through_music(candidate: Candidate, transcriber: Transcriber, written: Write) -> None:
    samples, lines = candidate.speech()
    mixed = samples + music(1000 * len(samples) // RATE + 1, level=0.01)[: len(samples)]
    words = _words(transcriber.transcribe(written(mixed), "zh"))
    for start_ms, end_ms in lines:
        assert any(word.start_ms < end_ms and word.end_ms > start_ms for word in words)


@pytest.mark.parametrize(
    "samples",
    [
        pytest.param(silence(4000), id="silence"),
        pytest.param(silence(20), id="almost no sound"),
        pytest.param(music(12000), id="music"),
        pytest.param(music(12000, level=0.01), id="faint music"),
        pytest.param(noise(RATE * 6, 0.05), id="noise"),
        pytest.param(np.full(RATE, 0.5, np.float32), id="constant"),
        pytest.param(silence(500), id="half a second"),
    ],
)
def test_nothing_is_heard_where_nobody_speaks(transcriber: Transcriber, written: Write, samples: Sound) -> None:
    assert transcriber.transcribe(written(samples), "zh") == []


def test_half_a_second_of_sound_is_enough(transcriber: Transcriber, written: Write) -> None:
    for samples in (burst(500), noise(RATE // 2, 0.1)):
        words = _words(transcriber.transcribe(written(samples), "zh"))
        assert all(0 <= word.start_ms <= word.end_ms <= 500 for word in words)


def test_several_sounds_are_heard_as_each_alone(
    candidate: Candidate, transcriber: Transcriber, written: Write, tmp_path: Path
) -> None:
    many = getattr(transcriber, "transcribe_many", None)
    if many is None:
        pytest.skip("takes one sound at a time")
    broken = tmp_path / "broken.flac"
    broken.write_bytes(b"no sound")
    spoken = written(candidate.speech()[0]).rename(tmp_path / "spoken.flac")
    quiet = written(silence(2000))
    first, failed, nothing = many([spoken, broken, quiet], "zh")
    assert isinstance(failed, MediaError)
    assert nothing == []
    assert [word.text for word in _words(first)] == [word.text for word in _words(transcriber.transcribe(spoken, "zh"))]


def test_one_that_knows_languages_knows_this_one(candidate: Candidate, transcriber: Transcriber) -> None:
    ask = getattr(transcriber, "language_of", None)
    if ask is None:
        pytest.skip(f"{transcriber.info.name} knows no language by its sound")
    samples, _ = candidate.speech()
    language, probability = ask(samples)
    assert language == "zh" and 0.9 < probability <= 1
    for nothing in (silence(1000), noise(2000, 0.05), silence(0)):
        assert 0 <= ask(nothing)[1] <= 1
