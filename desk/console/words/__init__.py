"""What the console says, in the languages that its people read: the English text is the key."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Any

from fastapi import Request
from langcodes import Language

LANGUAGES = {"en": "English", "zh": "简体中文"}


@dataclass(frozen=True, slots=True)
class Words:
    """One language of the interface."""

    language: str

    def say(self, text: str, **values: Any) -> str:
        """A text in this language, its {names} filled in; in English where nobody has translated it."""
        said = _table(self.language).get(text, text)
        if self.language == "en" and values.get("n") == 1:
            said = _table("en", "_one").get(text, said)
        return said.format(**values) if values else said

    def told(self, text: str) -> str:
        """What the lake says of a line or a delivery, in this language; as it stands where nobody has translated it."""
        return _told(text, self.language)

    def tongue(self, tag: str) -> str:
        """The name of a language."""
        return _tongue(tag, self.language)


def chosen(request: Request) -> Words:
    """What this person chose, else what their browser asks for, else English."""
    wanted = [request.cookies.get("language", "")]
    wanted += [part.partition(";")[0].strip() for part in request.headers.get("accept-language", "").split(",")]
    return Words(next((tag[:2].lower() for tag in wanted if tag[:2].lower() in LANGUAGES), "en"))


# What of a text of the lake's is text of the lake's again; the rest is names, numbers and what people wrote.
_TOLD = frozenset(
    ["kind", "metric", "most", "other", "problem", "reason", "severity", "stage", "tongue", "value", "why"]
)
LONGEST_TOLD = 1000


@lru_cache(maxsize=8192)
def _told(text: str, language: str) -> str:
    table = _table(language, "_lake")
    if text in table:
        return table[text]
    if len(text) > LONGEST_TOLD or language == "en":
        return text
    # Several reasons in one; what only looks so, for somebody wrote it, has parts that nobody knows.
    parts = [(part, _told(part, language)) for part in text.split("; ")] if "; " in text else []
    if parts and all(told != part for part, told in parts):
        return "；".join(told for _, told in parts)
    for pattern, said in _patterns(language):
        if found := pattern.fullmatch(text):
            values = found.groupdict()
            values |= {name: _told(values[name], language) for name in _TOLD & values.keys()}
            if "what" in values:
                values["what"] = "、".join(_told(part, language) for part in values["what"].split(", "))
            return said.format(**values)
    return _table(language).get(text, text)


@cache
def _patterns(language: str) -> list[tuple[re.Pattern[str], str]]:
    """How texts with values look in English, and what they are in this language."""
    return [
        (re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+?)", re.escape(text)), re.DOTALL), said)
        for text, said in _table(language, "_lake").items()
        if "{" in text
    ]


# Looked up in data files: a page of fifty series says some hundreds.
@lru_cache(maxsize=1024)
def _tongue(tag: str, language: str) -> str:
    return Language.get(tag).display_name(language)


@cache
def _table(language: str, part: str = "") -> dict[str, str]:
    file = resources.files(__name__) / f"{language}{part}.toml"
    return tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
