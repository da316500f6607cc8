"""Artefacts that an operator adds: a TOML file, named by `DUBWRIGHT_ARTEFACTS`, of what stands in the registry otherwise.

["wav2vec2-zh"]
description = "wav2vec2 for Mandarin, times words (upstream: …)"
licence = "Apache-2.0"
languages = ["zh"]
address = "https://…/resolve/<revision>"   # left out: from the mirror, or copied into the models' folder by hand
files = [                                  # the main one first
    {path = "model.safetensors", sha256 = "…", bytes = 1261905572},
    {path = "config.json", sha256 = "…", bytes = 1540},
]
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from dubwright.errors import SettingsError
from dubwright.models.registry import Artefact, Hub, PinnedFile


def _inside(path: str) -> str:
    """A path that stays in its folder and hides nothing."""
    parts = PurePosixPath(path).parts
    if not parts or "\\" in path or any(part.startswith((".", "/")) for part in parts):
        raise ValueError("must be a plain path below the artefact's folder")
    return path


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    path: Annotated[str, AfterValidator(_inside)]
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int = Field(gt=0)


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    description: str
    licence: str = Field(min_length=1)
    languages: list[str] = Field(min_length=1)
    address: str | None = Field(None, pattern=r"^https://[^\s?#]+[^/\s?#]$")
    files: list[_File] = Field(min_length=1)


_NAME = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")]
_FILE = TypeAdapter(dict[_NAME, _Entry])


def read(path: Path, taken: Mapping[str, Artefact]) -> dict[str, Artefact]:
    """The artefacts of a file, by name. Raises `SettingsError` naming the entry and what is wrong with it."""
    try:
        entries = _FILE.validate_python(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(
            f"cannot be read: {error}", where=str(path), remedy="correct DUBWRIGHT_ARTEFACTS"
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        raise SettingsError(
            first["msg"],
            where=str(path),
            field=".".join(str(part) for part in first["loc"]),
            remedy="docs/operations.md shows an entry",
        ) from error
    for name in entries:
        if name in taken:
            raise SettingsError("dubwright pins this name itself", where=str(path), field=name, remedy="choose another")
    return {name: _artefact(name, entry) for name, entry in entries.items()}


def _artefact(name: str, entry: _Entry) -> Artefact:
    return Artefact(
        name=name,
        description=entry.description,
        licence=entry.licence,
        languages=tuple(entry.languages),
        files=tuple(PinnedFile(file.path, file.sha256, file.bytes) for file in entry.files),
        sources=(Hub(entry.address),) if entry.address else (),
    )
