"""Fixed renderings: which terms of a glossary a line holds, and whether a translation renders one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from dubwright.terms import inflection


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


def rendered(text: str, rendering: str, language: str) -> bool:
    """Whether a translation into a language holds a rendering, in any case, inflected or not."""
    return inflection.rendered(text, rendering, language)


def blank(text: str, glossary: Mapping[str, str], language: str) -> str:
    """The text without the renderings of a glossary."""
    return inflection.blank(text, glossary.values(), language)


def _longest_first(terms: Iterable[str]) -> re.Pattern[str] | None:
    ordered = sorted(terms, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, ordered))) if ordered else None
