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
from dubwright.dub.work import NO_TRANSLATION, NOT_SPOKEN, NOTHING_TO_SPEAK
from dubwright.market import Category, Overrides, Relation
from dubwright.planning.reach import stages_from
from dubwright.quality import gate
from dubwright.review.casting import UNCAST, UNINFORMED
from dubwright.series.facts import Sex
from dubwright.settings import QualitySettings
from dubwright.translate.market import finding

ZH = tomllib.loads((Path(words.__file__).parent / "zh.toml").read_text(encoding="utf-8"))
OF_LAKE = tomllib.loads((Path(words.__file__).parent / "zh_lake.toml").read_text(encoding="utf-8"))
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


@pytest.mark.parametrize("text", [*ZH, *OF_LAKE])
def test_what_is_filled_in_stands_in_both(text: str) -> None:
    assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", ({**OF_LAKE, **ZH})[text]))


QUALITY = QualitySettings()
FIGURES = [
    str(figure)
    for rules, segment in ((gate.LINE_RULES, 1), (gate.EPISODE_RULES, None))
    for metric in rules
    if (figure := gate.hold(metric, 3.0 if metric == "fit" else 9.0, QUALITY, segment))
]


@pytest.mark.parametrize(
    "text",
    [
        *FIGURES,
        f"failed: {', '.join(FIGURES)}",
        *NOT_SPOKEN.values(),
        NO_TRANSLATION,
        NOTHING_TO_SPEAK,
        UNCAST,
        UNINFORMED,
        *(str(finding.about(kind, "low", "x", "digits of two scripts in one line")) for kind in finding.KINDS),
        "late: starts 350 ms after the original",
        "unfit: even at tempo 1.35 runs 700 ms into what follows",
        "language: sounds like English (0.97), not Chinese",
        "engine changed: fake → kokoro; follows translate",
    ],
)
def test_what_the_lake_says_is_told_in_chinese(text: str) -> None:
    told = Words("zh").told(text)
    # What is left of English are names: of settings, engines, units of measurement.
    assert not re.findall(r"[a-z]{2,} [a-z]{2,}", told) and re.search(r"[一-鿿]", told), told
    assert Words("en").told(text) == text


def test_what_people_wrote_is_left_as_it_is() -> None:
    assert Words("zh").told("remark of mei: not translated {x}") == "mei 的备注：not translated {x}"
    assert Words("zh").told("sensitive: “late”, self-harm [high]") == "敏感：“late”，self-harm［高］"
    long = f"remark of mei: {'a ' * 5000}"
    assert Words("zh").told(long) == long


def test_english_counts_one() -> None:
    ones = tomllib.loads((Path(words.__file__).parent / "en_one.toml").read_text(encoding="utf-8"))
    assert ones.keys() <= ZH.keys()
    assert [Words("en").say("{n} attempts", n=n) for n in (0, 1, 2)] == ["0 attempts", "1 attempt", "2 attempts"]
    assert Words("zh").say("{n} attempts", n=1) == "试过 1 次"
    for text, one in ones.items():
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", one))


def test_a_text_that_nobody_translated_is_english() -> None:
    assert Words("zh").say("No such text, {n}", n=3) == "No such text, 3"
