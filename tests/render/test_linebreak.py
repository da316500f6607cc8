"""Line breaking: widths held, nothing lost, few and even lines, breaks where a reader expects them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dubwright.reading import DEFAULT_PACE, pace, width
from dubwright.render.linebreak import break_text
from dubwright.render.subtitles import clean

TEXTS = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("abc ,.!? 你好，。！？“” กขคเาๆ่ि하ا\u200d👨🏽"),
    ),
    max_size=120,
)


@settings(max_examples=200, deadline=None)
@given(TEXTS.map(clean), st.sampled_from([10, 26, 32, 35, 42]))
def test_no_text_is_lost_and_no_line_is_too_wide(text: str, columns: int) -> None:
    cues = break_text(text, columns)
    assert "".join(line for cue in cues for line in cue).replace(" ", "") == text.replace(" ", "")
    for cue in cues:
        assert 1 <= len(cue) <= 2
        for line in cue:
            assert line == line.strip()
            assert line
            assert width(line) <= columns


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text("abcdefg", min_size=1, max_size=12), min_size=1, max_size=40).map(" ".join))
def test_words_are_broken_at_spaces_only(text: str) -> None:
    assert [word for cue in break_text(text, 42) for line in cue for word in line.split()] == text.split()


@pytest.mark.parametrize(
    ("language", "text", "cues"),
    [
        ("en", "", []),
        ("en", "Short.", [("Short.",)]),
        (
            "en",
            "Master Lin, the emperor has sent for you tonight.",
            [("Master Lin, the emperor", "has sent for you tonight.")],
        ),
        (
            "en",
            "I told you never to come back here, and yet here you are, standing at my door as if nothing happened.",
            [
                ("I told you never to come back here,", "and yet here you are,"),
                ("standing at my door as", "if nothing happened."),
            ],
        ),
        ("zh", "他说：“你好。”然后就走了，再也没有回来过。", [("他说：“你好。”然后就走了，", "再也没有回来过。")]),
        (
            "zh",
            "我告诉过你永远不要再回到这里，可是你现在却站在我的门口，好像什么都没发生过一样。",
            [("我告诉过你永远不要再回到这里，", "可是你现在却站在我的门口，"), ("好像什么都没发生过一样。",)],
        ),
        (
            "th",
            "ฉันบอกคุณแล้วว่าอย่ากลับมาที่นี่อีก แต่คุณก็ยังมายืนอยู่หน้าประตูบ้านของฉันเหมือนไม่มีอะไรเกิดขึ้น",
            [
                ("ฉันบอกคุณแล้วว่าอย่ากลับมาที่นี่อีก",),
                ("แต่คุณก็ยังมายืนอยู่หน้าประตูบ้านของฉัน", "เหมือนไม่มีอะไรเกิดขึ้น"),
            ],
        ),
        (
            "ko",
            "다시는 여기 오지 말라고 했잖아요 그런데 왜 왔어요",
            [("다시는 여기 오지 말라고", "했잖아요 그런데 왜 왔어요")],
        ),
    ],
)
def test_breaks_stand_where_a_reader_expects_them(language: str, text: str, cues: list[tuple[str, ...]]) -> None:
    assert break_text(text, pace(language).columns) == cues


def test_chinese_lines_neither_begin_with_a_full_stop_nor_end_with_an_opening_quote() -> None:
    for text in ("一二三四五六七八九十一二三四五六。“七八九十”", "一二三四五六七八九十一二三四五“七八九十”"):
        (lines,) = break_text(text, 32)
        assert not any(line[0] in "。”" or line[-1] == "“" for line in lines)


def test_an_accent_stays_with_its_letter() -> None:
    cues = break_text("e\u0301" * 50, 42)
    assert all(line.startswith("e") for cue in cues for line in cue)


@pytest.mark.parametrize(
    ("language", "columns", "per_second"),
    [("en", 42, 20), ("es", 42, 17), ("pt-BR", 42, 17), ("ar", 42, 20), ("th", 35, 17), ("zh-Hant", 32, 18)],
)
def test_pace_follows_the_style_guide(language: str, columns: int, per_second: float) -> None:
    assert (pace(language).columns, pace(language).per_second) == (columns, per_second)
    assert pace("sw") == DEFAULT_PACE
