"""`dubwright cast voices`: which voice each character has in each language: listed, listened to, changed."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from desk import show
from desk.cast import Editor, Series, editor_of, known_as
from desk.options import Json, Profile, Set, split_languages, to_flags
from desk.options import Lake as LakeOption
from dubwright import languages, settings
from dubwright.catalogue import catalog
from dubwright.dub import assignment
from dubwright.errors import CatalogError, SettingsError
from dubwright.lake import Lake, open_lake
from dubwright.reports import coverage
from dubwright.review.casting import AUTO, Casting
from dubwright.series import voice_facts
from dubwright.series.facts import SeriesFacts
from dubwright.series.voice_facts import CastVoice
from dubwright.unit import Machine


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
    store, name = open_lake(resolved.lake), known_as(series)
    book = Casting.of(store, name, resolved.dub, _facts(store, name, source))
    who = book.character(character) if character is not None else None
    tags = _languages(to, book)
    if voice is None and play is None:
        _show(book, tags, who)
        return
    if who is None:
        raise SettingsError("names no character", field="--character", remedy="name one, such as --character c01")
    if len(tags) != 1:
        raise SettingsError(f"names {len(tags)} languages", field="--to", remedy="name one, such as --to en")
    if play is not None:
        files = _play(book, resolved, who, tags[0], voice, play, say)
        if show.as_json:
            show.print_json({"series": series, "files": files})
        else:
            show.console.print("\n".join(map(show.escape, files)))
        return
    outdated = book.choose(who, tags[0], None if voice == AUTO else voice, editor_of(editor))
    _show(book, tags, who, {tags[0]: outdated} if outdated else {})


def _facts(store: Lake, series: str, source: str | None) -> SeriesFacts | None:
    if source is None:
        return None
    found = [each for each in catalog.load(source, series, store).series if each.name == series]
    if not found:
        raise CatalogError("no such series", where=source, field=series, remedy="name one that is there")
    return found[0].facts


def _play(
    book: Casting, resolved: settings.Settings, who: str, language: str, voice: str | None, path: Path, say: str | None
) -> list[str]:
    """Write what a character would sound like; the files."""
    from dubwright.dub import audition

    info, stock = book.engine(language)
    ending = path.suffix.lower()
    if ending and ending not in audition.ENDINGS:
        raise SettingsError(
            f"{path.name} is neither", field="--play", remedy="let it end in .flac or .wav, or name a folder"
        )
    if voice is not None:
        book.require(voice, language)
    now = CastVoice(who, voice) if voice else book.voices(language).get(who)
    names = [each.name for each in assignment.fitting(book.roles[who].sex if who in book.roles else "unknown", stock)]
    wanted = [now] if now and (ending or voice) else [now] if now and now.clips else []
    wanted += [] if ending or voice else [CastVoice(who, name) for name in names]
    if not wanted:
        raise CatalogError(
            f"{who} is not cast in {language} yet", where=book.series, field="--play", remedy="name a --voice"
        )
    threads = resolved.cluster.threads or len(os.sched_getaffinity(0))
    machine = Machine(book.lake.uri, str(resolved.models_dir), resolved.models_mirror, threads)
    tried = audition.Audition(book.lake, info, resolved.dub, machine, language)
    text = say or tried.line_of(book.series, book.cast, who) or audition.FIGURES
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


def _show(
    book: Casting, tags: Sequence[str], only: str | None, outdated: Mapping[str, Sequence[str]] | None = None
) -> None:
    found = [book.of_character(who, tag) for tag in tags for who in sorted(book.roles) if only in (None, who)]
    if show.as_json:
        show.print_json({"series": book.series, "voices": [asdict(each) for each in found], "outdated": outdated or {}})
        return
    titles = ("character", "name", "sex", "speaks", "language", "voice", "consent", "by", "flags")
    table = show.new_table(f"Voices of {book.series}", *titles)
    for one in found:
        speaks = f"{one.speech_s} s in {len(one.episodes)}"
        voice = f"clone, or {one.voice}" if one.cloned else one.voice
        last = (one.language, voice, one.consent, one.editor, "; ".join(one.flags))
        table.add_row(*show.cells(one.character, one.name, one.sex, speaks, *last))
    show.console.print(table)
    for language, episodes in (outdated or {}).items():
        names = ", ".join(episodes)
        show.console.print(show.escape(f"{language}: finished with another voice, will be redone: {names}"))


def _languages(to: str | None, book: Casting) -> list[str]:
    """The languages asked for, else those in which the series is dubbed or cast."""
    if to is not None:
        return list(dict.fromkeys(languages.parse(tag) for tag in split_languages(to)))
    cast = {language for language, _ in voice_facts.resolve(book.log.entries).of}
    dubbed = {
        language
        for language in coverage.languages(book.lake, "dub")
        if next(book.lake.units("dub", language=language, series=book.series), None)
    }
    if not cast | dubbed:
        raise SettingsError("the series is in no language yet", field="--to", remedy="name one, such as --to en")
    return sorted(cast | dubbed)
