"""Sums and measures: a translation that lost or won a place (十万, "ten thousand"), units and money."""

from __future__ import annotations

from collections.abc import Iterator

from dubwright import languages
from dubwright.market import MarketProfile, Numbers, SourceWords, Words
from dubwright.translate.market import matching, numerals
from dubwright.translate.market.finding import Finding, about
from dubwright.translate.market.numerals import Number

# Below it nobody miscounts places; a translation has a number of at least ten to be told by.
LEAST = 100
LEAST_SPOKEN = 10
# More of them are written out: nobody says 20,000 million.
MOST_OF_A_SCALE = 10_000
_UNITS = tuple("里斤两亩丈尺寸万亿")
_RUN_ON = Words(boundaries="none")


def occurring(text: str, source: str, market: MarketProfile) -> dict[str, str]:
    """The large numbers of a source text as the market writes them: {"十万": "100,000"}; none where they are no Chinese."""
    if languages.base(source) != "zh":
        return {}
    return {
        number.text: written(number.value, market.numbers) for number in numerals.chinese(text) if number.value >= LEAST
    }


def findings(text: str, source_text: str, source: str, market: MarketProfile, words: SourceWords) -> Iterator[Finding]:
    """Amounts that are another in the translation, source units that were left, money that the source does not have."""
    if languages.base(source) != "zh":
        return
    said = list(numerals.spoken(text, market.numbers, market.words))
    yield from _scaled(said, source_text, market, words)
    yield from _units(text, said, source_text, market)
    money = matching.first(text, market.numbers.currencies, market.words)
    if money and not matching.first(source_text, words.money, _RUN_ON):
        yield about("currency", "low", money, "the source does not speak of this currency")


def _scaled(said: list[Number], source_text: str, market: MarketProfile, words: SourceWords) -> Iterator[Finding]:
    """Numbers that differ from a source number by its places alone."""
    meant = {
        number.value: number.text
        for number in numerals.chinese(source_text)
        if number.value >= LEAST and not source_text[number.end :].lstrip("多余来几").startswith(words.hyperbole)
    }
    heard = {number.value for number in said}
    left = [number for number in said if number.value >= LEAST_SPOKEN and number.value not in meant]
    for value, numeral in meant.items():
        if value in heard:
            continue
        for number in left:
            if _only_places_apart(value, number.value):
                right = written(value, market.numbers)
                yield about("amount", "high", number.text, f"{numeral} is {right}")
                break


def _only_places_apart(one: int, other: int) -> bool:
    small, large = sorted((one, other))
    ratio, rest = divmod(large, small)
    return not rest and ratio > 1 and str(ratio).rstrip("0") == "1"


def _units(text: str, said: list[Number], source_text: str, market: MarketProfile) -> Iterator[Finding]:
    """A number followed by a unit as it sounds in the source: ten wan, five li."""
    if not any(unit in source_text for unit in _UNITS):
        return
    plain = matching.plain(text)
    units = matching.every(text, market.numbers.foreign_units, market.words, ignore_case=False)
    for number in said:
        for at, unit in units:
            if at >= number.end and not plain[number.end : at].strip(" -"):
                yield about("unit", "low", f"{number.text} {unit}", f"{unit} tells nobody anything here")


def written(value: int, numbers: Numbers) -> str:
    """A number as the market writes it: 10 million, 1.000."""
    for name, scale in numbers.written.items():
        if value % scale == 0 and scale < value < MOST_OF_A_SCALE * scale:
            return f"{_grouped(value // scale, numbers)}{name}"
    return _grouped(value, numbers)


def _grouped(value: int, numbers: Numbers) -> str:
    return f"{value:,}".replace(",", numbers.group)
