"""The stage `translate`: rows of the `transcript` table in, rows of the `translation` table out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from dubwright import engines, unit
from dubwright.engines import EngineInfo
from dubwright.errors import EngineOutputError
from dubwright.lake import Lake
from dubwright.settings import Section, TranslateSettings
from dubwright.translate.engine import Line, Scene, Translated, Translator
from dubwright.translate.length import predicted_ms

REVISION = 2

Row = dict[str, Any]


def engine(settings: Section, language: str) -> EngineInfo:
    """The engine that would translate into a language. Raises `LanguageError` if it does not know it."""
    return engines.select("translate", (cast(TranslateSettings, settings).engine,), language)


def run(work: unit.Work, lake: Lake, machine: unit.Machine) -> list[Row]:
    """A row per segment of the transcript; where people corrected a line, their text.

    What the engine said before anyone corrected it is taken from that unit where it is committed, so that one
    corrected line asks the engine for nothing. Raises `EngineOutputError` if no line could be translated.
    """
    transcript = lake.read(work.upstream["transcribe"]).rows()
    unedited = work.upstream.get("translate")
    if unedited is not None and lake.committed(unedited):
        rows = [_copied(row) for row in lake.read(unedited).rows()]
    else:
        rows = _translate(work, transcript, machine) if transcript else []
    if work.edits:
        rows = _overlay(rows, lake.read_edits(work.edits), work.language)
    if rows and all(row["state"] == "failed" for row in rows):
        first = rows[0]["notes"] or ["no reason given"]
        raise EngineOutputError(
            f"none of {len(rows)} lines could be translated; of the first: {'; '.join(first)}",
            where=work.label,
            remedy="try another translation engine or model",
        )
    return rows


def _translate(work: unit.Work, transcript: Sequence[Row], machine: unit.Machine) -> list[Row]:
    info = engine(work.settings, work.language)
    translator = cast(Translator, unit.load_engine("translate", info, work.settings, machine))
    scene = Scene(
        source=work.source_language,
        target=work.language,
        lines=[
            Line(row["segment"], row["text"], _speaker(work, row), row["end_ms"] - row["start_ms"])
            for row in transcript
        ],
        glossary=work.facts.glossary_for(work.language),
        cast=work.facts.cast,
        synopsis=work.facts.synopsis,
    )
    what = f"{info.name} on {work.series}/{work.episode} in {work.language}"
    answers = unit.ask_engine(what, lambda: translator.translate(scene))
    if [answer.segment for answer in answers] != [line.segment for line in scene.lines]:
        raise EngineOutputError("not one answer per line, in order", where=what)
    version = work.facts.digest_for("translate", work.language)
    return [_row(line, answer, work.language, version) for line, answer in zip(scene.lines, answers, strict=True)]


def _speaker(work: unit.Work, row: Row) -> str | None:
    """Who speaks a line of the transcript, by the best name there is."""
    person = work.cast.who(work.episode, row["speaker"], row["start_ms"], row["end_ms"])
    return person.called if person else row["character"] or row["speaker"]


def _row(line: Line, answer: Translated, language: str, glossary_version: str | None) -> Row:
    text = (answer.text or "").strip()
    return {
        "segment": line.segment,
        "text": text,
        "source_text": line.text,
        "predicted_ms": predicted_ms(text, language),
        "slot_ms": line.slot_ms,
        "glossary_version": glossary_version,
        "state": "draft" if text else "failed",
        "editor": None,
        "notes": list(answer.notes),
    }


def _copied(row: Mapping[str, Any]) -> Row:
    """A committed row without the columns that the commit fills in anew."""
    fields = (
        "segment",
        "text",
        "source_text",
        "predicted_ms",
        "slot_ms",
        "glossary_version",
        "state",
        "editor",
        "notes",
    )
    return {name: row[name] for name in fields}


def _overlay(rows: Sequence[Row], edits: Sequence[Mapping[str, Any]], language: str) -> list[Row]:
    """The rows with people's corrections; one made to another source text than today's no longer applies."""
    latest = {
        (edit["segment"], edit["source_text"]): edit for edit in sorted(edits, key=lambda edit: edit["created_at"])
    }
    return [_edited(row, latest.get((row["segment"], row["source_text"])), language) for row in rows]


def _edited(row: Row, edit: Mapping[str, Any] | None, language: str) -> Row:
    if edit is None:
        return row
    text = edit["text"].strip()
    return {
        **row,
        "text": text,
        "predicted_ms": predicted_ms(text, language),
        "state": "edited",
        "editor": edit["editor"],
        "notes": [],
    }
