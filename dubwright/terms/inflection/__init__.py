"""Whether a term's rendering stands in a translation, also inflected as its language does.

A rendering is fixed, its grammar is not: *el maestro Qin* is *del maestro Qin* behind a preposition, Мастер Цинь is
мастера Циня as an object, المعلم is للمعلم where something is for him. Rules carry as far as they carry: what they do not
know is written as the rendering is. In doubt a form is not taken for one, since what is missed is looked at again, and
what is wrongly accepted stays.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from dubwright import languages
from dubwright.terms.inflection import arabic, attached, germanic, romance, russian, turkish, unspaced
from dubwright.terms.inflection.grammar import PLAIN, Grammar

_GRAMMARS: dict[str, Grammar] = {
    "en": germanic.ENGLISH,
    "de": germanic.GERMAN,
    "es": romance.SPANISH,
    "fr": romance.FRENCH,
    "pt": romance.PORTUGUESE,
    "it": romance.ITALIAN,
    "ru": russian.RUSSIAN,
    "tr": turkish.TURKISH,
    "ar": arabic.ARABIC,
    "hi": attached.HINDI,
    "ko": attached.KOREAN,
    "id": attached.INDONESIAN,
    "ms": attached.INDONESIAN,
    "vi": attached.VIETNAMESE,
    "th": unspaced.THAI,
    "ja": unspaced.JAPANESE,
    "zh": unspaced.CHINESE,
}


def rendered(text: str, rendering: str, language: str) -> bool:
    """Whether a text in a language (a BCP-47 tag) holds a rendering, in any case, inflected or not."""
    return pattern(rendering, language).search(unicodedata.normalize("NFC", text)) is not None


def blank(text: str, renderings: Iterable[str], language: str) -> str:
    """The text, in NFC, with a space in place of each of the renderings."""
    text = unicodedata.normalize("NFC", text)
    for rendering in renderings:
        text = pattern(rendering, language).sub(" ", text)
    return text


@lru_cache(maxsize=8192)
def pattern(rendering: str, language: str) -> re.Pattern[str]:
    """What finds a rendering in a text of a language that is in NFC. One without a letter or digit is found nowhere."""
    words = unicodedata.normalize("NFC", rendering).split()
    if not any(char.isalnum() for char in rendering):
        return re.compile(r"(?!)")
    return _GRAMMARS.get(languages.base(language), PLAIN).pattern(words)
