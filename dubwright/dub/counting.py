"""Numbers in words, as a language says them: cardinals that agree with what they count, ordinals, years, times of day.

In the languages whose answers were gone through (those of `wording.toml`).
"""

from __future__ import annotations

import re
from functools import lru_cache

from dubwright.numerals import in_words

# Longer ones are no quantities: said digit by digit.
MOST_DIGITS = 12
# End as what is feminine does, and are not; or are no nouns, so that a number before them counts nothing.
_MASCULINE = {
    "es": "día días mapa mapas problema problemas idioma idiomas tema temas poema poemas programa programas drama dramas",
    "pt": "dia dias mapa mapas problema problemas idioma idiomas tema temas poema poemas programa programas drama dramas grama",
    "it": "problema tema poema programma dramma",
}
_NO_NOUNS = {
    "es": "a al de del en y o u e que con por para hasta contra cada esta era va está ya la las una más si se era mil",
    "pt": "a ao à da do de em na no e ou que com por para até contra cada esta era vai está já a as uma mais se mil",
    "it": "a al da del di e o che con per la le una era va già ma in il lo mila volta",
}


@lru_cache(4096)
def cardinal(value: int, language: str, noun: str = "") -> str:
    """A number in words, in the form that it has before a noun; a word that is none changes nothing."""
    words = _said(value, language)
    return _agreeing(words, language[:2], noun.lower()) if noun else words


@lru_cache(4096)
def ordinal(value: int, language: str, *, feminine: bool = False) -> str:
    """First, second, third …"""
    base = language[:2]
    if base == "fr" and value == 1:
        return "première" if feminine else "premier"
    words = _said(value, language, "ordinal")
    if feminine and base in ("es", "it", "pt"):
        return re.sub(r"o\b", "a", words)
    return words


@lru_cache(4096)
def year(value: int, language: str) -> str:
    """A year: nineteen ninety-eight, neunzehnhundertachtundneunzig; elsewhere as any number."""
    paired = {"en": 1100 <= value < 2000 or 2010 <= value < 2100, "de": 1100 <= value < 2000}
    return _said(value, language, "year" if paired.get(language[:2]) else "cardinal")


def digits(text: str, language: str) -> str:
    """One digit after the other."""
    return " ".join(cardinal(int(each), language) for each in text)


def clock(hour: int, minute: int, language: str) -> str:
    """A time of day in 24 hours, without the word that a text says before it."""
    base = language[:2]
    hours, minutes = cardinal(hour, language), cardinal(minute, language)
    match base:
        case "en":
            minutes = f"oh {minutes}" if minute < 10 else minutes
            full = f"{hours} o'clock" if 1 <= hour <= 12 else f"{hours} hundred hours"
            return f"{hours} {minutes}" if minute else full
        case "de":
            hours = "ein" if hour == 1 else hours
            return f"{hours} Uhr {minutes}" if minute else f"{hours} Uhr"
        case "fr":
            hours = f"{_agreeing(hours, base, 'heure')} {'heures' if hour > 1 else 'heure'}"
            return f"{hours} {minutes}" if minute else hours
        case _:
            hours = _agreeing(hours, base, "hora")
            minutes = "media" if base == "es" and minute == 30 else minutes
            return f"{hours} {'y' if base == 'es' else 'e'} {minutes}" if minute else hours


def _said(value: int, language: str, to: str = "cardinal") -> str:
    return in_words(value, language, to) or str(value)


def _agreeing(words: str, base: str, noun: str) -> str:
    if noun in _NO_NOUNS.get(base, "").split():
        return words
    if base == "fr":
        return re.sub(r"\bun$", "une", words) if noun.startswith(("heure", "minute", "livre")) else words
    if base == "de":
        return re.sub(r"^eins$", "eine" if noun in ("minute", "stunde") else "ein", words)
    feminine = noun.endswith(("a", "as")) and noun not in _MASCULINE.get(base, "").split()
    match base:
        case "es" if feminine:
            return re.sub("cientos", "cientas", re.sub("uno$", "una", words))
        case "es":
            return re.sub(r"\buno$", "un", re.sub("veintiuno$", "veintiún", words))
        case "pt" if feminine:
            return re.sub("entos", "entas", re.sub(r"\bdois$", "duas", re.sub(r"\bum$", "uma", words)))
        case "it":
            return re.sub(r"^uno$", "una" if noun.endswith(("a", "e")) else "un", words)
        case _:
            return words
