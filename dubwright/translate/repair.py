"""What can be mended in an answer without asking again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec

from dubwright import languages
from dubwright.translate import glossary, scripts
from dubwright.translate.words import COMMON_WORDS

# How one who is spoken to is set apart, where not by a comma and a space.
_COMMA = {"ar": "، ", "fa": "، ", "ur": "، ", "zh": "，", "ja": "、", "th": " ", "km": " ", "lo": " ", "my": " "}
# Somebody is called already, if by another name.
_CALLS = re.compile(r"(?:[^\W\d_][\w'’.-]*\s?){1,3}[,!،]")
_BREAKS = "，,！!。.？?…、"
# More than a name or a thing is no leftover, but source text.
_MOST_LEFT, _MOST_LEFT_AT_ONCE = 6, 4
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
        if glossary.rendered(text, rendering):
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
