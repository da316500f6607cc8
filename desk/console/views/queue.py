"""Which lines of a series to look at first, and why."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from desk.console.state import State
from dubwright.review import risk

MOST = 200
Whose = Literal["all", "mine", "nobody"]


class Risk(BaseModel):
    """A line, and the reasons to look at it, the gravest first."""

    episode: str
    segment: int
    who: str | None
    source_text: str
    text: str
    state: str
    assignee: str | None
    weight: int
    reasons: list[str]


class Queue(BaseModel):
    """The riskiest lines of a series in a language that nobody has approved, of `total` there are; `staff` may be given some.

    `whose`: of all, those of who asks (then also those that there is no other reason to look at), those that are nobody's.
    """

    series: str
    language: str
    source_language: str
    whose: Whose
    staff: list[str]
    risks: list[Risk]
    total: int


def queue(console: State, series: str, language: str, whose: Whose, name: str, staff: list[str]) -> Queue:
    """The lines to look at, the riskiest first. Raises `CatalogError` for a series that is not translated."""
    mine = name if whose == "mine" else None
    found = risk.queue(
        console.lake, console.settings.quality, language, series, assignee=mine, judged=console.verdicts.of
    )
    if whose == "nobody":
        found = [each for each in found if each.line.assignee is None]
    return Queue(
        series=series,
        language=language,
        source_language=console.settings.source_language,
        whose=whose,
        staff=staff,
        risks=[
            Risk(
                episode=each.place.episode,
                segment=each.line.segment,
                who=each.line.who,
                source_text=each.line.source_text,
                text=each.line.text,
                state=each.line.state,
                assignee=each.line.assignee,
                weight=each.weight,
                reasons=[str(reason) for reason in each.reasons],
            )
            for each in found[:MOST]
        ],
        total=len(found),
    )
