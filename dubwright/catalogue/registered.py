"""Catalogues registered in the lake by name, so that flows and people need not know where they lie.

What is known of one is written down in versions, like people's edits: none is ever changed, the last one counts, and
that a catalogue was taken out is a version too.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dubwright import languages, sources
from dubwright.errors import CatalogError
from dubwright.lake import Lake
from dubwright.lake.layout import CatalogKey, catalog_prefix, parse_catalog
from dubwright.settings import Priority

# Before a name where a source is asked for; alone, it is all of them.
PREFIX = "lake:"
PRIORITIES: tuple[str, ...] = get_args(Priority)
_NAME = re.compile(r"\w[\w.-]{0,63}")


class Registered(BaseModel):
    """A catalogue by name: where it lies, the languages it is wanted in unless others are named, how urgent it is."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    source: str
    to: tuple[str, ...] = ()
    priority: Priority = "normal"
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    removed: bool = False

    @property
    def address(self) -> str:
        """What stands for it where a source is asked for."""
        return PREFIX + self.name


def new(name: str, source: str, to: Iterable[str] = (), priority: str = "normal") -> Registered:
    """An entry that is sound but not registered yet; its source means the same in every working folder.

    Raises `CatalogError` for a name, source or priority that cannot be, `SettingsError` for an address that is none,
    `LanguageError` for an unknown language.
    """
    name = _normal(name)
    if not _NAME.fullmatch(name):
        raise CatalogError(
            f"{name[:100]!r} is no name for a catalogue",
            field="NAME",
            remedy="use letters, digits, '.', '_' and '-', at most 64",
        )
    if source.startswith(PREFIX):
        raise CatalogError("is registered itself", where=source, field="SOURCE", remedy="name a folder or an address")
    if priority not in PRIORITIES:
        raise CatalogError(
            f"{priority!r} is no priority", field="priority", remedy=f"use one of {', '.join(PRIORITIES)}"
        )
    if place := sources.split(source):
        place.connect()
    tags = tuple(dict.fromkeys(languages.parse(tag) for tag in to))
    return Registered.model_validate(
        {"name": name, "source": sources.absolute(source), "to": tags, "priority": priority}
    )


def add(lake: Lake, entry: Registered) -> Registered:
    """Register a catalogue, or change what is registered under its name; the entry that now counts."""
    newest = _newest(lake, entry.name).get(entry.name)
    # An entry that cannot be read is replaced like any other.
    with suppress(CatalogError):
        if newest and (known := _read(lake, newest)) == entry.model_copy(update={"at": known.at}):
            return known
    version = newest.version if newest else 0
    body = entry.model_dump_json(indent=1).encode()
    # Of two that write at once one takes the next number.
    while not lake.store.put_if_absent(str(CatalogKey(entry.name, version := version + 1)), body):
        continue
    return entry


def remove(lake: Lake, name: str) -> None:
    """Take a catalogue out; what was localized of it stays. Raises `CatalogError` if none has this name."""
    try:
        entry = _current(lake, name)
    except CatalogError:
        # What cannot be read can still be taken out.
        entry = Registered(name=_normal(name), source="")
    if entry is None:
        raise _none(lake, name)
    add(lake, entry.model_copy(update={"removed": True, "at": datetime.now(UTC)}))


def get(lake: Lake, name: str) -> Registered:
    """The catalogue registered under a name. Raises `CatalogError` if there is none or its entry cannot be read."""
    entry = _current(lake, name)
    if entry is None:
        raise _none(lake, name)
    return entry


def languages_of(source: str, lake: Lake) -> tuple[str, ...]:
    """The languages that a registered source is wanted in, for runs that name none.

    Raises `CatalogError` for a source that is not registered, was registered without languages, or stands for several
    catalogues that are wanted in different ones.
    """
    name = source.removeprefix(PREFIX)
    found = [] if name == source else [get(lake, name)] if name else entries(lake)
    wanted = {tuple(sorted(entry.to)) for entry in found} or {()}
    if len(wanted) != 1 or () in wanted:
        problem = "its catalogues are wanted in different languages" if len(wanted) > 1 else "none is registered"
        raise CatalogError(
            f"no language is named, and {problem}",
            where=source,
            field="to",
            remedy="name the languages: --to en,es, or register them: dubwright catalog add NAME SOURCE --to en,es",
        )
    return found[0].to


def every_language(lake: Lake) -> tuple[str, ...]:
    """The languages that any registered catalogue is wanted in. Raises `CatalogError` for an entry that cannot be read."""
    return tuple(dict.fromkeys(tag for entry in entries(lake) for tag in entry.to))


def entries(lake: Lake) -> list[Registered]:
    """Every registered catalogue, by name. Raises `CatalogError` for an entry that cannot be read."""
    found = [_read(lake, key) for _, key in sorted(_newest(lake).items())]
    return [entry for entry in found if not entry.removed]


def _current(lake: Lake, name: str) -> Registered | None:
    newest = _newest(lake, _normal(name)).get(_normal(name))
    entry = _read(lake, newest) if newest else None
    return None if entry is None or entry.removed else entry


def _none(lake: Lake, name: str) -> CatalogError:
    known = sorted(_newest(lake))
    return CatalogError(
        f"no catalogue is registered as {name[:100]!r}",
        where=lake.uri,
        field="NAME",
        remedy=f"there have been: {', '.join(known[:10])}" if known else "dubwright catalog add NAME SOURCE",
    )


def _normal(name: str) -> str:
    return unicodedata.normalize("NFC", name.strip())


def _newest(lake: Lake, name: str | None = None) -> dict[str, CatalogKey]:
    found = (parse_catalog(each.key) for each in lake.store.list(catalog_prefix(name)))
    newest: dict[str, CatalogKey] = {}
    for key in found:
        if key and (key.name not in newest or newest[key.name].version < key.version):
            newest[key.name] = key
    return newest


def _read(lake: Lake, key: CatalogKey) -> Registered:
    try:
        # The key says which catalogue it is, whatever stands inside.
        return Registered.model_validate_json(lake.store.read(str(key))).model_copy(update={"name": key.name})
    except ValidationError as error:
        first = error.errors()[0]
        raise CatalogError(
            first["msg"],
            where=f"{lake.uri}/{key}",
            field=".".join(map(str, first["loc"])) or None,
            remedy=f"register it again: dubwright catalog add {key.name} SOURCE",
        ) from error
