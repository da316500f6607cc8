"""Where a line may be cut, and how its pieces are put together again."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from dubwright.translate import scripts

_CLOSING = "”’」』）)\"'»"
_SENTENCE = re.compile(rf"(?:[。！？!?…；;।؟۔။។]+|\.+(?=\s|$|[{_CLOSING}]))[{_CLOSING}]*\s*")
_CLAUSE = re.compile(r"(?:[，、：,،—–]+|:(?=\s))\s*")
_WORD = re.compile(r"\s+")
# The coarser the better: what stands on both sides of a cut is translated without the other.
_LEVELS = (_SENTENCE, _CLAUSE, _WORD)


def cut(
    text: str, size: Callable[[str], int], longest: int, levels: Sequence[re.Pattern[str]] = _LEVELS
) -> list[str] | None:
    """The text in as few pieces as have at most the size `longest` each; None where it cannot be cut so."""
    if size(text) <= longest:
        return [text]
    if not levels:
        return None
    pieces: list[str] = []
    for part in _split(text, levels[0]):
        if pieces and size(pieces[-1] + part) <= longest:
            pieces[-1] += part
            continue
        smaller = cut(part, size, longest, levels[1:])
        if smaller is None:
            return None
        pieces += smaller
    return pieces


def sentences(text: str) -> list[str]:
    """The sentences of a text; what holds no word belongs to the one before it."""
    found: list[str] = []
    for part in _split(text, _SENTENCE):
        if found and not any(char.isalnum() for char in part):
            found[-1] += part
        else:
            found.append(part)
    return found


def joined(pieces: Sequence[str], target: str) -> str:
    """The translations of a text's pieces as one; with spaces between them where the language has any."""
    spaceless = scripts.HAN in scripts.of_language(target)
    return ("" if spaceless else " ").join(piece.strip() for piece in pieces)


def _split(text: str, mark: re.Pattern[str]) -> list[str]:
    """The text behind each mark; joined they are the text again."""
    ends = [found.end() for found in mark.finditer(text)]
    bounds = [0, *ends, len(text)]
    return [text[start:end] for start, end in pairwise(bounds) if text[start:end]]
