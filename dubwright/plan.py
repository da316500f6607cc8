"""The plan: units wanted, minus units committed. Computed from the catalogue, the settings and one listing of the lake.

No table is read but what people and linking decided on a series' cast and glossary, where there is any: a unit's key holds its
fingerprint, and the fingerprint digests all that decides the unit's result, the fingerprints of the units it reads
among it. So a change makes exactly its dependants wanted again.

`build` gives every unit of a few series, ready to be carried out; `by_series` the same one series at a time; `survey`
only counts, so that a catalogue of millions of units takes a minute and no memory to speak of.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from dubwright import cast as casts
from dubwright import languages, listing
from dubwright.catalog import Catalog, Series
from dubwright.errors import LanguageError, SettingsError
from dubwright.lake import Lake
from dubwright.lake.reading import spread
from dubwright.listing import Partition, SeriesListing
from dubwright.recipes import Digester, Recipes, differences
from dubwright.series_plan import Decided, PlannedUnit, SeriesPlan
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


@dataclass(slots=True)
class Survey:
    """How a whole catalogue stands, without its units.

    `counts` has the number of units by state for each stage and language (None for a stage that has none of its own),
    `reasons` why the wanted ones are wanted, `lacking` the number of wanted units of each series that has any, in the
    catalogue's order, `troubled` the series with units that were tried and failed. `changed` holds a few changed units
    of each stage and language, to be explained.
    """

    catalog: Catalog
    languages: tuple[str, ...]
    counts: dict[Partition, Counter[str]] = field(default_factory=dict)
    reasons: dict[Partition, Counter[str]] = field(default_factory=dict)
    lacking: dict[str, int] = field(default_factory=dict)
    troubled: list[str] = field(default_factory=list)
    changed: dict[Partition, list[PlannedUnit]] = field(default_factory=dict)

    @property
    def wanted(self) -> Counter[Partition]:
        """Wanted units by stage and language."""
        return Counter({where: counts["wanted"] for where, counts in self.counts.items() if counts["wanted"]})

    @property
    def total(self) -> Counter[str]:
        """Units by state over all stages and languages."""
        return sum(self.counts.values(), Counter())


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
        """Count the units of a catalogue of any size."""
        result = Survey(catalog, self.targets)
        for stage in self.stages:
            for language in self.targets if stage.per_language else (None,):
                result.counts[stage.name, language] = Counter()
                result.reasons[stage.name, language] = Counter()
        lacking = {}
        for series, found, decided in self._listed(catalog):
            wanted = SeriesPlan(self, series, found, decided).count_into(result)
            if wanted:
                lacking[series.name] = wanted
        result.lacking = {series.name: lacking[series.name] for series in catalog.series if series.name in lacking}
        return result

    def _listed(self, catalog: Catalog) -> Iterator[tuple[Series, SeriesListing, Decided]]:
        by_name = {series.name: series for series in catalog.series}
        listings = listing.read(self.lake, list(by_name), self.stages, self.targets)
        # Of several series side by side: what takes time is the way to the store and back.
        for found, decided in spread(self._with_decided, listings, READ_AT_ONCE):
            yield by_name[found.series], found, decided

    def _with_decided(self, found: SeriesListing) -> tuple[SeriesListing, Decided]:
        cast, glossary = found.facts.get(casts.FACT), found.facts.get(terms.FACT)
        return found, Decided(
            casts.resolve(casts.log(self.lake, found.series, cast).decisions) if cast else casts.NOBODY,
            terms.log(self.lake, found.series, glossary).entries if glossary else (),
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
