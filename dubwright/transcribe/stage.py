"""The stage `transcribe`: an episode's sound in, rows of the `transcript` table out."""

from __future__ import annotations

from typing import Any, cast

from dubwright import engines, unit
from dubwright.engines import EngineInfo
from dubwright.lake import Lake
from dubwright.media import sound
from dubwright.settings import Section, TranscribeSettings
from dubwright.transcribe import segments, text
from dubwright.transcribe.engine import Transcriber

REVISION = 1


def engine(settings: Section, language: str) -> EngineInfo:
    """The engine that would transcribe a source language. Raises `LanguageError` if it does not know it."""
    return engines.select("transcribe", (cast(TranscribeSettings, settings).engine,), language)


def run(work: unit.Work, lake: Lake, machine: unit.Machine) -> list[dict[str, Any]]:
    """A row per segment, numbered from 1; none where nobody speaks.

    Raises `EngineOutputError` if the recognizer fails or its answer cannot be used, `MediaError` if the sound
    cannot be read.
    """
    settings = cast(TranscribeSettings, work.settings)
    info = engine(settings, work.language)
    transcriber = cast(Transcriber, unit.load_engine("transcribe", info, settings, machine))
    with lake.blob_file(lake.read(work.upstream["ingest"]).row()["speech_blob"]) as file:
        samples, rate = sound.read(file)
        what = f"{info.name} on {work.series}/{work.episode}"
        passages = unit.ask_engine(what, lambda: transcriber.transcribe(file, work.language))
    found = segments.cut(
        passages,
        work.language,
        duration_ms=1000 * len(samples) // rate,
        pause_ms=settings.pause_ms,
        longest_ms=settings.longest_segment_ms,
    )
    return [_row(number, segment, work.language) for number, segment in enumerate(found, start=1)]


def _row(number: int, segment: segments.Segment, language: str) -> dict[str, Any]:
    return {
        "segment": number,
        "start_ms": segment.start_ms,
        "end_ms": segment.end_ms,
        "speaker": None,
        "character": None,
        "text": text.join(segment.words, language),
        "words": [
            {"text": word.text, "start_ms": word.start_ms, "end_ms": word.end_ms, "probability": word.probability}
            for word in segment.words
        ],
        "confidence": segment.confidence,
        "evidence": "sound",
    }
