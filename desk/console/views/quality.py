"""Quality over time: how engines did in a language."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from pydantic import BaseModel

from desk.console.known.gathering import Gathered
from desk.console.state import State
from dubwright.quality import trends
from dubwright.quality.trends import By
from dubwright.settings import ClusterSettings

TITLES = {
    "on_time": "Lines on time",
    "tempo": "Lines within the bounds of tempo",
    "word_error": "Words heard otherwise",
    "flags": "Flagged lines a minute",
    "dub_cost": "Cost of dubbing a minute",
    "translate_cost": "Cost of translating a minute",
    "chrf": "chrF of evaluations",
}
SHARES = ("on_time", "tempo", "word_error")


class Point(BaseModel):
    """A figure on a day (UTC) or of a version; `base` is how many lines, minutes or evaluations stand behind it."""

    at: str
    value: float
    base: float


class Line(BaseModel):
    """One engine's figures, oldest first."""

    engine: str
    points: list[Point]


class Trend(BaseModel):
    """A measure by engine; `unit` is %, s (of a Dask worker), a currency, or nothing."""

    measure: str
    title: str
    unit: str
    lines: list[Line]


class Quality(BaseModel):
    """The trends of a language, of `episodes` looked at, by day or by version of the engine.

    `at` is when they were gathered; None while they are.
    """

    language: str | None
    languages: list[str]
    by: By
    trends: list[Trend]
    episodes: int
    at: datetime | None


def quality(console: State, language: str | None, by: By) -> Quality:
    """The trends of a language; without one, of that in which most was delivered."""
    picture = console.snapshot.picture()
    delivered = {tag: sum(each.delivered.get(tag, 0) for each in picture.series.values()) for tag in picture.languages}
    languages = sorted({*delivered, *console.gathering.evaluated()})
    if language not in languages:
        language = max(languages, key=lambda tag: delivered.get(tag, 0), default=None)
    found = console.gathering.of(language) if language else Gathered([], [])
    return Quality(
        language=language,
        languages=languages,
        by=by,
        trends=list(_trends(found, by, console.settings.cluster)) if found else [],
        episodes=len(found.delivered) if found else 0,
        at=found.at if found else None,
    )


def _trends(found: Gathered, by: By, paid: ClusterSettings) -> Iterable[Trend]:
    for measure, title in TITLES.items():
        unit, factor = _unit(measure, paid)
        lines = trends.trend([*found.delivered, *found.evaluated], measure, by)
        if lines:
            yield Trend(
                measure=measure,
                title=title,
                unit=unit,
                lines=[
                    Line(
                        engine=engine,
                        points=[
                            Point(at=each.at, value=round(each.value * factor, 6), base=round(each.base, 1))
                            for each in points
                        ],
                    )
                    for engine, points in lines.items()
                ],
            )


def _unit(measure: str, paid: ClusterSettings) -> tuple[str, float]:
    """What a measure is told in, and how often that goes into it."""
    if measure in SHARES:
        return "%", 100.0
    if measure.endswith("_cost"):
        return (paid.currency, paid.hour_price / 3600) if paid.hour_price else ("s", 1.0)
    return "", 1.0
