"""What was measured of a lake's deliveries, gathered behind the page of quality over time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from desk.console.known.behind import Behind
from dubwright.lake import Lake
from dubwright.lake.layout import UnitKey
from dubwright.quality import trends
from dubwright.quality.trends import Sample
from dubwright.reports import coverage
from dubwright.settings import Settings

FRESH_S = 300.0


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was measured in a language, and how its translators were evaluated."""

    delivered: list[Sample]
    evaluated: list[Sample]
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


class Gathering:
    """What was measured of a lake, gathered anew every few minutes as long as somebody looks at it."""

    def __init__(self, lake: Lake, settings: Settings) -> None:
        self._lake = lake
        self._settings = settings
        self._evaluated = Behind(lambda: list(coverage.languages(lake, "evaluation")), FRESH_S, "evaluated languages")
        self._of: dict[str, Behind[Gathered]] = {}

    def evaluated(self) -> list[str]:
        """The languages in which translators were evaluated, as far as it is known."""
        return self._evaluated.known() or []

    def of(self, language: str) -> Gathered | None:
        """What is known of a language; None while it is gathered for the first time."""
        if language not in self._of:
            self._of.setdefault(language, Behind(self._take(language), FRESH_S, f"quality in {language}"))
        return self._of[language].known()

    def _take(self, language: str) -> Callable[[], Gathered]:
        known: dict[UnitKey, Sample | None] = {}

        def take() -> Gathered:
            delivered = trends.samples(self._lake, language, self._settings.quality, known)
            return Gathered(delivered, list(trends.evaluations(self._lake, language)))

        return take
