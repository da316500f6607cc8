"""The picture's script is readable, its font has every character, its paths may be odd."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from dubwright.media import ffmpeg
from samples import picture
from samples.font.subset import FILE, needed
from samples.script import Script
from samples.sound import Span, Track

pytestmark = pytest.mark.slow


def _characters(font: Path) -> set[str]:
    """What a TrueType font's `cmap` covers (formats 4 and 12)."""
    data = font.read_bytes()
    tables = {data[at : at + 4]: struct.unpack_from(">I", data, at + 8)[0] for at in range(12, len(data), 16)[:20]}
    start = tables[b"cmap"]
    found: set[int] = set()
    for number in range(struct.unpack_from(">H", data, start + 2)[0]):
        table = start + struct.unpack_from(">I", data, start + 4 + 8 * number + 4)[0]
        kind = struct.unpack_from(">H", data, table)[0]
        if kind == 4:
            count = struct.unpack_from(">H", data, table + 6)[0] // 2
            ends = struct.unpack_from(f">{count}H", data, table + 14)
            starts = struct.unpack_from(f">{count}H", data, table + 16 + 2 * count)
            for first, last in zip(starts, ends, strict=True):
                found.update(range(first, last + 1))
        elif kind == 12:
            for group in range(struct.unpack_from(">I", data, table + 12)[0]):
                first, last, _ = struct.unpack_from(">III", data, table + 16 + 12 * group)
                found.update(range(first, last + 1))
    return {chr(code) for code in found}


def _track(whole: Script, number: int) -> Track:
    lines = tuple(Span(2000 + 2500 * at, 4000 + 2500 * at) for at in range(len(whole.episodes[number].lines)))
    silence = np.zeros(0, np.float32)
    return Track(silence, silence, lines, Span(5000, 6000), lines[-1].end_ms + 2000)


def test_the_font_has_every_character(whole: Script) -> None:
    covered = _characters(FILE)
    assert covered > set("灯父")
    for number, episode in enumerate(whole.episodes):
        shown = picture.script(whole.facts.title, episode, _track(whole, number), whole.parts)
        assert set(needed(shown)) <= covered, "cut the font anew: samples/font/subset.py"
    assert FILE.stat().st_size < 300_000
    assert "SIL OPEN FONT LICENSE Version 1.1" in (FILE.parent / "OFL.txt").read_text(encoding="utf-8")


def test_every_line_is_a_cue_that_fits_the_frame(whole: Script) -> None:
    for number, episode in enumerate(whole.episodes):
        shown = picture.script(whole.facts.title, episode, _track(whole, number), whole.parts)
        cues = [
            line.split(",", 4)[4] for line in shown.splitlines() if line.startswith("Dialogue: 9,") and ",Cue," in line
        ]
        assert [cue.replace(r"\N", "") for cue in cues] == [line.text for line in episode.lines]
        assert all(len(row) <= picture.LONGEST_ROW for cue in cues for row in cue.split(r"\N"))
        assert all(cue.count(r"\N") <= 1 for cue in cues)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("别点了。", "别点了。"),
        ("十一年了，这盏灯一夜都没有灭过。", r"十一年了，\N这盏灯一夜都没有灭过。"),
        ("一二三四五六七八九十一二三四", r"一二三四五六七\N八九十一二三四"),
    ],
)
def test_wide_lines_are_cut_in_two(text: str, shown: str) -> None:
    assert picture.rows(text) == shown


def test_a_path_with_everything_that_ffmpeg_minds(whole: Script, tmp_path: Path) -> None:
    folder = tmp_path / r"it's [a], b;c: d\e=%f 槐巷"
    folder.mkdir()
    ass = folder / "picture.ass"
    ass.write_text(picture.script("槐巷", whole.episodes[0], _track(whole, 0), whole.parts), encoding="utf-8")
    drawn = picture.arguments(whole.episodes[0], ass, duration_ms=3000)
    frame = ["-map", "[picture]", "-ss", "2.5", "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "gray", "pipe:1"]
    pixels = ffmpeg.run([*drawn, *frame], what="draw a frame", timeout_s=60).stdout
    grey = np.frombuffer(pixels, np.uint8).reshape(picture.HEIGHT, picture.WIDTH)
    white = np.argwhere(grey > 235)
    subtitle = white[(white[:, 0] > picture.HEIGHT * 2 // 3)]
    # 晚晴，把门口的灯点上。 is there, in the lower third, centred, inside the frame.
    assert len(subtitle) > 2000
    assert subtitle[:, 0].max() <= picture.SUBTITLE_BOTTOM
    assert abs(subtitle[:, 1].min() + subtitle[:, 1].max() - picture.WIDTH) < 40
    assert subtitle[:, 1].min() > 30
