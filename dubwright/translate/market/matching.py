"""Words of a profile found in a text, in every script: where a word begins and ends is the market's to say."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache

from dubwright.market import Wording, Words

# Marks that belong to a letter before them, which `\w` does not count: accents, Arabic and Hindi vowels, Thai tones.
_MARKS = "\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0903\u093a-\u094f\u0962\u0963\u0e31\u0e34-\u0e3a\u0e47-\u0e4e"
NO_LETTER_BEFORE = rf"(?<![\w{_MARKS}])"
NO_LETTER_AFTER = rf"(?![\w{_MARKS}])"
_NO_MARK_AFTER = rf"(?![{_MARKS}])"
_REST = rf"[\w{_MARKS}]*"
_ONE_APOSTROPHE = str.maketrans("’ʼ", "''")
# Written or not as one pleases: Arabic vowels, the long stroke, the sign on alef.
_ARABIC = re.compile("[\u064b-\u0652\u0640\u0670]")
_ALEF = str.maketrans("أإآٱ", "اااا")
# Patterns kept: a series may bring words of its own, and a process meets many series.
PATTERNS = 4096
# What follows somebody who is called.
CALLED = "，"
_BREAK = r"(?=[，,。！!？?、…—\s”」]|$)"


def plain(text: str) -> str:
    """The text in one spelling, so that words are found however they were typed."""
    return _ARABIC.sub("", unicodedata.normalize("NFC", text).translate(_ONE_APOSTROPHE)).translate(_ALEF)


def first(text: str, words: Iterable[str], how: Words) -> str | None:
    """The first of these words that a text holds, as it stands there; None if it holds none."""
    pattern = _pattern(tuple(words), how, ignore_case=True)
    found = pattern.search(plain(text)) if pattern else None
    return found[0].strip() if found else None


def every(text: str, words: Iterable[str], how: Words, *, ignore_case: bool = True) -> list[tuple[int, str]]:
    """Where in the plain text these words stand, and how they are written there."""
    pattern = _pattern(tuple(words), how, ignore_case=ignore_case)
    return [(found.start(), found[0]) for found in pattern.finditer(plain(text))] if pattern else []


def occurring(text: str, wordings: Mapping[str, Wording]) -> dict[str, Wording]:
    """The wordings whose source terms a source text holds, in the order of the text.

    A term with `，` at its end is one that somebody is called by: a break must follow. Of terms that overlap the longest
    counts.
    """
    terms = sorted((term for term in wordings if term.rstrip(CALLED) in text), key=len, reverse=True)
    hits = _terms(tuple(terms)).finditer(text) if terms else ()
    return {(term := terms[(hit.lastindex or 1) - 1]): wordings[term] for hit in hits}


@lru_cache(maxsize=PATTERNS)
def _terms(terms: tuple[str, ...]) -> re.Pattern[str]:
    """Matches any of some terms, the first in group 1, and so on."""
    return re.compile("|".join(f"({re.escape(t.rstrip(CALLED))}{_BREAK if t.endswith(CALLED) else ''})" for t in terms))


@lru_cache(maxsize=PATTERNS)
def _pattern(words: tuple[str, ...], how: Words, *, ignore_case: bool) -> re.Pattern[str] | None:
    if not words:
        return None
    ordered = sorted(words, key=len, reverse=True)
    return re.compile("|".join(_one(word, how) for word in ordered), re.IGNORECASE if ignore_case else 0)


def _one(word: str, how: Words) -> str:
    """A word's own pattern; what is no letter, as $, stands against whatever it likes."""
    stem = plain(word.removesuffix("*"))
    body = r"\s+".join(re.escape(part) for part in stem.split())
    if how.boundaries == "none":
        return body + _NO_MARK_AFTER
    if stem[:1].isalpha():
        clitics = "|".join(sorted(map(re.escape, map(plain, how.clitics)), key=len, reverse=True))
        body = NO_LETTER_BEFORE + (f"(?:{clitics})?" if clitics else "") + body
    if word.endswith("*"):
        return body + _REST
    return body if how.boundaries == "start" or not _is_letter(stem[-1:]) else body + NO_LETTER_AFTER


def _is_letter(char: str) -> bool:
    return char.isalpha() or unicodedata.category(char).startswith("M")
