"""Every text of the console has its words in Chinese, and what is filled in stands in both."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import get_args

import pytest

from desk.console import words
from desk.console.rendering import TEMPLATES
from desk.console.views.markets import SEVERITIES
from desk.console.words import Words
from dubwright.facts import Sex
from dubwright.market import Category, Overrides, Relation
from dubwright.reach import stages_from

ZH = tomllib.loads((Path(words.__file__).parent / "zh.toml").read_text(encoding="utf-8"))
SAID = sorted(
    {
        text
        for file in TEMPLATES.rglob("*.html")
        for text in re.findall(r'_\("([^"]+)"', file.read_text(encoding="utf-8"))
    }
)


# What templates say by a name that the code has.
NAMED = {
    *(name.replace("_", " ") for name in get_args(Category)),
    *get_args(Relation),
    *Overrides.__dataclass_fields__,
    *SEVERITIES,
    *stages_from("translate"),
    *get_args(Sex),
}


@pytest.mark.parametrize("text", sorted(NAMED))
def test_every_name_that_is_shown_is_translated(text: str) -> None:
    assert text in ZH


@pytest.mark.parametrize("text", SAID)
def test_every_text_of_a_template_is_translated(text: str) -> None:
    assert text in ZH


@pytest.mark.parametrize("text", sorted(ZH))
def test_what_is_filled_in_stands_in_both(text: str) -> None:
    assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", ZH[text]))


def test_a_text_that_nobody_translated_is_english() -> None:
    assert Words("zh").say("No such text, {n}", n=3) == "No such text, 3"
