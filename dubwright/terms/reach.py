"""Which finished episodes a change of the glossary reaches."""

from __future__ import annotations

from dubwright import cast as casts
from dubwright import coverage
from dubwright.facts import SeriesFacts
from dubwright.lake import Lake


def outdated(lake: Lake, series: str, before: SeriesFacts, after: SeriesFacts) -> dict[str, list[str]]:
    """The translated episodes by language that used the facts `before` and would be others under those `after`.

    An episode whose text nobody has linked yet counts as reached. Reads the series' cast, no translation.
    """
    cast = casts.read(lake, series)
    said = {episode: cast.said.get((episode, mark)) for episode, mark in cast.newest.items()}
    found: dict[str, list[str]] = {}
    for language in coverage.languages(lake, "translation"):
        for unit in coverage.newest(lake, "translation", language=language, series=series):
            text, names = said.get(unit.episode), cast.of_episode(unit.episode).names
            old, new = (facts if text is None else facts.within(text, names) for facts in (before, after))
            if old.digest_for("translate", language) != new.digest_for("translate", language):
                found.setdefault(language, []).append(unit.episode)
    return {language: sorted(episodes) for language, episodes in found.items()}
