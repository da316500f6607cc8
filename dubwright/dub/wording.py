"""What of a line is spoken, and how: synthesizers read emoji by name, markup letter by letter, names as they please."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

from dubwright.dub import shorthand

_MARKUP = re.compile(r"</?[A-Za-z][^<>]{0,80}>|\{\\[^{}]{0,200}\}")
_REMARK = re.compile(r"\[[^\[\]]{0,80}\]|【[^【】]{0,80}】")
_ADDRESS = re.compile(r"https?://\S+")
# Marks and signs that are said, or that carry the melody.
_KEPT_SYMBOLS = set("%&+=°€$£¥₹₽₩@'’")
_KEPT_FORMAT = set("\u200c\u200d")  # joiners that Persian, Hindi and others are spelled with
_PUNCTUATION = {"…": "...", "—": ", ", "–": "-", "*": "", "_": " ", "~": "", "～": "", "#": "", "|": " ", "/": " "}


# What is taken away may leave something behind that is to be taken away in turn.
_ROUNDS = 12
_NONE: Mapping[str, str] = MappingProxyType({})


def spoken(text: str, language: str = "", pronunciations: Mapping[str, str] = _NONE) -> str:
    """The line as it is said: without markup, stage directions in brackets, emoji and control characters; names as they
    are to be pronounced; where the language is given, what is written short said at length.

    Empty if nothing is left to say. What is spoken already stays as it is.
    """
    text = respelt(_unmarked(text), pronunciations)
    for _ in range(_ROUNDS):
        before = text
        text = _unmarked(text)
        text = _plain(shorthand.said(text, language) if language else text)
        if text == before:
            break
    return text


def respelt(text: str, pronunciations: Mapping[str, str]) -> str:
    """The text with names written as they are to be pronounced, wherever they stand as words."""
    if not pronunciations:
        return text
    names = "|".join(re.escape(name) for name in sorted(pronunciations, key=len, reverse=True))
    return re.sub(rf"(?<!\w)(?:{names})(?!\w)", lambda found: pronunciations[found[0]], text)


def _unmarked(text: str) -> str:
    return _REMARK.sub(" ", _ADDRESS.sub(" ", _MARKUP.sub(" ", unicodedata.normalize("NFC", text))))


def _plain(text: str) -> str:
    text = "".join(map(_character, text))
    text = re.sub(r"(?<!\S)[\u200c\u200d]+", "", text)  # left behind by emoji
    text = re.sub(r"\s+([,.!?;:])", r"\1", " ".join(text.split()))
    return text if any(char.isalnum() for char in text) else ""


def _character(char: str) -> str:
    if char in _PUNCTUATION:
        return _PUNCTUATION[char]
    category = unicodedata.category(char)
    if category[0] in "LNP" or category in ("Mn", "Mc") or char in _KEPT_SYMBOLS or char in _KEPT_FORMAT:
        # Variation selectors belong to emoji.
        return "" if 0xFE00 <= ord(char) <= 0xFE0F else char
    return " "
