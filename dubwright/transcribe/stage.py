"""The stage `transcribe` as a plan sees it: cheap to import. `work` carries out its units."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from dubwright import engines
from dubwright.engines import EngineInfo
from dubwright.models.registry import VOICE_ENCODER
from dubwright.settings import Section, TranscribeSettings

REVISION = 3


def engine(settings: Section, language: str) -> EngineInfo:
    """The engine that would transcribe a source language. Raises `LanguageError` if it does not know it."""
    chosen = cast(TranscribeSettings, settings)
    info = engines.select("transcribe", (chosen.engine,), language)
    diarizes = hasattr(engines.engine_class("transcribe", info.name), "speakers")
    if chosen.speakers and not (diarizes and (chosen.diarizer or "diarizer" not in info.choices)):
        info = replace(info, models=(*info.models, VOICE_ENCODER.name))
    return info
