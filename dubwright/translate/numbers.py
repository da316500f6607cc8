"""Numbers in a line, and how the target language says them: small models lose count (十一年, "ten years")."""

from __future__ import annotations

import re
from collections.abc import Set
from functools import cache
from importlib import import_module

from dubwright import languages
from dubwright.numerals import in_words

# A numeral of two characters or more that counts: digits with places (十一, 三百六十五, 两千), no idiom of digits alone.
# A 两 behind it is the tael (十万两), not the digit; before 几 (三十几) it counts nothing exactly.
_SIGNS = "一二两三四五六七八九十百千万亿零"
_NUMERAL = re.compile(rf"(?<![几数{_SIGNS}])[{_SIGNS}]+[{_SIGNS.replace('两', '')}](?=两?(?![几{_SIGNS}]))")
# Two digits side by side are a guess: 七八百, some seven or eight hundred.
_GUESS = re.compile("[一二两三四五六七八九]{2}")
_LONGEST = 12
# Where number words mean nothing else.
_CORRECTED = frozenset({"en", "es", "fr", "pt", "it", "de", "id"})
_JOINING = frozenset({"and", "y", "e", "et", "und"})
_ARTICLES = {
    "en": frozenset({"a", "one"}),
    "es": frozenset({"un", "una", "uno"}),
    "fr": frozenset({"un", "une"}),
    "pt": frozenset({"um", "uma"}),
    "it": frozenset({"un", "una", "uno"}),
    "de": frozenset({"ein", "eine"}),
}
_DIGITS = "[零一二两三四五六七八九十]"
# A time of day: 十一点四十七分, 八点半, 九点钟. Without what follows 点 it may be a few (一点) or a point in a list.
_CLOCK = re.compile(rf"({_DIGITS}{{1,3}})点(?:({_DIGITS}{{1,3}})分|半|钟|整)")


def occurring(text: str, source: str, target: str) -> dict[str, str]:
    """The numbers of a line that are worth telling, with their words in the target language; none for sources other
    than Chinese, or where the words are not known.
    """
    if languages.base(source) != "zh":
        return {}
    found: dict[str, str] = {}
    for clock in _CLOCK.finditer(text):
        if told := _time(clock, languages.base(target)):
            found[clock[0]] = told
            text = text.replace(clock[0], " ")
    for numeral in _NUMERAL.findall(text):
        words = _words(numeral, target) if len(numeral) <= _LONGEST else None
        if words:
            found[numeral] = words
    return found


def _time(clock: re.Match[str], language: str) -> str | None:
    """A time of day in words; in digits for languages other than English and Spanish, None for what is no time."""
    hour, minute = _count(clock[1]), _count(clock[2]) if clock[2] else 30 if clock[0].endswith("半") else 0
    if hour is None or minute is None or hour > 24 or minute > 59:
        return None
    if language not in ("en", "es"):
        return f"{hour}:{minute:02}"
    hours, minutes = _said(hour, language), _said(minute, language)
    if language == "es":
        hours = "la una" if hour == 1 else f"las {hours}"
        return hours if not minute else f"{hours} y media" if minute == 30 else f"{hours} y {minutes}"
    minutes = f"oh {minutes}" if minute < 10 else minutes
    return f"{hours} o'clock" if not minute else f"half past {hours}" if minute == 30 else f"{hours} {minutes}"


def _count(numeral: str, mode: str = "smart") -> int | None:
    """What a numeral is worth, by `cn2an` (in its smart mode also digits alone, 零五); None for what is none."""
    try:
        return int(import_module("cn2an").cn2an(numeral, mode))
    except (ValueError, KeyError, IndexError):
        return None


def _words(numeral: str, language: str) -> str | None:
    value = _value(numeral)
    return None if value is None else _said(value, language)


@cache
def _said(value: int, language: str) -> str:
    return in_words(value, language) or str(value)


def _value(numeral: str) -> int | None:
    """What a numeral is worth; None for what only looks like one: 万一 (in case), 千万 (by all means), 三四 (a few), and
    for guesses."""
    if numeral[0] in "零百千万亿" or not re.search("[十百千万亿]", numeral) or _GUESS.search(numeral):
        return None
    return _count(numeral, "normal")


# Putting right ----------------------------------------------------------------------------------------


def corrected(text: str, line: str, source: str, target: str) -> str:
    """A translation with the number that its line has, where it has another: 十一年, "diez años", becomes "once años".

    Only where nothing is ambiguous: one numeral in the line, one number in the text; and only in `_CORRECTED` languages,
    whose number words mean nothing else (năm is five and year in Vietnamese).
    """
    told = occurring(line, source, target)
    pattern = _numbers_in(target) if len(told) == 1 else None
    if pattern is None:
        return text
    ((numeral, said),) = told.items()
    found = list(pattern.finditer(text))
    value = _value(numeral)
    if len(found) != 1 or value is None:
        return text
    number = found[0][0]
    words = said.capitalize() if number[:1].isupper() else said
    right = str(value) if number.isdecimal() else words
    same = _plain(number, target) in (_plain(said, target), str(value))
    return text if same else text[: found[0].start()] + right + text[found[0].end() :]


def _plain(number: str, language: str) -> str:
    """A number's words, one as good as the other: "a hundred" is "one hundred"."""
    first, *others = re.findall(r"\w+", number.casefold())
    return " ".join(others if others and first in _ones(language) else [first, *others])


def _ones(language: str) -> Set[str]:
    return _words_of(1, language) | _ARTICLES.get(languages.base(language), frozenset())


@cache
def _numbers_in(language: str) -> re.Pattern[str] | None:
    """A pattern for a number in digits, or in as many words as it takes; None where these are not known."""
    if languages.base(language) not in _CORRECTED:
        return None
    large = (10**2, 10**3, 10**6, 2 * 10**6)
    found = {n: _words_of(n, language) for n in (*range(2, 101), *range(200, 1000, 100), *large)}
    # One is an article too, and "and" joins more than numbers: neither begins or ends a number, but "a hundred" does.
    ones = _ones(language)
    begins = set[str]().union(*found.values()) - _JOINING - ones
    great = _either(set[str]().union(*(found[n] for n in large)) - ones)
    words, middle = _either(begins), _either(_JOINING | ones)
    article = rf"(?:(?:{_either(ones)})\s+(?=(?:{great})(?!\w)))?"
    run = rf"(?<!\w){article}(?:{words})(?:[\s-]+(?:(?:{middle})[\s-]+)?(?:{words}))*(?!\w)"
    return re.compile(rf"(?<![\d.,:/])\d{{1,9}}(?![\d:/]|[.,]\d)|{run}", re.I)


def _words_of(value: int, language: str) -> set[str]:
    return set(re.findall(r"\w+", _said(value, language).casefold()))


def _either(words: Set[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
