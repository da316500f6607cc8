"""By way of another language: how the glossary's terms cross it.

A rendering in the target's language would be translated there (Su Alteza, "his height"), and the one that the other
language would need is not known. So a term crosses as it sounds, like a name, and becomes its rendering behind.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec


def stand_ins(terms: Mapping[str, str]) -> dict[str, str]:
    """For each term what stands for it on the way: its rendering where that is how it sounds, else its sound."""
    if find_spec("pypinyin") is None:
        return dict(terms)
    lazy_pinyin = import_module("pypinyin").lazy_pinyin
    found: dict[str, str] = {}
    for term, rendering in terms.items():
        sound = "".join(lazy_pinyin(term)).replace("ü", "u").capitalize()
        alike = sound.casefold() == re.sub(r"\W", "", rendering).casefold()
        taken = any(found[other] == sound and terms[other] != rendering for other in found)
        found[term] = rendering if alike or taken or not sound.isascii() else sound
    return found


def crossed(text: str, terms: Mapping[str, str], by: Mapping[str, str]) -> str:
    """The text behind the bridge: each stand-in's rendering in its place."""
    renderings = {_letters(by[term]): rendering for term, rendering in terms.items()}
    # A translator may write a sound in two words: Shen Shijituan.
    names = "|".join(r"\s?".join(map(re.escape, name)) for name in sorted(renderings, key=len, reverse=True))
    if not names:
        return text
    # What is told of a name that is a title comes with the rendering: Mr. Shenzong is señor Shen.
    pattern = re.compile(rf"\b(?:(?:the|mr|mrs|ms|miss|dr|master)\b\.?\s+)?({names})\b", re.IGNORECASE)
    return pattern.sub(lambda found: renderings[_letters(found[1])], text)


def _letters(name: str) -> str:
    return "".join(name.casefold().split())
