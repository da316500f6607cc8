"""Names that an answer spells otherwise than the glossary: Wan Qing, Wan-qing and Wǎnqíng are Wanqing, Qing Lu is Lu Qing.

What can only be that name is put right here; everything else is the translator's to say again.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

from dubwright.translate import glossary

_WORD = re.compile(r"[^\W\d_]+")
_BETWEEN = re.compile(r"[\s\-‐‑'’·]{1,2}")
# Shorter ones are like too many words; a name falls into at most so many more words than it has.
SHORTEST, MORE_WORDS = 4, 3


def spelled(text: str, terms: Mapping[str, str], language: str) -> str:
    """The answer with the renderings in it that differ in spaces, hyphens, accents or order of words as they should be.

    `terms` are the terms of the line with their renderings; one whose rendering is there is left alone.
    """
    for rendering in sorted(set(terms.values()), key=len, reverse=True):
        wanted = _letters(rendering)
        if len(wanted) < SHORTEST or not wanted.isascii() or glossary.rendered(text, rendering, language):
            continue
        for start, end, words in _windows(text, len(rendering.split()) + MORE_WORDS):
            # A name's own words begin with capitals: "me in" is no Mein.
            if all(word[0].isupper() for word in words) and wanted in _readings(words):
                first = rendering[0].upper() if text[start].isupper() else rendering[0]
                text = text[:start] + first + rendering[1:] + text[end:]
                break
    return text


def _readings(words: list[str]) -> Iterator[str]:
    """The letters of some words, and of two names' words the other way round, as other peoples order them."""
    yield _letters("".join(words))
    if len(words) > 1:
        yield _letters("".join([*words[1:], words[0]]))
        yield _letters("".join([words[-1], *words[:-1]]))


def _windows(text: str, most: int) -> Iterator[tuple[int, int, list[str]]]:
    """Runs of at most so many words that stand together, the longest first: where they begin and end, and the words."""
    for run in _runs(text):
        for size in range(min(most, len(run)), 0, -1):
            for at in range(len(run) - size + 1):
                chosen = run[at : at + size]
                yield chosen[0].start(), chosen[-1].end(), [word[0] for word in chosen]


def _runs(text: str) -> Iterator[list[re.Match[str]]]:
    """The words of a text, those together that nothing but a space, a hyphen or an apostrophe parts."""
    run: list[re.Match[str]] = []
    for word, after in pairwise([*_WORD.finditer(text), None]):
        if word is None:
            continue
        run.append(word)
        if after is None or not _BETWEEN.fullmatch(text, word.end(), after.start()):
            yield run
            run = []


def _letters(text: str | Iterable[str]) -> str:
    """Letters alone, without case and accents."""
    folded = unicodedata.normalize("NFKD", "".join(text)).casefold()
    return "".join(char for char in folded if char.isalpha())
