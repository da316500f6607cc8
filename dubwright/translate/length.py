"""How long a line takes to speak, told from its text before anything is synthesized.

Each language's constants stand in `spoken.toml`, where `benchmarks.spoken` writes them: they are fitted to what the
synthesizers really say of lines of all lengths, silence trimmed as in the dub. A language that none of them was measured
in goes by its published syllable rate.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field, fields
from functools import cache
from importlib import resources
from operator import mul

from dubwright import languages
from dubwright.translate import scripts

# Letters a second of running speech, without the pauses that punctuation makes: syllable rates as published for
# 17 languages (Coupé et al. 2019) times the letters that a written syllable takes in the language.
LETTERS_PER_SECOND = {
    "ar": 12.5,
    "de": 16.5,
    "en": 15.0,
    "es": 16.0,
    "fr": 16.5,
    "hi": 9.5,
    "id": 15.0,
    "it": 16.5,
    "ja": 7.5,
    "ko": 7.0,
    "pt": 15.5,
    "ru": 14.5,
    "th": 10.0,
    "tr": 15.0,
    "vi": 15.5,
    "zh": 5.2,
}
OTHER_ALPHABET = 14.5
OTHER_HAN = 5.2
COMMA_MS = 150
STOP_MS = 300
SHORTEST_MS = 250
LONGEST_MS = 60_000

_STOPS = frozenset(".!?…。！？؟।")
_COMMAS = frozenset(",;:，、；：،؛—")
_VOWELS = re.compile("[aeiouy]+")
_MEASURED = (resources.files(__package__) / "spoken.toml").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Counts:
    """What of a text takes time: its letters, vowel signs and other marks, groups of Latin vowels (about a syllable each),
    words, digits, and the pauses inside it."""

    letters: int
    marks: int
    vowels: int
    words: int
    digits: int
    commas: int
    stops: int


@dataclass(frozen=True, slots=True)
class Pace:
    """How a language is spoken: milliseconds for each of `Counts` and for beginning at all, letters in a second of it all,
    and what a voice takes of that by its name (1.1: a tenth longer)."""

    start_ms: float
    letter_ms: float
    mark_ms: float
    vowel_ms: float
    word_ms: float
    digit_ms: float
    comma_ms: float
    stop_ms: float
    letters_per_s: float
    voices: Mapping[str, float] = field(default_factory=dict)

    def ms(self, counts: Counts) -> float:
        """Milliseconds for what has so much in it, between the voices."""
        each = (self.letter_ms, self.mark_ms, self.vowel_ms, self.word_ms, self.digit_ms, self.comma_ms, self.stop_ms)
        return self.start_ms + sum(map(mul, each, astuple(counts)), 0.0)


def predicted_ms(text: str, language: str, voice: str | None = None) -> int:
    """Milliseconds that a voice at its natural pace needs for a text; 0 for one without letters or digits.

    Without a voice, or with one that was not measured in this language, it is what the language's voices need between
    them.
    """
    measured = pace(language)
    if measured is None or not letters(text):
        return published_ms(text, language)
    natural = measured.ms(counts(text)) * measured.voices.get(voice or "", 1.0)
    return round(min(max(natural, SHORTEST_MS), LONGEST_MS))


def published_ms(text: str, language: str) -> int:
    """`predicted_ms` by published rates alone."""
    spoken = letters(text)
    if not spoken:
        return 0
    found = counts(text)
    pauses = COMMA_MS * found.commas + STOP_MS * found.stops
    return round(min(max(1000 * spoken / _published_rate(language) + pauses, SHORTEST_MS), LONGEST_MS))


def letters(text: str) -> int:
    """How many letters and digits a text has."""
    return sum(map(str.isalnum, text))


def letters_in(ms: int, language: str) -> int:
    """How many letters and digits a voice at its natural pace says in so long."""
    measured = pace(language)
    return round(ms * (measured.letters_per_s if measured else _published_rate(language)) / 1000)


def counts(text: str) -> Counts:
    """What of a text takes time. A mark at its end makes no pause, and signs and ornaments take none."""
    body = text.rstrip().rstrip("".join(char for char in text if unicodedata.category(char).startswith("P")))
    kinds = [unicodedata.category(char) for char in text]
    # Accents are no part of the vowel; the letters that they stand on are.
    bare = unicodedata.normalize("NFD", text.lower())
    latin = "".join(char for char in bare if not unicodedata.combining(char))
    return Counts(
        letters=sum(kind[0] == "L" for kind in kinds),
        marks=sum(kind in ("Mn", "Mc") for kind in kinds),
        vowels=len(_VOWELS.findall(latin)),
        words=sum(any(map(str.isalnum, word)) for word in text.split()),
        digits=sum(kind[0] == "N" for kind in kinds),
        commas=sum(char in _COMMAS for char in body),
        stops=sum(char in _STOPS for char in body),
    )


def pace(language: str) -> Pace | None:
    """How a language is spoken, as measured; None where it was not."""
    return _paces().get(languages.base(language))


@cache
def _paces() -> Mapping[str, Pace]:
    known = [one.name for one in fields(Pace)]
    tables = tomllib.loads(_MEASURED)
    return {language: Pace(**{name: table[name] for name in known}) for language, table in tables.items()}


def _published_rate(language: str) -> float:
    known = LETTERS_PER_SECOND.get(languages.base(language))
    return known or (OTHER_HAN if scripts.HAN in scripts.of_language(language) else OTHER_ALPHABET)
