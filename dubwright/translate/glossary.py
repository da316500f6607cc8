"""Fixed renderings: which terms of a glossary a line holds, and whether a translation renders one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache

# What may follow the last word of a rendering: a possessive or a plural.
_ENDING = r"(?:['’]s|['’]|e?s)?"


def occurring(text: str, glossary: Mapping[str, str]) -> dict[str, str]:
    """The terms that a line holds with their renderings, in the order of the line.

    Of terms that overlap the longest counts: 秦师父 is Master Qin, and no 师父 beside him.
    """
    pattern = _longest_first([term for term in glossary if term and term in text])
    return {term: glossary[term] for term in pattern.findall(text)} if pattern else {}


def replaced(text: str, terms: Mapping[str, str]) -> str:
    """The line with each term's rendering in its place."""
    pattern = _longest_first(terms)
    return pattern.sub(lambda found: terms[found[0]], text) if pattern else text


def rendered(text: str, rendering: str) -> bool:
    """Whether a translation holds a rendering, in any case, with or without a plural or possessive ending."""
    return _pattern(rendering).search(text) is not None


def blank(text: str, glossary: Mapping[str, str]) -> str:
    """The text without the renderings of a glossary."""
    for rendering in glossary.values():
        text = _pattern(rendering).sub(" ", text)
    return text


@cache
def _pattern(rendering: str) -> re.Pattern[str]:
    words = [re.escape(word) for word in rendering.split()]
    inner = r"\s+".join(words)
    # Word boundaries only where the rendering's own edges are letters that stand in spaced words.
    left = r"(?<!\w)" if rendering[:1].isascii() and rendering[:1].isalnum() else ""
    right = r"(?!\w)" if rendering[-1:].isascii() and rendering[-1:].isalnum() else ""
    return re.compile(left + inner + (_ENDING if right else "") + right, re.IGNORECASE)


def _longest_first(terms: Iterable[str]) -> re.Pattern[str] | None:
    ordered = sorted(terms, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, ordered))) if ordered else None
