"""The plan: units wanted, minus units committed. Computed from the catalogue, the settings and one listing of the lake.

No table is read: a unit's key holds its fingerprint, and the fingerprint digests all that decides the unit's result,
the fingerprints of the units it reads among it. So a change makes exactly its dependants wanted again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from dubwright import languages
from dubwright.catalog import Catalog, Episode, Series
from dubwright.errors import LanguageError, SettingsError
from dubwright.fingerprint import fingerprint
from dubwright.lake import Lake, schemas
from dubwright.lake.layout import FailureKey, UnitKey
from dubwright.models import registry
from dubwright.settings import Settings
from dubwright.stages import STAGES, Stage
from dubwright.unit import Work, artefacts

State = Literal["committed", "wanted", "failed", "blocked"]
# Above this many series one listing of a whole table is cheaper than one for each series.
SERIES_LISTED_ALONE = 32


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

    def count(self) -> Mapping[tuple[str, str | None], Counter[str]]:
        """How many units stand how, by stage and language (None for a stage that has none of its own)."""
        counts: dict[tuple[str, str | None], Counter[str]] = {}
        for unit in self.units:
            counts.setdefault((unit.work.stage, unit.work.key.language), Counter())[unit.state] += 1
        return counts


@dataclass(slots=True)
class Index:
    """What the lake's listing says, by unit and whatever its fingerprint."""

    committed: dict[tuple[str, str, str, str | None], set[str]] = field(default_factory=dict)
    failures: dict[UnitKey, FailureKey] = field(default_factory=dict)
    edits: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)

    def fingerprints(self, key: UnitKey) -> set[str]:
        return self.committed.get((key.table, key.series, key.episode, key.language), set())


def build(
    catalog: Catalog,
    to: Sequence[str],
    settings: Settings,
    lake: Lake,
    *,
    until: str = "render",
    retry_failed: bool = False,
) -> Plan:
    """Plan a catalogue into the languages `to`, up to and including the stage `until`.

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
    planner = _Planner(settings, source, targets, stages, _index(lake, catalog, stages, targets), retry_failed)
    units = [
        unit for series in catalog.series for episode in series.episodes for unit in planner.episode(series, episode)
    ]
    return Plan(catalog, targets, tuple(units))


def explain(unit: PlannedUnit, lake: Lake) -> str:
    """Why a unit is wanted, in words: what its recipe has that the newest older unit's had not. Reads that unit."""
    if not unit.older:
        return unit.reason
    newest = max((lake.read(key).provenance for key in unit.older), key=lambda about: str(about.get("committed_at")))
    return "; ".join(_differences(newest.get("recipe", {}), unit.work.recipe)) or unit.reason


def _stages_until(until: str) -> list[Stage]:
    if until not in STAGES:
        raise SettingsError(f"no stage is called {until!r}", field="until", remedy=f"use one of {', '.join(STAGES)}")
    return list(STAGES.values())[: list(STAGES).index(until) + 1]


def _index(lake: Lake, catalog: Catalog, stages: Iterable[Stage], targets: Sequence[str]) -> Index:
    names = [series.name for series in catalog.series]
    narrow: list[str | None] = [*names] if len(names) <= SERIES_LISTED_ALONE else [None]
    index = Index()
    for series in narrow:
        for stage in stages:
            for language in targets if stage.per_language else (None,):
                for key in lake.units(stage.table, language=language, series=series):
                    same = index.committed.setdefault((key.table, key.series, key.episode, key.language), set())
                    same.add(key.fingerprint)
                for failure in lake.failures(stage.name, language=language, series=series):
                    # In key order: the last attempt stands.
                    index.failures[failure.unit] = failure
        for language in targets:
            for edit in lake.edit_keys(language, series):
                index.edits.setdefault((language, edit.series, edit.episode), []).append(str(edit))
    return index


@dataclass(frozen=True, slots=True)
class _Planner:
    """What stays the same while the episodes are planned one by one."""

    settings: Settings
    source: str
    targets: tuple[str, ...]
    stages: Sequence[Stage]
    index: Index
    retry_failed: bool

    def episode(self, series: Series, episode: Episode) -> Iterator[PlannedUnit]:
        """The units of one episode: those that serve every language first, then each language's in turn."""
        shared: dict[str, PlannedUnit] = {}
        for stage in self.stages:
            if not stage.per_language:
                shared[stage.name] = self._stand(self._work(stage, series, episode, self.source, shared), shared)
                yield shared[stage.name]
        for language in self.targets:
            above = dict(shared)
            for stage in self.stages:
                if stage.per_language:
                    above[stage.name] = self._stand(self._work(stage, series, episode, language, above), above)
                    yield above[stage.name]

    def _stand(self, work: Work, above: Mapping[str, PlannedUnit]) -> PlannedUnit:
        """Hold a unit against the lake."""
        key = work.key
        known = self.index.fingerprints(key)
        if key.fingerprint in known:
            return PlannedUnit(work, "committed")
        in_the_way = [above[name] for name in STAGES[work.stage].reads if above[name].state in ("failed", "blocked")]
        if in_the_way:
            return PlannedUnit(work, "blocked", f"{in_the_way[0].work.stage} failed")
        failure = self.index.failures.get(replace(key, table=work.stage))
        if failure and failure.permanent and not self.retry_failed:
            return PlannedUnit(work, "failed", "failed for good", failure=failure)
        older = tuple(replace(key, fingerprint=each) for each in sorted(known))
        return PlannedUnit(work, "wanted", "changed" if older else "new", older, failure)

    def _work(
        self, stage: Stage, series: Series, episode: Episode, language: str, above: Mapping[str, PlannedUnit]
    ) -> Work:
        edits: tuple[str, ...] = ()
        if stage.editable:
            edits = tuple(self.index.edits.get((language, series.name, episode.episode), ()))
        upstream = {name: above[name].work.key for name in stage.reads}
        recipe = self._recipe(stage, series, episode, language, upstream) | {
            "edits": fingerprint({"edits": list(edits)}) if edits else None
        }
        work = Work(
            stage=stage.name,
            series=series.name,
            episode=episode.episode,
            language=language,
            source_language=self.source,
            source_uri=episode.uri,
            source_digest=episode.digest,
            fingerprint=fingerprint(recipe),
            settings=self.settings.section(stage.name),
            upstream=upstream,
            facts=series.facts,
            edits=edits,
            recipe=recipe,
        )
        if not edits:
            return work
        # Beside what it corrects: what the engine said stands in the same unit without edits.
        unedited = replace(work.key, fingerprint=fingerprint(recipe | {"edits": None}))
        return replace(work, upstream=upstream | {stage.name: unedited})

    def _recipe(
        self, stage: Stage, series: Series, episode: Episode, language: str, upstream: Mapping[str, UnitKey]
    ) -> dict[str, Any]:
        """All that decides a unit's result. Which engines are preferred is not in it; which engine that comes to is."""
        section = self.settings.section(stage.name)
        engine = stage.module.engine(section, language)
        return {
            "stage": stage.name,
            "schema": schemas.VERSION,
            "revision": stage.module.REVISION,
            "language": language,
            "source_language": self.source,
            "source": None if upstream else episode.digest,
            "upstream": {name: key.fingerprint for name, key in upstream.items()},
            "engine": engine.name,
            "engine_revision": engine.revision,
            "models": {name: registry.get(name).sha256 for name in artefacts(engine, section)},
            "settings": section.model_dump(mode="json", exclude={"engine", "engines", "model"}),
            "facts": series.facts.digest_for(stage.name, language),
        }


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
