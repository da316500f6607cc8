"""Who speaks in a series, corrected; and how they sound."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import BaseModel, Field

from desk.console.state import State
from dubwright import cast as casts
from dubwright.cast import Decision
from dubwright.errors import CatalogError
from dubwright.facts import Sex
from dubwright.media import sound


class Naming(BaseModel):
    """What a character is called in the source language, and their sex where the voice leaves it open."""

    name: str = Field(min_length=1, max_length=200)
    sex: Sex = "unknown"


class Merging(BaseModel):
    """The character that this one is: its id and name stay."""

    into: str = Field(min_length=1, max_length=200)


class Decided(BaseModel):
    """A character as it now stands."""

    character: str
    name: str | None


def name(console: State, series: str, character: str, naming: Naming, editor: str) -> Decided:
    """Name a character. Raises `CatalogError` for nobody known, for no name, for one in use."""
    before = casts.read(console.lake, series)
    return _decide(console, series, casts.name(before, character, naming.name, naming.sex), editor)


def merge(console: State, series: str, character: str, merging: Merging, editor: str) -> Decided:
    """Say that two characters are one. Raises `CatalogError`."""
    return _decide(console, series, casts.merge(casts.read(console.lake, series), character, merging.into), editor)


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


def _decide(console: State, series: str, decision: Decision, editor: str) -> Decided:
    casts.decide(console.lake, series, [decision], editor)
    console.inspection.forget(series)
    after = casts.read(console.lake, series)
    person = casts.known(after, after.former.get(decision.character, decision.character))
    return Decided(character=person.id, name=person.name)
