"""Series by languages: how far each is."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, get_args

from pydantic import BaseModel

from desk.console.views.snapshot import Picture
from dubwright.coverage import SeriesCoverage

PAGE = 50
State = Literal["done", "part", "failed", "missing"]
STATES: tuple[State, ...] = get_args(State)


class Cell(BaseModel):
    """A series in a language: episodes delivered, units that failed."""

    language: str
    delivered: int
    failed: int
    state: State


class Row(BaseModel):
    """A series and its cells, in the order of the page's languages; `failed` units that every language needs."""

    series: str
    episodes: int
    failed: int
    cells: list[Cell]


class Coverage(BaseModel):
    """A page of the series that fit a search and a state; `counts` of all cells that fit the search, by state."""

    languages: list[str]
    rows: list[Row]
    search: str
    state: State | None
    counts: dict[State, int]
    total: int
    page: int
    pages: int
    at: datetime


def coverage(picture: Picture, search: str = "", state: State | None = None, page: int = 1) -> Coverage:
    """The page of a picture of the lake; a page behind the last is the last one."""
    languages, failed = picture.languages, picture.failed
    wanted = search.strip().casefold()
    counts: dict[State, int] = dict.fromkeys(STATES, 0)
    fitting = []
    for name, covered in picture.series.items():
        if wanted and wanted not in name.casefold():
            continue
        cells = [_cell(language, covered, failed[name, language] + failed[name, None]) for language in languages]
        for cell in cells:
            counts[cell.state] += 1
        if state is None or any(cell.state == state for cell in cells):
            fitting.append(Row(series=name, episodes=covered.episodes, failed=failed[name, None], cells=cells))
    pages = max(1, -(-len(fitting) // PAGE))
    page = min(max(1, page), pages)
    return Coverage(
        languages=languages,
        rows=fitting[(page - 1) * PAGE : page * PAGE],
        search=search,
        state=state,
        counts=counts,
        total=len(fitting),
        page=page,
        pages=pages,
        at=picture.at,
    )


def _cell(language: str, covered: SeriesCoverage, failed: int) -> Cell:
    delivered = covered.delivered.get(language, 0)
    whole = delivered >= covered.episodes > 0
    state: State = "failed" if failed else "done" if whole else "part" if delivered else "missing"
    return Cell(language=language, delivered=delivered, failed=failed, state=state)
