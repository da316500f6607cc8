"""What Chinese names, titles and places are made of: `chinese.toml`, as the finders and renderers of terms want it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from dubwright.series.facts import Sex

HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]+")


@dataclass(frozen=True, slots=True)
class Title:
    """A form of address: its group, whether it stands behind a name only, its sex, its rendering per language.

    Of a group other than `called` it is one wherever it stands; of `called` it is an ordinary word as well.
    """

    text: str
    group: str
    bound: bool = False
    sex: Sex = "unknown"
    renderings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Knowledge:
    """The file's content: sets of characters, surnames with their Vietnamese readings, and words with renderings."""

    never: frozenset[str]
    given: frozenset[str]
    female: frozenset[str]
    male: frozenset[str]
    both: frozenset[str]
    doubtful: frozenset[str]
    surnames: Mapping[str, str]
    titles: Mapping[str, Title]
    places: Mapping[str, Mapping[str, str]]
    sects: Mapping[str, Mapping[str, str]]
    organisations: Mapping[str, Mapping[str, str]]
    words: Mapping[str, Mapping[str, str]]
    ranks: Mapping[str, Mapping[str, str]]

    def surname(self, name: str) -> str:
        """The surname that a name begins with; empty where it begins with none."""
        double = name[:2]
        return double if double in self.surnames else name[:1] if name[:1] in self.surnames else ""


@cache
def knowledge() -> Knowledge:
    """What is known, read once."""
    data = tomllib.loads((resources.files(__package__) / "chinese.toml").read_text(encoding="utf-8"))
    readings = data["surnames"]["vi"].replace("\n", " ").split()
    surnames = {name: reading.replace("_", " ") for name, reading in zip(readings[::2], readings[1::2], strict=True)}
    titles = {
        text: _title(text, group, told) for group, words in data["titles"].items() for text, told in words.items()
    }
    made_of = data["characters"]
    return Knowledge(
        never=_characters(made_of["never"]),
        given=_characters(made_of["given"]),
        female=_characters(made_of["female"]),
        male=_characters(made_of["male"]),
        both=frozenset(made_of["both"].split()),
        doubtful=_characters(made_of["doubtful"]),
        surnames=surnames,
        titles=titles,
        places=data["places"],
        sects=data["sects"],
        organisations=data["organisations"],
        words=data["words"],
        ranks=data["ranks"],
    )


def _characters(text: str) -> frozenset[str]:
    return frozenset(text) - {"\n"}


def _title(text: str, group: str, told: Mapping[str, Any]) -> Title:
    renderings = {tag: value for tag, value in told.items() if tag not in ("bound", "sex")}
    return Title(text, group, told.get("bound", False), told.get("sex", "unknown"), renderings)
