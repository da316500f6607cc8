"""The part of a script, such as the sample's `series.yaml`, that only rendering reads: voices, style, scenes and lines.

What dubwright itself reads of the file is `dubwright.series.facts`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from dubwright.series import facts

FILE = Path(__file__).with_name("series.yaml")

Colour = Annotated[str, Field(pattern=r"^[0-9a-f]{6}$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Part(_Part):
    """What a character sounds and looks like; `pitch` and `tempo` make another voice of one that somebody has."""

    voice: str
    pitch: float = Field(1.0, ge=0.7, le=1.4)
    tempo: float = Field(1.0, ge=0.8, le=1.3)
    colour: Colour
    hair: Literal["long", "short"]
    hair_colour: Colour


class Style(_Part):
    """How a series' picture and subtitles look, and how loud its music is; the sample's own unless it says otherwise.

    `font` is the family, in the file `font_file` beside the script, else on this machine. Sizes are pixels; `bottom` is
    where a subtitle's lower edge stands, `row` how many characters fit beside each other. `box` puts subtitles on a
    translucent box. `second` is the language of a second row. Subtitles come `early_ms` before their line and stay for
    `late_ms` after it, where their neighbours leave room. `bed_db` is the music's level against the speech.
    """

    width: int = Field(720, ge=320, le=1920, multiple_of=2)
    height: int = Field(1280, ge=320, le=1920, multiple_of=2)
    font: str | None = None
    font_file: str | None = None
    size: int = Field(46, ge=12, le=120)
    colour: Colour = "ffffff"
    outline_colour: Colour = "101010"
    outline: float = Field(3, ge=0, le=8)
    shadow: float = Field(1, ge=0, le=8)
    box: bool = False
    bottom: int = Field(985, gt=0)
    row: int = Field(13, ge=4)
    second: Literal["en", "es"] | None = None
    second_size: int = Field(26, ge=10, le=80)
    punctuation: bool = True
    early_ms: int = Field(0, ge=0, le=1000)
    late_ms: int = Field(0, ge=0, le=2000)
    logo: str = ""
    bed_db: float = Field(-16.0, ge=-40, le=0)


class Caption(_Part):
    """Text in the picture that nobody speaks, such as a place or a name, around a point (pixels); upright if `vertical`."""

    text: str = Field(min_length=1)
    start_ms: int = Field(ge=0)
    end_ms: int = Field(gt=0)
    x: int
    y: int
    size: int = Field(34, ge=12, le=120)
    vertical: bool = False


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
    """One line: who says what, after how much silence, with reference translations.

    `subtitles` are those that it is shown as, one after the other, where it is not shown as one; `with_next` shows it
    together with the next line, each behind a dash.
    """

    speaker: str
    gap_ms: int = Field(ge=0)
    text: str = Field(min_length=1)
    en: str = Field(min_length=1)
    es: str | None = Field(None, min_length=1)
    subtitles: tuple[str, ...] = ()
    with_next: bool = False

    @property
    def references(self) -> dict[str, str]:
        """The reference translations that there are, by language."""
        return {language: text for language, text in (("en", self.en), ("es", self.es)) if text}


class Episode(_Part):
    name: str = Field(pattern=r"^[0-9]{2}$")
    title: str
    scene: Scene
    music: Music
    effect: Effect
    lines: tuple[Line, ...] = Field(min_length=1)
    captions: tuple[Caption, ...] = ()


class _Rendering(BaseModel):
    # The file's other fields belong to `dubwright.series.facts`.
    model_config = ConfigDict(frozen=True, extra="ignore")

    voices: Mapping[str, Part]
    episodes: tuple[Episode, ...]
    style: Style = Style()


@dataclass(frozen=True, slots=True)
class Script:
    """The whole series: its facts, as dubwright reads them, and what is rendered."""

    facts: facts.SeriesFacts
    parts: Mapping[str, Part]
    episodes: tuple[Episode, ...]
    style: Style = field(default_factory=Style)


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
        for number, line in enumerate(episode.lines, 1):
            if line.subtitles and "".join(line.subtitles) != line.text:
                raise ValueError(f"{path}: episode {episode.name}: the subtitles of line {number} are not its text")
            if line.with_next and (line.subtitles or number == len(episode.lines)):
                raise ValueError(f"{path}: episode {episode.name}: line {number} cannot be shown with the next")
    style = rendering.style
    if style.font_file:
        style = style.model_copy(update={"font_file": str(path.parent / style.font_file)})
    return Script(known, rendering.voices, rendering.episodes, style)
