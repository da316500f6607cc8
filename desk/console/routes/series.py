"""A series: its episodes, cast and glossary, and decisions on these."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path, Response

from desk.console.access.roles import Role, Who, requires
from desk.console.pages import Language, Name, Pages
from desk.console.state import Console
from desk.console.views import cast, downloads, glossary
from desk.console.views import series as view
from desk.console.views.cast import Decided, Merging, Naming
from desk.console.views.downloads import Files
from desk.console.views.glossary import Rendering, Touched, Verdict
from desk.console.views.series import Series

pages = Pages("series")
Character = Annotated[str, Path(max_length=200, description="a character's id")]


@pages.page("/series/{series}", "series.html")
def series(console: Console, series: Name) -> Series:
    """Episodes by languages, who speaks, which names are fixed."""
    return view.series(console, series)


@pages.read("/series/{series}/files/{language}")
def files(console: Console, series: Name, language: Language) -> Files:
    """Every file that was delivered in a language, with links that run out."""
    return downloads.of_series(console, series, language)


@pages.action("/series/{series}/glossary", Role.EDITOR)
def decide(console: Console, who: Who, series: Name, verdict: Verdict) -> Touched:
    """Approve or drop terms."""
    return glossary.decide(console, series, verdict, who.name)


@pages.action("/series/{series}/glossary", Role.EDITOR, method="PUT")
def render(console: Console, who: Who, series: Name, rendering: Rendering) -> Touched:
    """Fix how a term is rendered."""
    return glossary.render(console, series, rendering, who.name)


@pages.action("/series/{series}/cast/{character}/name", Role.EDITOR)
def name(console: Console, who: Who, series: Name, character: Character, naming: Naming) -> Decided:
    """Name a character over the whole series."""
    return cast.name(console, series, character, naming, who.name)


@pages.action("/series/{series}/cast/{character}/merge", Role.EDITOR)
def merge(console: Console, who: Who, series: Name, character: Character, merging: Merging) -> Decided:
    """Say that two characters are one."""
    return cast.merge(console, series, character, merging, who.name)


@pages.router.get("/series/{series}/cast/{character}/voice.flac", dependencies=[Depends(requires(Role.VIEWER))])
def voice(console: Console, series: Name, character: Character) -> Response:
    """How a character sounds in the original."""
    return Response(cast.heard(console, series, character), media_type="audio/flac")
