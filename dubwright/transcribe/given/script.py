"""A script as plain text: a row per line, mostly with its speaker before a colon, and without times."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator

from dubwright.transcribe import marks
from dubwright.transcribe.given.cues import Raw

LONGEST_NAME = 12
# A speaker whom nobody knows is one if this many rows begin with them.
OFTEN = 2
_SPEAKER = re.compile(
    r"\s*([^:：()（）\[\]【】\s][^:：()（）\[\]【】]{0,23}?)\s*([(（\[【][^()（）\[\]【】]{0,20}[)）\]】])?\s*[:：]\s*(?=\S)"
)
# 第1集, 场景一, 1-1 夜 内 灯笼铺; what is done and not said; who and what is needed.
_HEADING = re.compile(
    r"(第\s*[\d一二三四五六七八九十百零]+\s*[集场幕章回]|场(景|次)?\s*[\d一二三四五六七八九十]+|\d+\s*[-－.]\s*\d+\s|"
    r"(INT|EXT)\b[. ]|(SCENE|EPISODE|ACT)\s+\d)",
    re.IGNORECASE,
)
_DONE = re.compile(r"[△▲▽▼☆★※*]")
_ABOUT = re.compile("(人物|出场人物|角色|地点|时间|场景|场次|道具|备注|服装|镜头|转场|集数|剧名|编剧|导演|梗概)$")


def parse(written: str, cast: Collection[str]) -> list[Raw]:
    """The rows that are said, in order, with the speakers that the cast or their being named often tells."""
    rows = [(number, row.strip()) for number, row in enumerate(written.split("\n"), 1) if _said(row)]
    named = Counter(_name(row) for _, row in rows)
    known = {name for name, count in named.items() if name in cast or (count >= OFTEN and marks.may_speak(name))}
    return list(_rows(rows, known))


def _rows(rows: Collection[tuple[int, str]], known: Collection[str]) -> Iterator[Raw]:
    for number, row in rows:
        name = _name(row)
        if name and _ABOUT.search(name):
            continue
        # The name stays before the text, where it is read together with what stands in brackets beside it.
        yield Raw(number, row, speaker=name if name in known else None)


def _name(row: str) -> str:
    """What may be a speaker at the beginning of a row."""
    found = _SPEAKER.match(row)
    return found[1] if found and len(found[1]) <= LONGEST_NAME * (1 + found[1].isascii()) else ""


def _said(row: str) -> bool:
    row = row.strip("\ufeff \t\r\n\u3000")
    return bool(row) and not _HEADING.match(row) and not _DONE.match(row) and any(char.isalnum() for char in row)
