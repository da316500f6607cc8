"""The genre's own words: what its characters call themselves and each other, what they say at every turn, and the things
around them, for translators that do not know. The files of `genre/` have them: `[group]`, Chinese = {language = meaning}.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from functools import cache
from importlib import resources

from dubwright import languages
from dubwright.translate import glossary

FOLDER = "genre"
# Words that mean this only where nothing else is said between two marks, or in the whole line, and those that are
# somebody's.
_CLAUSES, _REPLIES, _RELATIONS = "clause", "reply", "kin"
_BETWEEN_MARKS = re.compile(r"[^\W_]+")
_PARTICLES = "了吧啊呢呀"
# Asked in wonder, a question means the same: 怎么是你, 怎么会是你.
_WONDERED = re.compile("怎么(?!会)")
_PIECES = re.compile(r"([^\W_]+)([\s，、。！？…；：,.!?;:~—]*)")
_MARKS = {
    "，": ",",
    "、": ",",
    ",": ",",
    "。": ".",
    ".": ".",
    "；": ".",
    "！": "!",
    "!": "!",
    "？": "?",
    "?": "?",
    "…": "…",
}
# How a question begins in the languages that have stock clauses.
_ASKS = re.compile(
    r"(?:(?:what|why|how|who|whose|where|when|which)\b(?! dare)"
    r"|(?:is|are|am|was|were|do|does|did|have|has|can|could|would|will) (?:i|you|he|she|it|we|they|that|this|there)\b"
    r"|(?:qué|por qué|cómo|quién|dónde|cuándo|cuál|cuánto|acaso|con qué)\b)",
    re.IGNORECASE,
)
_OWNERS = {
    "en": {"你": "your", "您": "your", "我": "my", "他": "his", "她": "her", "我们": "our", "你们": "your"},
    "es": {"你": "tu", "您": "su", "我": "mi", "他": "su", "她": "su"},
    "fr": {"你": "ton", "您": "votre", "我": "mon", "他": "son", "她": "son"},
}


def occurring(text: str, source: str, target: str) -> dict[str, str]:
    """The genre's words in a line with what they mean here; hints for a translator, nothing to be enforced."""
    groups = _of(languages.base(source), languages.base(target))
    anywhere = {
        word: told for name, words in groups.items() if name not in (_CLAUSES, _REPLIES) for word, told in words.items()
    }
    known = groups.get(_CLAUSES, {})
    alone = Counter(word for piece in _BETWEEN_MARKS.findall(text) if (word := _clause(piece, known)))
    # Elsewhere in the line it is no clause, and would be put in there as well.
    clauses = {word: known[word] for word, count in alone.items() if count == text.count(word)}
    return glossary.occurring(text, anywhere | clauses)


def _clause(piece: str, known: Mapping[str, str]) -> str | None:
    """The stock clause that stands between two marks, with its particle or without; None if there is none."""
    return next((word for word in (piece, piece.rstrip(_PARTICLES)) if word in known), None)


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


def whole(text: str, terms: Mapping[str, str], source: str, target: str) -> str | None:
    """What a line means that is made up of stock clauses, replies and terms alone (你疯了？放开我！); None for any other.

    `terms` are the glossary's in the line, with their renderings.
    """
    groups = _of(languages.base(source), languages.base(target))
    clauses = {**groups.get(_REPLIES, {}), **groups.get(_CLAUSES, {})}
    text = text.strip()
    said, at = "", 0
    for piece in _PIECES.finditer(text):
        words, marks = piece[1], piece[2]
        clause = _clause(words, clauses)
        meant = terms.get(words) or (clauses[clause] if clause else None)
        if meant is None or piece.start() != at:
            return None
        at = piece.end()
        opens = not said or said.rstrip()[-1] in ".!?…"
        said += (meant[0].upper() + meant[1:] if opens else meant) + _mark(meant, words, marks, at == len(text))
    return said.strip() if said and at == len(text) else None


def _mark(meant: str, words: str, marks: str, last: bool) -> str:
    """How a clause ends, by what stands behind it; subtitles often have nothing there."""
    mark = next((_MARKS[mark] for mark in marks if mark in _MARKS), "")
    if mark in ("", ".") and (words[-1] in "吗呢" or _ASKS.match(meant)):
        mark = "?"
    return f"{mark or ('.' if last else ',')} "


@cache
def _of(source: str, target: str) -> Mapping[str, Mapping[str, str]]:
    """The groups of words with what they mean in a language; none for sources other than Chinese."""
    if source != "zh":
        return {}
    found = {
        name: {word: told[target] for word, told in group.items() if target in told} for name, group in groups().items()
    }
    for name in (_CLAUSES, _REPLIES):
        words = found.get(name, {})
        found[name] = {_WONDERED.sub("怎么会", word): told for word, told in words.items()} | words
    return found


def addresses() -> Mapping[str, Mapping[str, str]]:
    """The genre's forms of address: Chinese → language → what it is there."""
    return groups()["address"]


@cache
def groups() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """All groups of words: Chinese → language → what it means. Of a word that two files have, the first one's meaning."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    for file in sorted(resources.files(__package__).joinpath(FOLDER).iterdir(), key=lambda file: file.name):
        if file.name.endswith(".toml"):
            for name, words in tomllib.loads(file.read_text(encoding="utf-8")).items():
                found[name] = words | found.get(name, {})
    return found
