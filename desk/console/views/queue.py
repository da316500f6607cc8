"""Which lines of a series to look at first, and why."""

from __future__ import annotations

from pydantic import BaseModel

from desk.console.state import State
from dubwright.review import risk

MOST = 200


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
    """The riskiest lines of a series in a language that nobody has approved, of `total` there are."""

    series: str
    language: str
    source_language: str
    risks: list[Risk]
    total: int


def queue(console: State, series: str, language: str) -> Queue:
    """The lines to look at, the riskiest first. Raises `CatalogError` for a series that is not translated."""
    found = risk.queue(console.lake, console.settings.quality, language, series, judged=console.verdicts.of)
    return Queue(
        series=series,
        language=language,
        source_language=console.settings.source_language,
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
