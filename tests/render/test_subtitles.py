"""Cues and subtitle files: order, times, nothing lost, and hostile text that stays text."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

import pysubs2
import pytest
from hypothesis import assume, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from dubwright.reading import LINGER_MS, width
from dubwright.render.subtitles import Cue, Line, clean, make_cues, to_srt, to_vtt
from dubwright.settings import RenderSettings

SETTINGS = RenderSettings()
LANGUAGES = ["en", "es", "zh", "th", "ar", "hi", "ko", "ja"]
HOSTILE = r"""{\an8}{hid} A <b>b</b> <!-- x --> 1 < 2 & 00:00:01,000 --> 00:00:02,000 \N \h &lt; %s"""


@st.composite
def episodes(draw: st.DrawFn) -> tuple[list[Line], int]:
    total = draw(st.integers(2000, 60_000))
    lines = draw(
        st.lists(
            st.builds(
                lambda start, length, text: Line(start, start + length, text),
                st.integers(0, total + 500),
                st.integers(0, 9000),
                st.text(st.one_of(st.characters(), st.sampled_from("ab 你。ก<>{}-\\")), max_size=150),
            ),
            max_size=20,
        )
    )
    return lines, total


def fits(cues: list[Cue], total: int) -> None:
    for cue in cues:
        assert 0 <= cue.start_ms < cue.end_ms <= total
        assert cue.end_ms - cue.start_ms <= SETTINGS.cue_longest_ms
    for before, after in pairwise(cues):
        assert before.end_ms <= after.start_ms


@examples(max_examples=150, deadline=None)
@given(episodes(), st.sampled_from(LANGUAGES))
def test_cues_are_in_order_do_not_overlap_and_lose_no_text(episode: tuple[list[Line], int], language: str) -> None:
    lines, total = episode
    cues = make_cues(lines, language, total, SETTINGS)
    assume(len(cues) < total // 100)
    fits(cues, total)
    spoken = sorted(lines, key=lambda line: (line.start_ms, line.end_ms))
    assert "".join("".join(cue.lines) for cue in cues).replace(" ", "") == "".join(
        clean(line.text) for line in spoken
    ).replace(" ", "")


@examples(max_examples=60, deadline=None)
@given(episodes(), st.sampled_from(LANGUAGES))
def test_files_hold_exactly_the_cues(episode: tuple[list[Line], int], language: str) -> None:
    cues = make_cues(*[episode[0], language, episode[1]], SETTINGS)
    for text in (to_srt(cues, language), to_vtt(cues, language, "a\n-->\nnote")):
        blocks = re.findall(r"^\d+\n(\d[\d:.,]+) --> (\d[\d:.,]+)\n(.*?)\n\n", text, re.DOTALL | re.MULTILINE)
        assert len(blocks) == text.count("-->") == len(cues)
        for (start, end, body), cue in zip(blocks, cues, strict=True):
            assert pysubs2.time.timestamp_to_ms(re.split("[:.,]", start)) == cue.start_ms
            assert pysubs2.time.timestamp_to_ms(re.split("[:.,]", end)) == cue.end_ms
            assert len(body.split("\n")) == len(cue.lines)


def test_a_cue_starts_with_its_voice_and_ends_with_it_where_that_leaves_time_to_read() -> None:
    cues = make_cues([Line(1000, 4000, "Hello."), Line(6000, 8000, "There you are.")], "en", 10_000, SETTINGS)
    assert [(cue.start_ms, cue.end_ms) for cue in cues] == [(1000, 4000), (6000, 8000)]


def test_a_cue_outlasts_its_voice_by_at_most_12_frames_to_be_read() -> None:
    text = "This is spoken much faster than anyone can read it."
    (cue,) = make_cues([Line(0, 1000, text)], "en", 10_000, SETTINGS)
    assert cue.end_ms == 1000 + LINGER_MS
    (longer,) = make_cues([Line(0, 2300, text)], "en", 10_000, SETTINGS)
    assert longer.end_ms == 1000 * width("".join(longer.lines)) / 20 == 2500


def test_a_cue_reaches_its_shortest_time_where_there_is_room() -> None:
    cues = make_cues([Line(0, 100, "No!"), Line(500, 600, "Yes!"), Line(1950, 1990, "Oh")], "en", 2000, SETTINGS)
    assert [(cue.start_ms, cue.end_ms) for cue in cues] == [(0, 420), (500, 1333), (1750 - 80, 2000)]


def test_a_cue_stays_no_longer_than_the_longest_time() -> None:
    (cue,) = make_cues([Line(0, 20_000, "Aaah!")], "en", 30_000, SETTINGS)
    assert (cue.start_ms, cue.end_ms) == (0, 7000)


def test_a_long_line_becomes_cues_that_share_its_time_by_their_length() -> None:
    text = "I told you never to come back here, and yet here you are, standing at my door as if nothing happened."
    cues = make_cues([Line(1000, 7000, text), Line(8000, 9000, "Next.")], "en", 10_000, SETTINGS)
    assert [len(cue.lines) for cue in cues] == [2, 2, 1]
    assert cues[0].start_ms == 1000
    share = width("".join(cues[0].lines)) / sum(width("".join(cue.lines)) for cue in cues[:2])
    assert cues[1].start_ms == pytest.approx(1000 + 6000 * share, abs=1)
    assert cues[0].end_ms == cues[1].start_ms - SETTINGS.cue_gap_ms
    assert cues[1].end_ms == 7000


def test_a_long_line_spoken_fast_takes_the_pause_behind_it() -> None:
    text = "I told you never to come back here, and yet here you are, standing at my door as if nothing happened."
    cues = make_cues([Line(0, 400, text), Line(5000, 6000, "Next.")], "en", 10_000, SETTINGS)
    assert all(cue.end_ms - cue.start_ms >= SETTINGS.cue_shortest_ms for cue in cues)


def test_lines_that_start_together_are_shown_after_one_another() -> None:
    cues = make_cues([Line(500, 1500, "One"), Line(500, 1400, "Two"), Line(510, 1600, "Three")], "en", 5000, SETTINGS)
    fits(cues, 5000)
    assert [cue.lines for cue in cues] == [("Two",), ("One",), ("Three",)]
    assert all(cue.end_ms - cue.start_ms >= 250 for cue in cues)


def test_a_caption_gives_way_to_lines() -> None:
    spoken = [Line(2000, 3000, "Who is there?"), Line(3500, 5000, "Nobody.")]
    cues = make_cues([Line(0, 5000, "Three years later", aside=True), *spoken], "en", 9000, SETTINGS)
    assert [(cue.start_ms, cue.lines) for cue in cues] == [
        (0, ("Three years later",)),
        (2000, ("Who is there?",)),
        (3500, ("Nobody.",)),
    ]
    # Where a line leaves it no time to be read, it is not shown; on its own it is.
    short = Line(2100, 3300, "The palace", aside=True)
    assert make_cues([short, *spoken], "en", 9000, SETTINGS) == make_cues(spoken, "en", 9000, SETTINGS)
    assert [cue.lines for cue in make_cues([short], "en", 9000, SETTINGS)] == [("The palace",)]


def test_hostile_text_is_shown_and_commands_nothing() -> None:
    cues = make_cues([Line(0, 5000, HOSTILE)], "en", 9000, SETTINGS)
    shown = clean(HOSTILE)
    assert "{" not in shown
    assert "\\" not in shown
    for format_, text in (("srt", to_srt(cues, "en")), ("vtt", to_vtt(cues, "en"))):
        assert text.count("-->") == len(cues)
        read = pysubs2.SSAFile.from_string(text, format_=format_)
        assert len(read) == len(cues)
        body = " ".join(event.text.replace(r"\N", " ") for event in read)
        if format_ == "vtt":
            body = body.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
        # Full-width forms are the same characters to Unicode's compatibility mapping.
        assert unicodedata.normalize("NFKC", body) == unicodedata.normalize("NFKC", shown)


@pytest.mark.parametrize("text", ["a\u202eb\u2066c", "a\u202bb", "x\x00y\x1b[31mz", "one\n\ntwo\u2028three"])
def test_controls_are_taken_out(text: str) -> None:
    assert not re.search("[\x00-\x1f\u2028\u202a-\u202e\u2066-\u2069]", clean(text))


def test_joiners_that_spelling_needs_stay() -> None:
    assert clean("می\u200cخواهم क्\u200dष") == "می\u200cخواهم क्\u200dष"


def test_right_to_left_lines_keep_their_direction_beside_latin_names_and_full_stops() -> None:
    cues = make_cues([Line(0, 2000, "Li Wei قال لك.")], "ar", 3000, SETTINGS)
    for text in (to_srt(cues, "ar"), to_vtt(cues, "ar")):
        assert "\u200fLi Wei قال لك.\u200f" in text
    assert "\u200f" not in to_srt(make_cues([Line(0, 2000, "Hi")], "en", 3000, SETTINGS), "en")


def test_the_note_stands_in_the_vtt_before_its_cues() -> None:
    cues = make_cues([Line(0, 2000, "Hi")], "en", 3000, SETTINGS)
    assert to_vtt(cues, "en", "made by machine").startswith("WEBVTT\n\nNOTE made by machine\n\n1\n00:00:00.000 --> ")
    assert to_vtt([], "en", "made by machine") == "WEBVTT\n\nNOTE made by machine\n\n"
    assert to_srt([], "en") == ""
