"""The real reader on pictures that are drawn here; it is told nothing of what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from dubwright.quality import scores
from dubwright.transcribe import burned
from dubwright.transcribe.burned.rapidocr import RapidOcr
from tests.transcribe import pictures
from tests.transcribe.pictures import Drawn
from tests.transcribe.test_burned import DIALOGUE, assert_as_drawn

pytestmark = pytest.mark.models
SIZE = (720, 1280)


@pytest.fixture(scope="module")
def reader() -> RapidOcr:
    return RapidOcr(2)


@pytest.mark.parametrize("background", [pictures.STILL, pictures.NOISE], ids=["still", "bright, moving, noisy"])
def test_subtitles_are_read_as_they_were_drawn(reader: RapidOcr, tmp_path: Path, background: str) -> None:
    video = pictures.make(tmp_path / "clip.mp4", DIALOGUE, size=SIZE, background=background)
    found = burned.read(video, reader, "zh")
    assert scores.cer([each.text for each in DIALOGUE], [line.text for line in found.lines]) == 0
    for line, each in zip(found.lines, DIALOGUE, strict=True):
        assert abs(line.start_ms - each.start_ms) <= 80 and abs(line.end_ms - each.end_ms) <= 80, line
        assert line.score > 0.8


def test_the_two_halves_of_bilingual_subtitles_are_told_apart(reader: RapidOcr, tmp_path: Path) -> None:
    english = ("Who are you?", "I never paid for this", "It was in that fire")
    lower = [Drawn(text, each.start_ms, each.end_ms, y=0.83) for text, each in zip(english, DIALOGUE, strict=True)]
    found = burned.read(pictures.make(tmp_path / "clip.mp4", [*DIALOGUE, *lower], size=SIZE), reader, "zh")
    assert_as_drawn(found.lines, DIALOGUE)
    assert [line.text.replace(" ", "") for line in found.others] == [text.replace(" ", "") for text in english]


@pytest.mark.parametrize(
    "tags",
    [
        pytest.param(r"\1c&H00E6FF&", id="yellow"),
        pytest.param(r"\1c&HFFE600&", id="cyan"),
        pytest.param(r"\bord0\shad3", id="with a shadow only"),
        pytest.param(r"\bord1\fs36", id="small"),
    ],
)
def test_subtitles_are_read_however_they_are_drawn(reader: RapidOcr, tmp_path: Path, tags: str) -> None:
    drawn = [Drawn(each.text, each.start_ms, each.end_ms, tags=tags) for each in DIALOGUE]
    assert_as_drawn(burned.read(pictures.make(tmp_path / "clip.mp4", drawn, size=SIZE), reader, "zh").lines, drawn)


def test_what_else_is_written_is_told_from_subtitles(reader: RapidOcr, tmp_path: Path) -> None:
    logo = Drawn("半块玉佩", 0, 6000, y=0.06, x=0.85, height=0.04)
    ticker = Drawn("沈氏集团的人，怎么会在你手里？半块玉佩", 0, 6000, tags=r"\move(1100,1240,-380,1240)")
    place = Drawn("十一年前", 1400, 4200, y=0.3)
    name = Drawn(r"沈\N知\N夏", 2000, 4800, y=0.6, x=0.12)
    clip = pictures.make(tmp_path / "clip.mp4", [*DIALOGUE, logo, ticker, place, name], size=SIZE)
    found = burned.read(clip, reader, "zh")
    assert_as_drawn(found.lines, DIALOGUE)
    assert_as_drawn(found.captions, [place, name])


def test_english_subtitles_are_no_source_text(reader: RapidOcr, tmp_path: Path) -> None:
    drawn = [Drawn("Who are you?", 520, 2000), Drawn("I never asked for this", 2200, 4400)]
    found = burned.read(pictures.make(tmp_path / "clip.mp4", drawn, size=SIZE), reader, "zh")
    assert not found.lines and "not in Hani" in found.why and len(found.others) == 2


def test_a_picture_without_text_has_none(reader: RapidOcr, tmp_path: Path) -> None:
    found = burned.read(pictures.make(tmp_path / "clip.mp4", [], size=SIZE, background=pictures.NOISE), reader, "zh")
    assert found.band is None and found.why
