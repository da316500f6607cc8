"""One series held against its listing: which of its units are committed, and which are wanted and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from dubwright.catalogue.catalog import Episode, Series
from dubwright.fingerprint import fingerprint
from dubwright.lake import layout
from dubwright.lake.layout import FailureKey, UnitKey
from dubwright.planning.listing import Partition, SeriesListing
from dubwright.planning.recipes import Digester
from dubwright.planning.survey import EXPLAINED, Survey
from dubwright.series import market_facts, voice_facts
from dubwright.series.cast import NOBODY, Cast
from dubwright.series.facts import SeriesFacts
from dubwright.series.voice_facts import Given, Voices, in_episode, of_all
from dubwright.stages import Stage
from dubwright.terms.log import Entry, applied
from dubwright.unit import Work

if TYPE_CHECKING:
    from dubwright.planning.plan import Planner

State = Literal["committed", "wanted", "failed", "blocked"]
NOTHING = SeriesFacts()


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided on a series, as the lake has it: who speaks, its glossary's entries, who has which voice, and what
    it wants otherwise than its markets."""

    cast: Cast = NOBODY
    glossary: Sequence[Entry] = ()
    voices: Voices = voice_facts.NONE
    market: Sequence[market_facts.Entry] = ()


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


@dataclass(slots=True)
class _Stand:
    """How a unit stands, by the listing alone: less than a `PlannedUnit`. Not frozen, which would cost millions of them
    half their time.
    """

    stage: Stage
    language: str
    fingerprint: str
    state: State
    reason: str = ""
    failure: FailureKey | None = None
    told: str | None = None
    facts: SeriesFacts = NOTHING
    edits: tuple[str, ...] = ()


@dataclass(slots=True)
class _Above:
    """What a unit meets: its episode's part of the keys, what each stage is told of it, and the units that it may read.

    `facts` has what of the series' facts each stage is given, `prints` the fingerprints of what it may read, `in_the_way`
    what of it failed, all by stage.
    """

    part: str
    facts: Mapping[str, SeriesFacts]
    told: Mapping[str, str | None]
    prints: dict[str, str] = field(default_factory=dict)
    in_the_way: set[str] = field(default_factory=set)

    def give(self, stages: Sequence[Stage], speaking: Cast, episode: Episode, digests: Mapping[str, str]) -> None:
        """Tell of the voices that were given; where they were, the cast list of the series decides none any more."""
        for stage in (each for each in stages if each.told == "voices"):
            told = speaking.digest_for(stage.name, episode.episode, NOTHING, digests)
            self.facts, self.told = {**self.facts, stage.name: NOTHING}, {**self.told, stage.name: told}


class SeriesPlan:
    """One series held against its listing."""

    def __init__(self, planner: Planner, series: Series, found: SeriesListing, decided: Decided) -> None:
        self.planner = planner
        self.series = series
        self.found = found
        self.decided = decided
        self.cast = decided.cast
        self.facts = market_facts.applied(applied(series.facts, decided.glossary), decided.market)
        self.shared = tuple(stage for stage in planner.stages if not stage.per_language)
        self.own = tuple(stage for stage in planner.stages if stage.per_language)
        # What was decided in the lake concerns languages alone.
        self.given = {stage.name: self.facts if stage.per_language else series.facts for stage in planner.stages}
        self.digesters: dict[tuple[str, str, int, str | None], Digester] = {}
        self.narrowed: dict[tuple[int | None, ...], SeriesFacts] = {}
        self.voices = {language: self._voices(language) for language in planner.targets} if decided.voices.of else {}
        self.digests = {
            language: {who: voice.digest for who, voice in given.items()} for language, given in self.voices.items()
        }

    def _digester(self, stage: Stage, language: str, facts: SeriesFacts, told: str | None) -> Digester:
        # By the facts' identity: there are as many as there are different ones, and they live as long as this does.
        known = self.digesters.get((stage.name, language, id(facts), told))
        if known is None:
            known = self.planner.digester(stage, language).under(facts.digest_for(stage.name, language), told)
            self.digesters[stage.name, language, id(facts), told] = known
        return known

    def _given(self, episode: Episode, transcript: str, speaking: Cast) -> Mapping[str, SeriesFacts]:
        """The facts that each stage of a language is given: a `concerned` one, once the episode's transcript is known and
        linked, only what concerns the episode. The terms alone matter to how things are said.
        """
        said = self.cast.said.get((episode.episode, transcript))
        if said is None:
            return self.given
        facts = self.facts.within(said, speaking.names)
        facts = self.narrowed.setdefault((*map(id, facts.glossary), None, *map(id, facts.cast)), facts)
        given = {**self.given, **{stage.name: facts for stage in self.own if stage.concerned == "facts"}}
        if self.facts.pronounced:
            terms = self.facts.model_copy(update={"glossary": facts.glossary})
            terms = self.narrowed.setdefault((*map(id, terms.glossary), -1), terms)
            given |= {stage.name: terms for stage in self.own if stage.concerned == "terms"}
        return given

    def _told(self, episode: Episode, speaking: Cast) -> dict[str, str | None]:
        """What each stage of a language is told of who speaks in an episode, as digests."""
        if not speaking.people:
            return {}
        return {stage.name: speaking.digest_for(stage.name, episode.episode, self.facts) for stage in self.own}

    def _voices(self, language: str) -> Given:
        """The voices that characters have in a language; empty where the series is not cast for it."""
        for stage in (each for each in self.own if each.told == "voices"):
            info = stage.module.engine(self.planner.recipes.settings.section(stage.name), language)
            given = self.decided.voices.given(language, info.name)
            return of_all(given, self.cast, self.facts, language, clones=info.clones)
        return {}

    def _speaking(self, episode: Episode, transcript: str) -> Cast:
        return self.cast.of_episode(episode.episode, transcript) if self.cast.people else NOBODY

    def _said(self, episode: Episode, transcript: str) -> str | None:
        return self.cast.said.get((episode.episode, transcript))

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
            explained: set[str] = set()
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
                    if stand.reason == "changed" and len(survey.changed.get(where, ())) < EXPLAINED:
                        explained.add(stand.fingerprint)
            if explained:
                self._explain(episode, explained, survey)
        for where, number in committed.items():
            survey.counts[where]["committed"] += number
        if troubles:
            survey.troubled.append(self.series.name)
        return wanted

    def _explain(self, episode: Episode, fingerprints: Collection[str], survey: Survey) -> None:
        """Keep the units of an episode that have these fingerprints."""
        only = SeriesPlan(self.planner, replace(self.series, episodes=(episode,)), self.found, self.decided)
        for unit in only.units():
            if unit.work.fingerprint in fingerprints:
                survey.changed.setdefault((unit.work.stage, unit.work.key.language), []).append(unit)

    def _episode(self, episode: Episode) -> Iterator[_Stand]:
        """The units of one episode: those that serve every language first, then each language's in turn."""
        part = f"episode={layout.encode(episode.episode)}/"
        above = _Above(part, self.given, {"transcribe": episode.subtitles_digest})
        for stage in self.shared:
            yield self._stand(stage, self.planner.recipes.source_language, episode, above)
        if not self.own:
            return
        transcript = above.prints["transcribe"]
        speaking = self._speaking(episode, transcript)
        facts, told = self._given(episode, transcript, speaking), self._told(episode, speaking)
        for language in self.planner.targets:
            own = _Above(part, facts, told, dict(above.prints), set(above.in_the_way))
            if digests := self.digests.get(language):
                told_of = in_episode(digests, speaking, self._said(episode, transcript))
                own.give(self.own, speaking, episode, told_of)
            for stage in self.own:
                yield self._stand(stage, language, episode, own)

    def _stand(self, stage: Stage, language: str, episode: Episode, above: _Above) -> _Stand:
        """Hold a unit against the listing; for the units that read it, `above` gets how it stands."""
        name, partition = stage.name, language if stage.per_language else None
        facts, told = above.facts[name], above.told.get(name)
        digester = self._digester(stage, language, facts, told)
        print_ = digester.over(above.prints) if stage.reads else digester.of_source(episode.digest)
        edits = self._edits(language, episode, print_) if stage.editable and self.found.edits else ()
        if edits:
            print_ = fingerprint(self._recipe(stage, language, episode, above.prints, facts, told, edits))
        above.prints[name] = print_
        units = self.found.units[stage.table, partition]
        if f"{above.part}{print_}.parquet" in units:
            return _Stand(stage, language, print_, "committed", told=told, facts=facts, edits=edits)
        blocking = [each for each in stage.reads if each in above.in_the_way]
        if blocking:
            above.in_the_way.add(name)
            return _Stand(
                stage, language, print_, "blocked", f"{blocking[0]} failed", told=told, facts=facts, edits=edits
            )
        failure = None
        if self.found.failures:
            failure = self.found.failures.get(UnitKey(name, self.series.name, episode.episode, partition, print_))
            if failure and failure.permanent and not self.planner.retry_failed:
                above.in_the_way.add(name)
                return _Stand(stage, language, print_, "failed", "failed for good", failure, told, facts, edits)
        older = units and any(rest.startswith(above.part) for rest in units)
        reason = ("changed" if older else "new") + (", tried before" if failure else "")
        return _Stand(stage, language, print_, "wanted", reason, failure, told, facts, edits)

    def _edits(self, language: str, episode: Episode, base: str) -> tuple[str, ...]:
        """The corrections that concern a unit, by its fingerprint without any; what was pinned in that very unit stands in
        it anyway."""
        keys = self.found.edits.get((language, episode.episode), ())
        return tuple(str(key) for key in keys if key.base != base)

    def _recipe(
        self,
        stage: Stage,
        language: str,
        episode: Episode,
        prints: Mapping[str, str],
        facts: SeriesFacts,
        told: str | None,
        edits: tuple[str, ...],
    ) -> dict[str, Any]:
        return self.planner.recipes.recipe(
            stage,
            language,
            source=episode.digest,
            upstream={name: prints[name] for name in stage.reads},
            facts=facts.digest_for(stage.name, language),
            told=told,
            edits=edits,
        )

    def _unit(self, stand: _Stand, episode: Episode, above: Mapping[str, UnitKey]) -> PlannedUnit:
        """A unit in full, from how it stands and the keys of the units above it."""
        stage = stand.stage
        upstream = {name: above[name] for name in stage.reads}
        prints = {name: key.fingerprint for name, key in upstream.items()}
        recipe = self._recipe(stage, stand.language, episode, prints, stand.facts, stand.told, stand.edits)
        speaking, voices = NOBODY, {}
        if stand.told and stage.told in ("cast", "voices"):
            speaking = self._speaking(episode, prints["transcribe"])
        if stand.told and stage.told == "voices":
            given = self.voices.get(stand.language, {})
            voices = in_episode(given, speaking, self._said(episode, prints["transcribe"]))
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
            facts=stand.facts,
            cast=speaking,
            voices=voices,
            subtitles=episode.subtitles if stage.told == "subtitles" else None,
            edits=stand.edits,
            recipe=recipe,
        )
        if stand.edits:
            # Beside what it corrects: what the engine said stands in the same unit without edits.
            unedited = replace(work.key, fingerprint=fingerprint(recipe | {"edits": None}))
            work = replace(work, upstream=upstream | {stage.name: unedited})
        older = self.found.older(work.key) if stand.reason.startswith("changed") else ()
        return PlannedUnit(work, stand.state, stand.reason, older, stand.failure)
