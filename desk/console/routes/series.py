"""A series: its episodes, cast and glossary, and decisions on these."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path, Response

from desk.console.access.roles import Role, Who, requires
from desk.console.pages import Language, Name, Pages
from desk.console.state import Console
from desk.console.views import cast, downloads, glossary, markets, voices
from desk.console.views import series as view
from desk.console.views.cast import Merging, Naming, Splitting, Voiced
from desk.console.views.downloads import Files
from desk.console.views.glossary import Rendering, Verdict
from desk.console.views.markets import OneMarket, Wanting
from desk.console.views.series import Series
from desk.console.views.speech import Sounding
from desk.console.views.touched import Touched
from desk.console.views.voices import Choosing, Trying, Voices

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


@pages.action("/series/{series}/glossary", Role.EDITOR, audited="glossary changed")
def decide(console: Console, who: Who, series: Name, verdict: Verdict) -> Touched:
    """Approve or drop terms."""
    return glossary.decide(console, series, verdict, who.name)


@pages.action("/series/{series}/glossary", Role.EDITOR, method="PUT", audited="glossary changed")
def render(console: Console, who: Who, series: Name, rendering: Rendering) -> Touched:
    """Fix how a term is rendered."""
    return glossary.render(console, series, rendering, who.name)


@pages.action("/series/{series}/cast/{character}/name", Role.EDITOR, audited="cast changed")
def name(console: Console, who: Who, series: Name, character: Character, naming: Naming) -> Touched:
    """Name a character over the whole series."""
    return cast.name(console, series, character, naming, who.name)


@pages.action("/series/{series}/cast/{character}/merge", Role.EDITOR, audited="cast changed")
def merge(console: Console, who: Who, series: Name, character: Character, merging: Merging) -> Touched:
    """Say that two characters are one."""
    return cast.merge(console, series, character, merging, who.name)


@pages.action("/series/{series}/cast/{character}/split", Role.EDITOR, audited="cast changed")
def split(console: Console, who: Who, series: Name, character: Character, splitting: Splitting) -> Touched:
    """Say that a voice of an episode is not this character but somebody else."""
    return cast.split(console, series, character, splitting, who.name)


@pages.read("/series/{series}/cast/{character}/voiced")
def voiced(console: Console, series: Name, character: Character) -> list[Voiced]:
    """The voices of episodes that were taken for a character's."""
    return cast.voiced(console, series, character)


@pages.router.get("/series/{series}/cast/{character}/voice.flac", dependencies=[Depends(requires(Role.VIEWER))])
def voice(console: Console, series: Name, character: Character) -> Response:
    """How a character sounds in the original."""
    return Response(cast.heard(console, series, character), media_type="audio/flac")


@pages.page("/series/{series}/cast/{character}/voices/{language}", "voices.html")
def choices(console: Console, series: Name, character: Character, language: Language) -> Voices:
    """The voices that a character can have in a language."""
    return voices.voices(console, series, character, language)


@pages.action("/series/{series}/cast/{character}/voices/{language}", Role.EDITOR, method="PUT", audited="voice changed")
def choose(
    console: Console, who: Who, series: Name, character: Character, language: Language, choosing: Choosing
) -> Touched:
    """Give a character another voice; 409 if somebody did meanwhile."""
    return voices.choose(console, series, character, language, choosing, who.name)


@pages.action("/series/{series}/cast/{character}/voices/{language}/say", Role.EDITOR)
def try_voice(console: Console, series: Name, character: Character, language: Language, trying: Trying) -> Sounding:
    """Hear a voice say a line of a character; nothing is changed by it."""
    return voices.say(console, series, character, language, trying)


@pages.page("/markets/{series}/{language}", "market.html")
def market(console: Console, series: Name, language: Language) -> OneMarket:
    """What the market of a language wants, and what the series wants otherwise."""
    return markets.one(console, series, language)


@pages.action("/markets/{series}/{language}", Role.EDITOR, method="PUT", audited="market changed")
def want(console: Console, who: Who, series: Name, language: Language, wanting: Wanting) -> Touched:
    """Have a series want something otherwise than the market of a language; 409 if somebody changed that meanwhile."""
    return markets.want(console, series, language, wanting, who.name)
