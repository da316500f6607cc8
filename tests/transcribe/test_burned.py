"""Burned-in subtitles: found where they stand, told apart from all else that is written in a picture, read once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from dubwright.errors import MediaError
from dubwright.transcribe import burned
from dubwright.transcribe.burned import Burned, Line
from tests.media import clips
from tests.transcribe import pictures
from tests.transcribe.pictures import LANDSCAPE, Drawn, KnowingReader

pytestmark = pytest.mark.slow

TWO_FRAMES_MS = 80
SPOKEN = ("你到底是什么人？", "我没有出过一分钱，", "十一年前的大火里，")
DIALOGUE = (
    Drawn(SPOKEN[0], 520, 1800),
    Drawn(SPOKEN[1], 1800, 3200),
    Drawn(SPOKEN[2], 3720, 5400),
)

Read = Callable[..., Burned]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Draws a clip and reads it, knowing what was drawn."""

    def draw_and_read(
        drawn: Sequence[Drawn], *, within: tuple[float, float] | None = None, language: str = "zh", **clip: object
    ) -> Burned:
        video = pictures.make(tmp_path / "clip.mp4", drawn, **clip)  # type: ignore[arg-type]
        texts = [row for each in drawn for row in each.text.split(r"\N")]
        return burned.read(video, KnowingReader(list(dict.fromkeys(texts)), tmp_path), language, within=within)

    return draw_and_read


def assert_as_drawn(found: Sequence[Line], drawn: Sequence[Drawn]) -> None:
    assert [line.text for line in found] == [each.text.replace(r"\N", "") for each in drawn]
    for line, each in zip(found, drawn, strict=True):
        assert abs(line.start_ms - each.start_ms) <= TWO_FRAMES_MS, line
        assert abs(line.end_ms - each.end_ms) <= TWO_FRAMES_MS, line


def test_each_subtitle_of_a_portrait_clip_has_its_text_times_and_box(read: Read) -> None:
    found = read(DIALOGUE)
    assert_as_drawn(found.lines, DIALOGUE)
    assert not found.others and not found.why and found.band
    for line in found.lines:
        middle, lower = line.box.centre[0], line.box.bottom
        assert abs(middle - 180) < 10 and abs(lower - 0.78 * 640) < 10 and 14 <= line.box.height <= 34
        assert found.band.top <= line.box.y and line.box.bottom <= found.band.bottom


def test_each_subtitle_is_read_once(tmp_path: Path) -> None:
    reader = KnowingReader(SPOKEN, tmp_path)
    burned.read(pictures.make(tmp_path / "clip.mp4", DIALOGUE), reader, "zh")
    assert sorted(reader.read_lines) == sorted(SPOKEN)


def test_a_picture_without_text_has_no_band_and_says_so(read: Read) -> None:
    found = read([], background=pictures.LAMPS)
    assert found.band is None and not found.lines and "no text" in found.why


def test_two_rows_are_one_subtitle_in_a_landscape_picture(read: Read) -> None:
    drawn = [
        Drawn(r"师父，整条街都停电了，\N谁还会来？", 600, 2600, y=0.93),
        Drawn(SPOKEN[0], 2800, 4000, y=0.93),
        Drawn(SPOKEN[1], 4200, 5600, y=0.93),
    ]
    assert_as_drawn(read(drawn, size=LANDSCAPE).lines, drawn)


def test_english_subtitles_are_no_source_text(read: Read) -> None:
    drawn = [Drawn("Who are you?", 520, 2000), Drawn("I never asked for this", 2200, 4400)]
    found = read(drawn)
    assert not found.lines and "not in Hani" in found.why
    assert_as_drawn(found.others, drawn)
    assert {line.script for line in found.others} == {"Latn"}


def test_of_bilingual_subtitles_the_source_language_is_taken_by_its_script(read: Read) -> None:
    english = ("Who are you?", "I paid nothing", "In that fire")
    lower = [Drawn(text, each.start_ms, each.end_ms, y=0.83) for text, each in zip(english, DIALOGUE, strict=True)]
    found = read([*DIALOGUE, *lower])
    assert_as_drawn(found.lines, DIALOGUE)
    assert_as_drawn(found.others, lower)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(Drawn("半块玉佩", 0, 6000, y=0.08), id="logo in the middle"),
        pytest.param(Drawn("半块玉佩", 0, 6000, y=0.72, x=0.86, height=0.05), id="watermark at the side"),
        pytest.param(
            Drawn(
                "半块玉佩，怎么会在你手里？沈氏集团", 0, 6000, tags=r"\move({w}*2,620,-{w},620)".replace("{w}*2", "720")
            ),
            id="ticker",
        ),
        pytest.param(Drawn(r"沈\N知\N夏", 800, 4000, y=0.6, x=0.2), id="vertical caption"),
        pytest.param(Drawn(r"沈知夏\N陆晚晴\N秦师父\N半块玉佩\N沈氏集团", 5440, 6000, y=0.6), id="end card"),
    ],
)
def test_other_writing_in_the_picture_is_left_alone(read: Read, other: Drawn) -> None:
    found = read([*DIALOGUE, other])
    assert_as_drawn(found.lines, DIALOGUE)
    assert not [line for line in found.captions if line.end_ms - line.start_ms > 1000]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(Drawn("半块玉佩", 0, 12000, y=0.8), id="standing text"),
        pytest.param(Drawn("半块玉佩，怎么会在你手里？", 0, 12000, tags=r"\move(600,600,-240,600)"), id="ticker"),
        pytest.param(
            Drawn(r"沈知夏\N\N陆晚晴\N\N秦师父\N\N沈氏集团\N\N半块玉佩", 0, 12000, tags=r"\move(180,900,180,0)"),
            id="credits",
        ),
        pytest.param(Drawn("槐巷不灭灯", 0, 2000, y=0.3, height=0.1), id="title"),
    ],
)
def test_writing_that_is_no_subtitle_makes_no_band(read: Read, other: Drawn) -> None:
    found = read([other], seconds=12.0)
    assert not found.lines and not found.others and found.why
    assert len(found.captions) == (other.y == 0.3)  # the title


def test_a_clip_of_four_seconds_with_one_subtitle(read: Read) -> None:
    drawn = [Drawn(SPOKEN[0], 1000, 2600)]
    assert_as_drawn(read(drawn, seconds=4.0).lines, drawn)


def test_white_text_on_a_bright_picture_that_moves(read: Read) -> None:
    assert_as_drawn(read(DIALOGUE, background=pictures.LAMPS).lines, DIALOGUE)


def test_a_fade_counts_from_where_it_can_be_seen(read: Read) -> None:
    drawn = [Drawn(each.text, each.start_ms, each.end_ms, tags=r"\fad(240,240)") for each in DIALOGUE]
    assert_as_drawn(read(drawn).lines, drawn)


@pytest.mark.parametrize(
    "tags",
    [
        pytest.param(r"\1c&H60F0FF&", id="yellow"),
        pytest.param(r"\bord0\shad2", id="with a shadow only"),
        pytest.param(r"\bord1\fs20", id="small"),
        pytest.param(r"\bord6\3c&H000000&\3a&H60&", id="on something dark that shines through"),
    ],
)
def test_subtitles_are_drawn_in_many_ways(read: Read, tags: str) -> None:
    drawn = [Drawn(each.text, each.start_ms, each.end_ms, tags=tags) for each in DIALOGUE]
    assert_as_drawn(read(drawn).lines, drawn)


@pytest.mark.parametrize("y", [0.15, 0.5, 0.95])
def test_a_band_may_stand_at_any_height(read: Read, y: float) -> None:
    drawn = [Drawn(SPOKEN[at % 3], 400 + 1200 * at, 1600 + 1200 * at, y=y) for at in range(6)]
    assert_as_drawn(read(drawn, seconds=8.0).lines, drawn)


def test_frames_that_are_not_evenly_spaced(read: Read) -> None:
    uneven = pictures.STILL + ",select=mod(n\\,5)*mod(n\\,7)"
    assert_as_drawn(read(DIALOGUE, background=uneven, options=("-fps_mode", "vfr")).lines, DIALOGUE)


def test_a_line_that_is_replaced_by_a_longer_one_keeps_its_end(read: Read) -> None:
    drawn = [
        Drawn("你胡说八道！", 600, 1840),
        Drawn("我没有出过一分钱，", 1840, 3400),
        Drawn("那你认识这个吗？", 3400, 5200),
    ]
    assert_as_drawn(read(drawn).lines, drawn)


def test_two_phrases_in_a_row_are_parted_by_a_comma(read: Read) -> None:
    drawn = [Drawn("姐姐　让她说。", 600, 2600), Drawn("沈知夏　我没有出过一分钱", 2800, 5200)]
    found = read(drawn)
    assert [line.text for line in found.lines] == ["姐姐，让她说。", "沈知夏，我没有出过一分钱"]


@pytest.mark.parametrize("tags", ["", r"\fad(200,200)"], ids=["at once", "in a fade"])
def test_a_caption_stands_aside_of_the_subtitles_for_a_while(read: Read, tags: str) -> None:
    caption = Drawn("十一年前", 1400, 4200, y=0.3, tags=tags)
    found = read([*DIALOGUE, caption])
    assert_as_drawn(found.lines, DIALOGUE)
    assert_as_drawn(found.captions, [caption])
    assert abs(found.captions[0].box.centre[0] - 180) < 10 and abs(found.captions[0].box.bottom - 0.3 * 640) < 10


def test_a_caption_is_kept_where_there_are_no_subtitles(read: Read) -> None:
    caption = Drawn("十一年前", 3000, 6000, y=0.3)
    found = read([caption], seconds=12.0)
    assert found.band is None and found.why
    assert_as_drawn(found.captions, [caption])


def test_one_subtitle_is_enough_where_the_series_has_its_band(read: Read) -> None:
    drawn = [Drawn(SPOKEN[0], 3000, 6000)]
    assert read(drawn, seconds=12.0).band is None
    known = read(DIALOGUE).band
    assert known
    within = (known.top / known.height, known.bottom / known.height)
    assert_as_drawn(read(drawn, seconds=12.0, within=within).lines, drawn)


def test_nothing_elsewhere_is_taken_for_subtitles_where_the_series_has_its_band(read: Read) -> None:
    assert read(DIALOGUE).lines
    found = read(DIALOGUE, within=(0.05, 0.3))
    assert found.band is None and not found.lines
    assert "where the series has it" in found.why


def test_a_file_that_asks_to_be_turned_is_read_upright(tmp_path: Path) -> None:
    lying = ("-vf", "transpose=cclock")
    pictures.make(tmp_path / "lying.mp4", DIALOGUE, options=lying)
    turned = tmp_path / "turned.mp4"
    clips._ffmpeg(["-display_rotation", "-90", "-i", str(tmp_path / "lying.mp4"), "-c", "copy"], turned)
    found = burned.read(turned, KnowingReader(SPOKEN, tmp_path), "zh")
    assert_as_drawn(found.lines, DIALOGUE)
    assert all(abs(line.box.centre[0] - 180) < 10 for line in found.lines)


def test_frames_of_another_size_are_left_out(tmp_path: Path) -> None:
    parts = [tmp_path / "one.ts", tmp_path / "two.ts"]
    for part, size, at_s in zip(parts, (pictures.PORTRAIT, LANDSCAPE), (0, 6), strict=True):
        pictures.make(part, DIALOGUE, size=size, options=("-f", "mpegts", "-output_ts_offset", str(at_s)))
    video = tmp_path / "both.ts"
    video.write_bytes(b"".join(part.read_bytes() for part in parts))
    assert_as_drawn(burned.read(video, KnowingReader(SPOKEN, tmp_path), "zh").lines, DIALOGUE)


def test_a_script_that_the_reader_does_not_read_is_said(read: Read) -> None:
    found = read(DIALOGUE, language="ko")
    assert found.band is None and "does not read Kore" in found.why


def test_what_is_no_video_is_a_media_error(tmp_path: Path) -> None:
    with pytest.raises(MediaError):
        burned.read(clips.make_text(tmp_path / "text.mp4"), KnowingReader([], tmp_path), "zh")
    with pytest.raises(MediaError):
        burned.read(clips.make_sound_only(tmp_path / "sound.mp4"), KnowingReader([], tmp_path), "zh")
