"""Whether a translator's answer may stand as a line's translation.

`clean` takes off what is certainly no part of the line; `problems` says what is wrong with the rest. A fatal problem
means that the text is no translation of the line; with the others it may stand, flagged.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

import langcodes

from dubwright import languages
from dubwright.translate import glossary, scripts
from dubwright.translate.spelling import spelled
from dubwright.translate.words import commonest_language

# A translation has at most this many characters for each of the source's, Han counted as two and a half others.
LONGEST_RATIO = 4.0
LONGEST_MARGIN = 40
SHORTEST_RATIO = 0.25
HAN_WEIGHT = 2.5
# A piece of the instructions of this length cannot stand in a line by chance.
LEAK_CHARACTERS = 30

_QUOTES = {'"': '"', "“": "”", "'": "'", "‘": "’", "«": "»", "「": "」", "『": "』", "`": "`", "„": "“", "*": "*"}
_LABEL = re.compile(
    r"^(?:(?:the )?(?:final |correct )?(?:translation|translated line|answer|output)(?: is)?|line \d+"
    r"|traducción|traduction|tradução|übersetzung|(?P<language>\w+)(?: translation)?)\s*[:：]\s*(?=\S)",
    re.IGNORECASE,
)
_AFTERTHOUGHT = re.compile(
    r"\s*[(\[](?:note|nota|translation|literally|lit\.|i\.e\.|tn)\b[^()\[\]]*[)\]]?\s*$", re.IGNORECASE
)
_MARKUP = re.compile(r"</?[a-z][^>]*>|\||```|\*\*|^#+\s|^\s*[{\[].*[}\]]\s*$|\w=\w|\\n", re.IGNORECASE)
_EXPLANATION = re.compile(
    r"\b(?:translat(?:es?|ed|ion)|in (?:english|spanish|chinese)|the (?:line|phrase|sentence) (?:means|says)"
    r"|se traduce|la traducción)\b|^(?:sure|certainly|of course|here is|here's)\b[^.!?]*[:：]",
    re.IGNORECASE,
)
_ASSISTANT = re.compile(
    r"\bas an? (?:ai|language model|assistant)\b|\b(?:ai|large) language model\b|\b(?:openai|qwen|alibaba cloud)\b"
    r"|\bcomo (?:modelo de lenguaje|asistente|una? ia)\b|\bmodelo de lenguaje\b",
    re.IGNORECASE,
)
_REFUSAL = re.compile(
    r"\bi(?:'m| am) (?:sorry|unable)\b.*\b(?:can(?:'t|not)|unable to) (?:assist|help with|translate|fulfill|comply|provide)\b"
    r"|\bi (?:can(?:'t|not)|am unable to) (?:assist|translate|fulfill|comply|provide)\b"
    r"|\bno puedo (?:asistir|traducir|cumplir|proporcionar|ayudarte con es[oa])\b",
    re.IGNORECASE,
)
# Polite refusals pass for dialogue; without an apology in the line they are suspect.
_APOLOGY = re.compile(r"^(?:i'm|i am) sorry,? (?:but )?i can|^lo siento,? pero no puedo", re.IGNORECASE)
_APOLOGETIC = re.compile(r"对不起|抱歉|不好意思|失礼|恕|遗憾|不能|没法|办不到|sorry|apolog", re.IGNORECASE)
_NEVER = re.compile("(?!)")
# Where a sentence ends so, the model has stumbled: "Why are you you?" Inside one it may be meant: "I told you you would."
_STUMBLE = {
    "en": re.compile(r"\b(I|you|he|she|it|we|they|me|him|us|them)\s+\1(?=\s*(?:[.!?,;…]|$))"),
    "es": re.compile(r"\b(yo|tú|él|ella|usted|ustedes|nosotros|ellos|ellas)\s+\1(?=\s*(?:[.!?,;…]|$))"),
}
# Lines that speak of what the patterns above look for.
_ABOUT_MACHINES = re.compile(r"模型|人工智能|智能|机器|AI|助手|助理|language model|robot", re.IGNORECASE)
_ABOUT_TRANSLATING = re.compile(r"翻译|译|英文|英语|中文|汉语|西班牙|translat|English|Chinese|Spanish", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with an answer: a word for it, a sentence, and whether the answer may not stand at all."""

    kind: str
    message: str
    fatal: bool = True


def clean(answer: str, target: str, terms: Mapping[str, str] | None = None) -> str:
    """The answer without labels, quotes around the whole, afterthoughts in brackets, and foreign punctuation.

    The renderings of the line's `terms` are spelled as they should be, where only that is wrong with them.
    """
    text = unicodedata.normalize("NFC", answer).strip()
    text = "".join(char for char in text if char == "\n" or unicodedata.category(char) not in ("Cc", "Co", "Cs", "Cn"))
    text = _AFTERTHOUGHT.sub("", text)
    label = _LABEL.match(text)
    if label and _is_label(label, target):
        text = text[label.end() :]
    while len(text) > 1 and _QUOTES.get(text[0]) == text[-1] and text[0] not in text[1:-1]:
        text = text[1:-1].strip()
    if scripts.HAN not in scripts.of_language(target):
        text = _western(text)
    return spelled(text.strip(), terms or {}, target)


def problems(
    text: str, source_text: str, *, source: str, target: str, terms: Mapping[str, str], told: str = ""
) -> list[Problem]:
    """What is wrong with a cleaned answer to a line. `terms` are the fixed renderings of what the line holds, `told`
    is what the translator was told, which must not come back.
    """
    if not any(char.isalnum() for char in text):
        return [Problem("empty", "the answer is empty")]
    found = [
        *_form(text, source_text, told),
        *_languages(text, source_text, source, target, terms),
        *_length(text, source_text),
    ]
    missing = [
        f"{term} is not {rendering}"
        for term, rendering in terms.items()
        if not glossary.rendered(text, rendering, target)
    ]
    if stumble := _STUMBLE.get(languages.base(target), _NEVER).search(text):
        found.append(Problem("stumble", f"said twice: {stumble[0]}", fatal=False))
    if missing:
        found.append(Problem("glossary", f"glossary: {', '.join(missing)}", fatal=False))
    return found


def _form(text: str, source_text: str, told: str) -> list[Problem]:
    found = []
    if "\n" in text:
        found.append(Problem("lines", "the answer has more than one line"))
    if (_MARKUP.search(text) and not _MARKUP.search(source_text)) or _is_json(text):
        found.append(Problem("markup", "the answer holds markup"))
    if _repeats(text.lower(), told.lower()):
        found.append(Problem("prompt", "the answer repeats the instructions"))
    if _ASSISTANT.search(text) and not _ABOUT_MACHINES.search(source_text):
        found.append(Problem("refusal", "the answer is the model's, not the character's"))
    elif _REFUSAL.search(text) or (_APOLOGY.search(text) and not _APOLOGETIC.search(source_text)):
        found.append(Problem("refusal", "the answer looks like a refusal", fatal=len(text) > 3 * len(source_text) + 60))
    if _EXPLANATION.search(text) and not _ABOUT_TRANSLATING.search(source_text):
        found.append(Problem("explanation", "the answer speaks about the translation"))
    return found


def _repeats(text: str, told: str) -> bool:
    """Whether a piece of what was told stands in a text."""
    pieces = (text[at : at + LEAK_CHARACTERS] for at in range(len(text) - LEAK_CHARACTERS + 1))
    return any(piece in told for piece in pieces)


def _languages(text: str, source_text: str, source: str, target: str, terms: Mapping[str, str]) -> list[Problem]:
    wanted = scripts.of_language(target)
    own = glossary.blank(text, terms, target)
    held = scripts.of_text(own)
    letters = held.total()
    same_scripts = bool(wanted & scripts.of_language(source))
    if same_scripts and languages.base(source) != languages.base(target) and _plain(text) == _plain(source_text):
        # A name or an exclamation may be the same in both.
        return [Problem("source", "the answer is the source text")] if len(own.split()) > 1 or len(own) > 12 else []
    left = {scripts.HAN, *scripts.of_language(source)} - wanted if wanted else set()
    if any(held[script] for script in left):
        return [Problem("source", "source text is left in the answer")]
    if wanted and letters and sum(held[script] for script in wanted) < letters / 2:
        return [Problem("script", f"the answer is not in the script of {languages.name(target)}")]
    if "HIRAGANA" in wanted and letters > 6 and held[scripts.HAN] == letters:
        return [Problem("source", "source text is left in the answer")]
    other = commonest_language(own, languages.base(target))
    if other and wanted == {"LATIN"}:
        return [Problem("language", f"the answer is in {languages.name(other)}")]
    return []


def _length(text: str, source_text: str) -> list[Problem]:
    size, weight = len(text), sum(HAN_WEIGHT if "\u2e80" <= char <= "\U0003ffff" else 1.0 for char in source_text)
    if size > LONGEST_RATIO * weight + LONGEST_MARGIN:
        return [Problem("length", "the answer is far longer than the line")]
    if size > LONGEST_RATIO * weight / 1.6 + LONGEST_MARGIN / 2:
        return [Problem("length", "length: much longer than the line", fatal=False)]
    if size < SHORTEST_RATIO * weight and weight > 12:
        return [Problem("length", "length: much shorter than the line", fatal=False)]
    return []


def _is_label(found: re.Match[str], target: str) -> bool:
    """Not every word before a colon is a label: characters say "Listen: …"."""
    named = found["language"]
    own = langcodes.Language.get(target).autonym()
    return named is None or named.lower() in (target.lower(), languages.name(target).lower(), own.lower())


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), (dict, list))
    except (ValueError, RecursionError):
        return False


def _plain(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


_FOREIGN_PUNCTUATION = {
    "，": ", ",
    "、": ", ",
    "。": ". ",
    "！": "! ",
    "？": "? ",
    "：": ": ",
    "；": "; ",
    "（": " (",
    "）": ") ",
    "「": "“",
    "」": "”",
    "《": "“",
    "》": "”",
    "～": "~",
    "……": "… ",
    "——": " — ",
    "　": " ",
}


def _western(text: str) -> str:
    """Chinese punctuation as alphabets write it."""
    for chinese, western in _FOREIGN_PUNCTUATION.items():
        if chinese in text:
            text = re.sub(r" {2,}", " ", text.replace(chinese, western)).strip()
    return text
