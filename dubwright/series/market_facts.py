"""What people decided that a series wants otherwise than its markets do, as series facts in the lake.

`series/series=S/market/<version>.parquet`: an entry says all of one language, or that the series.yaml counts again; none is
ever changed, later ones stand above earlier ones and above the `series.yaml`. A plan reads them, so that a changed entry
makes exactly the translations into its language wanted again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from dubwright import languages
from dubwright.errors import EditConflictError, SettingsError, UnreadableError
from dubwright.fingerprint import fingerprint
from dubwright.lake import Lake
from dubwright.lake.layout import SeriesKey
from dubwright.market import Overrides
from dubwright.series.facts import SeriesFacts

FACT = "market"
_NAMED = ("relations", "address", "idioms", "severity")
_OVERRIDES = TypeAdapter(Overrides)
# More of a kind, or longer, is no setting but an accident.
MOST, LONGEST = 200, 500


@dataclass(frozen=True, slots=True)
class Entry:
    """What a series wants otherwise in a language from now on; None: what its series.yaml says."""

    language: str
    overrides: Overrides | None
    editor: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Log:
    """A series' entries, oldest first, up to a version of them (0: there is none)."""

    entries: tuple[Entry, ...] = ()
    version: int = 0

    def last(self, language: str) -> Entry | None:
        """The last word on a language."""
        return next((entry for entry in reversed(self.entries) if entry.language == language), None)


def applied(facts: SeriesFacts, entries: Iterable[Entry]) -> SeriesFacts:
    """The facts with what was decided."""
    decided = {entry.language: entry.overrides for entry in entries}
    market = {**facts.market, **{language: wanted for language, wanted in decided.items() if wanted is not None}}
    for language in decided:
        # Nothing otherwise is no setting, unless it stands above one of the language without its region.
        base = languages.base(language)
        if market.get(language) == Overrides() and (base == language or base not in market):
            del market[language]
    return facts if market == facts.market else facts.model_copy(update={"market": market})


def parsed(content: Any, where: str) -> Overrides:
    """What somebody wrote, as in the `market` of a series.yaml. Raises `SettingsError` that names the field."""
    try:
        wanted = _OVERRIDES.validate_python(content)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise SettingsError(first["msg"], where=where, field=field, remedy="see docs/markets.md") from error
    for field, found in _columns(wanted).items():
        if len(found) > MOST or any(len(text) > LONGEST for text in _texts(found)):
            remedy = f"give up to {MOST}, each of up to {LONGEST} characters"
            raise SettingsError("is too long", where=where, field=field, remedy=remedy)
        if not all(text.strip() for text in _texts(found)):
            raise SettingsError("has an empty text", where=where, field=field, remedy="leave it out")
    return wanted


def digest(wanted: Overrides | None) -> str:
    """What tells two apart: by it somebody says what they saw. Nothing, and nothing otherwise, are the same."""
    return fingerprint(_columns(wanted or Overrides()))


# The lake ---------------------------------------------------------------------------------------------


def log(lake: Lake, series: str, keys: Sequence[SeriesKey] | None = None) -> Log:
    """What was decided, or what of it stands under these keys. Raises `StoreError`, `UnreadableError`."""
    keys = lake.series_facts(series, FACT) if keys is None else keys
    found = zip(keys, lake.each_series_fact(keys), strict=True)
    entries = tuple(_entry(row, lake, key) for key, rows in found for row in rows)
    return Log(entries, max((key.version for key in keys), default=0))


def decide(lake: Lake, series: str, entry: Entry, facts: SeriesFacts, seen: str | None = None) -> None:
    """Append a decision. `seen` is the digest of what the editor saw that the series wants there; None: whatever it was.

    `facts` are what the series.yaml says. Raises `EditConflictError` if somebody decided otherwise since.
    """
    while True:
        before = log(lake, series)
        if seen is not None and digest(applied(facts, before.entries).market.get(entry.language)) != seen:
            last = before.last(entry.language)
            raise EditConflictError(
                f"{last.editor} changed it meanwhile" if last else "its series.yaml changed meanwhile",
                where=series,
                field=entry.language,
                remedy="look at it again, then decide",
                editor=last.editor if last else None,
                at=last.at if last else None,
            )
        if lake.add_series_fact(SeriesKey(series, FACT, before.version + 1), [_row(entry)]):
            return


def _columns(wanted: Overrides) -> dict[str, list[Any]]:
    named = {
        field: [{"name": name, "text": text} for name, text in sorted(getattr(wanted, field).items())]
        for field in _NAMED
    }
    sensitive = [{"name": name, "words": list(words)} for name, words in sorted(wanted.sensitive.items())]
    return {"guidance": list(wanted.guidance), **named, "sensitive": sensitive}


def _texts(found: Iterable[Any]) -> Iterable[str]:
    for each in found:
        if isinstance(each, str):
            yield each
        else:
            yield from (each["name"], *each.get("words", ()), *([each["text"]] if "text" in each else ()))


def _row(entry: Entry) -> dict[str, Any]:
    taken_back = entry.overrides is None
    columns = _columns(entry.overrides or Overrides())
    return {"language": entry.language, "taken_back": taken_back, "editor": entry.editor, **columns}


def _entry(row: Mapping[str, Any], lake: Lake, key: SeriesKey) -> Entry:
    wanted: Overrides | None = None
    if not row["taken_back"]:
        content = {field: {each["name"]: each["text"] for each in row[field] or ()} for field in _NAMED}
        sensitive = {each["name"]: each["words"] for each in row["sensitive"] or ()}
        try:
            wanted = _OVERRIDES.validate_python({**content, "guidance": row["guidance"] or (), "sensitive": sensitive})
        except ValidationError as error:
            first = error.errors()[0]
            raise UnreadableError(
                f"{first['loc'][0]}: {first['msg']}", where=lake.uri, field=str(key), remedy="remove this object"
            ) from error
    return Entry(row["language"], wanted, row["editor"] or "", row["created_at"])
