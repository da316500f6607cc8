"""Mandarin names in pinyin, as somebody who speaks English says them."""

from __future__ import annotations

import pytest
from pypinyin import pinyin_dict
from pypinyin.contrib.tone_convert import to_normal

from dubwright.mandarin.romanized import in_english


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Qin", "ʧˈɪn"),
        ("Zhou", "ʤˈO"),
        ("Xu", "ʃˈu"),
        ("Lu", "lˈu"),
        ("Cao", "tsˈW"),
        ("Shi", "ʃˈɜɹ"),
        ("Xiaoman", "ʃjˌWmˈɑn"),
        ("Zhiqiang", "ʤˌɜɹʧjˈɑŋ"),
        ("Wanqing", "wˌɑnʧˈɪŋ"),
        ("Yuanyuan", "jwˌɛnjwˈɛn"),
        ("Sima", "sˌʌmˈɑ"),
        ("Xian", "ʃjˈɛn"),
        ("Xi'an", "ʃˌiˈɑn"),
        ("Cui'er's", "tswˌAˈɑɹz"),
        ("Lvzhu", "lˌuʤˈu"),
    ],
)
def test_a_name_is_said_as_its_syllables_are(name: str, said: str) -> None:
    assert in_english(name) == said


def test_the_british_say_it_in_their_own_vowels() -> None:
    assert in_english("Zhou", british=True) == "ʤˈQ"
    assert in_english("Shi", british=True) == "ʃˈɜː"
    assert in_english("Hanli", british=True) == "hˌanlˈiː"


@pytest.mark.parametrize(
    "word", ["Smith", "xiaoman", "CEO", "E", "", "'", "Li'", "Qin2", "秦", "Fiang", "Ng", "Xian" + "xian" * 5000 + "q"]
)
def test_what_is_no_name_in_pinyin_is_none(word: str) -> None:
    assert in_english(word) is None


def test_every_syllable_of_the_language_is_known() -> None:
    written = {to_normal(one) for each in pinyin_dict.pinyin_dict.values() for one in each.split(",")}
    syllables = {each for each in written if each.isascii() and any(char in "aeiouv" for char in each)}
    # Interjections and dialect, in no name.
    rare = {"bong", "din", "fiao", "len", "lo", "nun", "tei", "wong", "yo"}
    unknown = {each for each in syllables if len(each) > 1 and in_english(each.capitalize()) is None}
    assert len(syllables) > 400 and unknown <= rare, unknown
