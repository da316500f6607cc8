"""Many lines at once: searched and replaced, out to translators' tools and back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from pydantic import BaseModel, Field

from desk.console.access.roles import Identity, NotAllowed, Role
from desk.console.state import State
from dubwright.errors import ManifestError
from dubwright.review import lines, replacing, xliff
from dubwright.review.decisions import LONGEST_TEXT
from dubwright.review.replacing import LONGEST_PATTERN, Replacement, Search

MOST = 1000


class Replacing(BaseModel):
    """What to look for and what to put there. Without `apply` nothing is changed."""

    pattern: str = Field(min_length=1, max_length=LONGEST_PATTERN)
    replacement: str = Field(max_length=LONGEST_TEXT)
    regex: bool = False
    ignore_case: bool = False
    apply: bool = False

    def told(self) -> str:
        """How it is looked for: not what, which may be a line's text."""
        return "by pattern" if self.regex else "by text"


class Replaced(BaseModel):
    """A line before and after; `problem` says why it was, or would be, left as it is."""

    episode: str
    segment: int
    before: str
    after: str
    problem: str | None


class Shown(BaseModel):
    """The lines that a replacement changes, or has changed."""

    applied: bool
    lines: list[Replaced]

    @property
    def changed(self) -> bool:
        """Whether any line is another one now."""
        return self.applied and any(line.problem is None for line in self.lines)

    def told(self) -> str:
        """How many are."""
        return f"{sum(line.problem is None for line in self.lines)} lines"


class LeftAlone(BaseModel):
    """A line that a file could not change, and why."""

    episode: str
    segment: int
    reason: str


class Imported(BaseModel):
    """What came of a file: numbers of lines corrected and reviewed, and what was left alone, with the reasons."""

    corrected: int
    reviewed: int
    conflicts: list[LeftAlone]


def preview(console: State, series: str, language: str, wanted: Replacing) -> Shown:
    """Show what a replacement over a series would change. Raises as `replace` does."""
    found = _found(console, series, language, wanted)
    return Shown(applied=False, lines=[_replaced(each, each.problem) for each in found])


def replace(console: State, series: str, language: str, wanted: Replacing, editor: str) -> Shown:
    """Save a replacement over a series. Raises `EditError` for what is no pattern, `CatalogError`."""
    found = _found(console, series, language, wanted)
    done = replacing.apply(console.lake, found, editor)
    left = [_replaced(each, each.problem) for each in found if each.problem]
    return Shown(
        applied=True, lines=[*(_replaced(each, error.problem if error else None) for each, error in done), *left]
    )


def out(console: State, series: str, language: str) -> bytes:
    """A series' lines as XLIFF 2.1. Raises `CatalogError`, `ManifestError`."""
    return xliff.write(list(lines.of_series(console.lake, series, language)), console.settings.source_language)


async def back(console: State, content: AsyncIterator[bytes], who: Identity) -> Imported:
    """Take a file back. Raises `ManifestError` for what is none of ours, `NotAllowed` where it would review and one may not."""
    parts, size = [], 0
    async for part in content:
        size += len(part)
        if size > xliff.MAX_BYTES:
            raise ManifestError(f"is larger than {xliff.MAX_BYTES} bytes", remedy="export fewer episodes")
        parts.append(part)
    read = await asyncio.to_thread(xliff.read, b"".join(parts), "the file")
    reviewing = any(unit.was not in (None, unit.state) for _, units in read for unit in units)
    if reviewing and who.role < Role.APPROVER:
        raise NotAllowed("sets review states: takes the role approver", where=who.name, field="state")
    found = await asyncio.to_thread(xliff.take, console.lake, read, who.name)
    return Imported(
        corrected=len(found.corrected),
        reviewed=len(found.reviewed),
        conflicts=[
            LeftAlone(episode=each.place.episode, segment=each.segment, reason=each.reason) for each in found.conflicts
        ],
    )


def _found(console: State, series: str, language: str, wanted: Replacing) -> list[Replacement]:
    search = Search(wanted.pattern, wanted.replacement, wanted.regex, wanted.ignore_case)
    return list(replacing.preview(lines.of_series(console.lake, series, language), search))[:MOST]


def _replaced(each: Replacement, problem: str | None) -> Replaced:
    return Replaced(
        episode=each.place.episode, segment=each.line.segment, before=each.line.text, after=each.after, problem=problem
    )
