"""`dubwright glossary`: a series' fixed renderings: list, set, approve, drop, propose, and exchange with other tools."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from desk import show
from desk.cast import Editor, Series, editor_of, facts_of, known_as
from desk.options import Json, Profile, lake_of, split_languages
from desk.options import Lake as LakeOption
from dubwright.errors import CatalogError, SettingsError
from dubwright.lake import Lake
from dubwright.planning import reach
from dubwright.series import cast as casts
from dubwright.series.facts import SeriesFacts, Term
from dubwright.terms import log
from dubwright.terms.log import Entry

app = typer.Typer(
    help="Fixed renderings of a series' names and forms of address. A change redoes the episodes where the term occurs.",
    no_args_is_help=True,
)
Source = Annotated[
    str | None,
    typer.Option("--source", help="The catalogue that the series is in: terms of its series.yaml count too."),
]
Terms = Annotated[list[str] | None, typer.Argument(metavar="TERM…", help="Terms, as the source language has them.")]


@app.command("list")
def list_all(
    series: Series, source: Source = None, lake: LakeOption = None, profile: Profile = None, as_json: Json = False
) -> None:
    """List the terms: renderings, status, and the episodes in which each occurs."""
    show.as_json = as_json
    store = lake_of(lake, profile)
    _show(store, series, _facts(store, series, source))


@app.command("set")
def set_term(
    series: Series,
    term: Annotated[str, typer.Argument(metavar="TERM", help="The term, as the source language has it.")],
    rendering: Annotated[
        list[str], typer.Option("--to", metavar="LANGUAGE=TEXT", help="A rendering; may be repeated.")
    ],
    alias: Annotated[list[str] | None, typer.Option(help="Another name with the same rendering.")] = None,
    kind: Annotated[str | None, typer.Option(help="name, address, place, organisation, sect, rank or term.")] = None,
    sex: Annotated[str | None, typer.Option(help="Of a person: female or male.")] = None,
    notes: Annotated[str | None, typer.Option(help="For people.")] = None,
    source: Source = None,
    editor: Editor = None,
    lake: LakeOption = None,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Fix how a term is rendered, in the languages named; what it has otherwise stays."""
    show.as_json = as_json
    store = lake_of(lake, profile)
    facts = _facts(store, series, source)
    known = {each.source: each for each in facts.glossary}.get(casts.normal(term))
    said: dict[str, Any] = known.model_dump() if known else {"source": casts.normal(term)}
    said["renderings"] = {**said.get("renderings", {}), **dict(map(_rendering, rendering))}
    said |= {"aliases": tuple(alias)} if alias else {}
    said |= {name: value for name, value in (("kind", kind), ("sex", sex), ("notes", notes)) if value is not None}
    try:
        entry = Entry(Term.model_validate(said | {"status": "approved"}), editor=editor_of(editor))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise SettingsError(first["msg"], where=term, field=field, remedy="correct what you gave") from error
    _decide(store, series, facts, [entry])


@app.command()
def approve(
    series: Series,
    terms: Terms = None,
    every: Annotated[bool, typer.Option("--all", help="Every proposal.")] = False,
    source: Source = None,
    editor: Editor = None,
    lake: LakeOption = None,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Approve proposals: from now on they are applied."""
    show.as_json = as_json
    store = lake_of(lake, profile)
    facts = _facts(store, series, source)
    chosen = [each for each in facts.glossary if each.status == "proposed"] if every else _named(facts, terms or ())
    approved = [each.model_copy(update={"status": "approved"}) for each in chosen]
    _decide(store, series, facts, [Entry(each, editor=editor_of(editor)) for each in approved])


@app.command()
def drop(
    series: Series,
    terms: Terms,
    source: Source = None,
    editor: Editor = None,
    lake: LakeOption = None,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Take terms out of the glossary; they are not proposed again."""
    show.as_json = as_json
    store = lake_of(lake, profile)
    facts = _facts(store, series, source)
    gone = [Entry(each, dropped=True, editor=editor_of(editor)) for each in _named(facts, terms or ())]
    _decide(store, series, facts, gone)


@app.command()
def propose(
    series: Series,
    to: Annotated[str, typer.Option("--to", help="Languages to propose renderings in, with commas: en,es.")],
    source: Source = None,
    lake: LakeOption = None,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Look through the transcripts for names, titles and places that nobody has fixed, and propose them."""
    from dubwright.terms import proposals
    from dubwright.translate import lexicon

    show.as_json = as_json
    store = lake_of(lake, profile)
    facts = _facts(store, series, source)
    decided = {entry.term.source for entry in log.log(store, known_as(series)).entries}
    said = {episode: text for episode, text in _said(store, series).items() if text}
    if not said:
        raise CatalogError("no episode is transcribed and linked yet", where=series, remedy="see `dubwright status`")
    found = proposals.propose(said, facts, split_languages(to), lexicon.addresses())
    new = [Entry(each.term, editor="dubwright") for each in found if each.term.source not in decided]
    _decide(store, series, facts, new)


@app.command()
def export(
    series: Series,
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A .csv or .tbx file to write.")],
    source: Source = None,
    lake: LakeOption = None,
    profile: Profile = None,
) -> None:
    """Write the glossary to a spreadsheet (CSV) or a term base (TBX, ISO 30042)."""
    from dubwright.terms import exchange_csv, exchange_tbx

    kind, facts = _kind(path), _facts(lake_of(lake, profile), series, source)
    if kind == ".csv":
        path.write_bytes(exchange_csv.write(facts.glossary))
    else:
        path.write_bytes(exchange_tbx.write(facts.glossary, facts.language or "zh", series))
        for each in exchange_tbx.lost(facts.glossary, facts.language or "zh"):
            show.stderr.print(show.escape(each))
    show.console.print(show.escape(str(path)))


@app.command("import")
def import_file(
    series: Series,
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A .csv or .tbx file.")],
    source: Source = None,
    editor: Editor = None,
    lake: LakeOption = None,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Take terms over from a spreadsheet or a term base. If one row is wrong, none is taken, and all of them are named."""
    from dubwright.terms import exchange_csv, exchange_tbx

    show.as_json = as_json
    kind, store = _kind(path), lake_of(lake, profile)
    facts = _facts(store, series, source)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CatalogError(error.strerror or str(error), where=str(path), remedy="is this the right file?") from error
    name = str(path)
    read = (
        exchange_csv.read(content, name) if kind == ".csv" else exchange_tbx.read(content, name, facts.language or "zh")
    )
    for each in read.left_out:
        show.stderr.print(show.escape(each))
    if read.errors:
        for wrong in read.errors[1:]:
            show.error(wrong)
        raise read.errors[0]
    there = {each.source: each for each in facts.glossary}
    new = [Entry(each, editor=editor_of(editor)) for each in read.terms if there.get(each.source) != each]
    _decide(store, series, facts, new)


def _kind(path: Path) -> str:
    if path.suffix.lower() not in (".csv", ".tbx"):
        raise SettingsError(f"{path.name} is neither", field="FILE", remedy="let its name end in .csv or .tbx")
    return path.suffix.lower()


def _facts(store: Lake, series: str, source: str | None) -> SeriesFacts:
    """What is known of the series: what its catalogue says, if it is named, and what the lake says above it."""
    return log.applied(facts_of(store, series, source), log.log(store, known_as(series)).entries)


def _said(store: Lake, series: str) -> dict[str, str | None]:
    """What each linked episode's newest transcript holds."""
    cast = casts.read(store, known_as(series))
    return {episode: cast.said.get((episode, mark)) for episode, mark in cast.newest.items()}


def _rendering(given: str) -> tuple[str, str]:
    language, sign, text = given.partition("=")
    if not sign or not text.strip():
        raise SettingsError(f"{given!r} is no LANGUAGE=TEXT", field="--to", remedy="write it like en='Master Qin'")
    return language.strip(), text.strip()


def _named(facts: SeriesFacts, names: Sequence[str]) -> list[Term]:
    there = {term.source: term for term in facts.glossary}
    wrong = [name for name in names if casts.normal(name) not in there]
    if wrong or not names:
        raise CatalogError(
            f"the glossary has no {wrong[0]!r}" if wrong else "names no term",
            field="TERM",
            remedy=f"it has: {', '.join(list(there)[:20])}" if there else "its glossary is empty",
        )
    return [there[casts.normal(name)] for name in names]


def _decide(store: Lake, series: str, before: SeriesFacts, entries: Sequence[Entry]) -> None:
    """Append the decisions, and show the glossary and which finished episodes used an older version of it."""
    name, after = known_as(series), log.applied(before, entries)
    if entries:
        log.decide(store, name, entries)
    _show(store, series, after, reach.of_facts(store, name, before, after))


def _show(store: Lake, series: str, facts: SeriesFacts, outdated: dict[str, list[str]] | None = None) -> None:
    said = _said(store, series)
    rows = [
        (term, sorted(episode for episode, text in said.items() if text and term.occurs_in(text)))
        for term in facts.glossary
    ]
    if show.as_json:
        terms = [{**term.model_dump(mode="json"), "episodes": episodes} for term, episodes in rows]
        show.print_json({"series": series, "terms": terms, "outdated": outdated or {}})
        return
    table = show.new_table(f"Glossary of {series}", "term", "renderings", "kind", "status", "episodes", "notes")
    for term, episodes in rows:
        source = " | ".join((term.source, *term.aliases))
        renderings = "\n".join(f"{tag}: {text}" for tag, text in sorted(term.renderings.items()))
        table.add_row(*show.cells(source, renderings, term.kind, term.status, " ".join(episodes), term.notes))
    show.console.print(table)
    for language, episodes in (outdated or {}).items():
        names = ", ".join(episodes)
        show.console.print(show.escape(f"{language}: finished under an older version, will be redone: {names}"))
