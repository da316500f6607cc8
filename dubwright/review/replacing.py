"""Search and replace over the lines of a series in a language: first what would change, then the change, as corrections.

A pattern is somebody's: it is given so much time, whatever it does, and no more.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import regex

from dubwright.errors import DubwrightError, EditError
from dubwright.lake import Lake
from dubwright.review import decisions
from dubwright.review.decisions import LONGEST_TEXT, Change
from dubwright.review.edits import Place
from dubwright.review.lines import Line, Script

# For all lines of a search: thousands take a moment, and what takes longer never ends.
SECONDS = 10.0
LONGEST_PATTERN = 500


@dataclass(frozen=True, slots=True)
class Replacement:
    """A line, and what it would be; `problem` says why it cannot be that."""

    script: Script
    line: Line
    after: str
    problem: str | None = None

    @property
    def place(self) -> Place:
        return self.script.place


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for: plain, or a regular expression, whose replacement refers to groups as `\\1` or `\\g<name>`."""

    pattern: str
    replacement: str
    as_regex: bool = False
    ignore_case: bool = False

    def compiled(self) -> regex.Pattern[str]:
        """Raises `EditError` for what is no pattern."""
        if not self.pattern or len(self.pattern) > LONGEST_PATTERN:
            remedy = f"give 1 to {LONGEST_PATTERN} characters"
            raise EditError(f"has {len(self.pattern)} characters", field="PATTERN", remedy=remedy)
        source = self.pattern if self.as_regex else regex.escape(self.pattern)
        flags = regex.VERSION1 | (regex.IGNORECASE if self.ignore_case else 0)
        try:
            return regex.compile(source, flags)
        except (regex.error, RecursionError, OverflowError, MemoryError) as error:
            raise EditError(f"is no pattern: {error}", field="PATTERN", remedy="correct it") from error


def preview(scripts: Iterable[Script], search: Search, seconds: float = SECONDS) -> Iterator[Replacement]:
    """The lines that would change, as they come; locked ones and those that would be no line with the `problem`.

    Raises `EditError` for what is no pattern, refers to no group, or takes more than so many `seconds` in all.
    """
    pattern, left = search.compiled(), seconds
    for script in scripts:
        for line in script.lines:
            began = time.monotonic()
            after = _replaced(pattern, search, line.text, left)
            left -= time.monotonic() - began
            if after != line.text:
                yield _judged(script, line, after)


def apply(
    lake: Lake, replacements: Sequence[Replacement], editor: str
) -> list[tuple[Replacement, DubwrightError | None]]:
    """Save replacements as corrections, each unless somebody corrected its line since; of each, why it was not saved."""
    wanted = [each for each in replacements if each.problem is None]
    by_place: dict[Place, list[Replacement]] = {}
    for each in wanted:
        by_place.setdefault(each.place, []).append(each)
    outcomes: list[tuple[Replacement, DubwrightError | None]] = []
    for own in by_place.values():
        changes = [Change(each.line.segment, each.after) for each in own]
        saved = decisions.save_all(lake, own[0].script, changes, editor)
        outcomes += [
            (each, was if isinstance(was, DubwrightError) else None) for each, was in zip(own, saved, strict=True)
        ]
    return outcomes


def _replaced(pattern: regex.Pattern[str], search: Search, text: str, seconds: float) -> str:
    if not text:
        return text
    try:
        if seconds <= 0:
            raise TimeoutError
        if not search.as_regex:
            return str(pattern.sub(lambda _: search.replacement, text, timeout=seconds))
        return str(pattern.sub(search.replacement, text, timeout=seconds))
    except TimeoutError as error:
        remedy = "make it simpler: a repetition within a repetition may take for ever"
        raise EditError("takes too long", field="PATTERN", remedy=remedy) from error
    except (regex.error, IndexError, MemoryError) as error:
        raise EditError(
            f"cannot be filled in: {error}", field="REPLACEMENT", remedy="refer to groups that are there"
        ) from error


def _judged(script: Script, line: Line, after: str) -> Replacement:
    if line.state == "locked":
        return Replacement(script, line, after[: 2 * LONGEST_TEXT], "is locked")
    try:
        return Replacement(script, line, decisions.cleaned(after))
    except EditError as error:
        return Replacement(script, line, after[: 2 * LONGEST_TEXT], error.problem)
