"""`dubwright cast`: who speaks over a series, and people's corrections of it, which later episodes follow too."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated, get_args

import typer

from desk import show
from desk.options import Json, Profile, lake_of
from desk.options import Lake as LakeOption
from dubwright.catalogue import catalog
from dubwright.errors import CatalogError, SettingsError
from dubwright.lake import Lake, layout
from dubwright.planning import reach
from dubwright.planning.reach import Outdated
from dubwright.review import speakers
from dubwright.series import cast as casts
from dubwright.series.cast import Cast, Decision
from dubwright.series.facts import SeriesFacts, Sex

app = typer.Typer(
    help="Characters of a series: list, name, merge, split, assign, play, voices. A correction holds for later episodes too.",
    no_args_is_help=True,
)
Series = Annotated[str, typer.Argument(metavar="SERIES", help="A series, as the catalogue names it.")]
Character = Annotated[str, typer.Argument(metavar="CHARACTER", help="A character by id, such as c01, or by name.")]
Episode = Annotated[str, typer.Argument(metavar="EPISODE", help="An episode of the series.")]
Editor = Annotated[str | None, typer.Option(help="Who decides.  [default: this user's name]")]


@app.command("list")
def list_all(series: Series, lake: LakeOption = None, profile: Profile = None, as_json: Json = False) -> None:
    """List a series' characters: id, name, sex, the episodes they speak in, their voices there."""
    show.as_json = as_json
    store = lake_of(lake, profile)
    _show(series, casts.read(store, known_as(series)))


@app.command()
def name(
    series: Series,
    character: Character,
    called: Annotated[str, typer.Argument(metavar="NAME", help="What the source language calls them.")],
    sex: Annotated[str, typer.Option(help="female or male, where the voice leaves it open.")] = "unknown",
    editor: Editor = None,
    lake: LakeOption = None,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Name a character, over the whole series."""
    show.as_json = as_json
    chosen = next((each for each in get_args(Sex) if each == sex), None)
    if chosen is None:
        raise SettingsError(f"{sex!r} is no sex", field="--sex", remedy=f"use one of {', '.join(get_args(Sex))}")
    store = lake_of(lake, profile)
    before = casts.read(store, known_as(series))
    _decide(store, series, casts.name(before, character, called, chosen), editor)


@app.command()
def merge(
    series: Series,
    character: Character,
    into: Annotated[str, typer.Argument(metavar="INTO", help="The character that this one is: its id and name stay.")],
    editor: Editor = None,
    lake: LakeOption = None,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Say that two characters are one."""
    show.as_json = as_json
    store = lake_of(lake, profile)
    _decide(store, series, casts.merge(casts.read(store, known_as(series)), character, into), editor)


@app.command()
def split(
    series: Series,
    episode: Episode,
    speaker: Annotated[str, typer.Argument(metavar="SPEAKER", help="A voice of the episode, such as S2.")],
    editor: Editor = None,
    lake: LakeOption = None,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Say that a voice of an episode is somebody else: it becomes a character of its own, under a new id."""
    show.as_json = as_json
    store = lake_of(lake, profile)
    _decide(store, series, casts.split(casts.read(store, known_as(series)), known_as(episode), speaker), editor)


@app.command()
def assign(
    series: Series,
    episode: Episode,
    segment: Annotated[int, typer.Argument(metavar="SEGMENT", help="The line's number in the newest transcript.")],
    character: Character,
    editor: Editor = None,
    lake: LakeOption = None,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Say who speaks one line. It holds for the line at that time, however it is numbered later."""
    show.as_json = as_json
    store = lake_of(lake, profile)
    name, part = known_as(series), known_as(episode)
    now = speakers.speaker(casts.read(store, name), part, speakers.heard(store, name, part, segment))
    seen = now.id if now else None
    before, after = speakers.assign(store, name, part, segment, character, editor_of(editor), seen=seen)
    _show(series, after, reach.of_cast(store, name, before, after))


@app.command()
def play(
    series: Series,
    character: Character,
    out: Annotated[
        Path | None, typer.Option(help="The FLAC file to write.  [default: SERIES.CHARACTER.flac, here]")
    ] = None,
    lake: LakeOption = None,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Write a character's clearest lines to a file to listen to, and print its path."""
    from dubwright.media import sound
    from dubwright.transcribe.speakers.clips import clips_of, joined
    from dubwright.voiceprints.spectra import RATE

    show.as_json = as_json
    store = lake_of(lake, profile)
    cast = casts.read(store, known_as(series))
    person = casts.known(cast, character)
    path = out or Path(f"{layout.encode(known_as(series))}.{layout.encode(person.called)}.flac")
    if path.suffix.lower() != ".flac":
        raise SettingsError(f"{path.name} is no FLAC file", field="--out", remedy="let its name end in .flac")
    clips = clips_of(store, known_as(series), cast, person.id)
    if not clips:
        raise CatalogError(
            f"{person.called} is never heard clearly",
            where=series,
            field="CHARACTER",
            remedy="see `dubwright cast list` for where it speaks",
        )
    sound.write_flac(path, joined(clips)[:, None], RATE)
    lines = [
        {"episode": each.choice.episode, "segment": each.choice.segment, "score": each.choice.score} for each in clips
    ]
    if show.as_json:
        show.print_json({"series": series, "character": person.id, "path": str(path), "lines": lines})
    else:
        show.console.print(show.escape(str(path)))


def known_as(typed: str) -> str:
    """A name as the catalogue has it: a terminal may send another Unicode form."""
    return casts.normal(typed)


def facts_of(store: Lake, series: str, source: str | None) -> SeriesFacts:
    """What the series.yaml of a series says; nothing where no catalogue is named. Raises `CatalogError` if that has none such."""
    name = known_as(series)
    if source is None:
        return SeriesFacts()
    found = [each for each in catalog.load(source, name, store).series if each.name == name]
    if not found:
        raise CatalogError("no such series", where=source, field=series, remedy="name one that is there")
    return found[0].facts


def _decide(store: Lake, series: str, decision: Decision, editor: str | None) -> None:
    name = known_as(series)
    before = casts.read(store, name)
    casts.decide(store, name, [decision], editor_of(editor))
    after = casts.read(store, name)
    _show(series, after, reach.of_cast(store, name, before, after))


def editor_of(given: str | None) -> str:
    """Who decides: as the command line says, else this user."""
    try:
        return given or getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container's user may have no name
        return "somebody"


def _show(series: str, cast: Cast, outdated: Outdated | None = None) -> None:
    """The characters of a series; `outdated` are the finished episodes that a decision on them redoes."""
    voices: dict[str, list[str]] = {}
    for (episode, speaker), of in cast.voices.items():
        voices.setdefault(of, []).append(f"{episode}:{speaker}")
    lines = [(line.character, episode, line) for episode, found in cast.lines.items() for line in found]
    if show.as_json:
        people = [
            {
                "id": one.id,
                "name": one.name,
                "sex": one.sex,
                "episodes": cast.episodes_of(one.id),
                "voices": voices.get(one.id, []),
                "lines": [
                    {"episode": episode, "start_ms": line.start_ms, "end_ms": line.end_ms}
                    for of, episode, line in lines
                    if of == one.id
                ],
            }
            for one in cast.people.values()
        ]
        show.print_json({"series": series, "characters": people} | ({} if outdated is None else {"outdated": outdated}))
        return
    if not cast.people:
        show.console.print(show.escape(f"Nobody is linked in {series} yet."))
        return
    table = show.new_table(f"Cast of {series}", "id", "name", "sex", "episodes", "voices", "lines")
    for one in cast.people.values():
        assigned = sum(of == one.id for of, _, _ in lines)
        own = " ".join(voices.get(one.id, []))
        table.add_row(*show.cells(one.id, one.name or "", one.sex, len(cast.episodes_of(one.id)), own, assigned or ""))
    show.console.print(table)
    for language, episodes in (outdated or {}).items():
        show.console.print(
            show.escape(f"{language}: finished with other speakers, will be redone: {', '.join(episodes)}")
        )
