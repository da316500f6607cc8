"""Figures as lines: where on a small picture they stand. Templates draw it as SVG, which needs no script."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from desk.console.views.quality import Trend
from dubwright.order import natural

# Of the picture, and of what is inside its axes.
WIDTH, HEIGHT = 360, 190
LEFT, RIGHT, TOP, BOTTOM = 44, 348, 10, 160
# Lines that can be told apart.
STYLES = 6
TICKS, DATES = 4, 3
# Figures that differ by less are one.
LEAST = 1e-6


@dataclass(frozen=True, slots=True)
class Mark:
    """A place on an axis, and what is written there."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Dot:
    """A figure on the picture, and what it says."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """One engine: its `style` among those that can be told apart."""

    name: str
    style: int
    dots: list[Dot]

    @property
    def path(self) -> str:
        """The points of a polyline."""
        return " ".join(f"{dot.x:.1f},{dot.y:.1f}" for dot in self.dots)


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture of a trend: lines, marks along both axes, and the same figures as rows of a table."""

    lines: list[Drawn]
    below: list[Mark]
    beside: list[Mark]
    rows: list[tuple[str, list[float | None]]]


def chart(trend: Trend) -> Chart:
    """The picture of a trend of at least one figure."""
    where = sorted({point.at for line in trend.lines for point in line.points}, key=natural)
    across = _across(where)
    most = 100.0 if trend.unit == "%" else math.inf
    ticks = _ticks([point.value for line in trend.lines for point in line.points], most)
    low, high = ticks[0], ticks[-1]

    def up(value: float) -> float:
        return BOTTOM - (value - low) / (high - low) * (BOTTOM - TOP)

    def dots(points: Sequence[tuple[str, float]]) -> Iterator[Dot]:
        for at, value in sorted(points, key=lambda point: across[point[0]]):
            yield Dot(across[at], up(value), f"{at}: {value:.4g} {trend.unit}".strip())

    values = [{point.at: point.value for point in line.points} for line in trend.lines]
    lines = [
        Drawn(line.engine, number % STYLES, list(dots([(point.at, point.value) for point in line.points])))
        for number, line in enumerate(trend.lines)
    ]
    step = max(1, math.ceil((len(where) - 1) / DATES))
    below = [Mark(across[at], at[5:] if _day(at) else at) for at in where[::step]]
    beside = [Mark(up(tick), f"{tick:.4g}") for tick in ticks]
    return Chart(lines, below, beside, [(at, [figures.get(at) for figures in values]) for at in where])


def _across(where: Sequence[str]) -> dict[str, float]:
    """Where each day or version stands: days by their distance, versions side by side."""
    days = [_day(at) for at in where]
    places = [float(day.toordinal()) for day in days if day]
    if len(places) < len(where):
        places = [float(number) for number in range(len(where))]
    first, length = places[0], places[-1] - places[0]
    if not length:
        return dict.fromkeys(where, (LEFT + RIGHT) / 2)
    inside = RIGHT - LEFT - 24
    return {at: LEFT + 12 + (place - first) / length * inside for at, place in zip(where, places, strict=True)}


def _day(at: str) -> date | None:
    try:
        return date.fromisoformat(at) if len(at) == 10 else None
    except ValueError:
        return None


def _ticks(values: Sequence[float], most: float) -> list[float]:
    """Round figures around the values, a few at equal distances; none above `most` unless a value is."""
    low, high = min(values), max(values)
    if high - low < LEAST * max(1.0, high):
        low, high = (low * 0.9, max(high, min(high * 1.1, most))) if low > LEAST else (0.0, 1.0)
    rough = abs(high - low) / (TICKS - 1)
    power = 10 ** math.floor(math.log10(rough))
    step = next(size * power for size in (1, 2, 2.5, 5, 10) if size * power >= rough * 0.999)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [round(number * step, 10) for number in range(first, max(last, first + 1) + 1)]
