"""The plan: units wanted, minus units committed. Computed from the catalogue, the settings and one listing of the lake.

No table is read but what people and linking decided on a series' cast, where there is any: a unit's key holds its
fingerprint, and the fingerprint digests all that decides the unit's result, the fingerprints of the units it reads
among it. So a change makes exactly its dependants wanted again.

`build` gives every unit of a few series, ready to be carried out; `by_series` the same one series at a time; `survey`
only counts, so that a catalogue of millions of units takes a minute and no memory to speak of.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from dubwright import cast as casts
from dubwright import languages, listing
from dubwright.cast import Cast
from dubwright.catalog import Catalog, Episode, Series
from dubwright.errors import LanguageError, SettingsError
from dubwright.fingerprint import fingerprint
from dubwright.lake import Lake, layout
from dubwright.lake.layout import FailureKey, UnitKey
from dubwright.lake.reading import spread
from dubwright.listing import Partition, SeriesListing
from dubwright.recipes import Digester, Recipes, differences
from dubwright.settings import Settings
from dubwright.stages import STAGES, Stage
from dubwright.unit import Work

State = Literal["committed", "wanted", "failed", "blocked"]
# Of each stage and language, changed units that a survey keeps to be explained.
EXPLAINED = 3
# Series whose casts are read side by side, twice as many listings in memory.
CASTS_AT_ONCE = 8
NOBODY = Cast()


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
        for series, found, cast in self._listed(catalog):
            part = Catalog(catalog.source, (series,))
            yield Plan(part, self.targets, tuple(_SeriesPlan(self, series, found, cast).units()))

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
        for series, found, cast in self._listed(catalog):
            wanted = _SeriesPlan(self, series, found, cast).count_into(result)
            if wanted:
                lacking[series.name] = wanted
        result.lacking = {series.name: lacking[series.name] for series in catalog.series if series.name in lacking}
        return result

    def _listed(self, catalog: Catalog) -> Iterator[tuple[Series, SeriesListing, Cast]]:
        by_name = {series.name: series for series in catalog.series}
        listings = listing.read(self.lake, list(by_name), self.stages, self.targets)
        # Of several series side by side: what takes time is the way to the store and back.
        for found, cast in spread(self._with_cast, listings, CASTS_AT_ONCE):
            yield by_name[found.series], found, cast

    def _with_cast(self, found: SeriesListing) -> tuple[SeriesListing, Cast]:
        return found, casts.resolve(casts.log(self.lake, found.series, found.cast).decisions) if found.cast else NOBODY


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


@dataclass(frozen=True, slots=True)
class _Stand:
    """How a unit stands, by the listing alone: less than a `PlannedUnit`, of which there would be millions."""

    stage: Stage
    language: str
    fingerprint: str
    state: State
    reason: str = ""
    failure: FailureKey | None = None
    told: str | None = None


@dataclass(slots=True)
class _Above:
    """What a unit meets: its episode's part of the keys, what each stage is told of it, and the units that it may read.

    `prints` has their fingerprints, `in_the_way` those that failed, both by stage.
    """

    part: str
    told: Mapping[str, str | None]
    prints: dict[str, str] = field(default_factory=dict)
    in_the_way: set[str] = field(default_factory=set)


class _SeriesPlan:
    """One series held against its listing."""

    def __init__(self, planner: Planner, series: Series, found: SeriesListing, cast: Cast) -> None:
        self.planner = planner
        self.series = series
        self.found = found
        self.cast = cast
        self.shared = tuple(stage for stage in planner.stages if not stage.per_language)
        self.own = tuple(stage for stage in planner.stages if stage.per_language)
        self.digesters: dict[tuple[str, str, str | None], Digester] = {}

    def _digester(self, stage: Stage, language: str, told: str | None) -> Digester:
        known = self.digesters.get((stage.name, language, told))
        if known is None:
            facts = self.series.facts.digest_for(stage.name, language)
            known = self.planner.digester(stage, language).under(facts, told)
            self.digesters[stage.name, language, told] = known
        return known

    def _told(self, episode: Episode, transcript: str | None) -> dict[str, str | None]:
        """What each stage is told of an episode, as digests; `transcript` is its transcript's fingerprint, once known."""
        if transcript is None:
            return {"transcribe": episode.subtitles_digest}
        if not self.cast.people:
            return {}
        own = self.cast.of_episode(episode.episode, transcript)
        return {stage.name: own.digest_for(stage.name, episode.episode, self.series.facts) for stage in self.own}

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
        return _SeriesPlan(self.planner, replace(self.series, episodes=(episode,)), self.found, self.cast).units()

    def _episode(self, episode: Episode) -> Iterator[_Stand]:
        """The units of one episode: those that serve every language first, then each language's in turn."""
        above = _Above(f"episode={layout.encode(episode.episode)}/", self._told(episode, None))
        for stage in self.shared:
            yield self._stand(stage, self.planner.recipes.source_language, episode, above)
        told = self._told(episode, above.prints.get("transcribe")) if self.own else {}
        for language in self.planner.targets:
            own = _Above(above.part, told, dict(above.prints), set(above.in_the_way))
            for stage in self.own:
                yield self._stand(stage, language, episode, own)

    def _stand(self, stage: Stage, language: str, episode: Episode, above: _Above) -> _Stand:
        """Hold a unit against the listing; for the units that read it, `above` gets how it stands."""
        name, partition = stage.name, language if stage.per_language else None
        told = above.told.get(name)
        if stage.editable and self._edits(language, episode):
            print_ = fingerprint(self._recipe(stage, language, episode, above.prints, told))
        elif stage.reads:
            print_ = self._digester(stage, language, told).over(above.prints)
        else:
            print_ = self._digester(stage, language, told).of_source(episode.digest)
        above.prints[name] = print_
        units = self.found.units[stage.table, partition]
        if f"{above.part}{print_}.parquet" in units:
            return _Stand(stage, language, print_, "committed", told=told)
        blocking = [each for each in stage.reads if each in above.in_the_way]
        if blocking:
            above.in_the_way.add(name)
            return _Stand(stage, language, print_, "blocked", f"{blocking[0]} failed", told=told)
        failure = None
        if self.found.failures:
            failure = self.found.failures.get(UnitKey(name, self.series.name, episode.episode, partition, print_))
            if failure and failure.permanent and not self.planner.retry_failed:
                above.in_the_way.add(name)
                return _Stand(stage, language, print_, "failed", "failed for good", failure, told)
        older = units and any(rest.startswith(above.part) for rest in units)
        reason = ("changed" if older else "new") + (", tried before" if failure else "")
        return _Stand(stage, language, print_, "wanted", reason, failure, told)

    def _edits(self, language: str, episode: Episode) -> tuple[str, ...]:
        return tuple(self.found.edits.get((language, episode.episode), ())) if self.found.edits else ()

    def _recipe(
        self, stage: Stage, language: str, episode: Episode, prints: Mapping[str, str], told: str | None
    ) -> dict[str, Any]:
        return self.planner.recipes.recipe(
            stage,
            language,
            source=episode.digest,
            upstream={name: prints[name] for name in stage.reads},
            facts=self.series.facts.digest_for(stage.name, language),
            told=told,
            edits=self._edits(language, episode) if stage.editable else (),
        )

    def _unit(self, stand: _Stand, episode: Episode, above: Mapping[str, UnitKey]) -> PlannedUnit:
        """A unit in full, from how it stands and the keys of the units above it."""
        stage = stand.stage
        upstream = {name: above[name] for name in stage.reads}
        prints = {name: key.fingerprint for name, key in upstream.items()}
        recipe = self._recipe(stage, stand.language, episode, prints, stand.told)
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
            cast=self.cast.of_episode(episode.episode, prints["transcribe"])
            if stand.told and stage.told == "cast"
            else NOBODY,
            subtitles=episode.subtitles if stage.told == "subtitles" else None,
            edits=edits,
            recipe=recipe,
        )
        if edits:
            # Beside what it corrects: what the engine said stands in the same unit without edits.
            unedited = replace(work.key, fingerprint=fingerprint(recipe | {"edits": None}))
            work = replace(work, upstream=upstream | {stage.name: unedited})
        older = self.found.older(work.key) if stand.reason.startswith("changed") else ()
        return PlannedUnit(work, stand.state, stand.reason, older, stand.failure)
