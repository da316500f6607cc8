"""Texts said at once, to be listened to before anything is saved."""

from __future__ import annotations

from pydantic import BaseModel, Field

from desk.console.state import State
from dubwright.dub.engine import stock
from dubwright.dub.preview import preview
from dubwright.dub.stage import engine
from dubwright.review import lines
from dubwright.review.casting import Casting
from dubwright.review.decisions import LONGEST_TEXT
from dubwright.review.edits import Place

SOUND = "audio/flac"


class Wording(BaseModel):
    """How a line might be said."""

    text: str = Field(min_length=1, max_length=LONGEST_TEXT)


class Sounding(BaseModel):
    """A text as it is spoken: a link to the sound, how long it is, and at what tempo it would fill the line's time (ms)."""

    sound: str
    duration_ms: int
    slot_ms: int
    tempo: float


def say(console: State, place: Place, segment: int, wording: Wording) -> Sounding:
    """A text in a line's voice. Raises `CatalogError` without such a line, and what the engine raises."""
    line, resolved = lines.read(console.lake, place).line(segment), console.settings.dub
    stocked = [each.name for each in stock(engine(resolved, place.language).name, resolved, place.language)]
    voice = line.voice
    if line.recast and line.character_id:
        given = Casting.of(console.lake, place.series, resolved).voices(place.language).get(line.character_id)
        voice = given.voice if given else None
    voice = voice if voice in stocked else stocked[0]
    with console.speaking:
        found = preview(console.lake, resolved, console.machine, wording.text, place.language, voice)
    slot_ms = max(1, line.end_ms - line.start_ms)
    sound = console.links.to(found.blob, SOUND)
    return Sounding(sound=sound, duration_ms=found.duration_ms, slot_ms=slot_ms, tempo=found.duration_ms / slot_ms)
