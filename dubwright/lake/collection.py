"""Collection: what nothing needs any more is removed, after a grace period, and never under a run that may need it.

A unit goes when all of this holds: the catalogue's plan does not want it, a newer unit of its table, episode and
language was committed more than the grace period ago, and no unit that stays has read it. What was measured of a
deliverable goes with it, or alone where that was never committed. A record of a failure goes
when its stage has succeeded since. A line's speech goes when no unit refers to its sound, and a blob when none is left
that refers to it. Units go before blobs, those that read before those that are read: a crash leaves no dangling
reference.

Units go series by series, each under a lease. Blobs are shared by all series, and a run takes up old ones as it finds
them; so they go only while no run is at work at all, and after a second look at what was committed meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby, islice, pairwise
from typing import Literal

from dubwright.errors import KeyMissingError, UnreadableError
from dubwright.lake import census, layout, leases, reading, references
from dubwright.lake.census import Holdings, Place, Unit
from dubwright.lake.lake import Lake
from dubwright.lake.layout import UnitKey
from dubwright.lake.leases import Lease
from dubwright.lake.references import Digests
from dubwright.lake.spreading import spread
from dubwright.stages import STAGES

Kind = Literal["unit", "failure", "speech", "blob"]

# Dask workers may finish a unit after the run that sent it has died; its lease counts for so long.
LINGER = timedelta(hours=1)
# Removed between two looks at the lease: seconds of work, of a lease of minutes.
BATCH = 500


@dataclass(frozen=True, slots=True)
class Doomed:
    """An object that goes, its size in bytes, and why."""

    kind: Kind
    key: str
    size: int
    why: str


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a plan says of a series: the units that it wants or reads, and the places (table, episode, language) it knows."""

    units: frozenset[UnitKey]
    places: frozenset[Place]


# The wishes for a series in these languages; None for a series that the catalogue does not name.
Wanted = Callable[[str, Collection[str]], Wishes | None]


@dataclass(slots=True)
class Collected:
    """What a collection removed, or would: objects and bytes by kind; and what it left alone, with the reason."""

    deleted: bool
    objects: dict[Kind, int] = field(default_factory=dict)
    size: dict[Kind, int] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def remark(self, text: str) -> None:
        """Note something that was left alone, once."""
        if text not in self.remarks:
            self.remarks.append(text)


def collect(
    lake: Lake,
    *,
    grace: timedelta,
    wanted: Wanted | None,
    delete: bool = False,
    series: str | None = None,
    tell: Callable[[Doomed], None] = lambda _: None,
) -> Collected:
    """Remove what nothing needs any more, or say what that is; `tell` hears of every object.

    `wanted` is what the catalogue's plan wants; None leaves it out of account, and every older version goes. With one
    `series` named, only its units and failures are looked at. Raises `StoreError`, and `LeaseError` if a lease ran out.
    """
    collection = _Collection(lake, datetime.now(UTC) - grace, wanted, delete, tell, Collected(delete))
    referenced: Digests | None = Digests()
    looked = datetime.now(UTC)
    for holdings in census.by_series(lake, series):
        left = collection.series(holdings)
        if series is None and referenced is not None and not collection.refer(left, referenced):
            referenced = None
    if referenced is not None and series is None and not collection.refer_facts(referenced):
        referenced = None
    if referenced is not None and series is None:
        collection.blobs(referenced, looked)
    return collection.result


@dataclass(frozen=True, slots=True)
class _Collection:
    lake: Lake
    cutoff: datetime
    wanted: Wanted | None
    delete: bool
    tell: Callable[[Doomed], None]
    result: Collected

    # Units and failures ------------------------------------------------------------------------------

    def series(self, holdings: Holdings) -> Holdings:
        """Collect a series' units and failures; what is left of it, or would be."""
        name = holdings.series
        doomed = self._judge(holdings)
        if not doomed:
            return holdings
        if not self.delete:
            if not self._in_use([name]):
                self._count(doomed)
            return _without(holdings, doomed)
        with leases.hold(self.lake, "collect", [name]) as lease:
            if self._in_use([name]):
                return holdings
            # Listed anew: what was committed before the lease may have read what looked superseded.
            holdings = census.of(self.lake, name)
            doomed = self._judge(holdings)
            self._remove(doomed, lease)
        return _without(holdings, doomed)

    def _in_use(self, series: Sequence[str]) -> bool:
        runs = leases.live(self.lake, "run", series, margin=LINGER.total_seconds())
        if runs:
            what = ", ".join(series) if series else "blobs"
            self.result.remark(f"{what}: left alone, a run is or was just now at work ({runs[0].key})")
        return bool(runs)

    def _judge(self, holdings: Holdings) -> list[Doomed]:
        versions = holdings.versions()
        superseded = {
            str(old.key): (old, new)
            for (table, *_), units in versions.items()
            for old, new in pairwise(units)
            if new.modified < self.cutoff and table not in layout.COMPANIONS
        }
        if superseded and self.wanted:
            self._spare_wanted(holdings, superseded, self.wanted)
        if superseded:
            self._spare_upstream(holdings.units, superseded)
        doomed = self._companions(holdings, superseded)
        pairs = sorted(superseded.values(), key=lambda pair: pair[0].modified, reverse=True)
        # What reads goes before what it reads.
        pairs.sort(key=lambda pair: layout.UNIT_TABLES.index(pair[0].key.table), reverse=True)
        doomed += [
            Doomed("unit", str(old.key), old.size, f"superseded by {new.key.fingerprint} on {new.modified:%Y-%m-%d}")
            for old, new in pairs
        ]
        succeeded = {place: units[-1].modified for place, units in versions.items()}
        for attempt in holdings.failures:
            unit = attempt.key.unit
            table = STAGES[unit.table].table if unit.table in STAGES else unit.table
            since = succeeded.get((table, unit.episode, unit.language))
            if since and attempt.modified < min(since, self.cutoff):
                doomed.append(Doomed("failure", str(attempt.key), attempt.size, f"succeeded on {since:%Y-%m-%d}"))
        return doomed

    def _companions(self, holdings: Holdings, superseded: Mapping[str, tuple[Unit, Unit]]) -> list[Doomed]:
        """What is about a unit that goes, and what is old and about one that was never committed."""
        there = {unit.key for unit in holdings.units}
        doomed = []
        for unit in holdings.units:
            if unit.key.table not in layout.COMPANIONS:
                continue
            of = replace(unit.key, table=layout.COMPANIONS[unit.key.table])
            if str(of) in superseded:
                doomed.append(Doomed("unit", str(unit.key), unit.size, "what it is about is superseded"))
            elif of not in there and unit.modified < self.cutoff:
                doomed.append(Doomed("unit", str(unit.key), unit.size, "what it is about was never committed"))
        return doomed

    def _spare_wanted(self, holdings: Holdings, superseded: dict[str, tuple[Unit, Unit]], wanted: Wanted) -> None:
        tongues = {unit.key.language for unit in holdings.units if unit.key.language}
        wishes = wanted(holdings.series, sorted(tongues))
        if wishes is None:
            self.result.remark(f"{holdings.series}: left alone, the catalogue does not name it")
        for key, (old, _) in list(superseded.items()):
            if wishes is None or old.key in wishes.units:
                del superseded[key]
            elif old.place not in wishes.places:
                del superseded[key]
                self.result.remark(
                    f"{holdings.series}: {' '.join(filter(None, (old.key.table, old.key.language)))} of some episodes "
                    "left alone, the catalogue or the profile does not plan them"
                )

    def _spare_upstream(self, units: Iterable[Unit], superseded: dict[str, tuple[Unit, Unit]]) -> None:
        """Take out what a unit that stays has read, and what that has read."""
        episodes = {old.key.episode for old, _ in superseded.values()}
        stays = [unit.key for unit in units if unit.key.episode in episodes and str(unit.key) not in superseded]
        while stays and superseded:
            spared: list[UnitKey] = []
            for key, read in zip(stays, spread(self._upstream, stays), strict=True):
                if read is None:
                    self.result.remark(f"{key.series}/{key.episode}: left alone, {key} cannot be read")
                    read = {each for each, (old, _) in superseded.items() if old.key.episode == key.episode}
                spared += [superseded.pop(each)[0].key for each in read if each in superseded]
            stays = spared

    def _upstream(self, key: UnitKey) -> set[str] | None:
        try:
            upstream = reading.about(self.lake, str(key)).get("upstream")
        except KeyMissingError:
            return set()
        except UnreadableError:
            return None
        return {str(each) for each in upstream.values()} if isinstance(upstream, dict) else None

    # Blobs -------------------------------------------------------------------------------------------

    def refer(self, holdings: Holdings, to: Digests) -> bool:
        """Add what a series refers to; False if that cannot be told."""
        return self._add(lambda: references.of_series(self.lake, holdings), to)

    def refer_facts(self, to: Digests) -> bool:
        """Add what facts about series refer to; False if that cannot be told."""
        return self._add(lambda: references.of_facts(self.lake), to)

    def _add(self, blobs: Callable[[], Iterable[str]], to: Digests) -> bool:
        try:
            for blob in blobs():
                to.add(blob)
        except (UnreadableError, KeyMissingError) as error:
            self.result.remark(f"blobs: left alone, a unit cannot be read, so what it needs is unknown: {error}")
            return False
        return True

    def blobs(self, referenced: Digests, looked: datetime) -> None:
        """Collect speech and blobs that nothing refers to, as it was `looked` at and still is."""
        entries, young = self._speech(referenced)
        doomed = [
            Doomed("blob", found.key, found.size, "no unit refers to it")
            for found in self.lake.store.list("blob/")
            if found.modified < self.cutoff
            and layout.is_blob(found.key)
            and found.key not in referenced
            and found.key not in young
        ]
        if not doomed and not entries:
            return
        if not self.delete:
            if not self._in_use([]):
                self._count([*(entry for entry, _ in entries), *doomed])
            return
        with leases.hold(self.lake, "collect") as lease:
            if self._in_use([]):
                return
            since, newly = looked - LINGER, Digests()
            for holdings in census.by_series(self.lake):
                recent = replace(holdings, units=[unit for unit in holdings.units if unit.modified > since])
                if not self.refer(recent, newly):
                    return
            if not self.refer_facts(newly):
                return
            gone = [entry for entry, blob in entries if not layout.is_blob(blob) or blob not in newly]
            self._remove([*gone, *(each for each in doomed if each.key not in newly)], lease)

    def _speech(self, referenced: Digests) -> tuple[list[tuple[Doomed, str]], Digests]:
        """Old entries that lead to no blob of a unit, each with the blob; and the blobs that young entries lead to."""
        entries, young = [], Digests()
        listed = ((found.key, found.size, found.modified) for found in self.lake.store.list("speech/"))
        for key, size, modified, blob in spread(self._entry, listed):
            sound = layout.is_blob(blob)
            if modified >= self.cutoff:
                if sound:
                    young.add(blob)
            elif not sound or blob not in referenced:
                entries.append((Doomed("speech", key, size, "no unit refers to its sound"), blob))
        return entries, young

    def _entry(self, listed: tuple[str, int, datetime]) -> tuple[str, int, datetime, str]:
        try:
            return (*listed, self.lake.store.read(listed[0]).decode("ascii", "replace"))
        except KeyMissingError:
            return (*listed, "")

    # Removal -----------------------------------------------------------------------------------------

    def _remove(self, doomed: Iterable[Doomed], lease: Lease) -> None:
        # One kind and table after the other, each whole before the next: the order is what a crash leaves behind.
        for _, group in groupby(doomed, key=lambda each: (each.kind, each.key.partition("/")[0])):
            for batch in _batches(group):
                lease.require()
                for _ in spread(lambda each: self.lake.store.delete(each.key), batch):
                    continue
                self._count(batch)

    def _count(self, doomed: Iterable[Doomed]) -> None:
        result = self.result
        for each in doomed:
            result.objects[each.kind] = result.objects.get(each.kind, 0) + 1
            result.size[each.kind] = result.size.get(each.kind, 0) + each.size
            self.tell(each)


def _without(holdings: Holdings, doomed: Iterable[Doomed]) -> Holdings:
    gone = {each.key for each in doomed}
    return replace(holdings, units=[unit for unit in holdings.units if str(unit.key) not in gone])


def _batches(doomed: Iterator[Doomed]) -> Iterator[list[Doomed]]:
    while batch := list(islice(doomed, BATCH)):
        yield batch
