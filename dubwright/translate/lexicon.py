"""The genre's own words: what its characters call themselves and each other, what they say at every turn, and the things
around them, for translators that do not know.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

from dubwright import languages
from dubwright.translate import glossary

FILES = ("lexicon.toml", "things.toml")
# Words that mean this only where nothing else is said between two marks, and those that are somebody's.
_CLAUSES, _RELATIONS = "clause", "kin"
_BETWEEN_MARKS = re.compile(r"[^\W_]+")
_PARTICLES = "了吧啊呢呀"
_OWNERS = {
    "en": {"你": "your", "您": "your", "我": "my", "他": "his", "她": "her", "我们": "our", "你们": "your"},
    "es": {"你": "tu", "您": "su", "我": "mi", "他": "su", "她": "su"},
    "fr": {"你": "ton", "您": "votre", "我": "mon", "他": "son", "她": "son"},
}


def occurring(text: str, source: str, target: str) -> dict[str, str]:
    """The genre's words in a line with what they mean here; hints for a translator, nothing to be enforced."""
    groups = _of(languages.base(source), languages.base(target))
    anywhere = {word: told for name, words in groups.items() if name != _CLAUSES for word, told in words.items()}
    alone = {piece.rstrip(_PARTICLES) or piece for piece in _BETWEEN_MARKS.findall(text)}
    clauses = {word: told for word, told in groups.get(_CLAUSES, {}).items() if word in alone}
    return glossary.occurring(text, anywhere | clauses)


def owned(text: str, terms: Mapping[str, str], source: str, target: str) -> dict[str, str]:
    """The relations among the terms of a line that are somebody's, with whose: 你师父, "your Master".

    A translator that reads 你Master takes the pronoun for a slip.
    """
    owners = _OWNERS.get(languages.base(target), {})
    relations = _of(languages.base(source), languages.base(target)).get(_RELATIONS, {})
    found: dict[str, str] = {}
    for term in terms.keys() & relations.keys():
        for owner, of in owners.items():
            for told in (owner + term, f"{owner}的{term}"):
                if told in text:
                    found[told] = f"{of} {terms[term]}"
    return found


@cache
def _of(source: str, target: str) -> Mapping[str, Mapping[str, str]]:
    """The groups of words with what they mean in a language; none for sources other than Chinese."""
    if source != "zh":
        return {}
    groups = [group for file in FILES for group in read(file).items()]
    return {name: {word: told[target] for word, told in group.items() if target in told} for name, group in groups}


def addresses() -> Mapping[str, Mapping[str, str]]:
    """The genre's forms of address: Chinese → language → what it is there."""
    return read(FILES[0])["address"]


def read(file: str) -> dict[str, dict[str, dict[str, str]]]:
    """The groups of words in one of the files: Chinese → language → what it means."""
    return tomllib.loads((resources.files(__package__) / file).read_text(encoding="utf-8"))
