"""Numbers in a line, and how the target language says them: small models lose count (十一年, "ten years")."""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module

from dubwright import languages

# A numeral of two characters or more that counts: digits with places (十一, 三百六十五, 两千), no idiom of digits alone.
_NUMERAL = re.compile(r"(?<![几数])[一二两三四五六七八九十百千万亿零]{2,}(?!几)")
_LONGEST = 12


def occurring(text: str, source: str, target: str) -> dict[str, str]:
    """The numbers of a line that are worth telling, with their words in the target language; none for sources other
    than Chinese, or where the words are not known.
    """
    if languages.base(source) != "zh":
        return {}
    found: dict[str, str] = {}
    for numeral in _NUMERAL.findall(text):
        words = _words(numeral, languages.base(target)) if len(numeral) <= _LONGEST else None
        if words:
            found[numeral] = words
    return found


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
