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


def test_a_picture_without_text_has_none(reader: RapidOcr, tmp_path: Path) -> None:
    found = burned.read(pictures.make(tmp_path / "clip.mp4", [], size=SIZE, background=pictures.NOISE), reader, "zh")
    assert found.band is None and found.why
