"""What is asked of the model, and what its answers say: lines by number, in JSON both ways."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any
from zlib import crc32

from dubwright import languages
from dubwright.translate import glossary
from dubwright.translate.engine import Line, Scene
from dubwright.translate.length import letters_in
from dubwright.translate.market import brief

INSTRUCTIONS = (resources.files(__package__) / "instructions.md").read_text(encoding="utf-8")
# Changed whenever what is said to the model changes.
REVISION = crc32(INSTRUCTIONS.encode()) % 1_000_000

# Braces that open nothing readable; an answer with more is rubbish.
MOST_BROKEN = 50

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "lines": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"id": {"type": "integer"}, "text": {"type": "string"}, "short": {"type": "string"}},
                "required": ["id", "text", "short"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["lines"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class Said:
    """What an answer says of a line: its `text`, and the same in fewer letters, where that was given."""

    text: str
    short: str = ""


def question(
    scene: Scene,
    lines: Sequence[Line],
    before: Sequence[tuple[Line, str | None]],
    after: Sequence[Line],
    wrong: Sequence[str] = (),
) -> list[dict[str, str]]:
    """The messages that ask for some lines of a scene; `before` has translations where there are any, `wrong` is what
    was wrong with the last answer."""
    spoken = "\n".join([*(line.text for line, _ in before), *(line.text for line in (*lines, *after))])
    asked: dict[str, Any] = {
        "from": languages.name(scene.source),
        "to": languages.name(scene.target),
        "story": scene.synopsis,
        "cast": [
            {"name": one.name, "sex": one.sex, "also": list(one.aliases), "about": one.description}
            for one in scene.cast
            if _is_met(one.name, one.aliases, spoken, [*lines, *after, *(line for line, _ in before)])
        ],
        "glossary": glossary.occurring(spoken, scene.glossary),
        "market": brief.told(scene.market, "\n".join(line.text for line in lines), scene.source, scene.glossary),
        "before": [
            {"speaker": line.speaker, "text": line.text, **({"translation": text} if text else {})}
            for line, text in before
        ],
        "lines": [
            {
                "id": line.segment,
                "speaker": line.speaker,
                "text": line.text,
                "letters": letters_in(line.slot_ms, scene.target),
            }
            for line in lines
        ],
        "after": [{"speaker": line.speaker, "text": line.text} for line in after],
    }
    if wrong:
        asked["last answer was wrong"] = list(wrong)
    return [
        {"role": "system", "content": INSTRUCTIONS},
        {"role": "user", "content": json.dumps(asked, ensure_ascii=False)},
    ]


def _is_met(name: str, aliases: Sequence[str], spoken: str, lines: Sequence[Line]) -> bool:
    return any(one in spoken for one in (name, *aliases)) or any(line.speaker == name for line in lines)


def has_answers(text: str) -> bool:
    """Whether an answer has the form that was asked for, at least in part."""
    return any("id" in entry and "text" in entry for entry in _entries(text))


def answers(text: str, wanted: Sequence[int]) -> dict[int, Said]:
    """The texts of an answer by number: of those wanted, what is there exactly once and is a text.

    An answer that is cut off, or has words around it, gives what of it can be read.
    """
    found: dict[int, list[Said]] = {}
    for entry in _entries(text):
        number, said, short = entry.get("id"), entry.get("text"), entry.get("short")
        if isinstance(number, str) and number.isascii() and number.isdecimal():
            number = int(number)
        if isinstance(number, int) and not isinstance(number, bool) and isinstance(said, str):
            found.setdefault(number, []).append(Said(said, short if isinstance(short, str) else ""))
    return {number: found[number][0] for number in wanted if len({each.text for each in found.get(number, ())}) == 1}


def _entries(text: str) -> list[dict[str, Any]]:
    decoder, failures = json.JSONDecoder(), 0
    entries: list[dict[str, Any]] = []
    at = text.find("{")
    while at >= 0 and failures < MOST_BROKEN:
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            failures += 1
            at = text.find("{", at + 1)
            continue
        lines = value.get("lines") if isinstance(value.get("lines"), list) else [value]
        entries += [entry for entry in lines if isinstance(entry, dict)]
        at = text.find("{", end)
    return entries
