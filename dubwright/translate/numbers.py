"""Numbers in a line, and how the target language says them: small models lose count (十一年, "ten years")."""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module

from dubwright import languages

# A numeral of two characters or more that counts: digits with places (十一, 三百六十五, 两千), no idiom of digits alone.
_NUMERAL = re.compile(r"(?<![几数])[一二两三四五六七八九十百千万亿零]{2,}(?!几)")
_LONGEST = 12
# A time of day: 十一点四十七分, 八点半, 九点钟. Without what follows 点 it may be a few (一点) or a point in a list.
_DIGITS = "[零一二两三四五六七八九十]"
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
        words = _words(numeral, languages.base(target)) if len(numeral) <= _LONGEST else None
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


def _count(numeral: str) -> int | None:
    try:
        return int(import_module("cn2an").cn2an(numeral, "smart"))
    except (ValueError, KeyError, IndexError):
        return None


def _said(value: int, language: str) -> str:
    words: str = import_module("num2words").num2words(value, lang=language)
    return words


@cache
def _words(numeral: str, language: str) -> str | None:
    value = _value(numeral)
    if value is None:
        return None
    try:
        words: str = import_module("num2words").num2words(value, lang=language)
    except (NotImplementedError, ArithmeticError):
        return str(value)
    return words.replace(",", "")


def _value(numeral: str) -> int | None:
    """What a numeral is worth; None for what only looks like one: 万一 (in case), 千万 (by all means), 三四 (a few)."""
    if numeral[0] in "零百千万亿" or not re.search("[十百千万亿]", numeral):
        return None
    try:
        return int(import_module("cn2an").cn2an(numeral, "normal"))
    except (ValueError, KeyError, IndexError):
        return None
