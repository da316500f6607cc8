from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dubwright.dub.wording import spoken


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Hello 😀❤️ <i>world</i>!", "Hello world!"),
        ("{\\an8}Come in.", "Come in."),
        ("[laughs] *Really*?", "Really?"),
        ("【叹气】Well…", "Well..."),
        ("See https://example.org/a now", "See now"),
        ("Wait — stop", "Wait, stop"),
        ("50% & $3, O'Neill", "50% & $3, O'Neill"),
        ("می‌خواهم", "می‌خواهم"),
        ("है ना?", "है ना?"),
        ("แม่ทัพ ครับ", "แม่ทัพ ครับ"),
        ("如果 a < b > c", "如果 a b c"),
        ("👩‍👩‍👧", ""),
        ("...!? ♪♪", ""),
        ("", ""),
        ("\0\x07red\n\ttext", "red text"),
    ],
)
def test_only_what_is_said_is_spoken(text: str, said: str) -> None:
    assert spoken(text) == said


@given(st.text(max_size=200))
def test_whatever_comes_is_one_clean_line(text: str) -> None:
    said = spoken(text)
    assert said == " ".join(said.split())
    assert not any(ord(char) < 32 for char in said)
    assert not said or any(char.isalnum() for char in said)
