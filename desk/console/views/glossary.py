"""A series' fixed renderings, and what a change of them would redo."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from pydantic import BaseModel, Field, ValidationError

from desk.console.state import State
from desk.console.views.touched import Touched
from dubwright.errors import CatalogError, SettingsError
from dubwright.order import natural
from dubwright.planning import reach
from dubwright.series import cast as casts
from dubwright.series.cast import Cast
from dubwright.series.facts import SeriesFacts, Term
from dubwright.terms import log
from dubwright.terms.log import Entry

NAMED = Field(min_length=1, max_length=200)


class GlossaryTerm(BaseModel):
    """A term, who decided on it, and the episodes in which it occurs."""

    source: str
    aliases: list[str]
    renderings: dict[str, str]
    kind: str
    status: str
    notes: str
    editor: str
    episodes: list[str]


class Verdict(BaseModel):
    """Terms to approve or to drop. With `ask` nothing is changed: only what would be redone is told."""

    terms: list[str] = Field(min_length=1, max_length=1000)
    decide: Literal["approve", "drop"]
    ask: bool = False

    def told(self) -> str:
        """What is decided on which terms."""
        return f"{self.decide}: {', '.join(self.terms)}"


class Rendering(BaseModel):
    """How a term, known or new, is rendered in some languages from now on; an empty text takes a rendering away."""

    source: str = NAMED
    renderings: dict[str, str] = Field(min_length=1, max_length=40)
    ask: bool = False

    def told(self) -> str:
        """Which term in which languages."""
        return f"{self.source} in {', '.join(self.renderings)}"


def terms(console: State, series: str, facts: SeriesFacts, cast: Cast) -> list[GlossaryTerm]:
    """The glossary: what the series.yaml says, `facts`, and what was decided above it; `cast` knows what episodes hold."""
    entries = log.log(console.lake, series).entries
    editors = {entry.term.source: entry.editor for entry in entries}
    said = {episode: cast.said.get((episode, mark)) for episode, mark in cast.newest.items()}
    return [
        GlossaryTerm(
            source=term.source,
            aliases=list(term.aliases),
            renderings=dict(term.renderings),
            kind=term.kind,
            status=term.status,
            notes=term.notes,
            editor=editors.get(term.source, "series.yaml"),
            episodes=sorted((one for one, text in said.items() if text and term.occurs_in(text)), key=natural),
        )
        for term in log.applied(facts, entries).glossary
    ]


def decide(console: State, series: str, verdict: Verdict, editor: str) -> Touched:
    """Approve or drop terms. Raises `CatalogError` for one that the glossary has not."""
    facts = _facts(console, series)
    chosen = list(_named(facts, verdict.terms))
    if verdict.decide == "drop":
        entries = [Entry(term, dropped=True, editor=editor) for term in chosen]
    else:
        entries = [Entry(term.model_copy(update={"status": "approved"}), editor=editor) for term in chosen]
    return _decided(console, series, facts, entries, ask=verdict.ask)


def render(console: State, series: str, rendering: Rendering, editor: str) -> Touched:
    """Fix how a term is rendered. Raises `SettingsError` for what is no language or no text."""
    facts, source = _facts(console, series), casts.normal(rendering.source)
    known = {term.source: term for term in facts.glossary}.get(source)
    said = dict(known.renderings) if known else {}
    said |= {language: text.strip() for language, text in rendering.renderings.items()}
    fields = (known.model_dump() if known else {"source": source}) | {
        "renderings": {language: text for language, text in said.items() if text},
        "status": "approved",
    }
    try:
        entry = Entry(Term.model_validate(fields), editor=editor)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise SettingsError(first["msg"], where=source, field=field, remedy="correct what you gave") from error
    return _decided(console, series, facts, [entry], ask=rendering.ask)


def _facts(console: State, series: str) -> SeriesFacts:
    return log.applied(console.facts(series), log.log(console.lake, series).entries)


def _named(facts: SeriesFacts, names: Iterable[str]) -> Iterable[Term]:
    there = {term.source: term for term in facts.glossary}
    for name in names:
        term = there.get(casts.normal(name))
        if term is None:
            raise CatalogError("the glossary has no such term", field=name[:80], remedy="load the page again")
        yield term


def _decided(console: State, series: str, before: SeriesFacts, entries: Sequence[Entry], *, ask: bool) -> Touched:
    outdated = reach.of_facts(console.lake, series, before, log.applied(before, entries))
    if not ask:
        log.decide(console.lake, series, entries)
        console.inspection.forget(series)
    return Touched(changed=not ask, outdated=outdated, stages=reach.stages_from("translate"))
