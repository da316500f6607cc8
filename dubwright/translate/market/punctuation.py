"""Whether a line has the market's punctuation and digits."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from dubwright.market import MarketProfile, Punctuation
from dubwright.translate.market.finding import Finding, about

_CLOSERS = "\"'”’»«“)]』」〉》 "
_ZEROS = {"latn": 0x30, "arab": 0x660, "arabext": 0x6F0, "deva": 0x966, "thai": 0xE50, "fullwide": 0xFF10}


def findings(text: str, source_text: str, market: MarketProfile, ends: str) -> Iterator[Finding]:
    """What is not punctuated or numbered as the market does it. `ends` are the marks that end a source sentence."""
    rules = market.punctuation
    yield from _foreign(text, rules)
    yield from _unopened(text, rules)
    yield from _unspaced(text, rules)
    yield from _ending(text, source_text, rules, ends)
    yield from _digits(text, market)


def _foreign(text: str, rules: Punctuation) -> Iterator[Finding]:
    found = dict.fromkeys(
        mark
        for at, mark in enumerate(text)
        if rules.instead.get(mark, mark) != mark and not _inside_ascii(text, at) and not _is_apostrophe(text, at)
    )
    for mark in found:
        instead = rules.instead[mark]
        remedy = f"{instead} is written here" if instead else "is not written here"
        yield about("punctuation", "low", mark, f"a foreign mark: {remedy}")


def _inside_ascii(text: str, at: int) -> bool:
    """Whether a mark stands within a number, a time, an abbreviation or a name in Latin letters: 3.5, 10:30, N.Y."""
    around = text[max(0, at - 1) : at + 2]
    return len(around) == 3 and around.isascii() and around[0].isalnum() and around[2].isalnum()


def _is_apostrophe(text: str, at: int) -> bool:
    return text[at] in "'’" and text[at - 1 : at].isalpha()


def _unopened(text: str, rules: Punctuation) -> Iterator[Finding]:
    """Sentences that end with a mark without having opened with its counterpart, and the other way round."""
    if not rules.opened:
        return
    closers, openers = "".join(rules.opened), "".join(rules.opened.values())
    rest = text
    for found in re.finditer(rf"([^{re.escape(closers)}]*)([{re.escape(closers)}]+)", text):
        sentence, run = found.groups()
        rest = text[found.end() :]
        if not any(mark in sentence for mark in openers):
            opener = rules.opened[run[0]]
            yield about("punctuation", "low", _last_words(sentence + run), f"{opener} is missing before {run[0]}")
    for mark in openers:
        if mark in rest:
            yield about("punctuation", "low", _last_words(rest), f"{mark} is opened and never closed")


def _unspaced(text: str, rules: Punctuation) -> Iterator[Finding]:
    if not rules.spaced:
        return
    marks = re.escape(rules.spaced)
    # A run of marks is set apart once, and a time (10:30) not at all.
    found = re.search(rf"(?<=[^\s\u202f\u00a0{marks}…])[{marks}](?!\d)", text)
    if found:
        yield about("punctuation", "low", text[: found.end()].split()[-1], f"a space goes before {found[0]}")


def _ending(text: str, source_text: str, rules: Punctuation, ends: str) -> Iterator[Finding]:
    last = text.rstrip(_CLOSERS)[-1:]
    last = rules.instead.get(last, last)
    if last and last in rules.never_last and not text.endswith("..."):
        yield about("punctuation", "low", _last_words(text), f"no line ends with {last} here")
    elif rules.closing and last not in rules.closing and source_text.rstrip("”」』 ")[-1:] in tuple(ends):
        yield about("punctuation", "low", _last_words(text), "the sentence has no mark at its end")


def _digits(text: str, market: MarketProfile) -> Iterator[Finding]:
    """Digits of a numbering system that is not the market's, and two systems in one line."""
    allowed = {_ZEROS[name] for name in market.digits}
    seen: dict[int, str] = {}
    for found in re.finditer(r"\d", text):
        seen.setdefault(ord(found[0]) - unicodedata.decimal(found[0]), found[0])
    foreign = [digits for zero, digits in seen.items() if zero not in allowed]
    for digits in foreign:
        yield about("digits", "low", digits, f"digits of another script: {' or '.join(market.digits)} here")
    if not foreign and len(seen) > 1:
        yield about("digits", "low", " ".join(seen.values()), "digits of two scripts in one line")


def _last_words(text: str) -> str:
    return " ".join(text.split()[-4:])
