"""What is measured of a dub, on rows and sounds made up so that the figures are known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dubwright.quality import dub_metrics
from dubwright.quality.dub_metrics import RATE, DubbedLine, Samples


def line(segment: int = 1, start: int | None = 0, length: int | None = 1000, **about: Any) -> DubbedLine:
    """A dub line at its original's time, unless `about` says otherwise."""
    given: dict[str, Any] = {
        "who": "陆晚晴",
        "text": "Hello, world.",
        "predicted_ms": 1000,
        "original_start_ms": start or 0,
        "original_end_ms": (start or 0) + 1000,
        "tempo": None if start is None else 1.0,
        "verdict": "fits",
        "reason": None,
        "cloned": False,
        "blob": None,
    }
    return DubbedLine(segment=segment, start_ms=start, duration_ms=length, **{**given, **about})


def noise(seconds: float, seed: int, level: float = 0.1) -> Samples:
    """Noise whose loudness changes as that of speech does."""
    rng = np.random.default_rng(seed)
    length = round(seconds * RATE)
    knots = np.arange(0, length + 800, 800)
    swell = np.interp(np.arange(length), knots, rng.uniform(0, 1, len(knots)))
    return np.asarray(level * swell * rng.normal(0, 1, length), np.float32)


def test_a_transcript_is_as_sure_as_its_lines_by_their_length() -> None:
    heard = [
        {"confidence": 0.9, "start_ms": 0, "end_ms": 3000},
        {"confidence": 0.1, "start_ms": 3000, "end_ms": 4000},
        {"confidence": None, "start_ms": 5000, "end_ms": 9000},
    ]
    assert dub_metrics.confidence(heard) == pytest.approx(0.7)
    assert dub_metrics.confidence([]) is dub_metrics.confidence(heard[2:]) is None


def test_lines_are_those_that_were_to_be_spoken_in_order_of_time() -> None:
    transcript = [
        {"segment": 2, "start_ms": 0, "end_ms": 900, "speaker": "S1", "character": "秦师父"},
        {"segment": 1, "start_ms": 1000, "end_ms": 1900, "speaker": "S2", "character": None},
        {"segment": 3, "start_ms": 2000, "end_ms": 2900, "speaker": None, "character": None},
        {"segment": 4, "start_ms": 3000, "end_ms": 3900, "speaker": None, "character": None},
    ]
    translation = [{"segment": 1, "text": "One.", "predicted_ms": 700}, {"segment": 2, "text": None}]
    dub = [
        {"segment": 1, "verdict": "late", "start_ms": 1200, "duration_ms": 500, "tempo": 1.1, "voice": "a"},
        {"segment": 2, "verdict": "unfit", "reason": "no room", "voice": None},
        {"segment": 3, "verdict": "fits", "start_ms": 2000, "duration_ms": 500, "tempo": 1.0, "voice": "b"},
        {"segment": 4, "verdict": "kept"},
        {"segment": 9, "verdict": "fits"},
        {"segment": None, "verdict": "mix", "blob": "x"},
    ]
    found = dub_metrics.lines_of(transcript, translation, dub)
    assert [(each.segment, each.who, each.span) for each in found] == [
        (2, "秦师父", None),
        (1, "a", (1200, 1700)),
        (3, "b", (2000, 2500)),
    ]
    assert [dub_metrics.onset_ms(each) for each in found] == [None, 200, 0]
    assert [dub_metrics.fit(each) for each in found] == [3, 2, 0]
    assert (found[1].text, found[1].predicted_ms, found[0].text) == ("One.", 700, "")
    # Where a person moved it is where it belongs.
    moved = [{"segment": 1, "start_ms": 1150, "end_ms": 1800}]
    (line_1,) = (each for each in dub_metrics.lines_of(transcript, moved, dub) if each.segment == 1)
    assert (line_1.original_start_ms, line_1.original_end_ms, dub_metrics.onset_ms(line_1)) == (1150, 1800, 50)


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        ({}, False),
        ({"predicted_ms": 3000}, True),
        ({"predicted_ms": 300}, True),
        ({"predicted_ms": 2600, "tempo": 1.35}, False),
        ({"predicted_ms": None}, False),
        ({"length": None}, False),
    ],
)
def test_a_length_that_the_text_cannot_have_is_noticed(about: dict[str, Any], expected: bool) -> None:
    assert dub_metrics.implausible(line(**about)) is expected


# Level ------------------------------------------------------------------------------------------------


def test_a_line_that_is_louder_than_its_speaker_s_others_stands_out() -> None:
    track = np.concatenate([noise(1, 1), noise(1, 1) * 4, noise(1, 1), noise(1, 1) / 10, np.zeros(RATE, np.float32)])
    lines = [line(number, 1000 * (number - 1)) for number in (1, 2, 3)] + [
        line(4, 3000, who="秦师父"),
        line(5, 4000, who="x"),
    ]
    found = dub_metrics.levels_db(track, lines)
    assert found[1] == found[3] == pytest.approx(0, abs=0.01)
    assert found[2] == pytest.approx(20 * np.log10(4), abs=0.01)
    # Who has one line alone is held against everybody.
    assert found[4] == pytest.approx(-20, abs=0.01)
    assert found[5] == -60
    assert dub_metrics.levels_db(track, [line(1, None, None)]) == {}
    # A span beyond the end, and one of no length worth a frame.
    assert dub_metrics.levels_db(track, [line(1, 99_000), line(2, 0, 3)]) == {1: 0, 2: 0}


# Residue ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("left_db", [-6.0, -12.0, -20.0])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_residue_is_how_loud_the_original_voice_still_is(left_db: float, seed: int) -> None:
    voice, bed, dub = noise(8, seed), noise(8, seed + 10, 0.05), noise(8, seed + 20)
    leak = voice * np.float32(10 ** (left_db / 20) * np.sqrt(np.mean(dub**2) / np.mean(voice**2)))
    parts = [dub_metrics.residue(bed + dub + leak, voice + bed, bed, spans) for spans in ([(0, 3000)], [(3500, 8000)])]
    found = dub_metrics.residue_db([part for part in parts if part])
    # Of the track, not of the dub alone.
    against = 10 * np.log10(np.mean(leak**2) / np.mean((bed + dub + leak) ** 2))
    assert found == pytest.approx(against, abs=2.0)


@pytest.mark.parametrize("seed", range(6))
def test_what_two_voices_have_in_common_by_chance_is_no_residue(seed: int) -> None:
    voice, bed, dub = noise(3, seed), noise(3, seed + 10, 0.05), noise(3, seed + 20)
    part = dub_metrics.residue(bed * 0.6 + dub, voice + bed, bed, [(0, 3000)])
    found = dub_metrics.residue_db([part] if part else [])
    assert found is not None and found < -25


def test_where_nobody_spoke_there_is_no_residue_to_tell() -> None:
    bed, dub = noise(2, 1), noise(2, 2)
    assert dub_metrics.residue(bed + dub, bed, bed, [(0, 2000)]) is None
    assert dub_metrics.residue(bed + dub, bed + dub, bed, []) is None
    assert dub_metrics.residue(np.zeros_like(bed), bed + dub, bed, [(0, 2000)]) is None
    assert dub_metrics.residue_db([]) is None
    # Sounds of different lengths, and spans beyond them.
    assert dub_metrics.residue(dub[:RATE], bed + dub, bed, [(-100, 900), (5000, 9000)]) is not None


def test_shared_parts_are_told_once() -> None:
    assert dub_metrics.shared((100, 900), [(0, 200), (150, 300), (800, 1000), (2000, 3000)]) == [
        (100, 200),
        (200, 300),
        (800, 900),
    ]
    assert dub_metrics.shared((0, 10), []) == []


# Likeness ---------------------------------------------------------------------------------------------


def test_likeness_is_to_the_speaker_s_other_lines_and_less_to_anybody_else() -> None:
    def at(degrees: float) -> list[float]:
        return [np.cos(np.radians(degrees)), np.sin(np.radians(degrees))]

    # The third line of A sounds like B.
    prints = np.array([at(0), at(10), at(90), at(90), at(80), at(45)], np.float32)
    found = dub_metrics.likenesses(prints, ["A", "A", "A", "B", "B", "C"])
    # Against the middle of 10° and 90°, which is 50°.
    assert found[0].own == pytest.approx(np.cos(np.radians(50)), abs=1e-5)
    assert found[2].own == pytest.approx(np.cos(np.radians(85)), abs=1e-5)
    assert found[2].margin is not None and found[2].margin < -0.8
    assert found[3].own == pytest.approx(np.cos(np.radians(10)), abs=1e-5)
    assert found[5].own is None and found[5].margin is None
    assert dub_metrics.likenesses(prints[:2], ["A", "A"])[0].margin is None
