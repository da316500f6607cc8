"""Answers mended without asking again."""

from __future__ import annotations

import pytest

from dubwright.translate import lexicon, numbers, prompt, repair

TERMS = {"晚晴": "Wanqing", "师父": "Master"}


@pytest.mark.parametrize(
    ("line", "answer", "target", "mended"),
    [
        ("晚晴，你来了？", "You are here?", "en", "Wanqing, you are here?"),
        ("晚晴，我来了。", "I'm here.", "en", "Wanqing, I'm here."),
        ("晚晴！", "!", "en", "!"),
        ("别走，师父！", "Don't go!", "en", "Don't go, Master!"),
        ("别走，师父！", "Don't go, master!", "en", "Don't go, master!"),
        ("师父，晚晴呢？", "Master, where is she?", "en", "Master, where is she?"),
        ("师父，来了？", "Chief Wang, are you here?", "en", "Chief Wang, are you here?"),
        ("晚晴是谁？", "Who is she?", "en", "Who is she?"),
        ("晚晴，过来。", "Ven aquí.", "es", "Wanqing, Ven aquí."),
        ("晚晴，过来。", "تعالي هنا.", "ar", "Wanqing، تعالي هنا."),
        ("晚晴，过来。", "", "en", ""),
    ],
)
def test_who_is_called_is_called(line: str, answer: str, target: str, mended: str) -> None:
    terms = {term: rendering for term, rendering in TERMS.items() if term in line}
    assert repair.vocatives(answer, line, terms, target) == mended


@pytest.mark.parametrize(
    ("answer", "target", "mended"),
    [
        ("Only 雪莲 can cure it.", "en", "Only Xuelian can cure it."),
        ("Only the 雪莲, they say.", "en", "Only the Xuelian, they say."),
        ("Only a herb can cure it.", "en", "Only a herb can cure it."),
        ("太后的毒 only 雪莲能解", "en", "太后的毒 only 雪莲能解"),
        ("雪莲", "en", "雪莲"),
        ("雪莲だけ が", "ja", "雪莲だけ が"),
    ],
)
def test_a_few_characters_left_are_written_as_they_sound(answer: str, target: str, mended: str) -> None:
    text, note = repair.sounded(answer, target)
    assert text == mended
    assert bool(note) == (text != answer)


@pytest.mark.parametrize(
    ("line", "target", "found"),
    [
        ("十一年了，一夜都没灭过。", "en", {"十一": "eleven"}),
        ("一千万就想买走？", "es", {"一千万": "diez millones"}),
        ("两百块，一百二十万。", "en", {"两百": "two hundred", "一百二十万": "one million two hundred thousand"}),
        ("万一他来了，千万别开门。", "en", {}),
        ("几十万人，三四个，十几年，二十几岁", "en", {}),
        ("一心一意，千千万万", "en", {}),
        ("一九八四年", "en", {}),
        ("零零", "en", {}),
        ("一" * 5000, "en", {}),
        ("十一年", "xx", {"十一": "11"}),
        ("", "en", {}),
    ],
)
def test_numbers_that_count_are_told(line: str, target: str, found: dict[str, str]) -> None:
    assert numbers.occurring(line, "zh", target) == found


def test_numbers_of_other_languages_are_left_alone() -> None:
    assert numbers.occurring("十一年", "ja", "en") == {}


def test_the_genres_words_are_told_and_the_glossary_goes_before_them() -> None:
    assert lexicon.occurring("来人，本王要见太后！", "zh", "en") == {
        "来人，": "Guards, ",
        "本王": "I",
        "太后": "the Dowager",
    }
    assert lexicon.occurring("你好。", "zh", "en") == lexicon.occurring("本王", "zh", "sw") == {}
    assert prompt.hints("本王来了", "zh", "en", {"本王": "this prince"}) == {"本王": "this prince"}
