"""Which voice each character of a series has, could have, and may have: what people see before they choose one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dubwright import languages
from dubwright.dub import assignment
from dubwright.dub.assignment import Role
from dubwright.dub.engine import Voice
from dubwright.dub.engine import stock as stock_voices
from dubwright.dub.stage import engine
from dubwright.engines import EngineInfo
from dubwright.errors import EditConflictError, SettingsError
from dubwright.lake import Lake
from dubwright.reports import coverage
from dubwright.series import cast as casts
from dubwright.series import voice_facts
from dubwright.series.cast import Cast
from dubwright.series.facts import Character, Consent, SeriesFacts, Sex
from dubwright.series.voice_facts import CastVoice, Entry, Log, in_episode, of_all
from dubwright.series_voices import roles_of
from dubwright.settings import DubSettings

AUTO = "auto"
UNCAST = "not cast yet: a voice by rule until the next run"
UNINFORMED = "a stock voice, unless the series.yaml of its --source grants a clone"


@dataclass(frozen=True, slots=True)
class Casted:
    """A character in a language: its `voice` (None: not cast yet), who gave it, whether a clone speaks instead and may.

    `name` is None where nobody gave one, `consent` where nothing is said of it; `flags` say what is odd about the voice.
    """

    character: str
    name: str | None
    sex: Sex
    episodes: tuple[str, ...]
    speech_s: int
    language: str
    engine: str
    voice: str | None
    cloned: bool
    consent: Consent | None
    editor: str | None
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """A stock voice of an engine for a character, and what speaks against it."""

    voice: str
    sex: Sex
    flags: tuple[str, ...]


@dataclass(slots=True)
class Casting:
    """A series' casting, as the lake has it; `informed`: `facts` are what its series.yaml says."""

    lake: Lake
    series: str
    settings: DubSettings
    facts: SeriesFacts
    informed: bool
    cast: Cast
    log: Log
    _roles: Mapping[str, Role] | None = None

    @classmethod
    def of(cls, lake: Lake, series: str, settings: DubSettings, facts: SeriesFacts | None = None) -> Casting:
        """Read it. Raises `StoreError`."""
        log, cast = voice_facts.log(lake, series), casts.read(lake, series)
        return cls(lake, series, settings, facts or SeriesFacts(), facts is not None, cast, log)

    @property
    def roles(self) -> Mapping[str, Role]:
        """Everybody to be cast, by id or name; reads the transcripts when first asked."""
        if self._roles is None:
            transcripts = list(coverage.newest(self.lake, "transcript", series=self.series))
            found = roles_of(self.lake, self.cast, transcripts, self.facts)
            self._roles = {role.id: role for role in found}
        return self._roles

    def character(self, typed: str) -> str:
        """A character's id, or the name by which transcripts know it. Raises `CatalogError` that names those there are."""
        name = casts.normal(typed)
        listed = self.facts.listed(name)
        for each in [name, listed.name] if listed else [name]:
            if each in self.roles:
                return each
            if person := self.cast.find(each):
                return person.id
        return casts.known(self.cast, typed).id

    def engine(self, language: str) -> tuple[EngineInfo, Sequence[Voice]]:
        """What speaks a language, and its stock voices. Raises `LanguageError`."""
        info = engine(self.settings, language)
        return info, stock_voices(info.name, self.settings, language)

    def voices(self, language: str, log: Log | None = None) -> dict[str, CastVoice]:
        """The voices in a language, by id and name, as they may be used."""
        info, _ = self.engine(language)
        given = voice_facts.resolve((log or self.log).entries).given(language, info.name)
        return of_all(given, self.cast, self.facts, language, clones=info.clones)

    # Change ----------------------------------------------------------------------------------------------

    def outdated(self, who: str, language: str, voice: str | None) -> list[str]:
        """The dubbed episodes that another voice redoes (None: as cast). Raises `SettingsError` for none of the engine's."""
        return self._between(language, Log((*self.log.entries, self._entry(who, language, voice, ""))))

    def choose(self, who: str, language: str, voice: str | None, editor: str, *, seen: str | None = AUTO) -> list[str]:
        """Decide a voice, or with None that it is as it was cast; the dubbed episodes that will be redone.

        `seen` is the voice that the editor saw (None: not cast yet), `auto` for whatever it was. Raises
        `EditConflictError` if it is another one by now, `SettingsError` for none of the engine's.
        """
        entry = self._entry(who, language, voice, editor)
        while True:
            now = self.voices(language).get(who)
            if seen != AUTO and (now and now.voice) != seen:
                raise self._conflict(who, language, now)
            after = Log((*self.log.entries, entry), self.log.version + 1)
            if voice_facts.append(self.lake, self.series, [entry], after=self.log.version):
                outdated = self._between(language, after)
                self.log = after
                return outdated
            self.log = voice_facts.log(self.lake, self.series)

    def _entry(self, who: str, language: str, voice: str | None, editor: str) -> Entry:
        info, _ = self.engine(language)
        if voice is not None:
            self.require(voice, language)
        return Entry(who, language, info.name, voice, chosen=True, editor=editor)

    def require(self, voice: str, language: str) -> None:
        """Raise `SettingsError`, naming those that there are, for a voice that the engine has not in a language."""
        info, stock = self.engine(language)
        names = [each.name for each in stock]
        if voice not in names:
            raise SettingsError(
                f"{info.name} has no voice {voice[:40]!r} in {languages.name(language)}",
                field="--voice",
                remedy=f"use {AUTO} or one of {', '.join(names)}",
            )

    def _between(self, language: str, log: Log) -> list[str]:
        before, after = self.voices(language), self.voices(language, log)
        dubbed = {key.episode for key in coverage.newest(self.lake, "dub", language, self.series)}
        return sorted(episode for episode in dubbed if self._heard(episode, before) != self._heard(episode, after))

    def _heard(self, episode: str, voices: Mapping[str, CastVoice]) -> dict[str, str]:
        said = self.cast.said.get((episode, self.cast.newest.get(episode)))
        found = in_episode(voices, self.cast.of_episode(episode), said)
        return {who: voice.digest for who, voice in found.items()}

    def _conflict(self, who: str, language: str, now: CastVoice | None) -> EditConflictError:
        said = f"{now.editor} gave it {now.voice} meanwhile" if now else "it has no voice any more"
        return EditConflictError(
            said,
            where=self.series,
            field=f"{who} {language}",
            remedy="look at it again, then decide",
            text=now.voice if now else None,
            editor=now.editor if now else None,
        )

    # Look ------------------------------------------------------------------------------------------------

    def of_character(self, who: str, language: str) -> Casted:
        """How a character is cast in a language."""
        info, stock = self.engine(language)
        sexes, given = {each.name: each.sex for each in stock}, self.voices(language)
        role, person, voice = self.roles.get(who) or Role(who), self.cast.people.get(who), given.get(who)
        name = (person.name if person else who) or ""
        listed = self.facts.listed(name)
        return Casted(
            character=who,
            name=name or None,
            sex=role.sex,
            episodes=tuple(sorted(role.said_ms)),
            speech_s=round(role.speech_ms / 1000),
            language=language,
            engine=info.name,
            voice=voice.voice if voice else None,
            cloned=bool(voice and voice.clips),
            consent=_consent(listed, language) if listed else None,
            editor=voice.editor if voice else None,
            flags=self._flags(role, voice, given, sexes, info),
        )

    def choices(self, who: str, language: str) -> list[Choice]:
        """The stock voices that there are for a character, those of its sex first, each in the engine's order."""
        info, stock = self.engine(language)
        sexes, given = {each.name: each.sex for each in stock}, self.voices(language)
        role = self.roles.get(who) or Role(who)
        fitting = assignment.fitting(role.sex, stock)
        return [
            Choice(each.name, each.sex, self._flags(role, CastVoice(who, each.name), given, sexes, info))
            for each in [*fitting, *(voice for voice in stock if voice not in fitting)]
        ]

    def _flags(
        self,
        role: Role,
        voice: CastVoice | None,
        given: Mapping[str, CastVoice],
        sexes: Mapping[str, str],
        info: EngineInfo,
    ) -> tuple[str, ...]:
        if voice is None:
            return (UNCAST,)
        flags = [voice.note if self.informed else UNINFORMED] if voice.note else []
        if voice.voice not in sexes:
            flags.append(f"{info.name} has no such voice")
        elif "unknown" not in (role.sex, sexes[voice.voice]) and sexes[voice.voice] != role.sex:
            flags.append(f"a {sexes[voice.voice]} voice")
        for who, other in self.roles.items():
            its = given.get(who)
            if who != role.id and its and not its.clips and not voice.clips and its.voice == voice.voice:
                flags.append(f"shared with {who}" + (", whom it meets" if role.meets(other) else ""))
        return tuple(flags)


def _consent(listed: Character, language: str) -> Consent | None:
    """What a cast list says of a clone in a language; nothing where it speaks of other languages alone."""
    said = listed.consent
    if said is None or (isinstance(said, dict) and not said.keys() & {language, languages.base(language)}):
        return None
    return "granted" if listed.consents(language) else "refused"
