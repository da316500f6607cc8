"""Numbers in a line, and how the target language says them: small models lose count (十一年, "ten years")."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from functools import cache
from importlib import import_module

from dubwright import languages
from dubwright.numerals import in_words

# A numeral of two characters or more that counts: digits with places (十一, 三百六十五, 两千), no idiom of digits alone.
# A 两 behind it is the tael (十万两), not the digit; before 几 (三十几) it counts nothing exactly. 两百多万 are over two million.
_SIGNS = "一二两三四五六七八九十百千万亿零"
_NUMERAL = re.compile(
    rf"(?<![几数{_SIGNS}])[{_SIGNS}]+[{_SIGNS.replace('两', '')}](?:[多来余][万亿])?(?=两?(?![几{_SIGNS}]))"
)
# Two digits side by side are a guess: 七八百, some seven or eight hundred.
_GUESS = re.compile("[一二两三四五六七八九]{2}")
_LONGEST = 12
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
    return _count(re.sub("[多来余]", "", numeral), "normal")


# Putting right ----------------------------------------------------------------------------------------

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
# One ends a number only so: thirty-one, a hundred and one, treinta y un.
_ENDING_ONE = {"en": "(?:-one|(?<=hundred) and one)?", "es": "(?:(?:(?<=nta) y|(?<=ciento)) un[oa]?)?"}
# What else counts in a line, and numerals that need not come back as they are: a date, a floor, a measure of China's.
_OTHER_COUNT = re.compile(r"[二两三四五六七八九十百千万亿半\d]")
_DATED = re.compile("[第月初]$")
_MEASURED = re.compile("^[多来余]?[号日楼层斤里亩丈尺寸]")
# A number beside these is a part of another, or none: 1.88 million, half a million, one-twenty, the thirty-eighth.
_CONTINUED = re.compile(r"(?:\d[\d.,]*|\w-|\b(?:half(?: an?)?|point|medi[oa]|coma|punto))\s*$", re.IGNORECASE)
_CONTINUES = re.compile(
    r"^[\s-]*(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|(?:y|e) medi[oa]|and a half|point|coma|punto)\b",
    re.IGNORECASE,
)
# Spanish and Portuguese hundreds go with what is counted.
_HUNDREDS = re.compile(r"(ent)os\b")
_FEMININE = re.compile(r"^\s+(?:\w+as|veces|vezes)\b")


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
    value = _value(numeral)
    found = list(pattern.finditer(text))
    if value is None or len(found) != 1 or not _counts_alone(numeral, line):
        return text
    number, before, after = found[0][0], text[: found[0].start()], text[found[0].end() :]
    if re.search(r"\d", before + after) or _CONTINUED.search(before) or _CONTINUES.search(after):
        return text
    if _plain(number, target) in {_plain(way, target) for way in _ways(value, said, target)}:
        return text
    if _FEMININE.search(after) and languages.base(target) in ("es", "pt"):
        said = _HUNDREDS.sub(r"\1as", said)
    words = said.capitalize() if number[:1].isupper() else said
    return before + (str(value) if number.isdecimal() else words) + after


def _counts_alone(numeral: str, line: str) -> bool:
    """Whether nothing else in a line counts, and the numeral counts what a translation would count as well."""
    before, _, after = line.partition(numeral)
    if _OTHER_COUNT.search(before + after.removeprefix("两")):
        return False
    return not _DATED.search(before) and not _MEASURED.search(after)


def _ways(value: int, said: str, language: str) -> Iterator[str]:
    """How a number may be told: in words, in digits, in English as so many hundreds."""
    yield said
    yield str(value)
    if languages.base(language) == "en" and 1000 < value < 10_000 and value % 100 == 0:
        yield f"{_said(value // 100, language)} hundred"


def _plain(number: str, language: str) -> str:
    """A number's words, one way as good as the other: "a hundred five" is "one hundred and five"."""
    words = [_HUNDREDS.sub(r"\1as", word) for word in re.findall(r"\w+", number.casefold()) if word not in _JOINING]
    ones = _ones(language)
    first = 1 if len(words) > 1 and words[0] in ones else 0
    return " ".join("1" if word in ones else word for word in words[first:])


def _ones(language: str) -> Set[str]:
    return _words_of(1, language) | _ARTICLES.get(languages.base(language), frozenset())


@cache
def _numbers_in(language: str) -> re.Pattern[str] | None:
    """A pattern for a number in digits, or in as many words as it takes; None where these are not known."""
    if languages.base(language) not in _CORRECTED:
        return None
    large = (10**2, 10**3, 10**6, 2 * 10**6)
    known = {n: _words_of(n, language) for n in (*range(2, 102), *range(200, 1000, 100), *large)}
    # One is an article too, and "and" joins more than numbers: neither begins or ends a number, but "a hundred" does.
    ones = _ones(language)
    begins = set[str]().union(*known.values()) - _JOINING - ones
    begins |= {_HUNDREDS.sub(r"\1as", word) for word in begins}
    great = _either(set[str]().union(*(known[n] for n in large)) - ones)
    words, middle = _either(begins), _either(_JOINING | ones)
    article = rf"(?:(?:{_either(ones)})\s+(?=(?:{great})(?!\w)))?"
    one = _ENDING_ONE.get(languages.base(language), "")
    run = rf"(?<!\w){article}(?:{words})(?:[\s-]+(?:(?:{middle})[\s-]+)?(?:{words}))*{one}(?!\w)"
    return re.compile(rf"(?<![\d.,:/])\d{{1,9}}(?![\d:/]|[.,]\d)|{run}", re.I)


def _words_of(value: int, language: str) -> set[str]:
    return set(re.findall(r"\w+", _said(value, language).casefold()))


def _either(words: Set[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
