"""How heard words become readable text: the language's script, its punctuation, its spaces."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import langcodes

from dubwright import languages
from dubwright.transcribe.engine import Word

SENTENCE_ENDS = frozenset("。！？!?….｡؟।၊။።")
PHRASE_ENDS = frozenset("，、；：,;:—")
_FULL_WIDTH = str.maketrans({",": "，", "?": "？", "!": "！", ":": "：", ";": "；", "｡": "。", "､": "、"})
_WITHOUT_SPACES = frozenset({"zh", "yue", "ja", "th", "lo", "km", "my", "bo"})
_UNREADABLE = re.compile(r"[\ufffd\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
# OpenCC keeps 著, which Taiwan also writes for the particle 着; in these compounds it is itself.
_PARTICLE = re.compile("(?<![显卓名原专编昭巨土论遗拙译])著(?![名作称述者书])")
_HAN = re.compile(r"[\u3400-\u9fff]")


def has_speech(text: str) -> bool:
    """Whether a text holds anything that is spoken: a letter or a digit of any script."""
    return any(char.isalnum() for char in text)


def ends_sentence(text: str) -> bool:
    """Whether a text ends with a sentence, closing quotes and brackets aside."""
    stripped = text.rstrip("\"'”’」』）) ")
    return stripped[-1:] in SENTENCE_ENDS


def ends_phrase(text: str) -> bool:
    """Whether a mark that parts phrases or sentences ends a text."""
    return ends_sentence(text) or text.rstrip()[-1:] in PHRASE_ENDS


def whole(words: Sequence[Word], language: str) -> list[Word]:
    """Words of which a recognizer gave parts (` well`, `-known`), put together where it marks beginnings by a space."""
    if languages.base(language) in _WITHOUT_SPACES:
        return list(words)
    found: list[Word] = []
    for word in words:
        if found and not word.text[:1].isspace():
            before = found.pop()
            probability = min(before.probability, word.probability)
            word = Word(before.text + word.text, before.start_ms, max(before.end_ms, word.end_ms), probability)
        found.append(word)
    return found


def spaced(language: str) -> bool:
    """Whether a language writes spaces between words."""
    return languages.base(language) not in _WITHOUT_SPACES


def join(words: Sequence[Word], language: str) -> str:
    """Words as one line: with spaces between them where the language writes spaces."""
    if spaced(language):
        return " ".join(word.text for word in words)
    line = ""
    for word in words:
        # Foreign words inside keep their distance: "OK 我知道", but not "我 知道".
        apart = line[-1:].isascii() and line[-1:].isalnum() and word.text[:1].isascii() and word.text[:1].isalnum()
        line += f" {word.text}" if apart else word.text
    return line


def clean(words: Sequence[Word], language: str) -> list[Word]:
    """Words without spaces or unreadable characters, in the language's own punctuation.

    What is punctuation only goes to the word before it; a recognizer's space before a Chinese word, which stands
    for a short break, becomes a comma.
    """
    chinese = languages.base(language) in ("zh", "yue")
    cleaned: list[Word] = []
    for word in words:
        text = _UNREADABLE.sub("", word.text)
        if chinese and cleaned and text[:1].isspace() and _breaks(cleaned[-1].text, text.strip()):
            cleaned[-1] = replace(cleaned[-1], text=cleaned[-1].text + "，")
        text = " ".join(text.split())
        if chinese:
            text = _chinese_punctuation(text)
        if has_speech(text):
            cleaned.append(replace(word, text=text))
        elif cleaned and text and not ends_sentence(cleaned[-1].text):
            before = cleaned[-1]
            cleaned[-1] = replace(
                before, text=before.text.rstrip("，、,") + text, end_ms=max(before.end_ms, word.end_ms)
            )
    return cleaned


def _breaks(before: str, after: str) -> bool:
    return bool(_HAN.match(before[-1:]) and _HAN.match(after[:1]))


def _chinese_punctuation(text: str) -> str:
    """Full-width punctuation, except inside and after numbers and Latin letters, where `,` and `.` may belong to them."""
    written = ""
    for char in text:
        after_latin = written[-1:].isascii() and written[-1:].isalnum()
        if char == "." and written and not after_latin:
            written += "。"
        elif char == "," and after_latin and written[-1].isdigit():
            written += char
        else:
            written += char.translate(_FULL_WIDTH)
    return re.sub(r"。{2,}", "……", re.sub(r"(?<=[^\x00-\x7f]) | (?=[^\x00-\x7f])", "", written))


def in_script(words: Sequence[Word], language: str) -> list[Word]:
    """Chinese words in the language's script: Simplified, or Traditional for tags such as `zh-TW` and `zh-Hant`."""
    if languages.base(language) not in ("zh", "yue"):
        return list(words)
    # As one line, because some characters convert by the phrase that they stand in.
    line = "".join(word.text for word in words)
    converted = _convert(line, language)
    if len(converted) != len(line):
        return [replace(word, text=_convert(word.text, language)) for word in words]
    rest = iter(converted)
    return [replace(word, text="".join(next(rest) for _ in word.text)) for word in words]


def _convert(line: str, language: str) -> str:
    traditional = langcodes.Language.get(language).maximize().script == "Hant"
    converted = str(_converter("s2t" if traditional else "t2s").convert(line))
    return converted if traditional else _PARTICLE.sub("着", converted)


@cache
def _converter(direction: str) -> Any:
    import opencc

    return opencc.OpenCC(direction)
