"""`dubwright market`: what a series wants otherwise than the markets of its languages do."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from desk import show
from desk.cast import Editor, Series, editor_of, facts_of, known_as
from desk.options import Json, Profile, lake_of
from desk.options import Lake as LakeOption
from dubwright import languages
from dubwright.errors import SettingsError
from dubwright.lake import Lake
from dubwright.market import Overrides
from dubwright.planning import reach
from dubwright.series import market_facts
from dubwright.series.facts import MAX_BYTES, SeriesFacts
from dubwright.series.market_facts import Entry

app = typer.Typer(
    help="What a series wants otherwise than the markets of its languages: list, set, reset. A change redoes that language.",
    no_args_is_help=True,
)
To = Annotated[str, typer.Option("--to", metavar="LANGUAGE", help="The language: es.")]
Source = Annotated[
    str | None,
    typer.Option("--source", help="The catalogue that the series is in: what its series.yaml says counts too."),
]


@app.command("list")
def list_all(
    series: Series, source: Source = None, lake: LakeOption = None, profile: Profile = None, as_json: Json = False
) -> None:
    """List what a series wants otherwise, by language."""
    show.as_json = as_json
    store = lake_of(lake, profile)
    _show(
        series, market_facts.applied(facts_of(store, series, source), market_facts.log(store, known_as(series)).entries)
    )


@app.command("set")
def set_market(
    series: Series,
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="YAML or JSON: what stands below a language in a series.yaml's `market`."),
    ],
    to: To,
    source: Source = None,
    editor: Editor = None,
    lake: LakeOption = None,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Have a series want all that a file says in a language, and nothing else otherwise."""
    show.as_json = as_json
    wanted = market_facts.parsed(_content(file), str(file))
    _decide(lake_of(lake, profile), series, source, Entry(languages.parse(to), wanted, editor_of(editor)))


@app.command()
def reset(
    series: Series,
    to: To,
    source: Source = None,
    editor: Editor = None,
    lake: LakeOption = None,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Have what the series.yaml says count again in a language."""
    show.as_json = as_json
    _decide(lake_of(lake, profile), series, source, Entry(languages.parse(to), None, editor_of(editor)))


def _content(file: Path) -> Any:
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise SettingsError(f"larger than {MAX_BYTES} bytes", where=str(file), remedy="is this the right file?")
        return yaml.safe_load(content.decode("utf-8")) or {}
    except OSError as error:
        raise SettingsError(error.strerror or str(error), where=str(file), field="FILE") from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise SettingsError(f"not YAML: {error}", where=str(file), remedy="correct the line") from error


def _decide(store: Lake, series: str, source: str | None, entry: Entry) -> None:
    name, facts = known_as(series), facts_of(store, series, source)
    before = market_facts.applied(facts, market_facts.log(store, name).entries)
    market_facts.decide(store, name, entry, facts)
    after = market_facts.applied(facts, market_facts.log(store, name).entries)
    _show(series, after, reach.of_facts(store, name, before, after))


def _show(series: str, facts: SeriesFacts, outdated: dict[str, list[str]] | None = None) -> None:
    if show.as_json:
        wanted = {language: asdict(overrides) for language, overrides in sorted(facts.market.items())}
        show.print_json({"series": series, "market": wanted, "outdated": outdated or {}})
        return
    table = show.new_table(f"What {series} wants otherwise", "language", "what", "how")
    for language, overrides in sorted(facts.market.items()):
        for what in Overrides.__dataclass_fields__:
            if said := getattr(overrides, what):
                text = (
                    "; ".join(f"{name}: {_told(how)}" for name, how in said.items())
                    if what != "guidance"
                    else " ".join(said)
                )
                table.add_row(*show.cells(language, what, text))
    show.console.print(table)
    for language, episodes in (outdated or {}).items():
        names = ", ".join(episodes)
        show.console.print(show.escape(f"{language}: finished under other settings, will be redone: {names}"))


def _told(how: str | tuple[str, ...]) -> str:
    return how if isinstance(how, str) else ", ".join(how)
