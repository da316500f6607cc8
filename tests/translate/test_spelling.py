"""Names that are almost right are put right; nothing else is touched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dubwright.translate import glossary
from dubwright.translate.spelling import spelled

TERMS = {"晚晴": "Wanqing", "陆晚晴": "Lu Wanqing", "西安": "Xi'an", "王总": "President Wang", "叔": "tío Zhou"}


@pytest.mark.parametrize(
    ("term", "said", "meant"),
    [
        ("晚晴", "Wan Qing, come here.", "Wanqing, come here."),
        ("晚晴", "It is Wan-qing's lantern.", "It is Wan-qing's lantern."),
        ("晚晴", "It is Wan-Qing's lantern.", "It is Wanqing's lantern."),
        ("晚晴", "Wǎnqíng, come here.", "Wanqing, come here."),
        ("陆晚晴", "This is Wan Qing Lu.", "This is Lu Wanqing."),
        ("陆晚晴", "This is Wanqing Lu!", "This is Lu Wanqing!"),
        ("陆晚晴", "Luwanqing?", "Lu Wanqing?"),
        ("西安", "We drove to Xian.", "We drove to Xi'an."),
        ("叔", "Tío-Zhou, ven.", "Tío Zhou, ven."),
        ("叔", "Tio Zhou, ven.", "Tío Zhou, ven."),
        # One whose rendering stands already, words that only sound so, and other names.
        ("晚晴", "Wanqing, not Wan Qing.", "Wanqing, not Wan Qing."),
        ("晚晴", "The wan qing of it.", "The wan qing of it."),
        ("王总", "President, Wang is here.", "President, Wang is here."),
        ("晚晴", "Wang Qin, come here.", "Wang Qin, come here."),
    ],
)
def test_a_name_is_spelled_as_the_glossary_has_it(term: str, said: str, meant: str) -> None:
    assert spelled(said, {term: TERMS[term]}, "en") == meant


def test_other_scripts_are_left_alone() -> None:
    assert spelled("ซู เนี่ยน มาแล้ว", {"苏念": "ซูเนี่ยน"}, "th") == "ซู เนี่ยน มาแล้ว"
    assert spelled("Wan Qing", {}, "en") == "Wan Qing"


@given(st.text(st.sampled_from("WanQing wanqing-'. LuéABC\n"), max_size=60))
def test_it_changes_nothing_but_into_a_rendering(text: str) -> None:
    terms = {"晚晴": "Wanqing", "陆晚晴": "Lu Wanqing"}
    changed = spelled(text, terms, "en")
    assert changed == text or any(glossary.rendered(changed, rendering, "en") for rendering in terms.values())
    assert spelled(changed, terms, "en") == changed
