"""`dubwright lines` and `dubwright edit`: an episode's lines as they stand, and one of them corrected."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from desk import show
from desk.cast import Editor, Series, editor_of, known_as
from desk.options import Json, Profile, lake_of
from desk.options import Lake as LakeOption
from dubwright import cast as casts
from dubwright import languages as tags
from dubwright.coverage import newest_rows
from dubwright.errors import CatalogError, SettingsError
from dubwright.lake import Lake

Episode = Annotated[str, typer.Argument(metavar="EPISODE", help="The episode, as the catalogue names it.")]
To = Annotated[str, typer.Option("--to", metavar="LANGUAGE", help="The language of the lines: en.")]
LONGEST_TEXT = 1000

Row = dict[str, Any]


def lines(
    series: Series,
    episode: Episode,
    to: To,
    lake: LakeOption = None,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """List an episode's lines in a language: times, who speaks, the original, what is said instead, its tempo and flags."""
    show.as_json = as_json
    found = _lines(lake_of(lake, profile), known_as(series), known_as(episode), tags.parse(to))
    if as_json:
        show.print_json({"series": known_as(series), "episode": known_as(episode), "language": to, "lines": found})
        return
    table = show.new_table(f"{series}/{episode} in {to}", "line", "at", "who", "original", "text", "tempo", "flags")
    for line in found:
        tempo = f"{line['tempo']:.2f}" if line["tempo"] else ""
        at = f"{line['start_ms'] / 1000:.1f}"
        who = line["character"] or line["speaker"] or ""
        flags = "; ".join(line["flags"])
        table.add_row(*show.cells(line["segment"], at, who, line["source_text"], line["text"], tempo, flags))
    show.console.print(table)


def edit(
    series: Series,
    episode: Episode,
    segment: Annotated[int, typer.Argument(metavar="LINE", help="The line's number, as `dubwright lines` gives it.")],
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What is to be said instead.")],
    to: To,
    editor: Editor = None,
    lake: LakeOption = None,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Correct one line of an episode. The next `localize` speaks that line anew and mixes and renders its episode again."""
    show.as_json = as_json
    store, language = lake_of(lake, profile), tags.parse(to)
    said = " ".join(text.split())
    if not said or len(said) > LONGEST_TEXT:
        raise SettingsError(
            f"has {len(said)} characters", field="TEXT", remedy=f"give what is to be said, up to {LONGEST_TEXT}"
        )
    found = {line["segment"]: line for line in _lines(store, known_as(series), known_as(episode), language)}
    if segment not in found:
        raise CatalogError(
            f"has no line {segment}",
            where=f"{series}/{episode}",
            field="LINE",
            remedy=f"its lines are {min(found)} to {max(found)}" if found else "nobody speaks in it",
        )
    line = found[segment]
    key = store.add_edit(
        language,
        known_as(series),
        known_as(episode),
        segment=segment,
        source_text=line["source_text"],
        text=said,
        editor=editor_of(editor),
    )
    if as_json:
        show.print_json({"edit": key, "segment": segment, "before": line["text"], "text": said})
        return
    show.console.print(show.escape(f"line {segment} · {line['source_text']}\n- {line['text']}\n+ {said}"))


def _lines(store: Lake, series: str, episode: str, language: str) -> list[Row]:
    """An episode's lines in their order, of the newest units. Raises `CatalogError` where it is not translated."""
    translation = newest_rows(store, "translation", series, episode, language)
    if translation is None:
        raise CatalogError(
            f"is not translated into {tags.name(language)}",
            where=f"{series}/{episode}",
            field="--to",
            remedy="see `dubwright status`, or localize it first",
        )
    heard = {row["segment"]: row for row in newest_rows(store, "transcript", series, episode) or []}
    dubbed = {row["segment"]: row for row in newest_rows(store, "dub", series, episode, language) or []}
    cast = casts.read(store, series)
    found = []
    for row in sorted(translation, key=lambda row: int(row["segment"])):
        own, spoken = heard.get(row["segment"], {}), dubbed.get(row["segment"], {})
        reason = [spoken["reason"]] if spoken.get("reason") else []
        person = cast.who(episode, own.get("speaker"), own.get("start_ms", 0), own.get("end_ms", 0))
        found.append(
            {
                "segment": row["segment"],
                "start_ms": own.get("start_ms", 0),
                "end_ms": own.get("end_ms", 0),
                "speaker": own.get("speaker"),
                "character": person.called if person else own.get("character"),
                "source_text": row["source_text"],
                "text": row["text"],
                "subtitle_text": row["subtitle_text"],
                "state": row["state"],
                "editor": row["editor"],
                "tempo": spoken.get("tempo"),
                "voice": spoken.get("voice"),
                "verdict": spoken.get("verdict"),
                "flags": [*(row["notes"] or []), *reason],
            }
        )
    return found
