"""What of a line is spoken: synthesizers read emoji by name and markup letter by letter."""

from __future__ import annotations

import re
import unicodedata

_MARKUP = re.compile(r"</?[A-Za-z][^<>]{0,80}>|\{\\[^{}]{0,200}\}")
_REMARK = re.compile(r"\[[^\[\]]{0,80}\]|【[^【】]{0,80}】")
_ADDRESS = re.compile(r"https?://\S+")
# Marks and signs that are said, or that carry the melody.
_KEPT_SYMBOLS = set("%&+=°€$£¥₹₽₩@'’")
_KEPT_FORMAT = set("\u200c\u200d")  # joiners that Persian, Hindi and others are spelled with
_PUNCTUATION = {"…": "...", "—": ", ", "–": "-", "*": "", "_": " ", "~": "", "～": "", "#": "", "|": " ", "/": " "}


def spoken(text: str) -> str:
    """The line without markup, stage directions in brackets, emoji and control characters; empty if nothing is left to say."""
    text = _REMARK.sub(" ", _ADDRESS.sub(" ", _MARKUP.sub(" ", unicodedata.normalize("NFC", text))))
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
