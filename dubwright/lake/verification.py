"""Verification: whether every object of a lake is what its key says, and everything referred to is there.

Reads every unit and every compacted file, and of blobs only that they exist; `deep` also their content, and compacted
rows one by one. What seems to be gone is asked for once more: others commit and collect while this one looks.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dubwright.errors import KeyMissingError, UnreadableError
from dubwright.fingerprint import fingerprint
from dubwright.lake import census, layout, reading, references, schemas
from dubwright.lake.census import Holdings
from dubwright.lake.lake import Lake
from dubwright.lake.layout import UnitKey
from dubwright.lake.references import Digests
from dubwright.lake.spreading import spread

AGAIN = "remove this object and run `dubwright localize` again: the unit is computed anew"
COMPACT = "run `dubwright lake compact`: the file is written anew"
STRAY = "remove it, if nobody put it there on purpose: dubwright neither reads nor collects it"
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with an object: its key, the problem in a sentence, what to do."""

    key: str
    problem: str
    remedy: str


@dataclass(slots=True)
class Verified:
    """How much was looked at."""

    units: int = 0
    compacted: int = 0
    blobs: int = 0


@dataclass(frozen=True, slots=True)
class _Looked:
    """What a look at one unit gave: findings, the blobs it refers to, how many rows it has (None: not to be read)."""

    key: UnitKey
    findings: list[Finding] = field(default_factory=list)
    blobs: frozenset[str] = frozenset()
    rows: int | None = None


def verify(lake: Lake, tell: Callable[[Finding], None], *, series: str | None = None, deep: bool = False) -> Verified:
    """Look at the whole lake, or at one series; `tell` hears of all that is wrong. Raises `StoreError`.

    Objects that are outside the layout are found only where the whole lake is looked at.
    """
    look = _Look(lake, tell, deep, Verified())
    there = look.objects() if series is None else None
    for holdings in census.by_series(lake, series):
        look.series(holdings, there)
    return look.done


@dataclass(frozen=True, slots=True)
class _Look:
    lake: Lake
    tell: Callable[[Finding], None]
    deep: bool
    done: Verified

    def objects(self) -> Digests:
        """Go through every key: tell of strays, and gather the blobs that are there, sound ones if it is a deep look."""
        there = Digests()

        def blobs() -> Iterator[str]:
            for found in self.lake.store.list():
                if layout.is_blob(found.key):
                    yield found.key
                elif not layout.known(found.key):
                    self.tell(Finding(found.key, "outside the lake's layout", STRAY))

        for key, findings in spread(self._blob, blobs()):
            there.add(key)
            self.done.blobs += 1
            self._tell_all(findings)
        return there

    def _blob(self, key: str) -> tuple[str, list[Finding]]:
        if not self.deep:
            return key, []
        content = hashlib.sha256()
        try:
            with self.lake.store.open(key) as file:
                while chunk := file.read(CHUNK_BYTES):
                    content.update(chunk)
        except KeyMissingError:
            return key, []
        if content.hexdigest() == key.rpartition("/")[2].partition(".")[0]:
            return key, []
        remedy = "remove it, then verify again: the units that refer to it are named, and can be computed anew"
        return key, [Finding(key, "its content is not what its name says", remedy)]

    def series(self, holdings: Holdings, there: Digests | None) -> None:
        """Look at a series' units, at what they refer to and at the compacted files."""
        keys = {str(unit.key) for unit in holdings.units}
        looked = list(spread(lambda unit: self._unit(unit.key, keys), holdings.units))
        self.done.units += len(looked)
        missing = self._missing({blob for each in looked for blob in each.blobs}, there)
        for each in looked:
            self._tell_all(each.findings)
            for blob in sorted(each.blobs & missing):
                self.tell(Finding(str(each.key), f"refers to a blob that is gone: {blob}", AGAIN))
        self._compacted(holdings, {each.key: each.rows for each in looked if each.rows is not None})

    def _missing(self, blobs: set[str], there: Digests | None) -> set[str]:
        ordered = sorted(blob for blob in blobs if there is None or blob not in there)
        exist = spread(self.lake.store.exists, ordered)
        missing = {blob for blob, found in zip(ordered, exist, strict=True) if not found}
        if there is not None:
            return missing
        if self.deep:
            for _, findings in spread(self._blob, sorted(blobs - missing)):
                self._tell_all(findings)
        self.done.blobs += len(blobs)
        return missing

    # Units -------------------------------------------------------------------------------------------

    def _unit(self, key: UnitKey, keys: set[str]) -> _Looked:
        try:
            table = reading.table(self.lake, str(key))
            about = reading.said(table.schema)
            problems = [
                *_schema_problems(key, table, about),
                *_column_problems(key, table),
                *_recipe_problems(key, about),
                *self._upstream_problems(key, about, keys),
            ]
            blobs = frozenset(references.blobs_in(key.table, table))
        except KeyMissingError:
            # Collected since it was listed.
            return _Looked(key)
        except UnreadableError as error:
            return _Looked(key, [Finding(str(key), error.problem, AGAIN)])
        except (ValueError, KeyError, pa.ArrowException) as error:
            # A column that is there twice, numbers that are none: nothing that a commit writes.
            return _Looked(key, [Finding(str(key), f"not a file of ours: {error}", AGAIN)])
        findings = [Finding(str(key), problem, AGAIN) for problem in problems]
        return _Looked(key, findings, blobs, len(table))

    def _upstream_problems(self, key: UnitKey, about: Mapping[str, Any], keys: set[str]) -> Iterator[str]:
        upstream = about.get("upstream", {})
        for each in map(str, upstream.values()) if isinstance(upstream, dict) else ():
            # A corrected unit reads the one before the correction only where that is committed.
            if each in keys or each.startswith(f"{key.table}/"):
                continue
            if layout.parse_unit(each) is None or not self.lake.store.exists(each):
                yield f"was made from a unit that is gone: {each}"

    def _tell_all(self, findings: list[Finding]) -> None:
        for finding in findings:
            self.tell(finding)

    # Compacted files ---------------------------------------------------------------------------------

    def _compacted(self, holdings: Holdings, rows: Mapping[UnitKey, int]) -> None:
        for table, language in holdings.partitions():
            key = layout.compacted(table, language, holdings.series)
            try:
                names = schemas.TABLES[table].names if self.deep else ["episode", "fingerprint"]
                file = reading.columns(self.lake, key, names)
                units = reading.about(self.lake, key).get("units")
            except KeyMissingError:
                continue
            except UnreadableError as error:
                self.tell(Finding(key, error.problem, COMPACT))
                continue
            self.done.compacted += 1
            if not isinstance(units, dict) or not {"episode", "fingerprint"} <= set(file.column_names):
                self.tell(Finding(key, "does not say which units it holds", COMPACT))
                continue
            held = {UnitKey(table, holdings.series, episode, language, str(units[episode])) for episode in units}
            for problem in self._compacted_problems(file, held, rows):
                self.tell(Finding(key, problem, COMPACT))

    def _compacted_problems(self, file: pa.Table, held: set[UnitKey], rows: Mapping[UnitKey, int]) -> Iterator[str]:
        pairs = zip(file["episode"].to_pylist(), file["fingerprint"].to_pylist(), strict=True)
        counts = Counter(pairs)
        for episode, mark in counts.keys() - {(unit.episode, unit.fingerprint) for unit in held}:
            yield f"has rows of {episode} {mark} that it does not claim to hold"
        # A unit that it holds and that was collected since is no fault: the file is only behind.
        for unit in held & rows.keys():
            found = counts[unit.episode, unit.fingerprint]
            if found != rows[unit]:
                yield f"has {found} rows of {unit.episode} {unit.fingerprint}, the unit has {rows[unit]}"
            elif self.deep and not self._same(file, unit):
                yield f"rows of {unit.episode} {unit.fingerprint} differ from the unit's"

    def _same(self, file: pa.Table, unit: UnitKey) -> bool:
        try:
            rows = schemas.conform(unit.table, reading.table(self.lake, str(unit))).sort_by("segment")
        except (KeyMissingError, UnreadableError, pa.ArrowException):
            return True
        # Episodes with the same video have the same fingerprints.
        of_unit = pc.and_(pc.equal(file["episode"], unit.episode), pc.equal(file["fingerprint"], unit.fingerprint))
        copy = file.filter(of_unit).select(rows.column_names)
        # As text: a number that is none equals nothing, not even itself.
        return repr(copy.to_pylist()) == repr(rows.to_pylist())


def _schema_problems(key: UnitKey, table: pa.Table, about: Mapping[str, Any]) -> Iterator[str]:
    schema, version = schemas.TABLES[key.table], about.get("schema_version")
    if not isinstance(version, int) or not 1 <= version <= schemas.VERSION:
        yield f"its schema's version is {version!r}; this program knows 1 to {schemas.VERSION}"
        return
    unknown = set(table.column_names) - set(schema.names)
    if unknown:
        yield f"has columns that its table has not: {', '.join(sorted(unknown))}"
    missing = set(schema.names) - set(table.column_names)
    if missing and version == schemas.VERSION:
        yield f"lacks columns: {', '.join(sorted(missing))}"
    try:
        rows = schemas.conform(key.table, table)
        rows.validate(full=True)
    except pa.ArrowException as error:
        yield f"does not fit its table: {str(error).splitlines()[0]}"
        return
    for column in schema:
        if not column.nullable and column.name not in missing and rows[column.name].null_count:
            yield f"a required value is missing in {column.name}"


def _column_problems(key: UnitKey, table: pa.Table) -> Iterator[str]:
    said = {"series": key.series, "episode": key.episode, "fingerprint": key.fingerprint, "language": key.language}
    for name, value in said.items():
        if value is None or name not in table.column_names:
            continue
        others = [each for each in table[name].unique().to_pylist() if each != value]
        if others:
            yield f"{name} is {others[0]!r} in its rows and {value!r} in its key"


def _recipe_problems(key: UnitKey, about: Mapping[str, Any]) -> Iterator[str]:
    recipe = about.get("recipe")
    if not isinstance(recipe, dict):
        yield "does not say what decided it: no recipe in its metadata"
        return
    digest = fingerprint(recipe)
    if digest != key.fingerprint:
        yield f"the digest of its recipe is {digest}, not its fingerprint"
