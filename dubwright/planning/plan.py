"""The plan: units wanted, minus units committed. Computed from the catalogue, the settings and one listing of the lake.

No table is read but what was decided on a series' cast, voices, glossary and markets, where there is any: a unit's key holds its
fingerprint, and the fingerprint digests all that decides the unit's result, the fingerprints of the units it reads
among it. So a change makes exactly its dependants wanted again.

`build` gives every unit of a few series, ready to be carried out; `by_series` the same one series at a time; `survey`
only counts, so that a catalogue of millions of units takes a minute and no memory to speak of.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from dubwright import languages
from dubwright.catalogue.catalog import Catalog, Series
from dubwright.errors import EngineMissingError, LanguageError, SettingsError
from dubwright.lake import Lake
from dubwright.lake.spreading import spread
from dubwright.planning import listing, survey
from dubwright.planning.listing import Partition, SeriesListing
from dubwright.planning.recipes import Digester, Recipes, differences
from dubwright.planning.series_plan import Decided, PlannedUnit, SeriesPlan
from dubwright.planning.survey import Survey
from dubwright.series import cast as casts
from dubwright.series import market_facts, voice_facts
from dubwright.settings import Settings
from dubwright.stages import STAGES, Stage
from dubwright.terms import log as terms

# Series whose casts and glossaries are read side by side, twice as many listings in memory.
READ_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Plan:
    """All units of a catalogue in some languages, each episode's in the order they can run."""

    catalog: Catalog
    languages: tuple[str, ...]
    units: tuple[PlannedUnit, ...]

    def __iter__(self) -> Iterator[PlannedUnit]:
        return iter(self.units)

    @property
    def wanted(self) -> list[PlannedUnit]:
        return [unit for unit in self.units if unit.state == "wanted"]


@dataclass(frozen=True, slots=True)
class Planner:
    """What stays the same while a catalogue is planned series by series. Made by `planner`, which checks it all."""

    lake: Lake
    recipes: Recipes
    targets: tuple[str, ...]
    stages: tuple[Stage, ...]
    retry_failed: bool = False
    _digesters: dict[Partition, Digester] = field(default_factory=dict)

    def digester(self, stage: Stage, language: str) -> Digester:
        """The stage's fingerprints in a language, before the facts of a series."""
        if (stage.name, language) not in self._digesters:
            self._digesters[stage.name, language] = self.recipes.digester(stage, language)
        return self._digesters[stage.name, language]

    def __reduce__(self) -> tuple[Any, ...]:
        """Made anew in another process: recipes and stages hold what cannot travel."""
        return _remade, (self.targets, self.recipes.settings, self.lake, self.stages[-1].name, self.retry_failed)

    def by_series(self, catalog: Catalog) -> Iterator[Plan]:
        """A plan for each series, in the order of their keys."""
        for series, found, decided in self._listed(catalog):
            part = Catalog(catalog.source, (series,))
            yield Plan(part, self.targets, tuple(SeriesPlan(self, series, found, decided).units()))

    def build(self, catalog: Catalog) -> Plan:
        """All units, series in the catalogue's order. For as many series as fit into memory."""
        plans = {plan.catalog.series[0].name: plan.units for plan in self.by_series(catalog)}
        units = tuple(unit for series in catalog.series for unit in plans[series.name])
        return Plan(catalog, self.targets, units)

    def survey(self, catalog: Catalog) -> Survey:
        """Count the units of a catalogue of any size; of a large one on all processors."""
        result = Survey.of(catalog, self.stages, self.targets)
        for part in survey.parts(self, catalog):
            result.add(part)
        result.lacking = {
            series.name: wanted for series in catalog.series if (wanted := result.lacking.get(series.name))
        }
        return result

    def survey_here(self, catalog: Catalog) -> Survey:
        """The same in this process, what lacks something in the order of the lake's keys."""
        result = Survey.of(catalog, self.stages, self.targets)
        for series, found, decided in self._listed(catalog):
            if wanted := SeriesPlan(self, series, found, decided).count_into(result):
                result.lacking[series.name] = wanted
        return result

    def _listed(self, catalog: Catalog) -> Iterator[tuple[Series, SeriesListing, Decided]]:
        by_name = {series.name: series for series in catalog.series}
        listings = listing.read(self.lake, list(by_name), self.stages, self.targets)
        # Of several series side by side: what takes time is the way to the store and back.
        for found, decided in spread(self._with_decided, listings, READ_AT_ONCE):
            yield by_name[found.series], found, decided

    def _with_decided(self, found: SeriesListing) -> tuple[SeriesListing, Decided]:
        kinds = (casts.FACT, terms.FACT, voice_facts.FACT, market_facts.FACT)
        cast, glossary, voices, market = (found.facts.get(kind) for kind in kinds)
        return found, Decided(
            casts.resolve(casts.log(self.lake, found.series, cast).decisions) if cast else casts.NOBODY,
            terms.log(self.lake, found.series, glossary).entries if glossary else (),
            voice_facts.read(self.lake, found.series, voices) if voices else voice_facts.NONE,
            market_facts.log(self.lake, found.series, market).entries if market else (),
        )


def planner(
    to: Sequence[str], settings: Settings, lake: Lake, *, until: str = "render", retry_failed: bool = False
) -> Planner:
    """A planner into the languages `to`, up to and including the stage `until`.

    Raises `LanguageError` for an unknown language or one that no engine of the profile handles, `SettingsError` for an
    unknown stage, and both before anything is listed.
    """
    source = languages.parse(settings.source_language)
    targets = tuple(dict.fromkeys(languages.parse(tag) for tag in to))
    if source in targets:
        raise LanguageError(
            f"the catalogue is spoken in {languages.name(source)} ({source}) already",
            field="to",
            remedy="leave this language out, or name the spoken one with --from",
        )
    stages = _stages_until(until)
    for stage in stages:
        for language in targets if stage.per_language else (source,):
            stage.module.engine(settings.section(stage.name), language)
    return Planner(lake, Recipes(settings, source), targets, stages, retry_failed)


def plannable(to: Sequence[str], settings: Settings, lake: Lake) -> list[str]:
    """Those of some languages that the profile's engines handle."""

    def handled(language: str) -> bool:
        try:
            planner([language], settings, lake)
        except (LanguageError, EngineMissingError):
            return False
        return True

    return [language for language in to if handled(language)]


def _remade(to: Sequence[str], settings: Settings, lake: Lake, until: str, retry_failed: bool) -> Planner:
    return planner(to, settings, lake, until=until, retry_failed=retry_failed)


def build(
    catalog: Catalog,
    to: Sequence[str],
    settings: Settings,
    lake: Lake,
    *,
    until: str = "render",
    retry_failed: bool = False,
) -> Plan:
    """Plan a catalogue that fits into memory; what `planner` raises."""
    return planner(to, settings, lake, until=until, retry_failed=retry_failed).build(catalog)


def explain(unit: PlannedUnit, lake: Lake) -> str:
    """Why a unit is wanted, in words: what its recipe has that the newest older unit's had not. Reads that unit."""
    if not unit.older:
        return unit.reason
    newest = max((lake.read(key).provenance for key in unit.older), key=lambda about: str(about.get("committed_at")))
    return "; ".join(differences(newest.get("recipe", {}), unit.work.recipe)) or unit.reason


def _stages_until(until: str) -> tuple[Stage, ...]:
    if until not in STAGES:
        raise SettingsError(f"no stage is called {until!r}", field="until", remedy=f"use one of {', '.join(STAGES)}")
    return tuple(STAGES.values())[: list(STAGES).index(until) + 1]
