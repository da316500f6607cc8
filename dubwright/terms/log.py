"""What people decided on a series' glossary, as series facts in the lake: `series/series=S/glossary/<version>.parquet`.

An entry says all of one term, by its source, or that it is dropped; none is ever changed, later ones stand above earlier
ones and above the `series.yaml`. A plan reads them, so that a changed entry makes exactly those episodes and languages
wanted again in which its term occurs. Speech is recognized with the names of the `series.yaml` alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from dubwright.errors import UnreadableError
from dubwright.lake import Lake
from dubwright.lake.layout import SeriesKey
from dubwright.series.facts import SeriesFacts, Term

FACT = "glossary"


@dataclass(frozen=True, slots=True)
class Entry:
    """A decision about one term: how it stands from now on, or (`dropped`) that it is none."""

    term: Term
    dropped: bool = False
    editor: str = ""


@dataclass(frozen=True, slots=True)
class Log:
    """A series' entries, oldest first, up to a version of them (0: there is none)."""

    entries: tuple[Entry, ...] = ()
    version: int = 0


def applied(facts: SeriesFacts, entries: Sequence[Entry]) -> SeriesFacts:
    """The facts with what was decided: terms changed in their place, new ones behind, dropped ones left out. How a term is
    said stands in the `series.yaml` alone."""
    if not entries:
        return facts
    terms = {term.source: term for term in facts.glossary}
    for entry in entries:
        if entry.dropped:
            terms.pop(entry.term.source, None)
        else:
            known = terms.get(entry.term.source)
            said = {"pronunciations": known.pronunciations} if known and known.pronunciations else {}
            terms[entry.term.source] = entry.term.model_copy(update=said) if said else entry.term
    return facts.model_copy(update={"glossary": tuple(terms.values())})


def log(lake: Lake, series: str, keys: Sequence[SeriesKey] | None = None) -> Log:
    """What was decided, or what of it stands under these keys. Raises `StoreError`, `UnreadableError`."""
    keys = lake.series_facts(series, FACT) if keys is None else keys
    found = zip(keys, lake.each_series_fact(keys), strict=True)
    entries = tuple(_entry(row, lake, key) for key, rows in found for row in rows)
    return Log(entries, max((key.version for key in keys), default=0))


def decide(lake: Lake, series: str, entries: Sequence[Entry]) -> SeriesKey:
    """Append entries as one version, all or none; its key."""
    while True:
        version = max((key.version for key in lake.series_facts(series, FACT)), default=0)
        if append(lake, series, entries, after=version):
            return SeriesKey(series, FACT, version + 1)


def append(lake: Lake, series: str, entries: Iterable[Entry], *, after: int) -> bool:
    """Append entries that were made in the knowledge of all up to version `after`; False if there are newer ones."""
    return lake.add_series_fact(SeriesKey(series, FACT, after + 1), [_row(entry) for entry in entries])


def _row(entry: Entry) -> dict[str, Any]:
    term = entry.term
    return {
        "source": term.source,
        "renderings": [{"language": tag, "text": text} for tag, text in sorted(term.renderings.items())],
        "aliases": list(term.aliases),
        "kind": term.kind,
        "sex": term.sex,
        "status": term.status,
        "notes": term.notes,
        "dropped": entry.dropped,
        "editor": entry.editor,
    }


def _entry(row: Mapping[str, Any], lake: Lake, key: SeriesKey) -> Entry:
    try:
        term = Term(
            source=row["source"],
            renderings={each["language"]: each["text"] for each in row["renderings"] or ()},
            aliases=tuple(row["aliases"] or ()),
            kind=row["kind"] or "term",
            sex=row["sex"] or "unknown",
            status=row["status"] or "approved",
            notes=row["notes"] or "",
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise UnreadableError(
            f"{first['loc'][0]}: {first['msg']}", where=lake.uri, field=str(key), remedy="remove this object"
        ) from error
    return Entry(term, bool(row["dropped"]), row["editor"] or "")
