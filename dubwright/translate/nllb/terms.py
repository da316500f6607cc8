"""A glossary's renderings in an answer, by construction.

Where an answer lacks a rendering, its words that the term brought about are found: those that become unlikely when the
term is taken out of the source. The rendering takes their place; where the answer cannot stand so, the model goes on from
the rendering by itself. What is put there stands whatever the model has learned; that it copied a placeholder would have
to be hoped for.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from math import inf

from dubwright.translate import scripts
from dubwright.translate.nllb.decoding import Tokens
from dubwright.translate.nllb.vocabulary import SPACE, Vocabulary

# Words beside the one that the term brought about most belong to it if they owe it this share of what that one does.
SHARE = 0.4
# Scripts that leave no space between words.
_SPACELESS = frozenset({scripts.HAN, "THAI", "LAO", "KHMER", "MYANMAR"})
# Vowels of Thai and Lao that follow their consonant, and are letters to Unicode.
_DEPENDENT = "ะาำๅະາຳ"


def owed(
    said: Tokens, losses: Sequence[float], rendering: str, held: Sequence[str], target: str, vocabulary: Vocabulary
) -> tuple[int, int]:
    """From where to where the words of an answer stand that owe most to a term: `losses` are what each of its tokens
    loses in log probability without the term. Beside them, words that its `rendering` says too: 王总 is President Wang, no
    President Wang Wang. Renderings `held` already stay; if there is nothing else, the end.
    """
    words = _words(said, target, vocabulary)
    kept = {place for each in held for place in _stands(each, said, target, vocabulary)}
    lost = [-inf if kept.intersection(range(*word)) else sum(losses[slice(*word)]) for word in words]
    if not any(loss > -inf for loss in lost):
        return len(said), len(said)
    own = rendering.casefold().split()
    first = last = max(range(len(words)), key=lambda word: lost[word])
    least = max(0.0, SHARE * lost[first])

    def belongs(word: int) -> bool:
        said_too = vocabulary.decode(said[slice(*words[word])]).casefold() in own
        return lost[word] > least or (lost[word] > -inf and said_too)

    while first > 0 and belongs(first - 1):
        first -= 1
    while last + 1 < len(words) and belongs(last + 1):
        last += 1
    return words[first][0], words[last][1]


def written(rendering: str, inside: bool, target: str, vocabulary: Vocabulary) -> Tokens:
    """The tokens of a rendering, at the beginning of an answer or `inside` it; none if the vocabulary cannot write it."""
    tokens = vocabulary.encode(rendering)
    if vocabulary.unknown in tokens:
        return ()
    if not tokens or not inside or _spaced(target):
        return tokens
    (name,) = vocabulary.names(tokens[:1])
    bare = vocabulary.number(name.removeprefix(SPACE)) if name != SPACE else None
    return tokens[1:] if name == SPACE else tokens if bare is None else (bare, *tokens[1:])


def _stands(rendering: str, said: Tokens, target: str, vocabulary: Vocabulary) -> Iterator[int]:
    """The places of the tokens of a rendering in an answer that was made to hold it, or came to by itself."""
    for tokens in {written(rendering, inside, target, vocabulary) for inside in (False, True)}:
        for start in range(len(said) - len(tokens) + 1):
            if said[start : start + len(tokens)] == tokens:
                yield from range(start, start + len(tokens))


def _words(said: Tokens, target: str, vocabulary: Vocabulary) -> list[tuple[int, int]]:
    """Where each word of an answer begins and ends, punctuation left out; each token is one where no spaces are."""
    spaced = _spaced(target)
    found: list[tuple[int, int]] = []
    for place, name in enumerate(vocabulary.names(said)):
        if not any(char.isalnum() or char == SPACE or unicodedata.combining(char) for char in name):
            continue
        goes_on = not name.startswith(SPACE) if spaced else _goes_on(name)
        if goes_on and found and found[-1][1] == place:
            found[-1] = found[-1][0], place + 1
        else:
            found.append((place, place + 1))
    return found


def _spaced(target: str) -> bool:
    return not _SPACELESS & scripts.of_language(target)


def _goes_on(name: str) -> bool:
    """Whether a token begins in the middle of a syllable: with a sign or vowel that belongs to the letter before it."""
    return unicodedata.category(name[0]) in ("Mn", "Mc") or name[0] in _DEPENDENT
