"""Which words of an English line are Mandarin names: `Ran` is one in "Mu Ran, you ran", and so is `Ye` in "Ms. Ye".

Told from how a word is written, pinyin with a capital, and from what it stands beside: another such word, a title, `family`.
Inside a sentence a capital alone is enough for a common word.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence, Set

from dubwright.mandarin import romanized

_SHORT = "mr mrs ms dr"
_LONG = (
    "mister missus miz miss doctor madam madame master mistress lady lord professor teacher coach boss chief chairman "
    "chairwoman director president manager secretary lawyer attorney counselor judge officer inspector detective coroner "
    "captain commander general marshal colonel major minister chancellor governor mayor eunuch consort concubine prince "
    "princess duke emperor empress king queen elder squire steward uncle auntie aunt granny grandpa grandma brother sister "
    "nanny nurse chef old young little ah"
)
_BEHIND = (
    "family clan sect group corporation company industries enterprises residence mansion manor estate house household "
    "works village lane street city hall"
)
# What stands before a name, the short ones with a dot, and what behind it.
_SHORT_TITLES = frozenset(_SHORT.split())
_TITLES = _SHORT_TITLES | frozenset(_LONG.split())
_KINDS = frozenset(_BEHIND.split())
# What is understood better as it is: Ms. He.
_PRONOUNS = frozenset({"he", "she", "you", "me"})
# What a sentence may begin with.
_VERBS = frozenset({"die", "lie", "tie"})
_SENTENCE_END = re.compile(r"[.!?…:\"“”]")


def found(tokens: Sequence[str], known: Container[str]) -> Set[int]:
    """The indices of a line's tokens that are names. Tokens are words and what stands between them, in their order;
    `known` are the words of the language, in small letters, and its own names.
    """
    words = [at for at, token in enumerate(tokens) if token[0].isalnum()]
    names: set[int] = set()
    for before, at, after in zip([-1, *words], words, [*words[1:], len(tokens)], strict=False):
        if not could_be(tokens[at], known):
            continue
        word = _stem(tokens[at]).lower()
        gap, title = "".join(tokens[before + 1 : at]), tokens[before].lower() if before >= 0 else ""
        titled = (gap == " " and title in _TITLES) or (gap == ". " and title in _SHORT_TITLES)
        beside = gap == " " and before in names
        begins = before < 0 or bool(_SENTENCE_END.search(gap))
        follows = tokens[after] if after < len(tokens) and "".join(tokens[at + 1 : after]) == " " else ""
        leads = follows.lower() in _KINDS or (follows != "" and could_be(follows, known))
        inside = not begins and word in known
        if titled or beside or (word not in _VERBS and (leads or inside)):
            names.add(at)
    return names


def could_be(word: str, known: Container[str]) -> bool:
    """Whether a word is written as a name in pinyin is; what is an English word, too, only if it has a single syllable."""
    stem = _stem(word)
    if stem.lower() in _PRONOUNS:
        return False
    plain = stem.lower() not in known or romanized.is_syllable(stem)
    return plain and romanized.in_english(stem) is not None


def _stem(word: str) -> str:
    return word.replace("’", "'").removesuffix("'s")
