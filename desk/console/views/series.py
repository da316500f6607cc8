"""One series: its episodes in every language, who speaks, which names are fixed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from typing import Literal

from pydantic import BaseModel

from desk.console.known.verdicts import Brief
from desk.console.state import State
from desk.console.views import downloads, glossary, markets
from desk.console.views.downloads import Archives
from desk.console.views.glossary import GlossaryTerm
from desk.console.views.markets import Market
from dubwright.errors import CatalogError
from dubwright.lake import Lake
from dubwright.lake.layout import UnitKey
from dubwright.order import natural
from dubwright.reports import coverage
from dubwright.reports.failures import Failure
from dubwright.series import cast as casts
from dubwright.series import voice_facts
from dubwright.series.cast import Cast

EpisodeState = Literal["done", "flagged", "failed", "missing"]


class EpisodeCell(BaseModel):
    """An episode in a language; `worst` says what is wrong with it, `flagged` how many of its `lines` are; `remarks` are open."""

    language: str
    state: EpisodeState
    worst: str | None = None
    flagged: int = 0
    lines: int = 0
    remarks: int = 0


class EpisodeRow(BaseModel):
    """An episode in every language, and why it could not even be read or listened to."""

    episode: str
    cells: list[EpisodeCell]
    failure: str | None = None


class Character(BaseModel):
    """Somebody of the cast, and the stock voice or clone by language."""

    id: str
    name: str | None
    sex: str
    episodes: int
    voices: dict[str, str]


class Series(BaseModel):
    """A series as the lake has it; `proposed` counts the terms that wait for somebody, `remarks` those that are open.

    While `judging`, not every episode's quality is known yet: those are shown as done.
    """

    series: str
    languages: list[str]
    episodes: list[EpisodeRow]
    archives: list[Archives]
    cast: list[Character]
    terms: list[GlossaryTerm]
    judging: bool
    proposed: int
    remarks: dict[str, int]
    markets: list[Market]


def series(console: State, name: str) -> Series:
    """What the lake has of a series. Raises `CatalogError` if that is nothing."""
    lake = console.lake
    failures = list(coverage.standing_failures(lake, name))
    delivered = {
        language: list(coverage.newest(lake, "deliverable", language, name))
        for language in coverage.languages(lake, "deliverable")
    }
    episodes = {key.episode for key in lake.units("source", series=name)} | {failure.episode for failure in failures}
    if not episodes:
        raise CatalogError("the lake has no such series", where=lake.uri, field=name, remedy="see the first page")
    found = sorted(
        {language for language, keys in delivered.items() if keys}
        | {each.language for each in failures if each.language}
    )
    keys = [key for units in delivered.values() for key in units]
    judged, whole = console.verdicts.known(keys)
    verdicts = {(key.episode, key.language): one for key, one in judged.items()}
    there = {(key.episode, key.language) for key in keys}
    cast, facts = casts.read(lake, name), console.facts(name)
    terms = glossary.terms(console, name, facts, cast)
    remarked = console.open_remarks.of_series(name)
    return Series(
        series=name,
        languages=found,
        episodes=[
            _row(episode, found, there, verdicts, failures, remarked) for episode in sorted(episodes, key=natural)
        ],
        archives=[
            downloads.archives(console, name, language, len(units)) for language, units in delivered.items() if units
        ],
        cast=_cast(lake, name, cast),
        terms=terms,
        judging=not whole,
        proposed=sum(term.status == "proposed" for term in terms),
        markets=markets.markets(console, name, facts, found),
        remarks=dict(sum((Counter({language: n}) for (_, language), n in remarked.items()), Counter[str]())),
    )


def _row(
    episode: str,
    languages: Iterable[str],
    there: Container[tuple[str, str | None]],
    verdicts: Mapping[tuple[str, str | None], Brief],
    failures: Iterable[Failure],
    remarked: Mapping[tuple[str, str], int],
) -> EpisodeRow:
    own = {each.language: each for each in failures if each.episode == episode}
    return EpisodeRow(
        episode=episode,
        failure=own[None].reason if None in own else None,
        cells=[
            _cell(
                language,
                (episode, language) in there,
                verdicts.get((episode, language)),
                own.get(language),
                remarked.get((episode, language), 0),
            )
            for language in languages
        ],
    )


def _cell(language: str, there: bool, verdict: Brief | None, failure: Failure | None, remarks: int) -> EpisodeCell:
    if failure is not None:
        return EpisodeCell(language=language, state="failed", worst=failure.reason, remarks=remarks)
    if verdict is None:
        return EpisodeCell(language=language, state="done" if there else "missing", remarks=remarks)
    return EpisodeCell(
        language=language,
        state="flagged" if verdict.passed is False else "done",
        worst=verdict.worst,
        flagged=verdict.flagged,
        lines=verdict.lines,
        remarks=remarks,
    )


def _cast(lake: Lake, name: str, cast: Cast) -> list[Character]:
    given = voice_facts.read(lake, name).of
    return [
        Character(
            id=one.id,
            name=one.name,
            sex=one.sex,
            episodes=len(cast.episodes_of(one.id)),
            voices={
                language: voices[one.id].voice for (language, _), voices in sorted(given.items()) if one.id in voices
            },
        )
        for one in cast.people.values()
    ]


def newest_of(lake: Lake, name: str, episode: str) -> dict[str, UnitKey]:
    """An episode's newest deliverable by language."""
    return {
        language: key
        for language in coverage.languages(lake, "deliverable")
        if (key := next(coverage.newest(lake, "deliverable", language, name, episode), None))
    }
