"""Where a line may be cut that is too long for a model to be spoken at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

_CLOSING = "”’」』）)\"'»"
_SENTENCE = re.compile(rf"(?:[。！？!?…；;।؟۔]+|\.+(?=\s|$|[{_CLOSING}]))[{_CLOSING}]*\s*")
_CLAUSE = re.compile(r"(?:[，、：,،—–]+|:(?=\s))\s*")
_WORD = re.compile(r"\s+")
# Before a letter: the signs of many scripts stand on the one before them.
_ANYWHERE = re.compile(r"(?<=.)(?=\w)", re.DOTALL)
# The coarser the better: the melody breaks off at a cut.
_LEVELS = (_SENTENCE, _CLAUSE, _WORD, _ANYWHERE)


def cut(text: str, fits: Callable[[str], bool], levels: Sequence[re.Pattern[str]] = _LEVELS) -> list[str]:
    """The text in few parts that fit, each with something to say; nothing else of it is lost.

    A single character is a part even if it does not fit.
    """
    parts: list[str] = []
    for part in _cut(text.strip(), fits, levels):
        if any(char.isalnum() for char in part):
            parts.append(part.strip())
        elif parts:
            parts[-1] += part.rstrip()
    return parts


def _cut(text: str, fits: Callable[[str], bool], levels: Sequence[re.Pattern[str]]) -> list[str]:
    if not levels or fits(text.strip()):
        return [text]
    parts: list[str] = []
    for piece in _split(text, levels[0]):
        if parts and fits((parts[-1] + piece).strip()):
            parts[-1] += piece
        else:
            parts += _cut(piece, fits, levels[1:])
    return parts


def _split(text: str, mark: re.Pattern[str]) -> list[str]:
    """The text behind each mark; joined they are the text again."""
    ends = [found.end() for found in mark.finditer(text)]
    return [text[start:end] for start, end in pairwise([0, *ends, len(text)]) if text[start:end]]
