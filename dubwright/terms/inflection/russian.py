"""Russian: cases of nouns, adjectives and names, by the ending of the nominative."""

from __future__ import annotations

import re

from dubwright.terms.inflection.grammar import Grammar, Word, spelled

# Endings of the nominative with those of all cases and numbers. The first that fits counts.
_ENDINGS: tuple[tuple[str, str], ...] = (
    ("ство", "ств(?:о|а|у|ом|е|ам|ами|ах)?"),
    ("ый", "(?:ый|ого|ому|ым|ом|ая|ой|ую|ое|ые|ых|ыми)"),
    ("ий", "(?:ий|его|ему|им|ем|ого|ому|ом|ая|ой|ую|яя|ей|юю|ее|ие|их|ими|ия|ию|ии|ием|иев|иям|иями|иях)"),
    ("ой", "(?:ой|ого|ому|ым|ом|ая|ую|ое|ые|ых|ыми)"),
    ("ая", "(?:ая|ой|ую|ые|ых|ым|ыми)"),
    ("яя", "(?:яя|ей|юю|ие|их|им|ими)"),
    ("ия", "(?:ия|ии|ию|ией|ий|иям|иями|иях)"),
    ("ец", "(?:ец|еца|ца|цу|цем|цом|це|цы|цев|цов|цам|цами|цах)"),
    ("ок", "(?:ок|ка|ку|ком|ке|ки|ков|кам|ками|ках|ока|оку|оком|оке)"),
    ("й", "(?:й|я|ю|ем|ём|е|и|ев|ям|ями|ях)"),
    ("ь", "(?:ь|я|ю|ем|ём|е|и|ью|ей|ям|ями|ях)"),
    ("а", "(?:а|ы|и|у|е|ой|ою|ей|ам|ами|ах)?"),
    ("я", "(?:я|и|ю|е|ей|ёй|ью|ям|ями|ях|ь|й)"),
)
# Names that end so do not change; titles that do so are rare.
_UNCHANGING = frozenset("оеёиуюыэ")
_WHOSE = "(?:его|е[её]|их|ваше(?:го|му|м)?)"
_CONSONANT = "(?:а|у|ом|ем|е|ы|и|ов|ей|ам|ами|ах|ья|ьёв|ьев|ой)?"


def _russian(word: Word) -> str:
    lower = word.text.lower()
    if not lower[-1:].isalpha() or (lower[-1] in _UNCHANGING and not lower.endswith("ство")):
        return _yo(spelled(word.text))
    for ending, forms in _ENDINGS:
        if lower.endswith(ending) and len(lower) > len(ending):
            return _yo(spelled(word.text[: -len(ending)])) + forms
    return _yo(spelled(word.text)) + _CONSONANT


def _yo(pattern: str) -> str:
    return re.sub("[её]", "[её]", pattern, flags=re.IGNORECASE)


RUSSIAN = Grammar(
    forms=_russian,
    same={
        "г": r"(?:г\.|господин(?:а|у|ом|е)?)",
        "господин": r"(?:г\.|господин(?:а|у|ом|е)?|господа)",
        "г-н": r"(?:г-на?|г-ну|г-ном|г-не|господин(?:а|у|ом|е)?)",
        "его": _WHOSE,
        "её": _WHOSE,
        "ваше": _WHOSE,
        "госпожа": r"(?:г-жа|госпож(?:а|и|е|у|ой))",
    },
)
