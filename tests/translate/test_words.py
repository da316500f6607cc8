"""Which language a line is in: no line is lost because it was taken for another, and most in another are noticed.

On the scenes of `training/dialogues`, thousands of lines as they are spoken in English and Spanish.
"""

from __future__ import annotations

import pytest

from dubwright.translate import glossary, prompt
from dubwright.translate.words import commonest_language
from training import scenes


@pytest.fixture(scope="module")
def lines() -> dict[str, list[str]]:
    """By language, without the glossary's renderings, as they are checked."""
    found: dict[str, list[str]] = {"en": [], "es": []}
    for scene in scenes.read():
        for at, (language, texts) in enumerate(found.items()):
            terms = {term: both[at] for term, both in scene.terms.items()}
            texts += [glossary.blank(line[at + 1], terms, language) for line in scene.lines]
    return found


@pytest.mark.parametrize("language", ["en", "es"])
def test_lines_are_not_taken_for_another_language(language: str, lines: dict[str, list[str]]) -> None:
    mistaken = [line for line in lines[language] if commonest_language(line, language)]
    assert len(lines[language]) > 5000
    assert len(mistaken) <= 3, mistaken


@pytest.mark.parametrize(("language", "wanted"), [("en", "es"), ("es", "en")])
def test_another_language_is_noticed(language: str, wanted: str, lines: dict[str, list[str]]) -> None:
    noticed = sum(commonest_language(line, wanted) is not None for line in lines[language])
    assert noticed / len(lines[language]) > 0.8


@pytest.mark.parametrize("language", prompt.EXAMPLES)
def test_examples_are_in_their_language(language: str) -> None:
    told = [*prompt.EXAMPLES[language], *prompt.MORE_EXAMPLES.get(language, ())]
    assert not [line for line in told if commonest_language(line, language)]
