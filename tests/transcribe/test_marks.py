"""What a subtitle says of itself, in full-width and half-width, Chinese and English."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dubwright.transcribe import marks
from dubwright.transcribe.marks import Marked

CAST = ("沈砚舟", "甲")


@pytest.mark.parametrize(
    ("written", "text", "kind", "speaker"),
    [
        ("你来了。", "你来了。", "dialogue", None),
        ("♪ 月亮代表我的心 ♪", "月亮代表我的心", "song", None),
        ("♫月亮♫", "月亮", "song", None),
        ("# la la la #", "la la la", "song", None),
        ("【歌曲】月亮代表我的心", "月亮代表我的心", "song", None),
        ("（唱）月亮", "月亮", "song", None),
        ("(singing) moon", "moon", "song", None),
        ("片尾曲：月亮", "月亮", "song", None),
        ("♪ (in French) la vie ♪", "la vie", "song", None),
        ("众人：恭喜！", "恭喜！", "crowd", None),
        ("众:恭喜", "恭喜", "crowd", None),
        ("众大臣：万岁！", "万岁！", "crowd", None),
        ("(众人) 恭喜", "恭喜", "crowd", None),
        ("ALL: hooray", "hooray", "crowd", None),
        ("OS：她变了。", "她变了。", "offscreen", None),
        ("(O.S.) Hello?", "Hello?", "offscreen", None),
        ("（画外音）三年前", "三年前", "offscreen", None),
        ("旁白：三年前", "三年前", "offscreen", None),
        ("（内心独白）我恨你", "我恨你", "offscreen", None),
        ("(电话里) 你在哪", "你在哪", "offscreen", None),
        ("[on phone] Hello?", "Hello?", "offscreen", None),
        ("沈砚舟：你来了", "你来了", "dialogue", "沈砚舟"),
        ("沈砚舟: 你来了", "你来了", "dialogue", "沈砚舟"),
        ("[沈砚舟] 你来了", "你来了", "dialogue", "沈砚舟"),
        ("沈砚舟（OS）：她变了。", "她变了。", "offscreen", "沈砚舟"),
        ("沈砚舟OS：她变了。", "她变了。", "offscreen", "沈砚舟"),
        ("沈砚舟 V.O.: 她变了", "她变了", "offscreen", "沈砚舟"),
        ("沈砚舟：（冷笑）你来了", "你来了", "dialogue", "沈砚舟"),
        ("JOHN (V.O.): Hi.", "Hi.", "offscreen", "JOHN"),
        ("Mary Ann: Hi.", "Hi.", "dialogue", "Mary Ann"),
        ("甲：好", "好", "dialogue", "甲"),
        ("秘书甲：沈总好", "沈总好", "dialogue", "秘书甲"),
        ("【三年后】", "三年后", "caption", None),
        ("（三年后）", "三年后", "caption", None),
        ("[Three years later]", "Three years later", "caption", None),
        ("字幕：完", "完", "caption", None),
        ("你走！（摔门声）", "你走！", "dialogue", None),
        ("（生气地）你走！", "你走！", "dialogue", None),
        ("[door slams] Who's there?", "Who's there?", "dialogue", None),
        ("你来了\n我走", "你来了 我走", "dialogue", None),
    ],
)
def test_marks(written: str, text: str, kind: str, speaker: str | None) -> None:
    assert marks.read(written, CAST) == Marked(text, kind, speaker)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "line",
    [
        "他说：好",
        "我告诉你：不",
        "记住：别回头",
        "你：好",
        "12:30见",
        "比分是3：2",
        "http://a.b/c",
        "Note: this",
        "——你是谁",
        "-5度",
        "他（指沈总）走了",
        "乙：好",
        "No. 1 #1",
    ],
)
def test_what_is_no_mark_stays(line: str) -> None:
    assert marks.turns(line, CAST) == (Marked(line),)


@pytest.mark.parametrize(
    "line",
    [
        "",
        " ",
        "♪♪",
        "♪ 音乐 ♪",
        "🎵",
        "(门铃响)",
        "[music]",
        "（叹气）",
        "【歌曲】",
        "（OS）",
        "……",
        "\u200b",
        "沈砚舟：",
        "()",
    ],
)
def test_what_nobody_says(line: str) -> None:
    assert marks.read(line, CAST) is None
    assert marks.turns(line, CAST) == ()


@pytest.mark.parametrize(
    "written",
    ["- 你来了 - 来了", "-你来了\n-来了", "– 你来了\n– 来了", "－你来了 －来了", "-你来了\n(关门声)\n-来了"],
)
def test_dashes_are_two_peoples(written: str) -> None:
    assert [line.text for line in marks.turns(written)] == ["你来了", "来了"]


def test_dashes_that_are_not() -> None:
    assert [line.text for line in marks.turns("- 你来了")] == ["你来了"]
    assert [line.text for line in marks.turns("等等 - 不对")] == ["等等 - 不对"]
    assert marks.turns("- 沈砚舟：走\n- ♪ 月亮 ♪", CAST) == (Marked("走", "dialogue", "沈砚舟"), Marked("月亮", "song"))


@settings(max_examples=150, deadline=None)
@given(st.text(st.sampled_from("（()）【】[]♪-—:： \n#沈砚舟众人OS.唱a1，\u202e\ud800"), max_size=40))
def test_any_text_is_read(written: str) -> None:
    for line in marks.turns(written, CAST):
        assert any(char.isalnum() for char in line.text)
        assert not set(line.text) & set("♪\n\u202e")
        assert line.speaker is None or len(line.speaker) <= marks.LONGEST_SPEAKER


@pytest.mark.timeout(20)
@pytest.mark.parametrize("part", ["(", "（）", "：", "- ", "♪", "a ", "沈", "(a", "#"])
def test_long_lines_take_no_longer_than_they_are(part: str) -> None:
    # A search that goes back and forth would take hours.
    marks.turns(part * 20_000, CAST)
