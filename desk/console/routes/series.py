"""A series: its episodes, cast and glossary."""

from __future__ import annotations

from desk.console.pages import Name, Pages
from desk.console.state import Console
from desk.console.views import series as view
from desk.console.views.series import Series

pages = Pages("series")


@pages.page("/series/{series}", "series.html")
def series(console: Console, series: Name) -> Series:
    """Episodes by languages, who speaks, which names are fixed."""
    return view.series(console, series)
