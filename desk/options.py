"""Options that several commands share, and how they become settings."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from dubwright import settings
from dubwright.errors import SettingsError
from dubwright.lake import Lake as ObjectLake
from dubwright.lake import open_lake

Source = Annotated[
    str,
    typer.Argument(
        metavar="SOURCE",
        help="A video, a folder SERIES/EPISODE.mp4, a manifest, s3://BUCKET/PREFIX, lake:NAME, or lake: for all such.",
    ),
]
To = Annotated[str, typer.Option("--to", help="Languages to localize into, with commas: en,es.")]
ToUnlessKnown = Annotated[
    str | None,
    typer.Option(
        "--to", help="Languages to localize into, with commas: en,es. A registered catalogue's own otherwise."
    ),
]
From = Annotated[str | None, typer.Option("--from", help="Language spoken in the catalogue.  [default: zh]")]
Lake = Annotated[str | None, typer.Option(help="Folder or address of the lake.  [default: ./lake]")]
Profile = Annotated[str | None, typer.Option(help="Named set of engines and settings.  [default: embedded]")]
Only = Annotated[str | None, typer.Option(help="One SERIES, or one SERIES/EPISODE.")]
Subtitles = Annotated[
    str | None,
    typer.Option(
        metavar="witness|only|ignore",
        help="Subtitles or a script beside each video (EPISODE.srt, .ass, .vtt, .txt), or named in the manifest: "
        "`witness` checks them against sound and picture, `only` dubs from them without listening, `ignore` leaves "
        "them alone.  [default: witness]",
    ),
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="NAME=VALUE", help="Any setting, such as translate.temperature=0.2; may be repeated."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="Also print what Prefect logs.")]


def split_languages(to: str) -> list[str]:
    """`en, es` as a list. Raises `SettingsError` if it names none."""
    tags = [tag.strip() for tag in to.split(",") if tag.strip()]
    if not tags:
        raise SettingsError("names no language", field="--to", remedy="give tags with commas, such as en,es")
    return tags


def to_flags(assign: list[str] | None = None, subtitles: str | None = None, **given: str | None) -> dict[str, Any]:
    """What the command line says of settings, as nested data without the absent ones."""
    flags: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if subtitles is not None:
        flags["transcribe"] = {"subtitles": subtitles}
    for assignment in assign or []:
        path, sign, value = assignment.partition("=")
        if not sign or not path:
            raise SettingsError(
                f"{assignment!r} is no NAME=VALUE", field="--set", remedy="write it like translate.temperature=0.2"
            )
        *sections, name = path.split(".")
        place = flags
        for section in sections:
            place = place.setdefault(section, {})
            if not isinstance(place, dict):
                raise SettingsError(f"{section} is no section", field="--set", remedy="see docs/settings.md")
        place[name] = _value(value)
    return flags


def lake_of(lake: str | None, profile: str | None = None) -> ObjectLake:
    """The lake that the command line names, or that the settings do where it names none."""
    return open_lake(settings.load(to_flags(lake=lake, profile=profile)).lake)


def _value(text: str) -> Any:
    """Numbers, lists, true, false and null as in JSON; anything else is text."""
    try:
        return json.loads(text)
    except ValueError:
        return text
