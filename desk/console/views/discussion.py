"""What people say to each other about lines: remarks, answers, whose work it is."""

from __future__ import annotations

from pydantic import BaseModel, Field

from desk.console.state import State
from desk.console.views.lines import OneLine, now
from dubwright.review import decisions, lines
from dubwright.review.decisions import LONGEST_COMMENT, LONGEST_NAME
from dubwright.review.edits import Place


class Remarking(BaseModel):
    """A remark, or an answer to the one of the number `remark`."""

    text: str = Field(min_length=1, max_length=LONGEST_COMMENT)
    remark: int | None = Field(None, ge=1, le=10**9)

    def told(self) -> str:
        """Whether it is an answer: never what it says."""
        return f"answer to remark {self.remark}" if self.remark else ""


class Resolving(BaseModel):
    """The number of the remark that is settled."""

    remark: int = Field(ge=1, le=10**9)

    def told(self) -> str:
        """Which."""
        return f"remark {self.remark}"


class Giving(BaseModel):
    """Whose work a line is; None: nobody's."""

    assignee: str | None = Field(None, max_length=LONGEST_NAME)

    def told(self) -> str:
        """To whom."""
        return f"to {self.assignee or 'nobody'}"


class Spot(BaseModel):
    """A line of a series."""

    episode: str = Field(min_length=1, max_length=1000)
    segment: int = Field(ge=1)


class Handing(Giving):
    """Whose work some lines of a series are."""

    lines: list[Spot] = Field(min_length=1, max_length=1000)

    def told(self) -> str:
        """How many, to whom."""
        return f"{len(self.lines)} lines {super().told()}"


class Said(BaseModel):
    """Whether something was said; of how many lines, or of an episode as a whole."""

    changed: bool
    lines: int


def comment(console: State, place: Place, segment: int, remarking: Remarking, editor: str) -> OneLine:
    """Remark on a line. Raises `EditError`, `CatalogError`."""
    lines.read(console.lake, place).line(segment)
    decisions.comment(console.lake, place, remarking.text, editor, segment, remark=remarking.remark)
    return now(console, place, segment)


def resolve(console: State, place: Place, segment: int, resolving: Resolving, editor: str) -> OneLine:
    """Settle a remark. Raises `EditError`, `CatalogError`."""
    lines.read(console.lake, place).line(segment)
    decisions.resolve(console.lake, place, resolving.remark, editor, segment)
    return now(console, place, segment)


def give(console: State, place: Place, segment: int, giving: Giving, editor: str) -> OneLine:
    """Give a line to somebody. Raises `EditError`, `CatalogError`."""
    lines.read(console.lake, place).line(segment)
    decisions.assign(console.lake, place, giving.assignee or None, editor, segment)
    return now(console, place, segment)


def comment_on_episode(console: State, place: Place, remarking: Remarking, editor: str) -> Said:
    """Remark on an episode. Raises `EditError`, `CatalogError`."""
    lines.read(console.lake, place)
    decisions.comment(console.lake, place, remarking.text, editor, remark=remarking.remark)
    return Said(changed=True, lines=0)


def resolve_on_episode(console: State, place: Place, resolving: Resolving, editor: str) -> Said:
    """Settle a remark on an episode, or on one of its lines. Raises `EditError`."""
    decisions.resolve(console.lake, place, resolving.remark, editor)
    return Said(changed=True, lines=0)


def hand(console: State, series: str, language: str, handing: Handing, editor: str) -> Said:
    """Give lines of a series to somebody: an episode's all at once. Raises `EditError`, `CatalogError`, then for none of it."""
    by_episode: dict[str, list[int]] = {}
    for spot in handing.lines:
        by_episode.setdefault(spot.episode, []).append(spot.segment)
    for episode, segments in by_episode.items():
        script = lines.read(console.lake, Place(series, episode, language))
        lines.shown(script.lines, segments)
    for episode, segments in by_episode.items():
        place = Place(series, episode, language)
        decisions.assign(console.lake, place, handing.assignee or None, editor, *segments)
    return Said(changed=True, lines=len(handing.lines))
