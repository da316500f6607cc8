"""Whom a line is spoken to, where that can be told: transcripts say who speaks, not to whom."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from dubwright.series.facts import Character
from dubwright.translate.engine import Line

# A short word before the first break, or behind the last one, may call somebody, unless it has what names have not.
_NO_NAME = "我你您他她它们是不没了吗呢吧若那这就也都要能在有"
_CALLED_FIRST = re.compile(rf"^([^，,！!、。？?…\s{_NO_NAME}]{{1,5}})[，,！!、]")
_CALLED_LAST = re.compile(rf"[，,、]([^，,！!、。？?…\s{_NO_NAME}]{{1,5}})[！!。？?…]*$")
# How many lines away the other one may be heard, while the same person speaks on.
NEAR = 2


def of(lines: Sequence[Line], cast: Sequence[Character]) -> dict[int, str]:
    """Segment → the name of the one spoken to; what is not clear is left out.

    Clear is who is called by name, and, where nobody may be called, the other of two who speak in turns.
    """
    names = {name: one.name for one in cast for name in (one.name, *one.aliases)}
    found: dict[int, str] = {}
    for at, line in enumerate(lines):
        if line.speaker is None:
            continue
        whom = _called(line.text, names) if _may_call(line.text) else _partner(lines, at)
        if whom and whom != names.get(line.speaker, line.speaker):
            found[line.segment] = names.get(whom, whom)
    return found


def _may_call(text: str) -> bool:
    return bool(_CALLED_FIRST.search(text) or _CALLED_LAST.search(text))


def _called(text: str, names: dict[str, str]) -> str | None:
    for found in (_CALLED_FIRST.search(text), _CALLED_LAST.search(text)):
        if found and found[1] in names:
            return names[found[1]]
    return None


def _partner(lines: Sequence[Line], at: int) -> str | None:
    """Who speaks both before and after the speaker of a line."""
    before = _other(lines[at].speaker, reversed(lines[max(0, at - NEAR) : at]))
    after = _other(lines[at].speaker, lines[at + 1 : at + 1 + NEAR])
    return before if before == after else None


def _other(speaker: str | None, lines: Iterable[Line]) -> str | None:
    """The first one to speak who is not the speaker."""
    return next((line.speaker for line in lines if line.speaker != speaker), None)
