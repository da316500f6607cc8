"""A subtitle's text shorter than what is spoken, where that is said faster than it can be read.

Only what a line can do without is left out, by rule and one thing at a time, the mildest first, until the text can be read:

1. forms that say the same in fewer letters (do not, don't);
2. fillers and interjections that stand apart: "Well, …", "…, you know, …";
3. what is said twice in a row: "Wait, wait!";
4. whom the line calls, where the source calls them in that place too; the glossary's names go nowhere else;
5. adverbs that only lend weight.

Negations and numbers stay, whatever the rule: a proposal that would lose one is not taken. The words are in
`condense.toml`; a language that is not there is not condensed.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

from dubwright import languages, reading

# A text that needs more than this is no line of dialogue.
MOST_STEPS = 20

_CONTENT = (resources.files(__package__) / "condense.toml").read_text(encoding="utf-8")
_MARKS = ",،、.!?…؟।;:"
_WORD = rf"[^\s{_MARKS}\"“”«»¡¿()\-—]+"
_SENTENCE = r"(?:^|(?<=[.!?…؟।]\s))[¡¿\"“«\s—–-]*"
_APART = r"(?:\s*[,،、…]|\.{2,3})\s*"
_TWICE = re.compile(
    rf"(?:^|(?<=[\s¡¿\"“«]))({_WORD}(?: {_WORD}){{0,3}})\s?(?:[,،!…।]+|\.{{2,3}})\s+(?=[¡¿]?\1(?:[\s{_MARKS}]|$))", re.I
)
_NOT = re.compile(r"cannot\b|can't\b|n't\b")
_ARTICLES = frozenset({"un", "una", "uno", "une", "um", "uma", "ein", "eine", "einen", "einem", "einer", "eins", "one"})
# Where languages put no comma, a space sets apart.
_UNSPACED = frozenset({"th", "lo", "km", "my"})
# A line may begin with whom it speaks of, and not to: 林晚，她走了.
_SPOKEN_OF = "他她它这那是就也才都的和跟与"


@dataclass(frozen=True, slots=True)
class _Words:
    """What a language can do without, and what nothing may drop; the keys of `condense.toml`."""

    asides: Sequence[str] = ()
    openers: Sequence[str] = ()
    strong: Sequence[str] = ()
    kept: Sequence[str] = ()
    kept_parts: Sequence[str] = ()
    shorter: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Line:
    """What the rules know of the text besides itself."""

    language: str
    words: _Words
    terms: Mapping[str, str]
    source_text: str

    def sacred(self, text: str, *, names: bool = True) -> Counter[str]:
        """The negations and numbers of a text, and where `names` the glossary's, each as often as it stands there."""
        lowered = _NOT.sub(" not", text.casefold().replace("’", "'"))
        parts = [*self.words.kept_parts, *(self.terms.values() if names else ())]
        found = Counter({part: lowered.count(part.casefold()) for part in parts})
        found.update(word for word in re.findall(_WORD, lowered) if word in _folded(tuple(self.words.kept)))
        found.update(re.findall(r"\d+", lowered))
        return +found


def condensed(text: str, language: str, width: int, terms: Mapping[str, str], source_text: str = "") -> str:
    """The text with as little left out as brings it to a width (columns), or as near as the rules can.

    `terms` are the glossary's terms in the line with their renderings.
    """
    words = _tables().get(languages.base(language))
    if words is None:
        return text
    line = _Line(languages.base(language), words, terms, source_text)
    steps = 0
    for rule, names in ((_shorter, True), (_fillers, True), (_twice, True), (_calls, False), (_strong, True)):
        while reading.width(text) > width and steps < MOST_STEPS:
            found = next((each for each in rule(text, line) if _loses_nothing(text, each, line, names)), None)
            if found is None:
                break
            text, steps = found, steps + 1
    return text


def keeps(text: str, shorter: str, language: str, terms: Mapping[str, str]) -> bool:
    """Whether a text said in other words still has each negation, number and name of the glossary that it had.

    Words that are articles as well as numbers are no numbers here.
    """
    base = languages.base(language)
    line = _Line(base, _tables().get(base, _Words()), terms, "")
    had, has = line.sacred(text), line.sacred(shorter)
    return all(had[word] == has[word] for word in (had | has) if word not in _ARTICLES)


def _loses_nothing(text: str, shorter: str, line: _Line, names: bool) -> bool:
    return (
        any(map(str.isalnum, shorter))
        and reading.width(shorter) < reading.width(text)
        and line.sacred(shorter, names=names) == line.sacred(text, names=names)
    )


# Rules: what each can make of a text, one thing left out at a time ------------------------------------


def _shorter(text: str, line: _Line) -> Iterator[str]:
    for long, short in line.words.shorter.items():
        # "I am" in front of its own clause only: "where you are now" is no "where you're now".
        before = r"(?<!\w)" if long.endswith("not") else rf"(?:^|(?<=[{_MARKS}]\s))"
        for found in re.finditer(rf"{before}{re.escape(long)}(?=\s\w)", text, re.I):
            yield text[: found.start()] + _as_begun(found[0], short) + text[found.end() :]


def _fillers(text: str, line: _Line) -> Iterator[str]:
    opening, apart = _either([*line.words.openers, *line.words.asides]), _either(line.words.asides)
    gap = r"(?:\s*[,،、…]\s*|\s+)" if line.language in _UNSPACED else _APART
    yield from _without(text, re.compile(rf"(?P<kept>{_SENTENCE})(?P<said>{opening}){gap}(?=\S)", re.I), begins=True)
    yield from _without(text, re.compile(rf"(?P<kept>)\s*[,،]\s*(?P<said>{apart})(?=\s*[,،])", re.I))
    # Not before a question mark: it may be the filler that asks, and not the sentence.
    yield from _without(text, re.compile(rf"(?P<kept>)\s*[,،]\s*(?P<said>{apart})(?=\s*[.!…।]|$)", re.I))


def _twice(text: str, line: _Line) -> Iterator[str]:
    for found in _TWICE.finditer(text):
        yield text[: found.start()] + _as_begun(found[0], text[found.end() :])


def _calls(text: str, line: _Line) -> Iterator[str]:
    for term, rendering in line.terms.items():
        name = re.escape(rendering)
        gap = r"(?:\s*[,!،、]\s*|\s+)" if line.language in _UNSPACED else r"\s*[,!،、]\s*"
        if _begins_by_calling(line.source_text, term):
            yield from _without(
                text, re.compile(rf"(?P<kept>^[¡¿\"“«\s]*)(?P<said>{name}){gap}(?=\S)", re.I), begins=True
            )
        if _ends_by_calling(line.source_text, term):
            yield from _without(text, re.compile(rf"(?P<kept>)\s*[,،、]\s*(?P<said>{name})(?=\s*[.!?…؟।»”\"]*$)", re.I))


def _strong(text: str, line: _Line) -> Iterator[str]:
    # Beside a negation, or where something is asked, an adverb may carry the sense: "not really", "how did he really die?"
    if not line.sacred(text, names=False) and not re.search("[?？؟]", text):
        yield from _without(
            text,
            re.compile(
                rf"(?P<kept>(?<=[^\s{_MARKS}])\s)(?P<said>{_either(line.words.strong)})\s(?=[^\s{_MARKS}])", re.I
            ),
        )


def _without(text: str, pattern: re.Pattern[str], *, begins: bool = False) -> Iterator[str]:
    """The text without each thing `said` that a pattern finds, but for what is to be `kept` of it."""
    for found in pattern.finditer(text):
        rest = text[found.end() :]
        yield text[: found.start()] + found["kept"] + (_as_begun(found["said"], rest) if begins else rest)


def _as_begun(begun: str, text: str) -> str:
    """The text with a capital where what stood in its place had one."""
    first = next((char for char in begun if char.isalpha()), "")
    at = next((place for place, char in enumerate(text) if char.isalnum()), None)
    return text[:at] + text[at].upper() + text[at + 1 :] if first.isupper() and at is not None else text


def _begins_by_calling(source_text: str, term: str) -> bool:
    rest = source_text.strip("“”\"'「」 ").removeprefix(term)
    return rest != source_text and rest[:1] in tuple("，,！!") and rest[1:].strip()[:1] not in tuple(_SPOKEN_OF)


def _ends_by_calling(source_text: str, term: str) -> bool:
    body = source_text.strip("“”\"'「」 ").rstrip("，,！!。.？?…")
    before = body.removesuffix(term)
    return before != body and before[-1:] in tuple("，,") and before[-2:-1] not in tuple(_SPOKEN_OF)


# Words ------------------------------------------------------------------------------------------------


def _either(phrases: Sequence[str]) -> str:
    """A pattern for any of some phrases, the longest first; for none of them one that finds nothing."""
    found = "|".join(re.escape(phrase) for phrase in sorted(phrases, key=len, reverse=True))
    return rf"(?:{found})" if found else r"(?!)"


@cache
def _folded(words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(word.casefold() for word in words)


@cache
def _tables() -> Mapping[str, _Words]:
    return {language: _Words(**table) for language, table in tomllib.loads(_CONTENT).items()}
