"""The stage `dub` as a plan sees it: cheap to import. `work` carries out its units."""

from __future__ import annotations

from typing import cast

from dubwright import engines, languages
from dubwright.engines import EngineInfo
from dubwright.errors import SettingsError
from dubwright.models import registry
from dubwright.settings import DubSettings, Section

REVISION = 11
NO_SEPARATOR = "none"


def engine(settings: Section, language: str) -> EngineInfo:
    """The engine that would speak a language: the first that does, passing over one that has no model for it alone.

    Raises `LanguageError` if none of those wanted does, `SettingsError` if a model that it takes is not named.
    """
    wanted = cast(DubSettings, settings).engines
    able = next((name for name in wanted if _able(name, settings, language)), None)
    info = engines.select("dub", [able] if able else wanted, language)
    _require_models(info, settings, language, "leave the engine out of dub.engines")
    return info


def besides(settings: Section) -> tuple[EngineInfo, ...]:
    """What takes the original voices out. Raises `SettingsError` if a model that it takes is not named."""
    name = cast(DubSettings, settings).separator
    if name == NO_SEPARATOR:
        return ()
    info: EngineInfo = engines.engine_class("separate", name).info
    _require_models(info, settings, "", "choose another in dub.separator")
    return (info,)


def _require_models(info: EngineInfo, settings: Section, language: str, otherwise: str) -> None:
    for choice in info.choices:
        if hasattr(settings, choice) and not _chosen(info, choice, settings, language):
            what = f" for {languages.name(language)}" if choice == info.by_language else ""
            raise SettingsError(
                f"the engine {info.name} takes a model{what} that no setting names",
                where="settings",
                field=f"dub.{choice}",
                remedy=f"docs/operations.md says which, and how to pin it; or {otherwise}",
            )


def _able(name: str, settings: Section, language: str) -> bool:
    info: EngineInfo = engines.engine_class("dub", name).info
    if not info.speaks(language):
        return False
    return info.by_language is None or bool(_chosen(info, info.by_language, settings, language))


def _chosen(info: EngineInfo, choice: str, settings: Section, language: str) -> list[str]:
    """The artefacts that a setting names, for a language where each is for its own."""
    value: str | tuple[str, ...] = getattr(settings, choice)
    names = [value] if isinstance(value, str) else list(value)
    if choice == info.by_language:
        names = [name for name in names if registry.get(name).speaks(language)]
    return [name for name in names if name]
