"""What the lake's keys say of each series: units committed, attempts failed, what people decided. No object is opened.

A few series are listed one by one. For many, each partition is listed once from beginning to end, all of them side by
side, and taken apart series by series: memory holds one series and a page of each listing, however large the lake.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from dubwright.lake import Lake, layout
from dubwright.lake.layout import EditKey, FailureKey, SeriesKey, UnitKey
from dubwright.lake.store import ObjectInfo
from dubwright.stages import Stage

# Above this many series one listing of a whole partition is cheaper than one for each series.
SERIES_LISTED_ALONE = 32
# Requests under way at once.
LISTINGS_AT_ONCE = 64
# Keys handed over at a time: what a page of S3 holds.
PAGE = 1000

Partition = tuple[str, str | None]


@dataclass(slots=True)
class SeriesListing:
    """The keys of one series, without the part that all keys of a partition share: `episode=E/<fingerprint>.parquet`.

    `facts` has what was decided of the series by kind, oldest first.
    """

    series: str
    units: dict[Partition, set[str]] = field(default_factory=dict)
    failures: dict[UnitKey, FailureKey] = field(default_factory=dict)
    edits: dict[tuple[str, str], list[EditKey]] = field(default_factory=dict)
    facts: dict[str, list[SeriesKey]] = field(default_factory=dict)

    def older(self, key: UnitKey) -> tuple[UnitKey, ...]:
        """Committed units of the same table, episode and language, whatever their fingerprint."""
        prefix = f"episode={layout.encode(key.episode)}/"
        found = sorted(rest for rest in self.units.get((key.table, key.language), ()) if rest.startswith(prefix))
        head = layout.unit_prefix(key.table, key.language, key.series)
        return tuple(unit for rest in found if (unit := layout.parse_unit(head + rest)))


def read(
    lake: Lake, series: Sequence[str], stages: Sequence[Stage], languages: Sequence[str]
) -> Iterator[SeriesListing]:
    """What the lake has of each series, in the order of their keys. Keys of other series are passed over."""
    in_order = sorted(set(series), key=_series_part)
    heads = _Heads.of(stages, languages)
    with ThreadPoolExecutor(LISTINGS_AT_ONCE, thread_name_prefix="dubwright-list") as threads:
        if len(in_order) <= SERIES_LISTED_ALONE:

            def rest(head: str, name: str) -> list[str]:
                prefix = head + _series_part(name)
                return [found.key[len(prefix) :] for found in lake.store.list(prefix)]

            # All of it side by side: what takes time is the way to the store and back.
            alone = [(name, threads.map(rest, heads, [name] * len(heads))) for name in in_order]
            yield from (heads.listing(name, rests) for name, rests in alone)
        else:
            streams = [_Stream(lake, head, _series_part(in_order[0]), threads) for head in heads]
            for name in in_order:
                yield heads.listing(name, (stream.take(_series_part(name)) for stream in streams))


class _Heads(tuple[str, ...]):
    """The prefixes before `series=` of all that a plan looks at: units, then failures, then edits, then facts."""

    partitions: list[Partition]

    @classmethod
    def of(cls, stages: Sequence[Stage], languages: Sequence[str]) -> _Heads:
        partitions = [
            (stage, language) for stage in stages for language in (languages if stage.per_language else (None,))
        ]
        units = [layout.unit_prefix(stage.table, language) for stage, language in partitions]
        failures = [layout.failure_prefix(stage.name, language) for stage, language in partitions]
        edits = (layout.unit_prefix("edit", language) for language in languages)
        heads = cls((*units, *failures, *edits, layout.SERIES))
        heads.partitions = [(stage.table, language) for stage, language in partitions]
        return heads

    def listing(self, name: str, rests: Iterable[Iterable[str]]) -> SeriesListing:
        """A series' listing, from the rest of its keys behind each of the prefixes."""
        found, count = SeriesListing(name), len(self.partitions)
        for place, (head, keys) in enumerate(zip(self, rests, strict=True)):
            if place < count:
                found.units[self.partitions[place]] = set(keys)
                continue
            for key in keys:
                whole = head + _series_part(name) + key
                # In key order: of the attempts at a unit the last one stands.
                if failure := layout.parse_failure(whole):
                    found.failures[failure.unit] = failure
                elif edit := layout.parse_edit(whole):
                    found.edits.setdefault((edit.language, edit.episode), []).append(edit)
                elif fact := layout.parse_series(whole):
                    found.facts.setdefault(fact.kind, []).append(fact)
        return found


def _series_part(series: str) -> str:
    return f"series={layout.encode(series)}/"


class _Stream:
    """One partition's keys in order, from those that start with `first` on, behind its prefix; the next page is fetched
    while one is taken apart."""

    def __init__(self, lake: Lake, prefix: str, first: str, threads: ThreadPoolExecutor) -> None:
        self.prefix = prefix
        # Without its slash, which makes it less than all that start with it.
        self._listing = lake.store.list(prefix, after=prefix + first[:-1])
        self._submit: Callable[..., object] = threads.submit
        self._next = threads.submit(_page, self._listing, len(prefix))
        self._page: list[str] = []
        self._at = 0

    def _turn(self) -> bool:
        """Have the next page at hand; False at the end."""
        self._page, self._at = self._next.result(), 0
        if self._page:
            self._next = self._submit(_page, self._listing, len(self.prefix))  # type: ignore[assignment]
        return bool(self._page)

    def take(self, part: str) -> Iterator[str]:
        """The rest of every key that starts with `part`, given in rising order."""
        length = len(part)
        while True:
            page, at = self._page, self._at
            while at < len(page):
                key = page[at]
                if key.startswith(part):
                    yield key[length:]
                elif key > part:
                    self._at = at
                    return
                at += 1
            self._at = at
            if not self._turn():
                return


def _page(listing: Iterator[ObjectInfo], skip: int) -> list[str]:
    page: list[str] = []
    for found in listing:
        page.append(found.key[skip:])
        if len(page) == PAGE:
            break
    return page
