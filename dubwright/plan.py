"""The plan: units wanted, minus units committed. Computed from the catalogue, the settings and one listing of the lake.

No table is read: a unit's key holds its fingerprint, and the fingerprint digests all that decides the unit's result,
the fingerprints of the units it reads among it. So a change makes exactly its dependants wanted again.

`build` gives every unit of a few series, ready to be carried out; `by_series` the same one series at a time; `survey`
only counts, so that a catalogue of millions of units takes a minute and no memory to speak of.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from dubwright import languages, listing
from dubwright.catalog import Catalog, Episode, Series
from dubwright.errors import LanguageError, SettingsError
from dubwright.fingerprint import fingerprint
from dubwright.lake import Lake, layout
from dubwright.lake.layout import FailureKey, UnitKey
from dubwright.listing import Partition, SeriesListing
from dubwright.recipes import Digester, Recipes
from dubwright.settings import Settings
from dubwright.stages import STAGES, Stage
from dubwright.unit import Work

State = Literal["committed", "wanted", "failed", "blocked"]
# Of each stage and language, changed units that a survey keeps to be explained.
EXPLAINED = 3


@dataclass(frozen=True, slots=True)
class PlannedUnit:
    """A unit and how it stands.

    `wanted`: to be computed, because it is `new` or because what decides it `changed`. `failed`: it was tried and
    cannot succeed as it is. `blocked`: a unit that it reads has failed.
    """

    work: Work
    state: State
    reason: str = ""
    older: tuple[UnitKey, ...] = ()
    failure: FailureKey | None = None


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
        for series, found in self._listed(catalog):
            part = Catalog(catalog.source, (series,))
            yield Plan(part, self.targets, tuple(_SeriesPlan(self, series, found).units()))

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
        for series, found in self._listed(catalog):
            wanted = _SeriesPlan(self, series, found).count_into(result)
            if wanted:
                lacking[series.name] = wanted
        result.lacking = {series.name: lacking[series.name] for series in catalog.series if series.name in lacking}
        return result

    def _listed(self, catalog: Catalog) -> Iterator[tuple[Series, SeriesListing]]:
        by_name = {series.name: series for series in catalog.series}
        for found in listing.read(self.lake, list(by_name), self.stages, self.targets):
            yield by_name[found.series], found


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
    return "; ".join(_differences(newest.get("recipe", {}), unit.work.recipe)) or unit.reason


def _stages_until(until: str) -> tuple[Stage, ...]:
    if until not in STAGES:
        raise SettingsError(f"no stage is called {until!r}", field="until", remedy=f"use one of {', '.join(STAGES)}")
    return tuple(STAGES.values())[: list(STAGES).index(until) + 1]


@dataclass(frozen=True, slots=True)
class _Stand:
    """How a unit stands, by the listing alone: less than a `PlannedUnit`, of which there would be millions."""

    stage: Stage
    language: str
    fingerprint: str
    state: State
    reason: str = ""
    failure: FailureKey | None = None


class _SeriesPlan:
    """One series held against its listing."""

    def __init__(self, planner: Planner, series: Series, found: SeriesListing) -> None:
        self.planner = planner
        self.series = series
        self.found = found
        self.shared = tuple(stage for stage in planner.stages if not stage.per_language)
        self.own = tuple(stage for stage in planner.stages if stage.per_language)
        self.digesters: dict[Partition, Digester] = {}

    def _digester(self, stage: Stage, language: str) -> Digester:
        known = self.digesters.get((stage.name, language))
        if known is None:
            facts = self.series.facts.digest_for(stage.name, language)
            known = self.digesters[stage.name, language] = self.planner.digester(stage, language).under(facts)
        return known

    def units(self) -> Iterator[PlannedUnit]:
        """Every unit of the series, ready to be carried out."""
        for episode in self.series.episodes:
            above: dict[str, UnitKey] = {}
            for stand in self._episode(episode):
                unit = self._unit(stand, episode, above)
                above[stand.stage.name] = unit.work.key
                yield unit

    def count_into(self, survey: Survey) -> int:
        """Add the series to a survey; how many of its units are wanted."""
        wanted = troubles = 0
        committed: Counter[Partition] = Counter()
        for episode in self.series.episodes:
            for stand in self._episode(episode):
                where = (stand.stage.name, stand.language if stand.stage.per_language else None)
                if stand.state == "committed":
                    committed[where] += 1
                    continue
                survey.counts[where][stand.state] += 1
                troubles += stand.failure is not None
                if stand.state == "wanted":
                    wanted += 1
                    survey.reasons[where][stand.reason] += 1
                    kept = survey.changed.setdefault(where, [])
                    if stand.reason == "changed" and len(kept) < EXPLAINED:
                        kept += [unit for unit in self._only(episode) if unit.work.fingerprint == stand.fingerprint]
        for where, number in committed.items():
            survey.counts[where]["committed"] += number
        if troubles:
            survey.troubled.append(self.series.name)
        return wanted

    def _only(self, episode: Episode) -> Iterator[PlannedUnit]:
        return _SeriesPlan(self.planner, replace(self.series, episodes=(episode,)), self.found).units()

    def _episode(self, episode: Episode) -> Iterator[_Stand]:
        """The units of one episode: those that serve every language first, then each language's in turn."""
        part = f"episode={layout.encode(episode.episode)}/"
        prints: dict[str, str] = {}
        in_the_way: dict[str, str] = {}
        for stage in self.shared:
            yield self._stand(stage, self.planner.recipes.source_language, episode, part, prints, in_the_way)
        for language in self.planner.targets:
            own_prints, own_way = dict(prints), dict(in_the_way)
            for stage in self.own:
                yield self._stand(stage, language, episode, part, own_prints, own_way)

    def _stand(
        self,
        stage: Stage,
        language: str,
        episode: Episode,
        part: str,
        prints: dict[str, str],
        in_the_way: dict[str, str],
    ) -> _Stand:
        """Hold a unit against the listing. `prints` gets its fingerprint, `in_the_way` its name if none can read it."""
        name, partition = stage.name, language if stage.per_language else None
        if stage.editable and self._edits(language, episode):
            print_ = fingerprint(self._recipe(stage, language, episode, prints))
        elif stage.reads:
            print_ = self._digester(stage, language).over(prints)
        else:
            print_ = self._digester(stage, language).of_source(episode.digest)
        prints[name] = print_
        units = self.found.units[stage.table, partition]
        if f"{part}{print_}.parquet" in units:
            return _Stand(stage, language, print_, "committed")
        blocking = [above for above in stage.reads if above in in_the_way]
        if blocking:
            in_the_way[name] = name
            return _Stand(stage, language, print_, "blocked", f"{blocking[0]} failed")
        failure = None
        if self.found.failures:
            failure = self.found.failures.get(UnitKey(name, self.series.name, episode.episode, partition, print_))
            if failure and failure.permanent and not self.planner.retry_failed:
                in_the_way[name] = name
                return _Stand(stage, language, print_, "failed", "failed for good", failure)
        older = units and any(rest.startswith(part) for rest in units)
        reason = "changed" if older else "new"
        return _Stand(stage, language, print_, "wanted", f"{reason}, tried before" if failure else reason, failure)

    def _edits(self, language: str, episode: Episode) -> tuple[str, ...]:
        return tuple(self.found.edits.get((language, episode.episode), ())) if self.found.edits else ()

    def _recipe(self, stage: Stage, language: str, episode: Episode, prints: Mapping[str, str]) -> dict[str, Any]:
        return self.planner.recipes.recipe(
            stage,
            language,
            source=episode.digest,
            upstream={name: prints[name] for name in stage.reads},
            facts=self.series.facts.digest_for(stage.name, language),
            edits=self._edits(language, episode) if stage.editable else (),
        )

    def _unit(self, stand: _Stand, episode: Episode, above: Mapping[str, UnitKey]) -> PlannedUnit:
        """A unit in full, from how it stands and the keys of the units above it."""
        stage = stand.stage
        upstream = {name: above[name] for name in stage.reads}
        recipe = self._recipe(stage, stand.language, episode, {name: key.fingerprint for name, key in upstream.items()})
        edits = self._edits(stand.language, episode) if stage.editable else ()
        work = Work(
            stage=stage.name,
            series=self.series.name,
            episode=episode.episode,
            language=stand.language,
            source_language=self.planner.recipes.source_language,
            source_uri=episode.uri,
            source_digest=episode.digest,
            fingerprint=stand.fingerprint,
            settings=self.planner.recipes.settings.section(stage.name),
            upstream=upstream,
            facts=self.series.facts,
            edits=edits,
            recipe=recipe,
        )
        if edits:
            # Beside what it corrects: what the engine said stands in the same unit without edits.
            unedited = replace(work.key, fingerprint=fingerprint(recipe | {"edits": None}))
            work = replace(work, upstream=upstream | {stage.name: unedited})
        older = self.found.older(work.key) if stand.reason.startswith("changed") else ()
        return PlannedUnit(work, stand.state, stand.reason, older, stand.failure)


_WORDS = {
    "schema": "the tables' schema changed",
    "revision": "dubwright's own {stage} stage changed",
    "source": "the video changed",
    "facts": "the series' glossary or cast changed",
    "edits": "edited by a person",
}


def _differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    if old.get("engine") != new["engine"]:
        yield f"engine changed: {old.get('engine')} → {new['engine']}"
    elif old.get("engine_revision") != new["engine_revision"] or old.get("models") != new["models"]:
        yield f"the engine {new['engine']} or its model changed"
    before = old.get("settings", {})
    for name, value in new["settings"].items():
        if before.get(name) != value:
            yield f"{new['stage']}.{name} changed: {before.get(name)} → {value}"
    for name, words in _WORDS.items():
        if old.get(name) != new.get(name):
            yield words.format(stage=new["stage"])
    for name, value in new["upstream"].items():
        if old.get("upstream", {}).get(name) != value:
            yield f"follows {name}"
