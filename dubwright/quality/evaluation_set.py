"""Dialogue with reference translations that translators are scored on: the packaged set, or one of the operator's own.

A scene is a `lines.json` as the `scorecard` reads it (the sample's ground truth is such files), with the cast and glossary
of a `series.yaml` beside it. The packaged scenes in `fixed/` were written for this, appear nowhere else, and nothing is
chosen or tuned by what comes out on them; their times are those of a voice at its natural pace.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from dubwright.errors import ManifestError
from dubwright.fingerprint import fingerprint
from dubwright.series import facts
from dubwright.series.facts import LanguageTag, SeriesFacts

LINES = "lines.json"
PACKAGED = "fixed"
MAX_BYTES = 16 * 1024 * 1024
MOST_LINES = 2000

Milliseconds = Annotated[int, Field(ge=0, le=24 * 3600 * 1000)]


class ReferenceLine(BaseModel):
    """A line as it is spoken, from `start_ms` to `end_ms`, with its references by language."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    speaker: str | None = None
    text: str = Field(min_length=1)
    start_ms: Milliseconds
    end_ms: Milliseconds
    references: Mapping[LanguageTag, str] = {}
    kind: str = "dialogue"


@dataclass(frozen=True, slots=True)
class Scene:
    """The lines of one scene in order, and what its series knows."""

    name: str
    facts: SeriesFacts
    lines: tuple[ReferenceLine, ...]


@dataclass(frozen=True, slots=True)
class EvaluationSet:
    """Scenes under a name; figures compare between runs over the same `digest`."""

    name: str
    scenes: tuple[Scene, ...]

    @property
    def digest(self) -> str:
        content = [
            [scene.facts.model_dump(mode="json"), [line.model_dump(mode="json") for line in scene.lines]]
            for scene in self.scenes
        ]
        return fingerprint({"scenes": content})

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that it has references in."""
        return tuple(dict.fromkeys(tag for scene in self.scenes for line in scene.lines for tag in line.references))


def packaged() -> EvaluationSet:
    """The set that comes with dubwright: three scenes, 24 lines, references in twelve languages."""
    with resources.as_file(resources.files(__package__) / PACKAGED) as folder:
        return read(folder)


def read(place: Path, about: Path | None = None) -> EvaluationSet:
    """The set of a `lines.json`, or of all that lie below a folder; `about` is a `series.yaml` for all of it.

    Without one, each scene has the `series.yaml` beside its lines, else the one in the folder above, else none.
    Raises `ManifestError` naming the file and the field.
    """
    files = [place] if place.is_file() else sorted(place.rglob(LINES))
    if not files:
        raise ManifestError(
            f"no {LINES} there", where=str(place), field="--lines", remedy="name such a file, or a folder with some"
        )
    given = facts.read(about) if about else None
    top = place.parent if place.is_file() else place
    scenes = tuple(_scenes(files, top, given))
    count = sum(len(scene.lines) for scene in scenes)
    if not 0 < count <= MOST_LINES:
        raise ManifestError(f"{count} lines", where=str(place), remedy=f"a set has 1 to {MOST_LINES} lines")
    return EvaluationSet(top.resolve().name, scenes)


def _scenes(files: list[Path], top: Path, given: SeriesFacts | None) -> Iterator[Scene]:
    for file in files:
        beside = next((path for folder in file.parents[:2] if (path := folder / facts.FILE).is_file()), None)
        known = given or (facts.read(beside) if beside else SeriesFacts())
        name = file.parent.relative_to(top).as_posix()
        yield Scene(top.resolve().name if name == "." else name, known, _lines(file))


_LINES: TypeAdapter[tuple[ReferenceLine, ...]] = TypeAdapter(tuple[ReferenceLine, ...])


def _lines(file: Path) -> tuple[ReferenceLine, ...]:
    remedy = "see the sample's: speaker, text, start_ms, end_ms, references by language"
    try:
        if file.stat().st_size > MAX_BYTES:
            raise ManifestError(f"larger than {MAX_BYTES} bytes", where=str(file), remedy="is this the right file?")
        content: Any = json.loads(file.read_text(encoding="utf-8"))
        lines = _LINES.validate_python(content)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise ManifestError(first["msg"], where=str(file), field=field or None, remedy=remedy) from error
    except (OSError, ValueError, RecursionError) as error:
        raise ManifestError(f"no lines can be read: {error}", where=str(file), remedy=remedy) from error
    for number, line in enumerate(lines):
        if line.end_ms <= line.start_ms:
            raise ManifestError("ends before it starts", where=str(file), field=f"{number}.end_ms", remedy=remedy)
    # What only stands in the picture is nobody's speech.
    return tuple(line for line in lines if line.kind != "caption")
