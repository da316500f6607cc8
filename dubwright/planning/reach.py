"""Which finished units a decision about a series makes wanted again, told before it is taken."""

from __future__ import annotations

from dubwright.lake import Lake
from dubwright.reports import coverage
from dubwright.series import cast as casts
from dubwright.series.cast import Cast
from dubwright.series.facts import SeriesFacts
from dubwright.stages import STAGES

# Finished episodes by language.
Outdated = dict[str, list[str]]


def stages_from(first: str) -> list[str]:
    """The stage that is done again, and those that follow it."""
    names = list(STAGES)
    return names[names.index(first) :]


def of_cast(lake: Lake, series: str, before: Cast, after: Cast) -> Outdated:
    """The translated episodes by language for which the one cast is another one than the other: from there on they are redone."""
    facts = SeriesFacts()
    moved: dict[str, bool] = {}
    found: Outdated = {}
    for language in coverage.languages(lake, "translation"):
        for unit in coverage.newest(lake, "translation", language=language, series=series):
            episode = unit.episode
            if episode not in moved:
                old, new = (
                    cast.of_episode(episode).digest_for("translate", episode, facts) for cast in (before, after)
                )
                moved[episode] = old != new
            if moved[episode]:
                found.setdefault(language, []).append(episode)
    return {language: sorted(episodes) for language, episodes in found.items()}


def of_facts(lake: Lake, series: str, before: SeriesFacts, after: SeriesFacts) -> Outdated:
    """The translated episodes by language that used the facts `before` and would be others under those `after`.

    An episode whose text nobody has linked yet counts as reached. Reads the series' cast, no translation.
    """
    cast = casts.read(lake, series)
    said = {episode: cast.said.get((episode, mark)) for episode, mark in cast.newest.items()}
    found: Outdated = {}
    for language in coverage.languages(lake, "translation"):
        for unit in coverage.newest(lake, "translation", language=language, series=series):
            text, names = said.get(unit.episode), cast.of_episode(unit.episode).names
            old, new = (facts if text is None else facts.within(text, names) for facts in (before, after))
            if old.digest_for("translate", language) != new.digest_for("translate", language):
                found.setdefault(language, []).append(unit.episode)
    return {language: sorted(episodes) for language, episodes in found.items()}
