"""Chinese in one script and its own punctuation; other languages with their spaces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dubwright.transcribe import text
from dubwright.transcribe.engine import Word


def _words(*texts: str) -> list[Word]:
    return [Word(each, 100 * index, 100 * index + 100, 0.9) for index, each in enumerate(texts)]


def _line(language: str, *texts: str) -> str:
    return text.join(text.clean(_words(*texts), language), language)


@pytest.mark.parametrize(
    ("heard", "written"),
    [
        (["你", "好", "吗?"], "你好吗？"),
        (["好,", "走", "吧!"], "好，走吧！"),
        (["走", "吧."], "走吧。"),
        (["好", " 我", "走"], "好，我走"),
        (["好,", " 我", "走"], "好，我走"),
        ([" 好", " ", "我"], "好我"),
        (["他", "说", "OK", " no"], "他说OK no"),
        (["3.", "14"], "3.14"),
        (["1,", "000", "块"], "1,000块"),
        (["第", "3,", "好"], "第3,好"),
        (["吗", "？", "。"], "吗？"),
        (["好\ufffd", "的\u202e"], "好的"),
        (["等", "等..."], "等等……"),
        (["，", "好"], "好"),
    ],
)
def test_chinese_punctuation(heard: list[str], written: str) -> None:
    assert _line("zh", *heard) == written


def test_languages_with_spaces_keep_them() -> None:
    assert _line("en", " Hello,", " world.") == "Hello, world."
    assert _line("es", " ¿Quién", " es?") == "¿Quién es?"


def test_parts_of_words_are_put_together_where_spaces_mark_words() -> None:
    heard = _words(" a", " well", "-known", " man", "'s", " word")
    found = text.whole(heard, "en")
    assert [word.text.strip() for word in found] == ["a", "well-known", "man's", "word"]
    assert [(word.start_ms, word.end_ms) for word in found] == [(0, 100), (100, 300), (300, 500), (500, 600)]
    assert text.whole(heard, "zh") == heard


def test_punctuation_alone_joins_the_word_before_it() -> None:
    (word,) = text.clean([Word("好", 0, 300, 0.9), Word("。", 300, 340, 0.5)], "zh")
    assert (word.text, word.start_ms, word.end_ms) == ("好。", 0, 340)


@given(st.lists(st.text(max_size=4), max_size=12), st.sampled_from(["zh", "en", "ja", "ar"]))
def test_what_is_spoken_is_kept(heard: list[str], language: str) -> None:
    cleaned = text.clean(_words(*heard), language)
    assert all(word.text == word.text.strip() and text.has_speech(word.text) for word in cleaned)
    assert sum(map(text.has_speech, heard)) == len(cleaned)


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("zh", "等着听著名的乾坤头发"),
        ("zh-Hans", "等着听著名的乾坤头发"),
        ("zh-TW", "等著聽著名的乾坤頭髮"),
        ("ja", "等著聽著名的乾坤頭髮"),
    ],
)
def test_script(language: str, written: str) -> None:
    heard = _words("等", "著", "聽", "著", "名", "的", "乾", "坤", "頭", "髮")
    found = text.in_script(heard, language)
    assert "".join(word.text for word in found) == written
    assert [word.start_ms for word in found] == [word.start_ms for word in heard]


@pytest.mark.parametrize(
    ("line", "ends"), [("走。", True), ("走。”", True), ("走，", False), ("", False), ("go.", True), ("？", True)]
)
def test_ends_of_sentences(line: str, ends: bool) -> None:
    assert text.ends_sentence(line) is ends
