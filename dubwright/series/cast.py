"""Who speaks over a whole series: the voices of its episodes linked to characters, and what people decided about them.

Decisions are series facts in the lake, `series/series=S/cast/<version>.parquet`: none is ever changed, later ones stand
above earlier ones, and a person's above what was linked automatically. They are resolved into a `Cast`, which says for
any episode, also a later one, who speaks. Transcripts keep the labels of their episode (S1, S2 …) and their
fingerprints; a label means something only together with its transcript's fingerprint. What a decision can change in a
stage is in that stage's digest (docs/decisions/0010).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from itertools import count
from types import MappingProxyType
from typing import Any, Literal, get_args

from dubwright.errors import CatalogError
from dubwright.fingerprint import fingerprint
from dubwright.lake import Lake
from dubwright.lake.layout import SeriesKey
from dubwright.series.facts import SeriesFacts, Sex

FACT = "cast"
Kind = Literal["heard", "link", "name", "merge", "split", "assign"]
KINDS: tuple[str, ...] = get_args(Kind)
LONGEST_NAME = 100
# Episode, and the fingerprint of its transcript.
Transcript = tuple[str, str | None]
# Of a line that a person assigned, a later transcript's line must share this much to be the same one.
SAME_LINE = 0.5


@dataclass(frozen=True, slots=True)
class Decision:
    """One row of the table `cast`. What each kind says:

    `heard`: the voices of `transcript` (a fingerprint) of `episode` have been linked, all of them, if it has any; `said`
    is what it holds, so that a plan knows which of the series' terms concern the episode.
    `link`: the voice `speaker` of that transcript is `character` (found automatically). `name`: `character` is called
    `name` and, if `sex` is known, is of that sex. `merge`: `character` is the same as `into`. `split`: the voice
    `speaker` of a transcript is nobody known so far, but `character`. `assign`: the line at `start_ms` to `end_ms` of
    `episode` is spoken by `character`, whatever the transcript. `editor` said so, `at` (UTC) where it is in the lake.
    """

    kind: Kind
    character: str
    into: str | None = None
    name: str | None = None
    sex: Sex = "unknown"
    episode: str | None = None
    transcript: str | None = None
    speaker: str | None = None
    segment: int | None = None
    start_ms: int | None = None
    end_ms: int | None = None
    said: str | None = None
    editor: str = field(default="", compare=False)
    at: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Person:
    """A character as resolved: its id, its name if it has one, its sex."""

    id: str
    name: str | None = None
    sex: Sex = "unknown"

    @property
    def called(self) -> str:
        """What stands in tables and prompts: the name, else the id."""
        return self.name or self.id


@dataclass(frozen=True, slots=True)
class Line:
    """A line (ms) whose speaker a person decided: who, and when (UTC)."""

    start_ms: int
    end_ms: int
    character: str
    editor: str = field(default="", compare=False)
    at: datetime | None = field(default=None, compare=False)

    def is_line(self, start_ms: int, end_ms: int) -> bool:
        """Whether a line at this time is the one that was meant, however a later transcript cuts it."""
        shared = min(end_ms, self.end_ms) - max(start_ms, self.start_ms)
        return shared > 0 and shared >= SAME_LINE * min(end_ms - start_ms, self.end_ms - self.start_ms)


@dataclass(frozen=True, slots=True)
class Cast:
    """The resolved cast of a series. Empty where nothing was linked or decided.

    `people` by id; `voices` gives the id for each (episode, speaker), as the transcripts that were linked last label
    them; `lines` the assigned lines of each episode; `former` the id that counts for each that was merged into another.
    `heard` has the ids by label of every transcript (episode, fingerprint) that was ever linked, `said` what each holds,
    `newest` the fingerprint of each episode's last.
    """

    people: Mapping[str, Person] = field(default_factory=dict)
    voices: Mapping[tuple[str, str], str] = field(default_factory=dict)
    lines: Mapping[str, tuple[Line, ...]] = field(default_factory=dict)
    former: Mapping[str, str] = field(default_factory=dict)
    heard: Mapping[Transcript, Mapping[str, str]] = field(default_factory=dict)
    newest: Mapping[str, str | None] = field(default_factory=dict)
    said: Mapping[Transcript, str] = field(default_factory=dict)

    def who(self, episode: str, speaker: str | None, start_ms: int, end_ms: int) -> Person | None:
        """Who speaks a line (times in ms) to which the episode's transcript gives the label `speaker`; None if unknown."""
        if line := self.assigned(episode, start_ms, end_ms):
            return self.people[line.character]
        found = self.voices.get((episode, speaker)) if speaker else None
        return self.people[found] if found else None

    def assigned(self, episode: str, start_ms: int, end_ms: int) -> Line | None:
        """What a person said of who speaks the line at this time (ms), if anybody did."""
        return next((line for line in self.lines.get(episode, ()) if line.is_line(start_ms, end_ms)), None)

    @property
    def names(self) -> frozenset[str]:
        """What its people are called."""
        return frozenset(one.called for one in self.people.values())

    def find(self, called: str) -> Person | None:
        """A character by id or name."""
        name = normal(called)
        return self.people.get(self.former.get(name, name)) or next(
            (one for one in self.people.values() if one.name == name), None
        )

    def episodes_of(self, character: str) -> list[str]:
        """The episodes in which a character is known to speak, by their names."""
        of_voices = {episode for (episode, _), each in self.voices.items() if each == character}
        return sorted(
            of_voices | {name for name, lines in self.lines.items() if character in {x.character for x in lines}}
        )

    def of_episode(self, episode: str, transcript: str | None = None) -> Cast:
        """What of it an episode's units need, under this transcript or the newest: small enough to travel with each."""
        labels = self.heard.get((episode, transcript or self.newest.get(episode)), {})
        lines = self.lines.get(episode, ())
        wanted = {*labels.values(), *(line.character for line in lines)}
        people = {name: self.people[name] for name in sorted(wanted)}
        return Cast(people, {(episode, label): of for label, of in labels.items()}, {episode: lines} if lines else {})

    def digest_for(
        self, stage: str, episode: str, facts: SeriesFacts, voices: Mapping[str, str] = MappingProxyType({})
    ) -> str | None:
        """Digest of what this cast can change in a stage's unit of an episode; None where that is nothing.

        `translate` reads who speaks by name. `dub` reads which lines share a voice, and which: `voices` has digests of
        those given, by id or name. That a character without one is renamed moves nothing there unless the new or the old
        name stands in the series' own cast list.
        """
        if stage == "translate":
            names = {one.id: one.called for one in self.people.values()}
        elif stage == "dub":
            listed = {name for one in facts.cast for name in (one.name, *one.aliases)}
            names = {one.id: one.name if one.name in listed else f"{one.id} {one.sex}" for one in self.people.values()}
            names |= {who: voice for who, voice in voices.items() if who in names}
        else:
            return None
        content: dict[str, Any] = {
            "voices": {label: names[of] for (where, label), of in self.voices.items() if where == episode},
            "lines": [[x.start_ms, x.end_ms, names[x.character]] for x in self.lines.get(episode, ())],
        }
        if named := {who: voice for who, voice in voices.items() if who not in names}:
            content["named"] = named
        return fingerprint(content) if any(content.values()) else None


NOBODY = Cast()

# Resolving --------------------------------------------------------------------------------------------


def resolve(decisions: Iterable[Decision]) -> Cast:
    """The cast that decisions make, oldest first. What speaks of nobody known is passed over; nothing raises."""
    state = _State()
    for decision in decisions:
        state.take(decision)
    return state.cast()


@dataclass(slots=True)
class _State:
    people: dict[str, Person] = field(default_factory=dict)
    linked: dict[tuple[Transcript, str], str] = field(default_factory=dict)
    split: dict[tuple[Transcript, str], str] = field(default_factory=dict)
    lines: dict[str, dict[tuple[int, int], Decision]] = field(default_factory=dict)
    same: dict[str, str] = field(default_factory=dict)
    newest: dict[str, str | None] = field(default_factory=dict)
    heard: set[Transcript] = field(default_factory=set)
    said: dict[Transcript, str] = field(default_factory=dict)

    def root(self, character: str) -> str:
        while character in self.same:
            character = self.same[character]
        return character

    def take(self, decision: Decision) -> None:
        transcript = (decision.episode or "", decision.transcript)
        voice = (transcript, decision.speaker or "")
        match decision.kind:
            case "heard":
                self._hear(transcript)
                if decision.said is not None:
                    self.said[transcript] = decision.said
            case "link" if voice not in self.linked:
                # The first one counts: whoever links a voice that is linked already did not know that it was.
                self.linked[voice] = decision.character
                self._hear(transcript)
                self._meet(decision)
            case "split":
                # Two people who split at once chose one id: the later one's character gets the next.
                fresh = replace(decision, character=_free(decision.character, self.people))
                self.split[voice] = fresh.character
                self.newest.setdefault(*transcript)
                self._meet(fresh)
            case "name" if (known := self.people.get(self.root(decision.character))) is not None:
                sex = decision.sex if decision.sex != "unknown" else known.sex
                self.people[known.id] = Person(known.id, decision.name or known.name, sex)
            case "merge":
                one, other = self.root(decision.character), self.root(decision.into or "")
                if one != other and one in self.people and other in self.people:
                    self._merge(one, other)
            case "assign" if decision.episode and self.root(decision.character) in self.people:
                span = (decision.start_ms or 0, decision.end_ms or 0)
                # A second word on the same line replaces the first.
                lines = self.lines.setdefault(decision.episode, {})
                lines.pop(span, None)
                lines[span] = decision
            case _:
                pass

    def _hear(self, transcript: Transcript) -> None:
        self.heard.add(transcript)
        self.newest[transcript[0]] = transcript[1]

    def _meet(self, decision: Decision) -> None:
        """A character appears, or is heard again: a link knows its sex, and its name only until a person gives one."""
        known = self.people.get(decision.character, Person(decision.character))
        sex = decision.sex if known.sex == "unknown" else known.sex
        self.people[decision.character] = Person(known.id, known.name or decision.name, sex)

    def _merge(self, one: str, other: str) -> None:
        self.same[one] = other
        gone, kept = self.people[one], self.people[other]
        sex = kept.sex if kept.sex != "unknown" else gone.sex
        self.people[other] = Person(other, kept.name or gone.name, sex)

    def cast(self) -> Cast:
        heard: dict[Transcript, dict[str, str]] = {transcript: {} for transcript in self.heard}
        for (transcript, label), of in sorted((self.linked | self.split).items(), key=repr):
            heard.setdefault(transcript, {})[label] = self.root(of)
        voices = {
            (episode, label): of
            for episode, mark in sorted(self.newest.items())
            for label, of in heard.get((episode, mark), {}).items()
        }
        lines = {
            # The last word first: of overlapping lines it is the one that counts.
            episode: tuple(
                Line(*span, self.root(of.character), of.editor, of.at) for span, of in reversed(found.items())
            )
            for episode, found in self.lines.items()
        }
        people = {name: one for name, one in sorted(self.people.items()) if name not in self.same}
        former = {gone: self.root(gone) for gone in self.same}
        return Cast(people, voices, lines, former, heard, dict(self.newest), self.said)


def _free(identity: str, taken: Container[str]) -> str:
    """This id, or the first one after it that nobody has or had."""
    head, number = identity[:1], int(identity[1:]) if identity[1:].isdecimal() else 1
    return next(of for each in count(number) if (of := f"{head}{each:02d}") not in taken)


# The lake ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Log:
    """A series' decisions, oldest first, up to a version of them (0: there is none)."""

    decisions: tuple[Decision, ...] = ()
    version: int = 0


def read(lake: Lake, series: str) -> Cast:
    """The cast of a series as the lake has it now. Raises `StoreError`."""
    return _resolved(lake, series, tuple(lake.series_facts(series, FACT)))


# Whoever reads lines asks for the same cast again and again; no version of it ever changes.
@lru_cache(maxsize=64)
def _resolved(lake: Lake, series: str, keys: tuple[SeriesKey, ...]) -> Cast:
    return resolve(log(lake, series, keys).decisions)


def log(lake: Lake, series: str, keys: Sequence[SeriesKey] | None = None) -> Log:
    """What was decided, or what of it stands under these keys. Raises `UnreadableError` for a fact that is none of ours."""
    keys = lake.series_facts(series, FACT) if keys is None else keys
    decisions = tuple(_decision(row) for row in lake.read_series_facts(keys) if row["kind"] in KINDS)
    return Log(decisions, max((key.version for key in keys), default=0))


def decide(lake: Lake, series: str, decisions: Sequence[Decision], editor: str) -> SeriesKey:
    """Append decisions as one version, all or none; its key. `name`, `merge`, `split` and `assign` make sound ones."""
    while True:
        version = max((key.version for key in lake.series_facts(series, FACT)), default=0)
        if append(lake, series, decisions, editor, after=version):
            return SeriesKey(series, FACT, version + 1)


def append(lake: Lake, series: str, decisions: Sequence[Decision], editor: str, *, after: int) -> bool:
    """Append decisions that were made in the knowledge of all up to version `after`; False if there are newer ones."""
    names = [name for name in Decision.__slots__ if name != "at"]
    rows = [{name: getattr(one, name) for name in names} | {"editor": editor} for one in decisions]
    return lake.add_series_fact(SeriesKey(series, FACT, after + 1), rows)


def _decision(row: Mapping[str, Any]) -> Decision:
    values = {name: row.get(name) for name in Decision.__slots__ if name != "at"} | {"at": row.get("created_at")}
    return Decision(**values | {"sex": row.get("sex") or "unknown", "character": row.get("character") or ""})


# What people ask for ----------------------------------------------------------------------------------


def name(cast: Cast, character: str, called: str, sex: Sex = "unknown") -> Decision:
    """The decision that a character has a name. Raises `CatalogError` for nobody known, and for no name or one in use."""
    person = known(cast, character)
    text = normal(called)
    if not text or len(text) > LONGEST_NAME or any(unicodedata.category(char)[0] == "C" for char in text):
        raise CatalogError(f"{called[:40]!r} is no name", field="NAME", remedy=f"use 1 to {LONGEST_NAME} characters")
    other = cast.find(text)
    if other and other.id != person.id:
        raise CatalogError(
            f"{text} is {other.id} already",
            field="NAME",
            remedy=f"if they are one: dubwright cast merge SERIES {person.id} {other.id}",
        )
    return Decision("name", person.id, name=text, sex=sex)


def merge(cast: Cast, character: str, into: str) -> Decision:
    """The decision that two characters are one, who keeps the second's id and name. Raises `CatalogError`."""
    one, other = known(cast, character), known(cast, into)
    if one.id == other.id:
        raise CatalogError(f"{character} and {into} are one already", field="INTO", remedy="name two characters")
    return Decision("merge", one.id, into=other.id)


def split(cast: Cast, episode: str, speaker: str) -> Decision:
    """The decision that a voice of an episode is a character of its own, under a new id. Raises `CatalogError`."""
    if (episode, speaker) not in cast.voices:
        voices = sorted(label for where, label in cast.voices if where == episode)
        there = f"its voices are: {', '.join(voices)}" if voices else "nothing is linked in this episode yet"
        raise CatalogError(f"no voice is labelled {speaker!r:.40}", where=episode, field="SPEAKER", remedy=there)
    # People's characters are numbered apart, so that linking never gives one of their ids.
    free = _free("p01", {*cast.people, *cast.former})
    return Decision("split", free, episode=episode, transcript=cast.newest.get(episode), speaker=speaker)


def assign(cast: Cast, episode: str, segment: int, start_ms: int, end_ms: int, character: str) -> Decision:
    """The decision that a character speaks a line (times in ms). Raises `CatalogError`."""
    person = known(cast, character)
    return Decision("assign", person.id, episode=episode, segment=segment, start_ms=start_ms, end_ms=end_ms)


def normal(text: str) -> str:
    """A name as it is kept: one Unicode form, no spaces around it."""
    return unicodedata.normalize("NFC", text).strip()


def known(cast: Cast, called: str) -> Person:
    """A character by id or name. Raises `CatalogError` that names those there are."""
    found = cast.find(called)
    if found is None:
        there = [one.id if one.name is None else f"{one.id} ({one.name})" for one in cast.people.values()]
        raise CatalogError(
            f"nobody is called {called[:40]!r}",
            field="CHARACTER",
            remedy=f"there are: {', '.join(there[:20])}"
            if there
            else "nobody is linked yet: transcribe the series first",
        )
    return found
