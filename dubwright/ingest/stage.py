"""The stage `ingest` as a plan sees it: cheap to import. `work` carries out its units."""

from __future__ import annotations

from dubwright.engines import EngineInfo
from dubwright.media import ffmpeg
from dubwright.settings import Section

REVISION = 3


def engine(settings: Section, language: str) -> EngineInfo:
    """What decodes; any language sounds alike to it."""
    return ffmpeg.INFO
