"""The first page: every series of the lake."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from desk.console.pages import Pages
from desk.console.state import Console
from desk.console.views import coverage as view
from desk.console.views.coverage import Coverage, State

pages = Pages("coverage")


@pages.page("/", "coverage.html")
def coverage(
    console: Console,
    search: Annotated[str, Query(max_length=200)] = "",
    state: State | None = None,
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
) -> Coverage:
    """Series by languages, fifty a page."""
    return view.coverage(console, search, state, page)
