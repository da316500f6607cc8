"""People's corrections of lines, as the lake keeps them: which one counts, and which came when.

A line's corrections form a chain, numbered from 1; each says all of the line: its text, or that the engine's stands, and
its times, or that its original's stand. A pin is what was approved without a correction: it stands above the chain up to
its number in every unit but the one that said so itself, so that an approved text outlives the engine that made it and no
approval makes a unit wanted again (docs/decisions/0020).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dubwright.lake import Lake

Line = tuple[int, str | None]


@dataclass(frozen=True, slots=True)
class Place:
    """An episode in a language: where lines are corrected and reviewed."""

    series: str
    episode: str
    language: str

    def __str__(self) -> str:
        return f"{self.series}/{self.episode} {self.language}"


@dataclass(frozen=True, slots=True)
class Edit:
    """A correction of the line `segment` while its source is `source_text`, or a pin, which has a `base` (see table `edit`).

    `text` None is the engine's line, or that the line is pinned no more. Times in ms; None for the original's.
    """

    segment: int
    number: int
    source_text: str | None
    text: str | None
    editor: str
    at: datetime
    start_ms: int | None = None
    end_ms: int | None = None
    base: str = ""
    subtitle_text: str | None = None
    short_text: str | None = None

    @property
    def changes(self) -> bool:
        """Whether anything of it differs from what the engine and the original say."""
        return self.text is not None or self.start_ms is not None


def read(lake: Lake, place: Place, base: str | None = None) -> list[Edit]:
    """An episode's corrections, in the order in which they count; without the pins of the unit `base`, if one is given."""
    keys = [
        key for key in lake.edit_keys(place.language, place.series, place.episode) if base is None or key.base != base
    ]
    return of_keys(lake, [str(key) for key in keys])


def of_keys(lake: Lake, keys: Sequence[str]) -> list[Edit]:
    """The corrections behind these keys, in the order in which they count. Raises `UnreadableError`."""
    return in_order(edit(row) for row in lake.read_edits(keys))


def edit(row: Mapping[str, Any]) -> Edit:
    """A row of the table `edit`."""
    values = {name: row[name] for name in Edit.__slots__ if name != "at"}
    return Edit(**values | {"at": row["created_at"], "number": row["number"] or 0, "base": row["base"] or ""})


def in_order(edits: Iterable[Edit]) -> list[Edit]:
    """Corrections in the order in which they count; those without a number are older than all that have one."""
    return sorted(edits, key=lambda each: (each.number, bool(each.base), each.at))


def standing(edits: Iterable[Edit]) -> dict[Line, Edit]:
    """What counts of each line, by its number and source, of corrections in their order."""
    found: dict[Line, Edit] = {}
    own: dict[Line, Edit] = {}
    for each in edits:
        line = (each.segment, each.source_text)
        if not each.base:
            own[line] = found[line] = each
        elif each.text is not None:
            found[line] = each
        elif line in own:
            found[line] = own[line]
        else:
            found.pop(line, None)
    return found


def last_numbers(edits: Iterable[Edit]) -> dict[int, int]:
    """The number of the last correction of each line, whatever its source was then."""
    found: dict[int, int] = {}
    for each in edits:
        if not each.base:
            found[each.segment] = max(found.get(each.segment, 0), each.number)
    return found


def history(edits: Iterable[Edit], segment: int) -> list[Edit]:
    """The corrections of one line, oldest first, without pins."""
    return [each for each in edits if each.segment == segment and not each.base]
