"""An episode: played, and its lines corrected."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from pydantic import AfterValidator

from desk.console.access.roles import Role
from desk.console.pages import Name, Pages
from desk.console.state import Console
from desk.console.views import episode as view
from desk.console.views import waveform as waveforms
from desk.console.views.episode import Episode, Sounding, Wording
from desk.console.views.waveform import Waveform
from dubwright import languages

pages = Pages("episode")
Segment = Annotated[int, Path(ge=1, le=1_000_000, description="the line's number")]
Language = Annotated[str, Path(max_length=40, description="BCP-47"), AfterValidator(languages.parse)]


@pages.page("/series/{series}/{episode}/{language}", "episode.html")
def episode(console: Console, series: Name, episode: Name, language: Language) -> Episode:
    """The player, and the lines in one language."""
    return view.episode(console, series, episode, language)


@pages.read("/series/{series}/{episode}/{language}/waveform")
def waveform(console: Console, series: Name, episode: Name, language: Language) -> Waveform:
    """How loud the original and the dub are over their time."""
    return waveforms.waveform(console.lake, series, episode, language)


@pages.action("/series/{series}/{episode}/{language}/lines/{segment}/say", Role.EDITOR)
def say(
    console: Console, series: Name, episode: Name, language: Language, segment: Segment, wording: Wording
) -> Sounding:
    """Say a text in a line's voice, to be listened to; nothing is changed by it."""
    return view.say(console, series, episode, language, segment, wording)
