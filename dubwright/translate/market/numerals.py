"""Numbers read out of a text: Chinese numerals, and digits or number words of a market's language."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from dubwright.market import Numbers, Words
from dubwright.translate.market.matching import NO_LETTER_AFTER, NO_LETTER_BEFORE

_DIGITS = {
    char: value
    for value, chars in enumerate(["零〇", "一", "二两", "三", "四", "五", "六", "七", "八", "九"])
    for char in chars
}
_PLACES = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}
# A numeral that counts: it begins with a digit or with ten, and nothing before it makes it vague (几十万) or a share
# (百分之五十), a rank (第十) or another word (成千上万). 两 is a digit before a place only, else ounces of silver.
_CHINESE = re.compile(
    r"(?<![几数好上成分之第零〇一二两三四五六七八九十百千万亿\d])"
    r"(?:\d+(?:[.．]\d+)?(?=[十百千万亿])|[一二三四五六七八九十]|两(?=[百千万亿]))"
    r"(?:[零〇一二三四五六七八九十百千万亿]|两(?=[百千万亿]))*"
)
_LONGEST = 16
# Whoever writes more than that counts nothing.
MOST = 1e18


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it stands in a text, what it is worth, where it ends."""

    text: str
    value: int
    end: int


def chinese(text: str) -> Iterator[Number]:
    """The numerals of a Chinese text that have a place (十 and above): 十万 is 100,000, 1.5亿 is 150,000,000."""
    for found in _CHINESE.finditer(text):
        value = _chinese_value(found[0]) if len(found[0]) <= _LONGEST else None
        if value is not None:
            yield Number(found[0], value, found.end())


def _chinese_value(numeral: str) -> int | None:
    """What a numeral is worth; None for what only looks like one: 三四 (three or four)."""
    parts: list[float] = []
    place = 1
    for before, sign in pairwise(["", *re.findall(r"\d+(?:[.．]\d+)?|\D", numeral)]):
        if sign in _PLACES:
            place = _PLACES[sign]
            _scale(parts, place, whole=before[-1:].isdecimal())
        elif sign in "零〇":
            place = 1
        elif parts and parts[-1] < 10:
            return None
        else:
            value = _DIGITS[sign] if sign in _DIGITS else float(sign.replace("．", "."))
            parts.append(value)
    if not any(char in _PLACES for char in numeral):
        return None
    if len(parts) > 1 and parts[-1] < 10 and place > 10:
        # 三万五 is thirty-five thousand: the last digit stands one place below the one before it.
        parts[-1] *= place // 10
    return round(sum(parts))


def _scale(parts: list[float], scale: int, *, whole: bool) -> None:
    """Multiply what is smaller than a scale by it: two, hundred, thousand → 200 → 200,000. Digits right before it are a
    number as a `whole`: 20000万."""
    below = parts.pop() if whole else 0.0
    while parts and parts[-1] < scale:
        below += parts.pop()
    parts.append((below or 1) * scale)


def spoken(text: str, numbers: Numbers, how: Words) -> Iterator[Number]:
    """The numbers of a text of the market, in digits, in words, or both: "1.5 million", "two hundred thousand"."""
    text = unicodedata.normalize("NFC", text).lower()
    digits, pattern = _patterns(_Tokens(tuple(numbers.words), tuple(numbers.scales), numbers.joining, how.boundaries))
    for found in pattern.finditer(text):
        tokens = digits.findall(found[0])
        if len(tokens) == 1 and how.boundaries != "both" and not tokens[0][0].isdecimal():
            continue  # 만 and พัน are parts of other words as well
        parts: list[float] = []
        for before, token in pairwise(["", *tokens]):
            if token in numbers.scales:
                _scale(parts, numbers.scales[token], whole=before[-1:].isdecimal())
            elif token in numbers.words:
                parts.append(numbers.words[token])
            else:
                parts.append(_written(token, numbers))
        if sum(parts) < MOST:
            yield Number(found[0].strip(), round(sum(parts)), found.end())


def _written(digits: str, numbers: Numbers) -> float:
    """What digits are worth: groups of three are thousands, whatever parts them; else a mark is the decimal one."""
    plain = "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in digits)
    if re.fullmatch(r"\d{1,3}(?:[.,'’٬ \u00a0\u202f]\d{2,3})*[.,'’٬ \u00a0\u202f]\d{3}", plain):
        return float(re.sub(r"\D", "", plain))
    head, _, tail = re.sub(r"[,٫]", ".", plain).partition(".")
    return float(f"{re.sub(r'[^0-9]', '', head) or 0}.{re.sub(r'[^0-9]', '', tail) or 0}")


@dataclass(frozen=True, slots=True)
class _Tokens:
    words: tuple[str, ...]
    scales: tuple[str, ...]
    joining: tuple[str, ...]
    boundaries: str


@cache
def _patterns(tokens: _Tokens) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """One that finds a number's tokens, and one that finds whole numbers. What they took they do not give back (`*+`):
    there would be endless ways to part a line of nothing but digits.
    """
    names = "|".join(map(re.escape, sorted((*tokens.words, *tokens.scales), key=len, reverse=True)))
    written = r"\d++(?:[.,'’٬٫ \u00a0\u202f]\d++)*+"
    token = f"(?:{written}|{names})" if names else written
    joining = "|".join(map(re.escape, sorted(tokens.joining, key=len, reverse=True)))
    between = rf"(?:[\s-]*(?:{joining})[\s-]*|[\s-]*)" if joining else r"[\s-]*"
    before = "" if tokens.boundaries == "none" else NO_LETTER_BEFORE
    after = NO_LETTER_AFTER if tokens.boundaries == "both" else ""
    return re.compile(token), re.compile(f"{before}{token}(?:{between}{token})*+{after}")
