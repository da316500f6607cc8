"""The genre's own words: what its characters call themselves and each other, for translators that do not know."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

from dubwright import languages
from dubwright.translate import glossary

_CONTENT = (resources.files(__package__) / "lexicon.toml").read_text(encoding="utf-8")


def occurring(text: str, source: str, target: str) -> dict[str, str]:
    """The genre's words in a line with what they mean here; hints for a translator, nothing to be enforced."""
    return glossary.occurring(text, _of(languages.base(source), languages.base(target)))


@cache
def _of(source: str, target: str) -> Mapping[str, str]:
    if source != "zh":
        return {}
    groups = tomllib.loads(_CONTENT).values()
    return {word: told[target] for group in groups for word, told in group.items() if target in told}
