"""What the console says, in the languages that its people read: the English text is the key."""

from __future__ import annotations

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
        return (
            _table(self.language).get(text, text).format(**values) if values else _table(self.language).get(text, text)
        )

    def tongue(self, tag: str) -> str:
        """The name of a language."""
        return _tongue(tag, self.language)


def chosen(request: Request) -> Words:
    """What this person chose, else what their browser asks for, else English."""
    wanted = [request.cookies.get("language", "")]
    wanted += [part.partition(";")[0].strip() for part in request.headers.get("accept-language", "").split(",")]
    return Words(next((tag[:2].lower() for tag in wanted if tag[:2].lower() in LANGUAGES), "en"))


# Looked up in data files: a page of fifty series says some hundreds.
@lru_cache(maxsize=1024)
def _tongue(tag: str, language: str) -> str:
    return Language.get(tag).display_name(language)


@cache
def _table(language: str) -> dict[str, str]:
    file = resources.files(__name__) / f"{language}.toml"
    return tomllib.loads(file.read_text(encoding="utf-8")) if language != "en" else {}
