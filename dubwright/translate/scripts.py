"""Scripts: which one a language is written in, and which ones a text is written in."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import cache

import langcodes

HAN = "CJK"

# ISO 15924 codes to the words that open the Unicode names of the script's letters. What is not listed is not checked.
_SCRIPTS: dict[str, frozenset[str]] = {
    "Hans": frozenset({HAN}),
    "Hant": frozenset({HAN}),
    "Jpan": frozenset({"HIRAGANA", "KATAKANA", HAN}),
    "Kore": frozenset({"HANGUL"}),
} | {
    code: frozenset({name})
    for code, name in {
        "Arab": "ARABIC",
        "Armn": "ARMENIAN",
        "Beng": "BENGALI",
        "Cyrl": "CYRILLIC",
        "Deva": "DEVANAGARI",
        "Ethi": "ETHIOPIC",
        "Geor": "GEORGIAN",
        "Grek": "GREEK",
        "Gujr": "GUJARATI",
        "Guru": "GURMUKHI",
        "Hebr": "HEBREW",
        "Khmr": "KHMER",
        "Knda": "KANNADA",
        "Laoo": "LAO",
        "Latn": "LATIN",
        "Mlym": "MALAYALAM",
        "Mymr": "MYANMAR",
        "Sinh": "SINHALA",
        "Taml": "TAMIL",
        "Telu": "TELUGU",
        "Thai": "THAI",
        "Tibt": "TIBETAN",
    }.items()
}


@cache
def of_language(tag: str) -> frozenset[str]:
    """The scripts that a language is written in: `{"LATIN"}` of `es`, three of `ja`; empty where it is not known."""
    return _SCRIPTS.get(langcodes.Language.get(tag).maximize().script or "", frozenset())


def of_text(text: str) -> Counter[str]:
    """How many letters of each script a text holds; marks, digits and punctuation are not counted."""
    return Counter(_of_letter(char) for char in text if char.isalpha())


@cache
def _of_letter(char: str) -> str:
    words = re.split(r"[ -]", unicodedata.name(char, "UNKNOWN"))
    word = words[1] if words[0] in ("FULLWIDTH", "HALFWIDTH") and len(words) > 1 else words[0]
    return HAN if word == "IDEOGRAPHIC" else word
