"""Which voice a character has in a language, heard and changed."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import BaseModel, Field

from desk.console.state import State
from desk.console.views.speech import SOUND, Sounding
from desk.console.views.touched import Touched
from dubwright.dub import audition
from dubwright.dub.audition import Audition
from dubwright.dub.preview import preview
from dubwright.errors import CatalogError
from dubwright.planning.reach import stages_from
from dubwright.review.casting import Casting


class Choice(BaseModel):
    """A stock voice, and what speaks against it."""

    voice: str
    sex: str
    flags: list[str]


class Voices(BaseModel):
    """A character in a language: its `voice` now, whether a clone speaks instead, and the voices that it could have.

    `consent` to a clone is granted, refused, or None where nothing is said of it; `editor` gave the voice.
    """

    series: str
    character: str
    name: str | None
    sex: str
    episodes: list[str]
    language: str
    engine: str
    voice: str | None
    cloned: bool
    consent: str | None
    editor: str | None
    flags: list[str]
    choices: list[Choice]


class Choosing(BaseModel):
    """The stock voice that a character is to have, None for the one that it was cast with.

    `seen` is the voice that the person saw (None: not cast yet). With `ask` nothing is changed: what would be redone is told.
    """

    voice: str | None = Field(None, min_length=1, max_length=200)
    seen: str | None = Field(None, max_length=200)
    ask: bool = False

    def told(self) -> str:
        """From which, to which."""
        return f"{self.seen or 'none'} → {self.voice or 'as it was cast'}"


class Trying(BaseModel):
    """The stock voice to be heard; None for what speaks now, a clone where there is one."""

    voice: str | None = Field(None, min_length=1, max_length=200)


def voices(console: State, series: str, character: str, language: str) -> Voices:
    """What there is to choose from. Raises `CatalogError` for nobody known, `LanguageError`."""
    casting = _casting(console, series)
    who = casting.character(character)
    choices = [Choice(**asdict(each)) for each in casting.choices(who, language)]
    return Voices(series=series, choices=choices, **asdict(casting.of_character(who, language)))


def choose(console: State, series: str, character: str, language: str, choosing: Choosing, editor: str) -> Touched:
    """Give a character a voice. Raises `EditConflictError`, `SettingsError` for none of the engine's, `CatalogError`."""
    casting = _casting(console, series)
    who = casting.character(character)
    if choosing.ask:
        episodes = casting.outdated(who, language, choosing.voice)
    else:
        episodes = casting.choose(who, language, choosing.voice, editor, seen=choosing.seen)
        console.inspection.forget(series)
    return Touched(
        changed=not choosing.ask, outdated={language: episodes} if episodes else {}, stages=stages_from("dub")
    )


def say(console: State, series: str, character: str, language: str, trying: Trying) -> Sounding:
    """A line of the character, or figures where none is translated, in a voice. Raises `CatalogError`, what the engine raises."""
    casting = _casting(console, series)
    who = casting.character(character)
    now = casting.voices(language).get(who)
    if now is None and trying.voice is None:
        raise CatalogError(f"{who} is not cast in {language} yet", where=series, remedy="choose a voice")
    info, _ = casting.engine(language)
    tried = Audition(console.lake, info, console.settings.dub, console.machine, language)
    text = tried.line_of(series, casting.cast, who) or audition.FIGURES
    with console.speaking:
        if trying.voice is None and now and now.clips:
            speech = tried.speak(text, now)
            with TemporaryDirectory(prefix="dubwright-tried-") as folder:
                path = Path(folder, "voice.flac")
                audition.write(path, speech)
                blob, duration_ms = console.lake.put_blob(path), speech.duration_ms
        else:
            voice = trying.voice or (now.voice if now else "")
            found = preview(console.lake, console.settings.dub, console.machine, text, language, voice)
            blob, duration_ms = found.blob, found.duration_ms
    return Sounding(sound=console.links.to(blob, SOUND), duration_ms=duration_ms, slot_ms=duration_ms, tempo=1.0)


def _casting(console: State, series: str) -> Casting:
    return Casting.of(console.lake, series, console.settings.dub, console.facts(series))
