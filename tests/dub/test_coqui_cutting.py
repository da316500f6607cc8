"""Lines that are too long for a model to be spoken at once."""

from __future__ import annotations

import numpy as np
import pytest

from dubwright.dub.coqui.cutting import cut


@pytest.mark.parametrize(
    ("text", "longest", "parts"),
    [
        ("Short.", 20, ["Short."]),
        ("One two. Three four. Five.", 20, ["One two. Three four.", "Five."]),
        ("One two, three four five six.", 20, ["One two,", "three four five six."]),
        ("one two three four five", 9, ["one two", "three", "four five"]),
        ("将军回来了。没有人告诉公主，谁也没有。", 8, ["将军回来了。", "没有人告诉公主，", "谁也没有。"]),
        ("将军回来了没有人告诉公主", 5, ["将军回来了", "没有人告诉", "公主"]),
        ("Three. ... !", 7, ["Three.... !"]),
        ("... ?!", 3, []),
        ("", 3, []),
    ],
)
def test_long_texts_are_cut_where_it_hurts_least(text: str, longest: int, parts: list[str]) -> None:
    assert cut(text, lambda part: len(part) <= longest) == parts


def test_nothing_of_a_text_is_lost_when_it_is_cut() -> None:
    dice = np.random.default_rng(7)
    for _ in range(200):
        text = "".join(dice.choice(list("ab c.d,e!将军。，\u0e01"), size=60))
        parts = cut(text, lambda part: len(part) <= 11)
        assert [char for part in parts for char in part if char.isalnum()] == [char for char in text if char.isalnum()]
        assert all(sum(char.isalnum() for char in part) <= 11 for part in parts)
