"""`dubwright cast voices`: which voice each character has in each language: listed, listened to, changed."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from desk import show
from desk.cast import Editor, Series, editor_of, known_as
from desk.options import Json, Profile, Set, split_languages, to_flags
from desk.options import Lake as LakeOption
from dubwright import cast as casts
from dubwright import catalog, coverage, languages, settings, voice_facts
from dubwright.cast import Cast
from dubwright.dub import assignment
from dubwright.dub.assignment import Role
from dubwright.dub.engine import Voice
from dubwright.dub.engine import stock as stock_voices
from dubwright.dub.stage import engine
from dubwright.engines import EngineInfo
from dubwright.errors import CatalogError, SettingsError
from dubwright.facts import SeriesFacts
from dubwright.lake import Lake, open_lake
from dubwright.series_voices import roles_of
from dubwright.unit import Machine
from dubwright.voice_facts import CastVoice, Entry, Voices, in_episode, of_all

AUTO = "auto"
UNCAST = "not cast yet: a voice by rule until the next run"
UNINFORMED = "a stock voice, unless the series.yaml of its --source grants a clone"


def voices(
    series: Series,
    to: Annotated[
        str | None, typer.Option("--to", help="Languages, with commas.  [default: those dubbed so far]")
    ] = None,
    character: Annotated[str | None, typer.Option(help="One character, by id, such as c01, or by name.")] = None,
    voice: Annotated[
        str | None,
        typer.Option(help="The stock voice that the character has from now on; auto gives back what was cast."),
    ] = None,
    play: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE|FOLDER",
            help="Changes nothing, but writes the character's voice, or the one of --voice, to a .flac or .wav file, or "
            "every voice of its sex into a folder.",
        ),
    ] = None,
    say: Annotated[
        str | None, typer.Option(help="What is spoken then.  [default: a line of the character, or figures]")
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(help="The catalogue that the series is in: its series.yaml says who consents to a clone."),
    ] = None,
    assign: Set = None,
    editor: Editor = None,
    lake: LakeOption = None,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """List the voice of each character in each language; change one; listen to it first. A change redoes its lines only."""
    show.as_json = as_json
    resolved = settings.load(to_flags(assign, lake=lake, profile=profile))
    book = _Book.of(resolved, series, source)
    who = book.character(character) if character is not None else None
    tags = _languages(to, book)
    if voice is None and play is None:
        book.show(tags, who)
        return
    if who is None:
        raise SettingsError("names no character", field="--character", remedy="name one, such as --character c01")
    if len(tags) != 1:
        raise SettingsError(f"names {len(tags)} languages", field="--to", remedy="name one, such as --to en")
    if play is not None:
        files = book.play(who, tags[0], voice, play, say)
        if show.as_json:
            show.print_json({"series": series, "files": files})
        else:
            show.console.print("\n".join(map(show.escape, files)))
        return
    outdated = book.change(who, tags[0], voice or AUTO, editor_of(editor))
    book.show(tags, who, {tags[0]: outdated} if outdated else {})


@dataclass(slots=True)
class _Book:
    """A series' casting, as the lake and the settings have it."""

    resolved: settings.Settings
    store: Lake
    series: str
    facts: SeriesFacts
    cast: Cast
    roles: Mapping[str, Role]
    given: Voices
    informed: bool

    @classmethod
    def of(cls, resolved: settings.Settings, series: str, source: str | None) -> _Book:
        store, name, facts = open_lake(resolved.lake), known_as(series), SeriesFacts()
        if source is not None:
            found = [each for each in catalog.load(source, name, store).series if each.name == name]
            if not found:
                raise CatalogError("no such series", where=source, field=series, remedy="name one that is there")
            facts = found[0].facts
        cast = casts.read(store, name)
        roles = roles_of(store, cast, list(coverage.newest(store, "transcript", series=name)), facts)
        given = voice_facts.read(store, name)
        return cls(resolved, store, name, facts, cast, {role.id: role for role in roles}, given, source is not None)

    def character(self, typed: str) -> str:
        """A character's id, or the name by which transcripts know it. Raises `CatalogError` that names those there are."""
        name = known_as(typed)
        listed = self.facts.listed(name)
        for each in [name, listed.name] if listed else [name]:
            if each in self.roles:
                return each
            if person := self.cast.find(each):
                return person.id
        return casts.known(self.cast, typed).id

    def engine(self, language: str) -> tuple[EngineInfo, Sequence[Voice]]:
        info = engine(self.resolved.dub, language)
        return info, stock_voices(info.name, self.resolved.dub, language)

    def voices(self, language: str) -> dict[str, CastVoice]:
        """The voices in a language, by id and name, as they may be used."""
        info, _ = self.engine(language)
        given = self.given.given(language, info.name)
        return of_all(given, self.cast, self.facts, language, clones=info.clones)

    # Change ----------------------------------------------------------------------------------------------

    def change(self, who: str, language: str, voice: str, editor: str) -> list[str]:
        """Decide a voice; the dubbed episodes that will be redone. Raises `SettingsError` for one that the engine has not."""
        info, stock = self.engine(language)
        if voice != AUTO:
            _require(voice, stock, info, language)
        before = self.voices(language)
        entry = Entry(who, language, info.name, None if voice == AUTO else voice, chosen=True, editor=editor)
        voice_facts.decide(self.store, self.series, [entry])
        self.given = voice_facts.read(self.store, self.series)
        after = self.voices(language)
        dubbed = {key.episode for key in coverage.newest(self.store, "dub", language, self.series)}
        return sorted(episode for episode in dubbed if self._heard(episode, before) != self._heard(episode, after))

    def _heard(self, episode: str, voices: Mapping[str, CastVoice]) -> dict[str, str]:
        said = self.cast.said.get((episode, self.cast.newest.get(episode)))
        found = in_episode(voices, self.cast.of_episode(episode), said)
        return {who: voice.digest for who, voice in found.items()}

    # Play ------------------------------------------------------------------------------------------------

    def play(self, who: str, language: str, voice: str | None, path: Path, say: str | None) -> list[str]:
        """Write what a character would sound like; the files."""
        from dubwright.dub import audition

        info, stock = self.engine(language)
        ending = path.suffix.lower()
        if ending and ending not in audition.ENDINGS:
            raise SettingsError(
                f"{path.name} is neither", field="--play", remedy="let it end in .flac or .wav, or name a folder"
            )
        if voice is not None:
            _require(voice, stock, info, language)
        now = CastVoice(who, voice) if voice else self.voices(language).get(who)
        names = [
            each.name for each in assignment.fitting(self.roles[who].sex if who in self.roles else "unknown", stock)
        ]
        wanted = [now] if now and (ending or voice) else [now] if now and now.clips else []
        wanted += [] if ending or voice else [CastVoice(who, name) for name in names]
        if not wanted:
            raise CatalogError(
                f"{who} is not cast in {language} yet", where=self.series, field="--play", remedy="name a --voice"
            )
        threads = self.resolved.cluster.threads or len(os.sched_getaffinity(0))
        machine = Machine(self.store.uri, str(self.resolved.models_dir), self.resolved.models_mirror, threads)
        tried = audition.Audition(self.store, info, self.resolved.dub, machine, language)
        text = say or tried.line_of(self.series, self.cast, who) or audition.FIGURES
        files = []
        for place, each in enumerate(wanted, start=1):
            name = "clone" if each.clips else each.voice
            file = path if ending else path / f"{place:02d}.{name}.flac"
            try:
                file.parent.mkdir(parents=True, exist_ok=True)
                with redirect_stdout(sys.stderr):
                    speech = tried.speak(text, each)
                audition.write(file, speech)
            except OSError as error:
                raise SettingsError(error.strerror or str(error), where=str(file), field="--play") from error
            files.append(str(file))
        return files

    # Show ------------------------------------------------------------------------------------------------

    def show(self, tags: Sequence[str], only: str | None, outdated: Mapping[str, Sequence[str]] | None = None) -> None:
        rows = [row for tag in tags for row in self._rows(tag) if only in (None, row["character"])]
        if show.as_json:
            show.print_json({"series": self.series, "voices": rows, "outdated": outdated or {}})
            return
        titles = ("character", "name", "sex", "speaks", "language", "voice", "consent", "by", "flags")
        table = show.new_table(f"Voices of {self.series}", *titles)
        for row in rows:
            speaks = f"{row['speech_s']} s in {len(row['episodes'])}"
            voice = f"clone, or {row['voice']}" if row["cloned"] else row["voice"]
            last = (row["language"], voice, row["consent"], row["editor"], "; ".join(row["flags"]))
            table.add_row(*show.cells(row["character"], row["name"], row["sex"], speaks, *last))
        show.console.print(table)
        for language, episodes in (outdated or {}).items():
            names = ", ".join(episodes)
            show.console.print(show.escape(f"{language}: finished with another voice, will be redone: {names}"))

    def _rows(self, language: str) -> list[dict[str, Any]]:
        info, stock = self.engine(language)
        sexes, given = {each.name: each.sex for each in stock}, self.voices(language)
        rows = []
        for who in sorted({*self.roles}):
            role, person, voice = self.roles[who], self.cast.people.get(who), given.get(who)
            name = (person.name if person else who) or ""
            listed = self.facts.listed(name)
            consents = listed is not None and listed.consent is not None
            rows.append(
                {
                    "character": who,
                    "name": name or None,
                    "sex": role.sex,
                    "episodes": sorted(role.said_ms),
                    "speech_s": round(role.speech_ms / 1000),
                    "language": language,
                    "engine": info.name,
                    "voice": voice.voice if voice else None,
                    "cloned": bool(voice and voice.clips),
                    "consent": ("granted" if listed and listed.consents(language) else "refused") if consents else None,
                    "editor": voice.editor if voice else None,
                    "flags": self._flags(role, voice, given, sexes, info),
                }
            )
        return rows

    def _flags(
        self,
        role: Role,
        voice: CastVoice | None,
        given: Mapping[str, CastVoice],
        sexes: Mapping[str, str],
        info: EngineInfo,
    ) -> list[str]:
        if voice is None:
            return [UNCAST]
        flags = [voice.note if self.informed else UNINFORMED] if voice.note else []
        if voice.voice not in sexes:
            flags.append(f"{info.name} has no such voice")
        elif "unknown" not in (role.sex, sexes[voice.voice]) and sexes[voice.voice] != role.sex:
            flags.append(f"a {sexes[voice.voice]} voice")
        for who, other in self.roles.items():
            its = given.get(who)
            if who != role.id and its and not its.clips and not voice.clips and its.voice == voice.voice:
                flags.append(f"shared with {who}" + (", whom it meets" if role.meets(other) else ""))
        return flags


def _require(voice: str, stock: Sequence[Voice], info: EngineInfo, language: str) -> None:
    """Raise `SettingsError`, naming those that there are, for a voice that an engine has not in a language."""
    names = [each.name for each in stock]
    if voice not in names:
        raise SettingsError(
            f"{info.name} has no voice {voice[:40]!r} in {languages.name(language)}",
            field="--voice",
            remedy=f"use {AUTO} or one of {', '.join(names)}",
        )


def _languages(to: str | None, book: _Book) -> list[str]:
    """The languages asked for, else those in which the series is dubbed or cast."""
    if to is not None:
        return list(dict.fromkeys(languages.parse(tag) for tag in split_languages(to)))
    cast = {language for language, _ in book.given.of}
    dubbed = {
        language
        for language in coverage.languages(book.store, "dub")
        if next(book.store.units("dub", language=language, series=book.series), None)
    }
    if not cast | dubbed:
        raise SettingsError("the series is in no language yet", field="--to", remedy="name one, such as --to en")
    return sorted(cast | dubbed)
