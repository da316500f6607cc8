"""How the model is asked to say a line in fewer letters, and what its answers say: JSON both ways."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any
from zlib import crc32

from dubwright import languages
from dubwright.translate import glossary
from dubwright.translate.engine import Line, Scene

INSTRUCTIONS = (resources.files(__package__) / "shorten.md").read_text(encoding="utf-8")
# Changed whenever what is said to the model changes.
REVISION = crc32(INSTRUCTIONS.encode()) % 1_000_000
MOST_TEXTS = 3

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {"texts": {"type": "array", "items": {"type": "string"}}},
    "required": ["texts"],
    "additionalProperties": False,
}


def question(
    scene: Scene,
    line: Line,
    text: str,
    letters: int,
    before: Sequence[tuple[Line, str | None]],
    wrong: Sequence[str] = (),
) -> list[dict[str, str]]:
    """The messages that ask for a line's translation in so many letters; `wrong` is what was wrong with the last answer."""
    asked: dict[str, Any] = {
        "from": languages.name(scene.source),
        "to": languages.name(scene.target),
        "speaker": line.speaker,
        "source": line.text,
        "text": text,
        "letters": letters,
        "glossary": glossary.occurring(line.text, scene.glossary),
        "before": [translation for _, translation in before if translation],
    }
    if wrong:
        asked["last answer was wrong"] = list(wrong)
    return [
        {"role": "system", "content": INSTRUCTIONS},
        {"role": "user", "content": json.dumps(asked, ensure_ascii=False)},
    ]


def answers(text: str) -> list[str]:
    """The texts of an answer, a few at most; none where it has not the form that was asked for."""
    start, end = text.find("{"), text.rfind("}")
    try:
        value = json.loads(text[start : end + 1])
    except (ValueError, RecursionError):
        return []
    texts = value.get("texts") if isinstance(value, dict) else None
    return [each for each in texts if isinstance(each, str)][:MOST_TEXTS] if isinstance(texts, list) else []
