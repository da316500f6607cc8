"""How long a line takes to speak, guessed from its text before anything is synthesized."""

from __future__ import annotations

import unicodedata

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


def predicted_ms(text: str, language: str) -> int:
    """Milliseconds that a voice at its natural pace needs for a text; 0 for one without letters or digits."""
    spoken = sum(char.isalnum() for char in text)
    if not spoken:
        return 0
    rate = _letters_per_second(language)
    body = text.rstrip().rstrip("".join(char for char in text if unicodedata.category(char).startswith("P")))
    pauses = sum(COMMA_MS if char in _COMMAS else STOP_MS if char in _STOPS else 0 for char in body)
    return round(min(max(1000 * spoken / rate + pauses, SHORTEST_MS), LONGEST_MS))


def letters_in(ms: int, language: str) -> int:
    """How many letters and digits a voice at its natural pace says in so long."""
    return round(ms * _letters_per_second(language) / 1000)


def _letters_per_second(language: str) -> float:
    known = LETTERS_PER_SECOND.get(languages.base(language))
    return known or (OTHER_HAN if scripts.HAN in scripts.of_language(language) else OTHER_ALPHABET)
