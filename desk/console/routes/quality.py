"""How quality went over time."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import AfterValidator

from desk.console.pages import Pages
from desk.console.state import Console
from desk.console.views import quality as view
from desk.console.views.quality import Quality
from dubwright import languages
from dubwright.quality.trends import By

pages = Pages("quality")


@pages.page("/quality", "quality.html")
def quality(
    console: Console,
    language: Annotated[Annotated[str, AfterValidator(languages.parse)] | None, Query(max_length=40)] = None,
    by: By = "day",
) -> Quality:
    """How engines did in a language, by day or by their versions."""
    return view.quality(console, language, by)
