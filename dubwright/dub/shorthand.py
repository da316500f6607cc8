"""What is written short, said at length: abbreviations, money, units, dates, times, ordinals, numbers.

Synthesizers differ in what they make of these, and make much of it wrong ("dollar five", "five k m", "ten colon thirty"),
or leave it out. What each language says stands in `wording.toml`; of others, and of what is not understood, nothing is
changed, and the synthesizer reads it as it can.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources
from typing import Any

from dubwright import languages, numerals
from dubwright.dub import counting

_LANGUAGES: Mapping[str, Mapping[str, Any]] = tomllib.loads(
    (resources.files(__package__) / "wording.toml").read_text(encoding="utf-8")
)
# What else a currency is called by.
_CURRENCIES = {"US$": "$", "USD": "$", "EUR": "€", "GBP": "£", "RMB": "¥", "CNY": "¥", "元": "¥", "￥": "¥"}
# Between thousands, and before decimals, as a language writes them.
_GROUPS = {"en": ",", "es": ".\u00a0\u202f", "fr": ".\u00a0\u202f ", "it": ".", "pt": ".", "de": "."}
_OLDEST, _LATEST = 1100, 2099
_MILLIONS = re.compile(r"(?:mil|bil|tril)(?:lón|lones|lions?|liards?|hão|hões|ione|ioni|iardo|iardi)$")
_YEAR_CUES = "in since by of until till from during before after around year late early"
# A number stands free of letters and of other digits.
_BEFORE, _AFTER = r"(?<![\w.,:/-])", r"(?![\w]|[.,:/-]\d)"


def said(text: str, language: str) -> str:
    """The text with what is written short said at length, where the language is known to this."""
    base = languages.base(language)
    if base not in _LANGUAGES or not numerals.available():
        return text
    return _reader(base, language)(text)


@cache
def _reader(base: str, language: str) -> Callable[[str], str]:
    return _Reader(base, language).read


class _Reader:
    """One language's rules, applied in the order in which one would take what belongs to the other for its own."""

    def __init__(self, base: str, language: str) -> None:
        self.base, self.language = base, language
        self.words = _LANGUAGES[base]
        self.months: list[str] = self.words["months"].split()
        groups = re.escape(_GROUPS[base])
        point = r"\." if base == "en" else ","
        number = rf"(?P<n>\d{{1,3}}(?:[{groups}]\d{{3}})+|\d+)(?:{point}(?P<d>\d+))?"
        signs = _either([*self.words["currencies"], *_CURRENCIES])
        scale = rf"(?:\s?(?P<scale>{_either(self.words['magnitudes'])})\b)?"
        month, cue = _either(self.months), _either(self.words["dates"].split())
        rules: list[tuple[str, Callable[[re.Match[str]], str]]] = [
            (rf"(?<!\w)(?P<short>{_either(self.words['abbreviations'])})(?!\w)(?P<end>\W*$)?", self._abbreviation),
            (rf"{_BEFORE}(?P<y>\d{{4}})-(?P<m>\d\d?)-(?P<day>\d\d?){_AFTER}", self._date),
            (rf"{_BEFORE}(?P<a>\d\d?)/(?P<b>\d\d?)/(?P<y>\d{{4}}){_AFTER}", self._date),
            (rf"(?i:\b(?P<cue>{cue}))\s(?P<a>\d\d?)/(?P<b>\d\d?){_AFTER}", self._date),
            (rf"(?<![$€£¥]){_BEFORE}(?P<a>\d{{1,4}})\s?[-–]\s?(?P<b>\d{{1,4}})(?![\w-]|[.,:/]\d)", self._range),
            (r"(?<!\S)[-−](?=\d)", self._minus),
            (rf"{_BEFORE}(?P<h>[01]?\d|2[0-3])(?:[:h])(?P<min>[0-5]\d)(?!\w|[:.,]\d)(?P<uhr>\sUhr)?", self._clock),
            (rf"(?<![\w$])(?P<sign>{signs})\s?{number}{scale}(?![\w]|[.,]\d)", self._money),
            (rf"{_BEFORE}{number}{scale}\s?(?P<sign>{signs})(?!\w)", self._money),
            (rf"{_BEFORE}{number}\s?%", self._percent),
            (rf"{_BEFORE}{number}\s?(?P<unit>{_either(self.words['units'])})(?![\w²³/])", self._unit),
            *self._own_rules(month),
            (rf"{_BEFORE}{number}(?!\w|[.,:/]\d)(?=(?:\s(?P<next>[^\W\d_]+))?)", self._number),
        ]
        self.rules = [(re.compile(pattern), write) for pattern, write in rules]

    def read(self, text: str) -> str:
        for pattern, write in self.rules:
            text = pattern.sub(write, text)
        return text

    def _own_rules(self, month: str) -> list[tuple[str, Callable[[re.Match[str]], str]]]:
        """How the language writes ordinals, days and years."""
        if self.base == "en":
            return [
                (rf"{_BEFORE}(?P<n>\d{{1,3}})(?:st|nd|rd|th)\b", self._ordinal),
                (rf"\b(?P<month>{month})\s(?P<n>[0-3]?\d){_AFTER}", self._day),
                (rf"{_BEFORE}(?P<decade>(?:1[1-9]|20)?\d0)s\b", self._decade),
                (
                    rf"(?i:\b(?P<cue>{_either([*_YEAR_CUES.split(), *self.months])}),?)\s(?P<y>\d{{4}}){_AFTER}",
                    self._year,
                ),
                (rf"{_BEFORE}(?P<y>1[89]\d\d|20\d\d)(?=[\s\W]*$|[,.;!?])(?![.,]\d)", self._year),
                (r"(?<=[a-z,]\s)No\.\s?(?=\d)", lambda _: "number "),
                (rf"{_BEFORE}(?P<n>\d\d?)\s?(?P<half>[ap])m\b", self._half),
            ]
        if self.base == "de":
            return [
                (
                    rf"(?P<cue>\b(?:{_either(self.words['dates'].split())})\s)?{_BEFORE}(?P<n>\d\d?)\.\s?(?P<month>{month})\b",
                    self._day,
                ),
                (rf"{_BEFORE}(?P<y>1[1-9]\d\d)(?!\w|[.,:/-]\d)", self._year),
            ]
        marks = r"er\b|(?:e|ème)\b|(?P<f>[eè]?re)\b" if self.base == "fr" else r"\.?º|\.?(?P<f>ª)"
        rules = [
            (rf"{_BEFORE}(?P<n>\d{{1,2}})(?:{marks})", self._ordinal),
            (r"\b[Nn](?:\.?[º°]|o\.)\s?(?=\d)", lambda _: "número " if self.base in ("es", "pt") else "numéro "),
        ]
        if self.base in ("it", "fr", "pt"):
            between = r"\sde" if self.base == "pt" else ""
            rules.append((rf"{_BEFORE}(?P<n>1)(?={between}\s(?:{month})\b)", self._ordinal))
        return rules

    # Each of them writes one match ------------------------------------------------------------------------

    def _abbreviation(self, match: re.Match[str]) -> str:
        long = str(self.words["abbreviations"][match["short"]])
        # At the end its mark was the sentence's too.
        end = match["end"]
        return long if end is None else long + ("." if match["short"][-1] == "." else "") + end

    def _date(self, match: re.Match[str]) -> str:
        found = match.groupdict()
        if "m" in found:
            month, day = int(match["m"]), int(match["day"])
        else:
            first_is_month = self.base == "en" and self.language != "en-GB"
            month, day = (int(match["a"]), int(match["b"])) if first_is_month else (int(match["b"]), int(match["a"]))
        if not (1 <= month <= 12 and 1 <= day <= 31):
            return match[0]
        first = day == 1 and self.base in ("fr", "it", "pt")
        told = str(self.words["dated" if "y" in found else "date"]).format(
            month=self.months[month - 1],
            day=counting.ordinal(1, self.language) if first else counting.cardinal(day, self.language),
            ordinal=counting.ordinal(day, self.language),
            year=counting.year(int(match["y"]), self.language) if "y" in found else "",
        )
        return f"{match['cue']} {told}" if "cue" in found else told

    def _day(self, match: re.Match[str]) -> str:
        if not 1 <= int(match["n"]) <= 31:
            return match[0]
        told = counting.ordinal(int(match["n"]), self.language)
        if self.base == "de":
            return f"{match['cue'] or ''}{told}{'n' if match['cue'] else 'r'} {match['month']}"
        return f"{match['month']} {told}"

    def _clock(self, match: re.Match[str]) -> str:
        hour, minute = int(match["h"]), int(match["min"])
        if self.base == "en" and not minute and re.match(r"\s?[AP]M\b", match.string[match.end() :]):
            return counting.cardinal(hour, self.language)
        return counting.clock(hour, minute, self.language)

    def _half(self, match: re.Match[str]) -> str:
        return f"{self._quantity(match['n'])} {match['half'].upper()}M"

    def _money(self, match: re.Match[str]) -> str:
        names = self.words["currencies"][_CURRENCIES.get(match["sign"], match["sign"])]
        one, more, *rest = names
        whole, cents, scale = self._whole(match["n"]), match["d"], match["scale"]
        count = int(cents or 0)
        if scale:
            number = self._quantity(match["n"], cents)
            return self._of(f"{number}{'' if scale == 'mila' else ' '}{self.words['magnitudes'][scale]}", more)
        if cents and len(cents) == 2 and len(rest) >= 2 and whole < 10**counting.MOST_DIGITS:
            parts = [f"{counting.cardinal(whole, self.language, one)} {one if whole == 1 else more}"] if whole else []
            if count:
                parts.append(f"{counting.cardinal(count, self.language, rest[0])} {rest[0] if count == 1 else rest[1]}")
            return f" {_AND[self.base]} ".join(parts) or f"{counting.cardinal(0, self.language)} {more}"
        return self._of(self._quantity(match["n"], cents, one), one if whole == 1 and not cents else more)

    def _percent(self, match: re.Match[str]) -> str:
        return f"{self._quantity(match['n'], match['d'])} {self.words['percent']}"

    def _unit(self, match: re.Match[str]) -> str:
        names = self.words["units"][match["unit"]]
        single = self._whole(match["n"]) == 1 and not match["d"]
        return self._of(self._quantity(match["n"], match["d"], names[0]), names[0] if single else names[1])

    def _ordinal(self, match: re.Match[str]) -> str:
        value = int(match["n"])
        feminine = bool(match.groupdict().get("f"))
        return counting.ordinal(value, self.language, feminine=feminine) if value else match[0]

    def _decade(self, match: re.Match[str]) -> str:
        told = counting.year(int(match["decade"]), self.language)
        return f"{told[:-1]}ies" if told.endswith("y") else f"{told}s"

    def _year(self, match: re.Match[str]) -> str:
        value = int(match["y"])
        if not _OLDEST <= value <= _LATEST:
            return match[0]
        cue = match.groupdict().get("cue")
        comma = "," if cue and match[0][len(cue)] == "," else ""
        return f"{cue}{comma} {counting.year(value, self.language)}" if cue else counting.year(value, self.language)

    def _range(self, match: re.Match[str]) -> str:
        if int(match["a"]) >= int(match["b"]) or "0" in (match["a"][0], match["b"][0]):
            return match[0]
        return f"{match['a']} {self.words['to']} {match['b']}"

    def _minus(self, match: re.Match[str]) -> str:
        return f"{self.words['minus']} "

    def _number(self, match: re.Match[str]) -> str:
        return self._quantity(match["n"], match["d"], match["next"] or "")

    def _quantity(self, whole: str, decimals: str | None = None, noun: str = "") -> str:
        """A number in words; digit by digit where it is none that is counted with."""
        plain = re.sub(r"\D", "", whole)
        if (
            len(plain) > counting.MOST_DIGITS
            or (len(plain) > 1 and plain[0] == "0")
            or (plain == whole and len(plain) > 6)
        ):
            told = counting.digits(plain, self.language)
        else:
            told = counting.cardinal(int(plain), self.language, "" if decimals else noun)
        if not decimals:
            return told
        each = self.words.get("digits") or decimals[0] == "0" or len(decimals) > 2
        rest = counting.digits(decimals, self.language) if each else counting.cardinal(int(decimals), self.language)
        return f"{told} {self.words['point']} {rest}"

    def _of(self, number: str, name: str) -> str:
        """A number and what it counts: un millón de dólares, deux millions d'euros."""
        of = self.words.get("of") if _MILLIONS.search(number) else None
        if of is None:
            return f"{number} {name}"
        return f"{number} d'{name}" if self.base == "fr" and name[0] in "aeéiou" else f"{number} {of} {name}"

    def _whole(self, text: str) -> int:
        return int(re.sub(r"\D", "", text))


_AND = {"en": "and", "es": "con", "fr": "et", "it": "e", "pt": "e", "de": "und"}


def _either(words: Any) -> str:
    """A pattern for any of the words, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
