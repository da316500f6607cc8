"""What rules put right in a model's answers must leave alone what people wrote: the references of `training/dialogues`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dubwright.translate import check, glossary, numbers, repair

DIALOGUES = Path(__file__).parents[2] / "training" / "dialogues"
LANGUAGES = ("en", "es")
# Lines that a rule may change: one in a thousand. Some are hyperbole (a thousand times, where the line has 八百遍).
MOST = 0.001


def references() -> Iterator[tuple[str, str, str, dict[str, str]]]:
    """Line, language, translation, and the renderings of the terms in the line."""
    for file in sorted(DIALOGUES.glob("*.txt")):
        known: list[tuple[str, ...]] = []
        for row in file.read_text(encoding="utf-8").splitlines():
            if row.startswith("##"):
                known = []
            elif row.startswith("= "):
                known.append(tuple(part.strip() for part in row[2:].split("|")))
            elif len(told := row.split("\t")) >= 1 + len(LANGUAGES):
                for at, language in enumerate(LANGUAGES, 1):
                    terms = {term[0]: term[at] for term in known if len(term) > at}
                    yield told[0], language, told[at], glossary.occurring(told[0], terms)


@pytest.mark.skipif(not DIALOGUES.is_dir(), reason="the dialogues are no part of a package")
def test_rules_leave_what_people_wrote() -> None:
    count = 0
    changed: list[tuple[str, str]] = []
    refused: list[str] = []
    for line, language, text, terms in references():
        count += 1
        put_right = repair.written(numbers.corrected(text, line, "zh", language), language, [*terms.values()])
        if put_right != text:
            changed.append((text, put_right))
        refused += [text for each in check.problems(text, line, source="zh", target=language, terms={}) if each.fatal]
    assert count > 10_000
    assert len(changed) <= MOST * count, changed
    assert len(refused) <= MOST * count, refused
