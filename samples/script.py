"""The part of the sample's `series.yaml` that only rendering reads: voices, scenes, music, effects and lines.

What dubwright itself reads of the file is `dubwright.facts`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from dubwright import facts

FILE = Path(__file__).with_name("series.yaml")

Colour = Annotated[str, Field(pattern=r"^[0-9a-f]{6}$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Part(_Part):
    """What a character sounds and looks like."""

    voice: str
    colour: Colour
    hair: Literal["long", "short"]
    hair_colour: Colour


class Scene(_Part):
    """The picture behind an episode's lines; from the start of `dark_from_line` (from 1) its light is out."""

    top: Colour
    bottom: Colour
    glow: Colour
    backdrop: Literal["lane", "tower"]
    rain: bool
    dark_from_line: int | None = None


class Music(_Part):
    """One chord a bar of four beats, over and over."""

    bpm: int = Field(gt=30, lt=200)
    chords: tuple[str, ...] = Field(min_length=1)


class Effect(_Part):
    """A sound that starts `after_ms` into line `line` (from 1)."""

    kind: Literal["door", "glass", "thunder"]
    line: int = Field(ge=1)
    after_ms: int = Field(ge=0)


class Line(_Part):
    """One line: who says what, after how much silence, with reference translations."""

    speaker: str
    gap_ms: int = Field(ge=0)
    text: str = Field(min_length=1)
    en: str = Field(min_length=1)
    es: str = Field(min_length=1)


class Episode(_Part):
    name: str = Field(pattern=r"^[0-9]{2}$")
    title: str
    scene: Scene
    music: Music
    effect: Effect
    lines: tuple[Line, ...] = Field(min_length=1)


class _Rendering(BaseModel):
    # The file's other fields belong to `dubwright.facts`.
    model_config = ConfigDict(frozen=True, extra="ignore")

    voices: Mapping[str, Part]
    episodes: tuple[Episode, ...]


@dataclass(frozen=True, slots=True)
class Script:
    """The whole sample: its facts, as dubwright reads them, and what is rendered."""

    facts: facts.SeriesFacts
    parts: Mapping[str, Part]
    episodes: tuple[Episode, ...]


def read(path: Path = FILE) -> Script:
    """Read the script. Raises `ManifestError` for a wrong fact, `ValueError` for anything else that does not fit."""
    rendering = _Rendering.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    known = facts.read(path)
    strangers = {line.speaker for episode in rendering.episodes for line in episode.lines} - (
        {character.name for character in known.cast} & rendering.voices.keys()
    )
    if strangers:
        raise ValueError(f"{path}: no cast entry or voice for {', '.join(sorted(strangers))}")
    for episode in rendering.episodes:
        last = max(episode.effect.line, episode.scene.dark_from_line or 1)
        if last > len(episode.lines):
            raise ValueError(f"{path}: episode {episode.name} has no line {last}")
    return Script(known, rendering.voices, rendering.episodes)
