"""`dubwright catalog`: name catalogues once in the lake, so that runs and schedules name no folder."""

from __future__ import annotations

from typing import Annotated

import typer

from desk import show
from desk.options import Json, Lake, Profile, Source, lake_of, split_languages
from dubwright.catalogue import catalog, registered
from dubwright.catalogue.registered import PRIORITIES

app = typer.Typer(
    help="Catalogues registered in the lake: add, list, remove. A run names one `lake:NAME`, or all of them `lake:`.",
    no_args_is_help=True,
)
Name = Annotated[str, typer.Argument(metavar="NAME", help="Letters, digits, '.', '_' and '-'.")]


@app.command()
def add(
    name: Name,
    source: Source,
    to: Annotated[str | None, typer.Option(help="Languages it is wanted in unless a run names others: en,es.")] = None,
    priority: Annotated[str, typer.Option(help=f"How urgent it is: {', '.join(PRIORITIES)}.")] = "normal",
    lake: Lake = None,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Register a catalogue under a name, or change what is registered under it. Looks at the source once."""
    show.as_json = as_json
    store = lake_of(lake, profile)
    entry = registered.new(name, source, split_languages(to) if to else (), priority)
    works = catalog.load(entry.source)
    show.catalogue(registered.add(store, entry), works)


@app.command("list")
def list_all(lake: Lake = None, profile: Profile = None, as_json: Json = False) -> None:
    """List the registered catalogues: where they lie, the languages they are wanted in, how urgent they are."""
    show.as_json = as_json
    store = lake_of(lake, profile)
    show.catalogues(registered.entries(store), store)


@app.command()
def remove(name: Name, lake: Lake = None, profile: Profile = None, as_json: Json = False) -> None:
    """Take a catalogue out of the lake's list. What was localized of it stays."""
    show.as_json = as_json
    store = lake_of(lake, profile)
    registered.remove(store, name)
    show.catalogues(registered.entries(store), store)
