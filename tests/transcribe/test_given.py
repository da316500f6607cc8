"""Subtitles and scripts that come with a video, as people's programs write them and as they get spoilt."""

from __future__ import annotations

from pathlib import Path

import opencc
import pytest
from hypothesis import given as supposing
from hypothesis import settings
from hypothesis import strategies as st

from dubwright.errors import DubwrightError, InputError
from dubwright.transcribe import given
from dubwright.transcribe.given import Given, GivenLine

SRT = """1
00:00:01,000 --> 00:00:02,000
晚晴，把门口的灯点上。

2
00:00:03,000 --> 00:00:05,500
师父，整条街都停电了，
谁还会来？
"""
SAID = ["晚晴，把门口的灯点上。", "师父，整条街都停电了，谁还会来？"]

ASS = """[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname
Style: Default,Arial

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:03.00,0:00:04.50,Default,沈砚舟,0,0,0,,{\\i1}你好{\\i0}\\N我来了，坐{comment}吧
Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,{\\p1}m 0 0 l 100 0 100 100{\\p0}
Dialogue: 0,0:00:01.00,0:00:02.00,Sign - 店名,,0,0,0,,{\\pos(1,2)}灯笼铺
Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,{\\an8}三年后
Dialogue: 0,0:00:05.00,0:00:06.00,OP1,,0,0,0,,月亮出来了
Dialogue: 0,0:00:06.00,0:00:07.00,Default,,0,0,0,,{\\k20}月{\\k30}亮
Dialogue: 0,0:00:08.00,0:00:09.00,Default,,0,0,0,,同一句
Dialogue: 1,0:00:08.00,0:00:09.00,Default,,0,0,0,,{\\bord3}同一句
Dialogue: 0,never,0:00:09.00,Default,,0,0,0,,坏了
Dialogue: 0
Comment: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,不显示
"""


def _read(content: str | bytes, name: str = "01.srt", language: str = "zh", cast: tuple[str, ...] = ()) -> Given:
    return given.read(content.encode() if isinstance(content, str) else content, name, language, cast)


def _texts(found: Given) -> list[str]:
    return [line.text for line in found.lines]


def _cue(text: str, times: str = "00:00:01,000 --> 00:00:02,000") -> str:
    return f"1\n{times}\n{text}\n\n"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "gb18030", "gbk"]
)
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_srt_in_any_encoding(encoding: str, ends: str) -> None:
    found = _read(SRT.replace("\n", ends).encode(encoding))
    assert found == Given((GivenLine(1000, 2000, SAID[0]), GivenLine(3000, 5500, SAID[1])), True)


def test_traditional_characters_in_big5() -> None:
    written = opencc.OpenCC("s2t").convert(SRT)
    assert _texts(_read(written.encode("big5"))) == SAID
    assert _texts(_read(SRT.encode("gb18030"), language="zh-TW")) == [opencc.OpenCC("s2t").convert(row) for row in SAID]
    assert _texts(_read(_cue("¿Qué haces?").encode("cp1252"), language="es")) == ["¿Qué haces?"]


def test_files_and_content_are_the_same(tmp_path: Path) -> None:
    path = tmp_path / "01.srt"
    path.write_text(SRT, encoding="utf-8")
    assert given.read(path, path.name, "zh") == _read(SRT)
    with pytest.raises(InputError, match=r"01\.ass"):
        given.read(tmp_path / "01.ass", "01.ass", "zh")


def test_ass_without_its_styling() -> None:
    found = _read(ASS, "01.ass")
    assert [(line.start_ms, line.text, line.kind, line.speaker) for line in found.lines] == [
        (1000, "灯笼铺", "caption", None),
        (1000, "三年后", "caption", None),
        (3000, "你好，我来了，坐吧", "dialogue", "沈砚舟"),
        (5000, "月亮出来了", "song", None),
        (6000, "月亮", "song", None),
        (8000, "同一句", "dialogue", None),
    ]


def test_ssa_with_other_fields() -> None:
    written = "[Events]\nFormat: Start, End, Text\nDialogue: 0:00:01.00,0:00:02.00,你好，再见\n"
    assert _read(written, "01.ssa").lines == (GivenLine(1000, 2000, "你好，再见"),)


def test_webvtt() -> None:
    written = (
        "WEBVTT - 第一集\n\nNOTE 别管\n这个\n\nSTYLE\n::cue {}\n\nfirst\n00:01.000 --> 00:02.000 align:start\n"
        "<v 沈砚舟>你好 &amp; <c.loud>再见</c></v>\n\n01:00:03.000 --> 01:00:04.000\n啦<01:00:03.500>啦\n\nNOTE 完\n"
    )
    assert _read(written, "01.vtt").lines == (
        GivenLine(1000, 2000, "你好&再见", "dialogue", "沈砚舟"),
        GivenLine(3_603_000, 3_604_000, "啦啦"),
    )


@pytest.mark.parametrize(
    ("times", "start_ms", "end_ms"),
    [
        ("-00:00:01,000 --> 00:00:02,000", 0, 2000),
        ("00:00:01.5 --> 0:00:02", 1500, 2000),
        ("00:01 --> 00:02", 1000, 2000),
        ("00:00:01,000 -> 00:00:02,000", 1000, 2000),
        ("00:00:01,000 --> 00:00:02,000 X1:10 X2:20", 1000, 2000),
        ("00:00:01,000 --> 00:00:01,000", 1000, 1600),
        ("00:00:05,000 --> 00:00:01,000", 5000, 5600),
    ],
)
def test_odd_times(times: str, start_ms: int, end_ms: int) -> None:
    assert _read(_cue("好啊", times)).lines == (GivenLine(start_ms, end_ms, "好啊"),)


def test_cues_in_disorder() -> None:
    written = (
        _cue("三", "00:00:09,000 --> 00:00:10,000")
        + _cue("一", "00:00:01,000 --> 00:00:05,000")
        + _cue("二", "00:00:02,000 --> 00:00:02,000")
        + _cue("太晚", "99:00:00,000 --> 99:00:01,000")
        + _cue("台标", "00:00:00,000 --> 00:40:00,000")
        + _cue("坏了", "00:00:xx --> 00:00:01,000")
        + "00:00:11,000 --> 00:00:12,000\n没有号\n00:00:13,000 --> 00:00:14,000\n没有空行\n7\n"
    )
    found = _read(written)
    assert [(line.text, line.start_ms) for line in found.lines if line.kind == "dialogue"] == [
        ("一", 1000), ("二", 2000), ("三", 9000), ("没有号", 11000), ("没有空行 7".replace(" ", ""), 13000),
    ]  # fmt: skip
    assert [line.text for line in found.lines if line.kind == "caption"] == ["台标"]
    assert all(line.end_ms > line.start_ms for line in found.lines if line.end_ms and line.start_ms)


def test_what_lines_say_of_themselves() -> None:
    found = _read(
        _cue("♪♪") + _cue("（门铃响）") + _cue("♪ 月亮 ♪") + _cue("众人：恭喜")
        + _cue("- 你来了\n- 来了吗") + _cue("{\\an8}沈砚舟：<b>走</b>"),
        cast=("沈砚舟",),
    )  # fmt: skip
    assert [(line.text, line.kind, line.speaker) for line in found.lines] == [
        ("月亮", "song", None),
        ("恭喜", "crowd", None),
        ("你来了", "dialogue", None),
        ("来了吗", "dialogue", None),
        ("走", "caption", "沈砚舟"),
    ]
    assert [(line.start_ms, line.end_ms) for line in found.lines[2:4]] == [(1000, 1500), (1500, 2000)]


def test_bilingual_files_keep_the_languages_own_rows() -> None:
    rows = _cue("你好，我走\nHello, I go") + _cue("Who are you?\n你是谁？", "00:00:03,000 --> 00:00:04,000")
    assert _texts(_read(rows)) == ["你好，我走", "你是谁？"]
    assert _texts(_read(rows, language="en")) == ["Hello, I go", "Who are you?"]
    beside = _cue("你好") + _cue("Hello there")
    assert _texts(_read(beside)) == ["你好"]
    # A few foreign words are the drama's own.
    assert _texts(_read(_cue("你好") + _cue("OK", "00:00:03,000 --> 00:00:04,000"))) == ["你好", "OK"]


def test_a_script() -> None:
    written = """\ufeff第1集 雨夜来客
1-1 夜 内 灯笼铺
人物：沈砚舟、陆晚晴
△沈砚舟推门进来。
沈砚舟：（冷笑）你来了。
陆晚晴（OS）：他變了。
沈砚舟: 走。
女：是
女：好
记住：别回头
众人：恭喜
众人：恭喜恭喜
还有一句
"""
    found = _read(written, "01.txt", cast=("陆晚晴",))
    assert not found.timed and all(line.start_ms is line.end_ms is None for line in found.lines)
    assert [(line.text, line.kind, line.speaker) for line in found.lines] == [
        ("你来了。", "dialogue", "沈砚舟"),
        ("他变了。", "offscreen", "陆晚晴"),
        ("走。", "dialogue", "沈砚舟"),
        ("是", "dialogue", "女"),
        ("好", "dialogue", "女"),
        ("记住：别回头", "dialogue", None),
        ("恭喜", "crowd", None),
        ("恭喜恭喜", "crowd", None),
        ("还有一句", "dialogue", None),
    ]


def test_subtitles_under_another_name() -> None:
    assert _read(SRT, "01.txt") == _read(SRT)
    assert _read(ASS, "01.srt") == _read(ASS, "01.ass")


@pytest.mark.parametrize(
    ("content", "name", "line", "problem"),
    [
        (b"", "01.srt", 1, "no cue"),
        (b"", "01.txt", 1, "no line"),
        ("你好".encode(), "01.srt", 1, "no cue"),
        (_cue("好", "00:00:xx --> 00:00:02,000").encode(), "01.srt", 2, "times"),
        (b"[Events]\nDialogue: 0,never,ever,,,,,,,x", "01.ass", 2, "times"),
        (_cue("Hello there").encode(), "01.srt", 2, "not in Chinese"),
        (_cue("♪♪").encode(), "01.srt", 2, "nothing"),
        (b"\x00\x01\x02" * 1000, "01.srt", 1, "no text"),
        (bytes(range(256)) * 9, "01.srt", 2, "no text"),
        (b"\x1aE\xdf\xa3\x93B\x82\x88matroska\n\xff\xfe\x00\xff" * 50, "01.txt", 1, "no text"),
        (("好" * 3000).encode(), "01.txt", 1, "no line"),
        ("好\n".encode() * (given.MOST_LINES + 1), "01.txt", given.MOST_LINES + 1, "more than"),
    ],
)
def test_what_is_no_use(content: bytes, name: str, line: int, problem: str) -> None:
    with pytest.raises(InputError, match=problem) as caught:
        _read(content, name)
    error: DubwrightError = caught.value
    assert (error.where, error.field) == (name, f"line {line}") and error.remedy and not error.transient


def test_what_is_too_large() -> None:
    with pytest.raises(InputError, match="larger"):
        _read(b"x" * (given.LARGEST_BYTES + 1))


@pytest.mark.slow
@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "part", [" ", "{", "<v ", "{\\p1}", "-->", "Dialogue: 0,", "：", "\n", "(", "1\n00:00:01,0 --> 0:1\nx\n"]
)
def test_large_files_take_no_longer_than_they_are(part: str) -> None:
    for name in ("01.srt", "01.ass", "01.txt"):
        try:
            found = _read("[Events]\nDialogue: 0,0:00:01.00,0:00:02.00,,,,,,,好" + part * (500_000 // len(part)), name)
        except InputError:
            continue
        assert len(found.lines) <= given.MOST_LINES


@settings(max_examples=150, deadline=None)
@supposing(st.text(st.sampled_from("1:0,. ->\n{}\\N<>&;好a：-♪(）\ud800\ufeff\u202e"), max_size=120))
def test_any_text_is_lines_or_an_error(written: str) -> None:
    content = ("1\n00:00:01,000 --> 00:00:02,000\n好" + written).encode("utf-8", "surrogatepass")
    try:
        found = _read(content)
    except InputError as error:
        assert error.where == "01.srt" and error.remedy
        return
    assert all(line.text for line in found.lines)
    assert all(0 <= (line.start_ms or 0) <= (line.end_ms or 0) for line in found.lines)


@settings(max_examples=100, deadline=None)
@supposing(st.binary(max_size=300))
def test_any_bytes_are_lines_or_an_error(content: bytes) -> None:
    for name in ("01.srt", "01.txt"):
        try:
            _read(content, name)
        except InputError as error:
            assert error.field or error.remedy
