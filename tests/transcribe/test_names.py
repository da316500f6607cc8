"""Names put right by their sound, and ordinary words that are not made names."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dubwright.mandarin import pinyin, vocabulary
from dubwright.series.facts import Character, SeriesFacts, Term
from dubwright.transcribe.engine import Word
from dubwright.transcribe.names import Names
from tests.transcribe import heard

LANTERN = SeriesFacts(
    cast=(
        Character(name="陆晚晴", aliases=("晚晴",)),
        Character(name="沈砚舟", aliases=("砚舟", "沈总")),
        Character(name="秦师父"),
    ),
    glossary=(Term(source="师父", kind="address"), Term(source="长明灯", kind="term")),
)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("弯琴，有一件事。", "晚晴，有一件事。"),
        ("燕舟，不要再说了！", "砚舟，不要再说了！"),
        ("沈宴州来了。", "沈砚舟来了。"),
        ("秦师傅，这盏灯是为他点的？", "秦师父，这盏灯是为他点的？"),
        ("审总，谢谢你。", "沈总，谢谢你。"),
        ("路晚晴呢？", "陆晚晴呢？"),
        ("晚清，你来了。", "晚晴，你来了。"),
        ("沈宴州和弯晴走了", "沈砚舟和晚晴走了"),
    ],
)
def test_near_homophones_of_names(before: str, after: str) -> None:
    assert Names(LANTERN, "zh").correct(before)[0] == after


@pytest.mark.parametrize(
    "line",
    [
        "晚清的皇帝",
        "今晚请你吃饭",
        "眼周的皮肤",
        "关于这件事",
        "师傅，去机场",
        "修车的师傅来了",
        "陈砚舟来了",
        "琴。",
        "长命灯",
        "",
        "OK",
        "，，。",
        "😀弯",
    ],
)
def test_what_is_no_name_stays(line: str) -> None:
    assert Names(LANTERN, "zh").correct(line) == (line, ())


def test_what_was_changed_is_said() -> None:
    line, (one, other) = Names(LANTERN, "zh").correct("弯琴，沈宴州来了。")
    assert line == "晚晴，沈砚舟来了。"
    assert (one.place, one.heard, one.name) == (0, "弯琴", "晚晴") and one.why
    assert (other.place, other.heard, other.name) == (3, "沈宴州", "沈砚舟") and "same" in other.why


def test_what_is_no_word_and_comes_again_is_a_name() -> None:
    names = Names(SeriesFacts(cast=(Character(name="陆晚晴", aliases=("晚晴",)),)), "zh")
    assert names.correct("弯琴把灯点上。")[0] == "弯琴把灯点上。"
    assert names.correct("弯琴把灯点上。弯琴有一件事。")[0] == "晚晴把灯点上。晚晴有一件事。"


def test_names_that_stand_there_are_no_corrections() -> None:
    line = "陆晚晴，晚晴，沈砚舟，沈总，秦师父，师父。"
    assert Names(LANTERN, "zh").correct(line) == (line, ())


def test_the_facts_may_name_a_spelling_that_is_heard() -> None:
    facts = SeriesFacts(glossary=(Term(source="师父", aliases=("师傅",), kind="address"),))
    line, (made,) = Names(facts, "zh").correct("我的师傅呢？")
    assert line == "我的师父呢？" and "facts" in made.why
    # Somebody who is called both is called both.
    both = SeriesFacts(cast=(Character(name="师傅"),), glossary=facts.glossary)
    assert Names(both, "zh").correct("我的师傅呢？") == ("我的师傅呢？", ())


def test_words_keep_their_times() -> None:
    words = [Word("沈宴", 100, 300, 0.9), Word("州，", 300, 500, 0.4), Word("走", 700, 900, 0.8)]
    found, (made,) = Names(LANTERN, "zh").correct_words(words)
    assert [word.text for word in found] == ["沈砚", "舟，", "走"] and made.name == "沈砚舟"
    assert [(word.start_ms, word.end_ms, word.probability) for word in found] == [
        (word.start_ms, word.end_ms, word.probability) for word in words
    ]


@pytest.mark.parametrize("language", ["en", "ja", "yue", "th"])
def test_other_languages_are_left_alone(language: str) -> None:
    assert Names(LANTERN, language).correct("弯琴，你来了。") == ("弯琴，你来了。", ())


def test_traditional_characters() -> None:
    facts = SeriesFacts(cast=(Character(name="陸晚晴"), Character(name="沈硯舟")))
    names = Names(facts, "zh-TW")
    assert names.correct("沈宴舟來了。")[0] == "沈硯舟來了。"
    assert names.correct("關於這件事，今晚請你吃飯，晚清的歷史。")[1] == ()


def test_facts_that_nobody_meant() -> None:
    odd = ("", "晴", "A", "Lu Wanqing", "晚晴!", "晚" * 500, "你好", "我们")
    names = Names(SeriesFacts(cast=tuple(Character(name=name) for name in odd if name)), "zh")
    for line in ("弯琴。", "我门走吧", "Lu Wanching", "碗" * 40):
        assert names.correct(line) == (line, ())


NAMES = Names(LANTERN, "zh")


@settings(max_examples=60, deadline=None)
@given(st.text(st.sampled_from("弯琴晚晴清沈宴州砚舟秦师傅父，。你的 aO\n\ud800😀一"), max_size=30))
def test_a_corrected_text_is_as_long_and_stays_corrected(line: str) -> None:
    once, made = NAMES.correct(line)
    assert len(once) == len(line)
    assert all(once[each.place : each.place + len(each.name)] == each.name for each in made)
    assert NAMES.correct(once)[0] == once


@pytest.mark.parametrize(("facts", "misheard", "ordinary"), heard.SERIES, ids=["first", "later"])
def test_names_that_are_not_the_samples(facts: SeriesFacts, misheard: str, ordinary: str) -> None:
    names = Names(facts, "zh")
    changed = [(before, after, names.correct(before)[0]) for before, after in heard.pairs(misheard)]
    wanted = sum(before != after for before, after, _ in changed)
    right = sum(found == after != before for before, after, found in changed)
    wrong = [found for before, after, found in changed if found not in (before, after)]
    plain = ordinary.split()
    spoilt = [line for line in plain if names.correct(line)[1]]
    print(f"\nnames put right: {right} of {wanted}; ordinary sentences spoilt: {len(spoilt)} of {len(plain)}")
    print(f"recall {right / wanted:.3f}, precision {right / (right + len(wrong) + len(spoilt)):.3f}")
    assert not wrong
    assert right >= 0.85 * wanted
    assert len(spoilt) <= 0.06 * len(plain)


def test_syllables_that_sound_alike_are_near() -> None:
    def apart(one: str, other: str) -> float:
        return pinyin.distance(pinyin.parse(one), pinyin.parse(other))

    assert apart("yan4", "yan4") == 0 < apart("shi5", "shi4") < apart("wan1", "wan3")
    assert apart("wan1", "wan3") < apart("qin2", "qing2") < apart("wan3", "wen3") < apart("shen3", "chen3")
    assert apart("zhou1", "zou1") == apart("lan2", "nan2") == apart("fu2", "hu2") == pinyin.NEAR_INITIAL
    assert apart("liu2", "you2") == pinyin.OTHER_INITIAL and apart("a", "a") == pinyin.FAR
    assert len(pinyin.syllables("弯琴，OK 😀\n行")) == 9


def test_a_line_as_ordinary_words() -> None:
    reading = vocabulary.Reading("今晚请你吃饭")
    assert reading.parts[0] == (0, 2) and reading.cuts(1, 3) == 1 and reading.cuts(2, 4) == 0
    assert reading.gain(0, 2, -1.0) > 0 > reading.gain(0, 2, -30.0)
    assert vocabulary.frequency("我") > vocabulary.frequency("晚清") > vocabulary.frequency("弯琴") == 0
