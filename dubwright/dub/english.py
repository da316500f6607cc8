"""English as Kokoro learnt it: a word at a time from misaki's dictionaries, in misaki's alphabet.

espeak-ng, asked for a whole sentence, writes what the model rarely saw: an `I` too weak to be heard, words run together.
It is asked for single words that no dictionary has; of these, a Mandarin name in pinyin is said as a Mandarin name. So is
what is an English word, too, where it stands as a name does: Ye Chen, Dr. Xi, the Mu family.
"""

from __future__ import annotations

import importlib.resources
import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from dubwright.dub import english_names
from dubwright.mandarin import romanized

# Letters with dots, words, what has figures in it, whatever stands between.
_TOKEN = re.compile(
    r"(?:[^\W\d_]\.){2,}|[^\W\d_]+(?:['’][^\W\d_]+)*(?!\w)|[^\W_](?:(?:[^\W_]|[.,:])*[^\W_])?|(?:\W|_)+"
)
_VOWELS = frozenset("AIOQWYaiuæɑɒɔəɛɜɪʊʌᵻ")
_STRESS = "ˈˌ"
# Behind these begins another phrase: what a word is like before a vowel does not reach across.
_REST = re.compile(r"[.!?…;:,—()\"“”]")


class English:
    """Text in, phonemes out. `otherwise` says a word that is in no dictionary, or figures."""

    def __init__(self, otherwise: Callable[[str], str], *, british: bool) -> None:
        self._otherwise = otherwise
        self._british = british
        self._known = _dictionary(british)

    def __call__(self, text: str) -> str:
        tokens = _TOKEN.findall(text)
        names = english_names.found(tokens, self._known)
        said: list[str] = []
        following: str | None = None  # the phonemes of the next word of the phrase
        for at, token in reversed(list(enumerate(tokens))):
            if not token[0].isalnum():
                following = None if _REST.search(token) else following
                said.append(token)
                continue
            if token.isalpha() or "'" in token or "’" in token:
                following = self._word(token.replace("’", "'"), following, name=at in names)
            else:
                following = self._otherwise(token).replace(".", "").strip()
            said.append(following)
        return " ".join("".join(reversed(said)).split())

    def _word(self, word: str, following: str | None, *, name: bool) -> str:
        if name and (said := self._misread(word)):
            return said
        before_vowel = following is not None and following.lstrip(_STRESS)[:1] in _VOWELS
        match word if word == "I" else word.lower():
            case "I":
                return "ˌI"
            case "a":
                # The letter ends a phrase (plan A), the article never does.
                return "ˈA" if following is None else "ɐ"
            case "an":
                return "ɐn"
            case "the":
                return "ði" if before_vowel else "ðə"
            case "to":
                return "tu" if following is None else "tʊ" if before_vowel else "tə"
        return (
            self._looked_up(word, last=following is None)
            or romanized.in_english(word, british=self._british)
            or self._otherwise(word)
        )

    def _misread(self, word: str) -> str | None:
        """How a name is said that English would read as a word of its own (Ye, Mu, Xi). What it knows as a name stays (Zhou,
        Han's), and so does what ends in a nasal (Song, Ran): it is near enough, and better understood."""
        stem = word.removesuffix("'s")
        near = stem in self._known or stem.endswith(("n", "g"))
        return None if near else romanized.in_english(word, british=self._british)

    def _looked_up(self, word: str, *, last: bool) -> str | None:
        # What is written in capitals may be letters, which espeak knows to tell from words.
        forms = (word,) if word.isupper() and len(word) > 1 else (word, word.lower())
        found = next((self._known[form] for form in forms if form in self._known), None)
        if isinstance(found, dict):
            found = (found.get("None") if last else None) or found.get("DEFAULT")
        return found


@cache
def _dictionary(british: bool) -> Mapping[str, Any]:
    """Words → phonemes, or phonemes by part of speech: `DEFAULT`, and `None` at a phrase's end."""
    folder = importlib.resources.files("misaki") / "data"
    variety = "gb" if british else "us"
    silver, gold = (json.loads((folder / f"{variety}_{name}.json").read_text("utf-8")) for name in ("silver", "gold"))
    return {**silver, **gold}
