"""The stage `translate` as a plan sees it: cheap to import. `work` carries out its units."""

from __future__ import annotations

from typing import cast

from dubwright import engines
from dubwright.engines import EngineInfo
from dubwright.settings import Section, TranslateSettings
from dubwright.translate import market

REVISION = 4


def engine(settings: Section, language: str) -> EngineInfo:
    """The engine that would translate into a language. Raises `LanguageError` if it does not know it."""
    return engines.select("translate", (cast(TranslateSettings, settings).engine,), language)


def rules(language: str) -> str:
    """Digest of what is known of the language's market."""
    return market.digest(language)
