"""What the adapter learns, and that the scenes it learns from are in order."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from dubwright.errors import InputError
from dubwright.translate import adapter
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


def texts(pieces: scenes.Pieces) -> str:
    """All of it, with what is learnt in angle brackets."""
    return "".join(f"<{text}>" if learnt else text for text, learnt in pieces)


def test_english_is_learnt_with_terms_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenes, "HINTS_SHARE", 0.0)
    monkeypatch.setattr(scenes, "STORY_SHARE", 1.0)
    told, story, *lines = texts(scenes.to_english(SCENE, random.Random(1))).split("\n\n")
    assert "into natural spoken English" in told
    assert story == "The story: A nurse finds the man who left her."
    assert "".join(lines) == (
        "Mr. Gu，您凭什么替Lin Wan做主？\nEnglish:< Who are you to decide for Lin Wan, Mr. Gu?\n>"
        "要不是我拦着，她早就进去了。\nEnglish:< If I hadn't stopped it, she'd be in jail.\n>"
    )


def test_spanish_is_learnt_behind_its_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenes, "HINTS_SHARE", 0.0)
    _, lines = texts(scenes.to_spanish(SCENE, random.Random(1))).split("\n\n")
    assert lines.startswith(
        "Guzong，您凭什么替Lin Wan做主？\nEnglish: Who are you to decide for Lin Wan, señor Gu?\n"
        "Spanish:< ¿Quién es usted para decidir por Lin Wan, señor Gu?\n>"
    )


def test_the_scenes_are_in_order() -> None:
    known = list(scenes.read())
    assert len(known) > 200
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
