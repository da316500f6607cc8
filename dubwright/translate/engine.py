"""What a translator is to dubwright."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Protocol, runtime_checkable

from dubwright.engines import EngineInfo
from dubwright.errors import DubwrightError
from dubwright.series.facts import Character
from dubwright.settings import TranslateSettings
from dubwright.translate.market import MarketProfile


@dataclass(frozen=True, slots=True)
class Line:
    """One segment to translate: its number, text, speaker (None if unknown) and how long it was spoken (ms).

    `room_ms` is how long its dub may last, silence behind it included, None where it is not spoken; `reading_ms` how long
    its subtitle may stand, None where nobody knows.
    """

    segment: int
    text: str
    speaker: str | None
    slot_ms: int
    room_ms: int | None = None
    reading_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """An episode's lines in order, with what the series knows.

    `glossary` maps source terms to their fixed rendering in the target language, `market` is what its market wants.
    """

    source: str
    target: str
    lines: Sequence[Line]
    glossary: Mapping[str, str] = field(default_factory=dict)
    cast: Sequence[Character] = ()
    synopsis: str = ""
    market: MarketProfile = field(default_factory=MarketProfile)


@dataclass(frozen=True, slots=True)
class Translated:
    """The answer for one line: `text` is None where the engine failed for good, and `notes` say why.

    `others` are further renderings that may stand as they are, such as shorter ones, in the engine's order of preference.
    """

    segment: int
    text: str | None
    notes: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


class Translator(Protocol):
    """Scenes to target text.

    Loaded once per process and kept; `translate` is called from one thread at a time.
    """

    info: ClassVar[EngineInfo]

    def __init__(self, settings: TranslateSettings, models: dict[str, Path], threads: int) -> None:
        """Load. `models` maps the name of each artefact in `info.models` to its folder or file."""
        ...

    def translate(self, scene: Scene) -> list[Translated]:
        """One answer per line of the scene, in its order. Source text is never passed off as a translation."""
        ...


@runtime_checkable
class BatchTranslator(Protocol):
    """What a `Translator` also has whose batches are filled over several scenes: an episode's lines fill no GPU."""

    def translate_many(self, scenes: Sequence[Scene]) -> list[list[Translated] | DubwrightError]:
        """For each scene, in order, what `translate` answers it alone with, or the error that it raises."""
        ...


@runtime_checkable
class ShorteningTranslator(Protocol):
    """What a `Translator` also has that can say a line in fewer words."""

    def shorten(self, scene: Scene, line: Line, text: str, letters: int) -> Translated | None:
        """`text`, its translation of a line of the scene, in so many letters and digits or as near as it can; None if
        that is no nearer."""
        ...
