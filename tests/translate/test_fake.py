"""The fake translator: a scene of any length, any script, failures on demand."""

from __future__ import annotations

import pytest

from dubwright.translate import check, scripts
from dubwright.translate.engine import Line, Scene, Translator

LINE = "你到底想怎么样？我已经忍你很久了。"


def translate(translator: Translator, *texts: str, target: str = "en", **facts: dict[str, str]) -> list[str | None]:
    lines = [Line(number, text, None, 1500) for number, text in enumerate(texts, start=1)]
    return [answer.text for answer in translator.translate(Scene("zh", target, lines, **facts))]


def test_sixty_lines(fake: Translator) -> None:
    texts = [f"第{number}句，{LINE}" for number in range(60)]
    answers = translate(fake, *texts)
    assert len(set(answers)) == 60


@pytest.mark.parametrize("target", ["en", "es", "ar", "th", "hi", "ko", "ja", "ru", "pt-BR", "vi"])
def test_its_words_pass_as_the_target_language(fake: Translator, target: str) -> None:
    (text,) = translate(fake, LINE, target=target)
    assert text
    assert scripts.of_text(text).keys() <= scripts.of_language(target)
    assert check.problems(text, LINE, source="zh", target=target, terms={}) == []


def test_a_marked_line_fails_and_says_why(fake: Translator) -> None:
    good, bad = fake.translate(Scene("zh", "en", [Line(1, LINE, None, 900), Line(2, "翻译失败吧", None, 900)]))
    assert good.text
    assert bad.text is None
    assert "翻译失败" in bad.notes[0]
