"""Who speaks in a series, corrected; and how they sound."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import BaseModel, Field

from desk.console.state import State
from desk.console.views.touched import Touched
from dubwright.errors import CatalogError
from dubwright.media import sound
from dubwright.order import natural
from dubwright.planning import reach
from dubwright.series import cast as casts
from dubwright.series.cast import Cast, Decision
from dubwright.series.facts import Sex


class Naming(BaseModel):
    """What a character is called in the source language, and their sex where the voice leaves it open.

    With `ask`, here and below, nothing is changed: only what would be redone is told.
    """

    name: str = Field(min_length=1, max_length=200)
    sex: Sex = "unknown"
    ask: bool = False

    def told(self) -> str:
        """What they are called from now on."""
        return f"is {self.name}"


class Merging(BaseModel):
    """The character that this one is: its id and name stay."""

    into: str = Field(min_length=1, max_length=200)
    ask: bool = False

    def told(self) -> str:
        """Who they are."""
        return f"is the same as {self.into}"


class Splitting(BaseModel):
    """A voice of an episode, as its transcript labels it, that is somebody else than this character."""

    episode: str = Field(min_length=1, max_length=1000)
    speaker: str = Field(min_length=1, max_length=200)
    ask: bool = False

    def told(self) -> str:
        """Who is somebody else, and where."""
        return f"is not {self.speaker} of {self.episode}"


class Voiced(BaseModel):
    """A voice of an episode that was taken for a character's."""

    episode: str
    speaker: str


def name(console: State, series: str, character: str, naming: Naming, editor: str) -> Touched:
    """Name a character. Raises `CatalogError` for nobody known, for no name, for one in use."""
    return _decide(
        console, series, lambda cast: casts.name(cast, character, naming.name, naming.sex), editor, ask=naming.ask
    )


def merge(console: State, series: str, character: str, merging: Merging, editor: str) -> Touched:
    """Say that two characters are one. Raises `CatalogError`."""
    return _decide(console, series, lambda cast: casts.merge(cast, character, merging.into), editor, ask=merging.ask)


def split(console: State, series: str, character: str, splitting: Splitting, editor: str) -> Touched:
    """Say that a voice is somebody else, a new character. Raises `CatalogError`, also if it is this character's no more."""
    episode = casts.normal(splitting.episode)

    def make(cast: Cast) -> Decision:
        person = casts.known(cast, character)
        decision = casts.split(cast, episode, splitting.speaker)
        if cast.voices[episode, splitting.speaker] != person.id:
            raise CatalogError(
                f"{splitting.speaker} is not {person.called} any more", where=episode, remedy="load the page again"
            )
        return decision

    return _decide(console, series, make, editor, ask=splitting.ask)


def voiced(console: State, series: str, character: str) -> list[Voiced]:
    """Where a character speaks, by the voices of the episodes. Raises `CatalogError` for nobody known."""
    cast = casts.read(console.lake, series)
    person = casts.known(cast, character)
    own = [place for place, who in cast.voices.items() if who == person.id]
    return [Voiced(episode=episode, speaker=speaker) for episode, speaker in sorted(own, key=lambda at: natural(at[0]))]


def heard(console: State, series: str, character: str) -> bytes:
    """A character's clearest lines in the original, one after another, as FLAC.

    Raises `CatalogError` for nobody known, or nobody heard clearly.
    """
    from dubwright.transcribe.speakers.clips import clips_of, joined
    from dubwright.voiceprints.spectra import RATE

    cast = casts.read(console.lake, series)
    person = casts.known(cast, character)
    clips = clips_of(console.lake, series, cast, person.id)
    if not clips:
        raise CatalogError(f"{person.called} is never heard clearly", where=series, remedy="listen to an episode")
    with TemporaryDirectory(prefix="dubwright-heard-") as folder:
        path = Path(folder, "voice.flac")
        sound.write_flac(path, joined(clips)[:, None], RATE)
        return path.read_bytes()


def _decide(console: State, series: str, make: Callable[[Cast], Decision], editor: str, *, ask: bool) -> Touched:
    while True:
        log = casts.log(console.lake, series)
        before = casts.resolve(log.decisions)
        decision = make(before)
        after = casts.resolve((*log.decisions, decision))
        if ask or casts.append(console.lake, series, [decision], editor, after=log.version):
            if not ask:
                console.inspection.forget(series)
            outdated = reach.of_cast(console.lake, series, before, after)
            return Touched(changed=not ask, outdated=outdated, stages=reach.stages_from("translate"))
