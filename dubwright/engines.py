"""How engines say what they are, and how they are found by name.

Each stage's `engine.py` has that stage's Protocol; an adapter is a class registered as an entry point in the
stage's group. Importing an adapter's module is cheap: heavy libraries are imported when the engine is loaded.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, entry_points, version
from typing import Any, ClassVar, Protocol

from dubwright import languages
from dubwright.errors import EngineMissingError, LanguageError, SettingsError

# By stage, and what the stage `dub` separates voices with.
GROUPS = {
    "transcribe": "dubwright.transcribers",
    "translate": "dubwright.translators",
    "dub": "dubwright.synthesizers",
    "separate": "dubwright.separators",
}

# The setting that names a group's engines, where it is not `engine` in the stage's section.
_SETTINGS = {"dub": "dub.engines", "separate": "dub.separator"}


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What an engine declares of itself, without being loaded.

    `revision` rises when the adapter's results change: it is part of fingerprints. The library's version is not,
    so that an upgrade does not redo a catalogue; it is recorded in every row (`engine_version`).
    `languages` are BCP-47 tags, matched with or without region; empty means any. `models` are the artefacts of the
    model store that it may load, besides those that the settings named in `choices` name, the main one first; of those in
    the setting named `by_language` it takes for a language the one whose entry names it. `extra` is the optional
    dependency that brings `package`. An engine whose `device` is `cuda` takes a GPU where it finds one.
    A synthesizer that `clones` is a `Cloner` too. One that `bounds_itself` never hangs: it works in a process of its own or
    over HTTP, with time-outs.
    """

    name: str
    revision: int
    languages: frozenset[str]
    code_licence: str
    weights_licence: str
    package: str | None = None
    extra: str | None = None
    models: tuple[str, ...] = ()
    choices: tuple[str, ...] = ("model",)
    by_language: str | None = None
    device: str = "cpu"
    clones: bool = False
    bounds_itself: bool = False

    def speaks(self, language: str) -> bool:
        return not self.languages or bool({language, languages.base(language)} & self.languages)

    @property
    def installed(self) -> bool:
        return self.package is None or self.library_version is not None

    @property
    def library_version(self) -> str | None:
        try:
            return version(self.package) if self.package else None
        except PackageNotFoundError:
            return None

    @property
    def version(self) -> str:
        """Adapter's revision and library's version, as rows record it."""
        library = self.library_version
        return f"{self.revision}+{self.package}-{library}" if library else str(self.revision)


class Engine(Protocol):
    """What every engine class has."""

    info: ClassVar[EngineInfo]


def computed_on(info: EngineInfo) -> str:
    """The device that an engine took in this process, after it was loaded: `cuda` or `cpu`."""
    if info.device != "cuda":
        return "cpu"
    if info.package == "ctranslate2":
        library = sys.modules.get("ctranslate2")
        return "cuda" if library is not None and library.get_cuda_device_count() else "cpu"
    torch = sys.modules.get("torch")
    return "cuda" if torch is not None and torch.cuda.is_available() else "cpu"


def names(stage: str) -> list[str]:
    """The engines of a stage that are registered on this machine."""
    return sorted(point.name for point in entry_points(group=GROUPS[stage]))


@cache
def engine_class(stage: str, name: str) -> Any:
    """The adapter class registered under a name. Raises `SettingsError` if there is none."""
    for point in entry_points(group=GROUPS[stage], name=name):
        return point.load()
    raise SettingsError(
        f"no engine is called {name!r}",
        where="settings",
        field=_SETTINGS.get(stage, f"{stage}.engine"),
        remedy=f"use one of {', '.join(names(stage))}",
    )


def select(stage: str, preferred: Iterable[str], language: str) -> EngineInfo:
    """The first of the preferred engines that handles a language.

    Raises `LanguageError` if none does, saying which registered engine would.
    """
    preferred = tuple(preferred)
    for name in preferred:
        info: EngineInfo = engine_class(stage, name).info
        if info.speaks(language):
            return info
    others = [
        name for name in names(stage) if name not in preferred and engine_class(stage, name).info.speaks(language)
    ]
    raise LanguageError(
        f"none of the engines {', '.join(preferred)} handles {languages.name(language)} ({language})",
        field=_SETTINGS.get(stage, f"{stage}.engine"),
        remedy=f"use {' or '.join(others)}" if others else "install an engine that does, or leave this language out",
    )


def require_installed(info: EngineInfo) -> None:
    """Raise `EngineMissingError`, naming the extra to install, if the engine's package is not there."""
    if not info.installed:
        raise EngineMissingError(
            f"the engine {info.name} needs the package {info.package}",
            field=info.name,
            remedy=f"pip install 'dubwright[{info.extra}]'",
        )
