"""What can be mended in an answer without asking again."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec

from dubwright import languages
from dubwright.translate import glossary, scripts, spanish
from dubwright.translate.words import COMMON_WORDS

# How one who is spoken to is set apart, where not by a comma and a space.
_COMMA = {"ar": "، ", "fa": "، ", "ur": "، ", "zh": "，", "ja": "、", "th": " ", "km": " ", "lo": " ", "my": " "}
# Somebody is called already, if by another name.
_CALLS = re.compile(r"(?:[^\W\d_][\w'’.-]*\s?){1,3}[,!،]")
_BREAKS = "，,！!。.？?…、"
# More than a name or a thing is no leftover, but source text.
_MOST_LEFT, _MOST_LEFT_AT_ONCE = 6, 4
# What may stand before the word of a rendering that is put in whole, and comes with it.
_ARTICLE = re.compile(r"\b(?:an?|the|el|l[aeo]s?|un[ae]?|der|die|das|il|gli)\s+$", re.IGNORECASE)
_LEADING_ARTICLE = re.compile(r"^(?:an?|the|el|l[aeo]s?|un[ae]?|der|die|das|il|gli)\s+", re.IGNORECASE)
# Words of a form of address that belong to anybody: su madre is no part of Su Alteza.
_OF_SOMEBODY = "your his her my our their su sus tu tus mi mis nuestro nuestra votre vos son sa"
_OWNERS = frozenset(_OF_SOMEBODY.split())
# Who is spoken of without a name; where the line has a name instead, it stands for that.
_PRONOUNS = {
    "en": (r"\b(?:he|she|him)\b", r"\b(?:his)\b(?=\s+\w)"),
    "es": (r"\b(?:él|ella)\b", r"(?!)"),
}
# What stands before a word, and never twice.
_TWICE = {
    "en": re.compile(r"\b(an?|the|my|your|our|their|of)(?:\s+\1\b)+", re.IGNORECASE),
    "es": re.compile(r"\b(el|los|las|una?|del?|con|mi|tu|su)(?:\s+\1\b)+", re.IGNORECASE),
}
_SENTENCE = re.compile(r"[^.!?…。！？]*\w[^.!?…。！？]*[.!?…。！？]+")
_SOURCE_PRONOUN = re.compile("[他她它]")
_HAN_RUN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]+")


def vocatives(text: str, line: str, terms: Mapping[str, str], target: str) -> str:
    """The answer with whom the line calls at its beginning or end, where the answer leaves the name or title out.

    晚晴，你来了？ is spoken to 晚晴: "You're here?" becomes "Wanqing, you're here?".
    """
    said = line.strip().strip("“”\"'「」")
    comma = _COMMA.get(languages.base(target), ", ")
    if not any(char.isalnum() for char in text):
        return text
    for term, rendering in terms.items():
        if glossary.rendered(text, rendering, target):
            continue
        if said.startswith(term) and said[len(term) : len(term) + 1] in tuple("，,！!、"):
            if not _CALLS.match(text):
                text = _capital(rendering) + comma + _no_capital(text, target)
            continue
        rest = said.rstrip(_BREAKS)
        if rest.endswith(term) and rest[: -len(term)][-1:] in tuple("，,、"):
            body = text.rstrip(".!?…。！？ ")
            text = body + comma + rendering + text[len(body) :].strip()
    return text


def enforced(text: str, line: str, terms: Mapping[str, str], target: str) -> str:
    """The answer with every rendering in it: in the place of a part of the name, or of the pronoun that stands for it,
    else at the beginning, as what the line is about.
    """
    for rendering in terms.values():
        if glossary.rendered(text, rendering, target) or not any(char.isalnum() for char in text):
            continue
        for mend in (_apart, _completed, _named):
            mended = mend(text, line, rendering, [other for other in terms.values() if other != rendering], target)
            if glossary.rendered(mended, rendering, target):
                text = mended
                break
        else:
            comma = _COMMA.get(languages.base(target), ", ")
            text = _capital(rendering) + comma + _no_capital(text, target)
    return text


def _apart(text: str, line: str, rendering: str, others: Sequence[str], target: str) -> str:
    """With a space where the rendering has grown together with a word beside it: "ISu Yingxue"."""
    return re.sub(rf"(?<=\w)(?={re.escape(rendering)})|(?<={re.escape(rendering)})(?=\w)", " ", text)


def _completed(text: str, line: str, rendering: str, others: Sequence[str], target: str) -> str:
    """With the whole rendering for a word of it: Siyu becomes Fang Siyu, the mill the textile mill."""
    words = _LEADING_ARTICLE.sub("", rendering).split()
    if len(words) < 2:
        return text
    taken = {word.casefold() for other in others for word in other.split()} | _OWNERS
    for word in reversed(words):
        # A common noun may begin with a capital where a name may not be without.
        flags = re.IGNORECASE if word.islower() else 0
        if word.casefold() not in taken and (found := re.search(rf"\b{re.escape(word)}\b", text, flags)):
            before = text[: found.start()]
            before = _ARTICLE.sub("", before) if _LEADING_ARTICLE.match(rendering) else before
            return before + (rendering if before.strip() else _capital(rendering)) + text[found.end() :]
    return text


def _named(text: str, line: str, rendering: str, others: Sequence[str], target: str) -> str:
    """With the name for the first pronoun, where the line has no pronoun that it could stand for."""
    if _SOURCE_PRONOUN.search(line):
        return text
    plain, owning = _PRONOUNS.get(languages.base(target), ("(?!)", "(?!)"))
    for pattern, put in ((plain, rendering), (owning, f"{rendering}'s")):
        if found := re.search(pattern, text, re.IGNORECASE):
            return text[: found.start()] + (_capital(put) if not found.start() else put) + text[found.end() :]
    return text


def ended(text: str, line: str) -> str:
    """Of an answer that went on and on, as many sentences as the line has, each once; empty if it has not one."""
    said = dict.fromkeys(each.strip() for each in _SENTENCE.findall(text))
    return " ".join([*said][: max(1, len(_SENTENCE.findall(line)))])


def written(text: str, target: str, names: Sequence[str] = ()) -> str:
    """The answer as its language is written, a capital first, no article twice. `names` are the renderings that it may hold."""
    if twice := _TWICE.get(languages.base(target)):
        # An An is somebody.
        text = twice.sub(lambda found: found[1] if found[0][len(found[1]) :].islower() else found[0], text)
    if languages.base(target) == "es":
        text = spanish.written(text, names)
    return re.sub(r"^[¿¡]*[^\W\d_]", lambda found: found[0].upper(), text)


def sounded(text: str, target: str) -> tuple[str, str]:
    """The answer with a few Han characters left in it as they sound, and what was done; as it is if that is no help.

    A plant or a nickname that the translator does not know may stand like a foreign name; a sentence may not.
    """
    left = _HAN_RUN.findall(text)
    if scripts.of_language(target) != {"LATIN"} or not left or max(map(len, left)) > _MOST_LEFT_AT_ONCE:
        return text, ""
    if sum(map(len, left)) > _MOST_LEFT or len(_HAN_RUN.sub("", text).split()) < 2:
        return text, ""
    if find_spec("pypinyin") is None:
        return text, ""
    lazy_pinyin = import_module("pypinyin").lazy_pinyin
    sounds = {run: "".join(lazy_pinyin(run)).replace("ü", "u").capitalize() for run in left}
    mended = _HAN_RUN.sub(lambda found: f" {sounds[found[0]]} ", text)
    mended = re.sub(r"\s+([,.!?;:…'’”])", r"\1", re.sub(r"\s{2,}", " ", mended)).strip()
    return mended, "left as it sounds: " + ", ".join(f"{run} → {sound}" for run, sound in sounds.items())


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _no_capital(text: str, target: str) -> str:
    """The text as it goes on after a comma: a word that is everyday's, and not the English I, loses its capital."""
    first = re.match(r"[^\W\d_]+", text)
    if first is None or first[0] == "I" or first[0].lower() not in COMMON_WORDS.get(languages.base(target), ()):
        return text
    return text[0].lower() + text[1:]
