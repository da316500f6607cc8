"""What the adapter learns, and that the scenes it learns from are in order."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import yaml

from dubwright.errors import InputError
from dubwright.translate import adapter, prompt
from training import scenes

SCENE = scenes.Scene(
    "A nurse finds the man who left her.",
    {"顾总": ("Mr. Gu", "señor Gu"), "林晚": ("Lin Wan", "Lin Wan")},
    [
        (
            "顾总，您凭什么替林晚做主？",
            "Who are you to decide for Lin Wan, Mr. Gu?",
            "¿Quién es usted para decidir por Lin Wan, señor Gu?",
        ),
        (
            "要不是我拦着，她早就进去了。",
            "If I hadn't stopped it, she'd be in jail.",
            "Si no lo hubiera impedido, ya estaría presa.",
        ),
    ],
)


def text(lesson: scenes.Lesson) -> str:
    """The scene of it, with what is learnt in angle brackets."""
    return "".join(f"<{text}>" if learnt else text for text, learnt in lesson.pieces)


def test_english_is_learnt_as_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenes, "STORY_SHARE", 1.0)
    lesson = scenes.to_english(SCENE, random.Random(1))
    assert lesson.opening == prompt.opening("zh", "en")
    assert text(lesson) == (
        "<|im_start|>system\nThe story: A nurse finds the man who left her.<|im_end|>\n"
        "<|im_start|>user\nMr. Gu，您凭什么替Lin Wan做主？<|im_end|>\n<|im_start|>assistant\n"
        "English:< Who are you to decide for Lin Wan, Mr. Gu?<|im_end|>\n>"
        "<|im_start|>user\n要不是我拦着，她早就进去了。<|im_end|>\n<|im_start|>assistant\n"
        "English:< If I hadn't stopped it, she'd be in jail.<|im_end|>\n>"
    )


def test_spanish_is_learnt_behind_its_english() -> None:
    lesson = scenes.to_spanish(SCENE)
    assert lesson.opening == prompt.opening("zh", "es")
    assert text(lesson).startswith(
        "Guzong，您凭什么替Lin Wan做主？\nEnglish: Who are you to decide for Lin Wan, señor Gu?\n"
        "Spanish:< ¿Quién es usted para decidir por Lin Wan, señor Gu?\n>"
    )


def test_what_is_held_back_is_not_learnt_and_can_be_scored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = list(scenes.held())
    learnt = {lines for scene in scenes.read() for lines in scene.lines}
    assert len(held) > 9 and not any(lines in learnt for scene in held for lines in scene.lines)
    monkeypatch.setattr("sys.argv", ["scenes", "--held", str(tmp_path / "held")])
    assert scenes.main() == 0
    series = yaml.safe_load((tmp_path / "held/01.yaml").read_text(encoding="utf-8"))
    assert series["episodes"][0]["lines"][0]["en"] == held[0].lines[0][1]
    assert len(series["glossary"]) == len(held[0].terms)


def test_the_scenes_are_in_order() -> None:
    known = [*scenes.read(), *scenes.held()]
    assert len(known) > 400
    root = scenes.FOLDER.parent.parent
    scripts = [root / "samples/series.yaml", *(root / "benchmarks/heldout").rglob("*.yaml")]
    assert len(scripts) > 9
    assert scenes.leaked(known, scripts) == []
    assert [odd for scene in known for odd in scenes.unlike(scene)] == []
    assert adapter.knows("zh-CN", "es-MX") and not adapter.knows("zh", "fr") and not adapter.knows("en", "es")


def test_a_leaked_line_is_found(tmp_path: Path) -> None:
    script = tmp_path / "held.yaml"
    script.write_text("episodes: [{lines: [{text: 要不是我拦着她早就进去了！}, {text: 我不知道。}]}]", encoding="utf-8")
    known = [SCENE, scenes.Scene("", {}, [("我不知道。", "I don't know.", "No sé.")])]
    assert scenes.leaked(known, [script]) == ["held.yaml: 要不是我拦着她早就进去了！"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("## palace\n", "without genre and story"),
        ("## palace | She lies.\n她走了。\tShe left.\n", "2 fields instead of three"),
        ("## palace | She lies.\n= 她|she|\n", "3 fields instead of three"),
    ],
)
def test_a_file_that_is_not_in_order_is_named(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "odd.txt").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=problem) as caught:
        list(scenes.read(tmp_path))
    assert caught.value.where == str(tmp_path / "odd.txt")
