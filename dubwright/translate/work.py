"""The stage `translate`: rows of the `transcript` table in, rows of the `translation` table out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, cast

from dubwright import unit
from dubwright.errors import DubwrightError, EngineOutputError
from dubwright.lake import Lake
from dubwright.lake.layout import UnitKey
from dubwright.review import edits
from dubwright.review.edits import Edit
from dubwright.settings import Section
from dubwright.translate import fit, market
from dubwright.translate.engine import BatchTranslator, Line, Scene, ShorteningTranslator, Translated, Translator
from dubwright.translate.length import predicted_ms
from dubwright.translate.market.review import noted, review
from dubwright.translate.stage import engine

Row = dict[str, Any]


def run(work: unit.Work, lake: Lake, machine: unit.Machine) -> list[Row]:
    """A row per segment of the transcript; where people corrected a line, their text.

    What the engine said before anyone corrected it is taken from that unit where it is committed, so that one
    corrected line asks the engine for nothing. Raises `EngineOutputError` if no line could be translated.
    """
    return finish(work, lake, machine, None)


def ask(
    works: Sequence[unit.Work], lake: Lake, machine: unit.Machine
) -> list[list[Translated] | DubwrightError | None]:
    """What the engine says of several episodes at once; None for those that it takes alone, or that ask for nothing."""
    answers: list[list[Translated] | DubwrightError | None] = [None] * len(works)
    alike: dict[Section, dict[int, Scene]] = {}
    for index, work in enumerate(works):
        with suppress(DubwrightError):  # `finish` meets it again, for this unit alone
            engine(work.settings, work.language)
            scene = _scene(work, lake) if _unedited(work, lake) is None else None
            if scene and scene.lines:
                alike.setdefault(work.settings, {})[index] = scene
    for scenes in alike.values():
        first = works[next(iter(scenes))]
        translator = _translator(first, machine)
        if isinstance(translator, BatchTranslator):
            what = f"{translator.info.name} on {first.label} and {len(scenes) - 1} more"
            found = unit.ask_engine(what, partial(translator.translate_many, list(scenes.values())))
            for index, answer in zip(scenes, found, strict=True):
                answers[index] = answer
    return answers


def finish(work: unit.Work, lake: Lake, machine: unit.Machine, answer: list[Translated] | None) -> list[Row]:
    """`run`, the engine's `answer` to the unit's lines being at hand already, or not."""
    unedited = _unedited(work, lake)
    if unedited is not None:
        rows = [_copied(row) for row in lake.read(unedited).rows()]
    else:
        rows = _translated(work, _scene(work, lake), machine, answer)
    if work.edits:
        rows = _overlay(rows, edits.of_keys(lake, work.edits), work.language)
    if rows and all(row["state"] == "failed" for row in rows):
        first = rows[0]["notes"] or ["no reason given"]
        raise EngineOutputError(
            f"none of {len(rows)} lines could be translated; of the first: {'; '.join(first)}",
            where=work.label,
            remedy="try another translation engine or model",
        )
    return _reviewed(rows, _scene(work, lake))


def _reviewed(rows: Sequence[Row], scene: Scene) -> list[Row]:
    """The rows with what the market has to say of their texts, people's included, as they stand now."""
    found = review(scene, {row["segment"]: row["text"] for row in rows})
    return [{**row, "notes": noted(row["notes"], found.get(row["segment"], ()))} for row in rows]


def _unedited(work: unit.Work, lake: Lake) -> UnitKey | None:
    """The committed unit that says what the engine said before anyone corrected it, where there is one."""
    key = work.upstream.get("translate")
    return key if key is not None and lake.committed(key) else None


def _scene(work: unit.Work, lake: Lake) -> Scene:
    """The episode's lines, with what the series knows."""
    transcript = lake.read(work.upstream["transcribe"]).rows()
    times = fit.times(transcript)
    return Scene(
        source=work.source_language,
        target=work.language,
        lines=[
            Line(
                row["segment"],
                row["text"],
                _speaker(work, row),
                row["end_ms"] - row["start_ms"],
                *times[row["segment"]],
            )
            for row in transcript
        ],
        glossary=work.facts.glossary_for(work.language),
        cast=work.facts.cast,
        synopsis=work.facts.synopsis,
        market=market.of(work.language, work.facts.market_for(work.language)),
    )


def _translator(work: unit.Work, machine: unit.Machine) -> Translator:
    info = engine(work.settings, work.language)
    return cast(Translator, unit.load_engine("translate", info, work.settings, machine))


def _translated(
    work: unit.Work, scene: Scene, machine: unit.Machine, answers: Sequence[Translated] | None
) -> list[Row]:
    if not scene.lines:
        return []
    what = f"{engine(work.settings, work.language).name} on {work.label}"
    if answers is None:
        translator = _translator(work, machine)
        answers = unit.ask_engine(what, lambda: translator.translate(scene))
    if [answer.segment for answer in answers] != [line.segment for line in scene.lines]:
        raise EngineOutputError("not one answer per line, in order", where=what)
    shorten = partial(_shortened, work, scene, machine)
    version = work.facts.digest_for("translate", work.language)
    rows = []
    for line, answer in zip(scene.lines, answers, strict=True):
        chosen = fit.fitted(line, answer, work.language, shorten)
        row = _row(line, chosen, scene, version)
        rows.append(row | {"short_text": fit.shorter(line, chosen, scene, shorten)})
    return rows


def _shortened(
    work: unit.Work, scene: Scene, machine: unit.Machine, line: Line, text: str, letters: int
) -> Translated | None:
    """A line's translation in so many letters; None where the engine knows nothing shorter."""
    translator = _translator(work, machine)
    if not isinstance(translator, ShorteningTranslator):
        return None
    what = f"{translator.info.name} on line {line.segment} of {work.label}"
    return unit.ask_engine(what, partial(translator.shorten, scene, line, text, letters))


def _speaker(work: unit.Work, row: Row) -> str | None:
    """Who speaks a line of the transcript, by the best name there is."""
    person = work.cast.who(work.episode, row["speaker"], row["start_ms"], row["end_ms"])
    return person.called if person else row["character"] or row["speaker"]


def _row(line: Line, answer: Translated, scene: Scene, glossary_version: str | None) -> Row:
    text = (answer.text or "").strip()
    subtitle_text, notes = fit.readable(line, text, scene)
    return {
        "segment": line.segment,
        "text": text,
        "subtitle_text": subtitle_text,
        "source_text": line.text,
        "predicted_ms": predicted_ms(text, scene.target),
        "slot_ms": line.slot_ms,
        "glossary_version": glossary_version,
        "state": "draft" if text else "failed",
        "editor": None,
        "notes": [*answer.notes, *notes],
    }


def _copied(row: Mapping[str, Any]) -> Row:
    """A committed row without the columns that the commit fills in anew."""
    fields = (
        "segment",
        "text",
        "short_text",
        "subtitle_text",
        "source_text",
        "predicted_ms",
        "slot_ms",
        "glossary_version",
        "state",
        "editor",
        "notes",
    )
    return {name: row[name] for name in fields}


def _overlay(rows: Sequence[Row], corrections: Sequence[Edit], language: str) -> list[Row]:
    """The rows with people's corrections; one made to another source text than today's no longer applies."""
    standing = edits.standing(corrections)
    return [_edited(row, standing.get((row["segment"], row["source_text"])), language) for row in rows]


def _edited(row: Row, edit: Edit | None, language: str) -> Row:
    if edit is None or not edit.changes:
        return row
    moved = {**row, "start_ms": edit.start_ms, "end_ms": edit.end_ms, "editor": edit.editor}
    text = (edit.text or "").strip()
    if not text:
        return moved if row["state"] == "failed" else moved | {"state": "edited"}
    return {
        **moved,
        "text": text,
        "short_text": edit.short_text,
        "subtitle_text": edit.subtitle_text,
        "predicted_ms": predicted_ms(text, language),
        "state": "approved" if edit.base else "edited",
        "notes": [],
    }
