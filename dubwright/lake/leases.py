"""Who works on which series until when: so that nothing is collected under a run that may need it.

Both sides write first and look afterwards. A run takes its lease, then looks for a collector on its series and waits
for it to end, and only then lists the lake. A collector takes its lease on a series, then looks for live runs on it
and leaves it alone if there is one. Whatever their order, the later writer sees the earlier one, so at least one of
them gives way. All it asks of a store is that a listing shows what was written before it began.

A lease is an object whose key holds its expiry. It is renewed by an object with a later one, and dead when the last
expiry is past. What a killed process leaves behind needs nobody to clear it: it names itself dead.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Literal

from dubwright.errors import KeyMissingError, LeaseError, StoreError
from dubwright.lake.lake import Lake, ulid
from dubwright.lake.layout import LeaseKey, parse_lease

Kind = Literal["run", "collect"]

LEASE_SECONDS = 900.0
# Machines' clocks may differ by this much: a lease counts as live for so long after its expiry.
SKEW_SECONDS = 60.0
# How long a run waits for a collector before it gives up.
PATIENCE_SECONDS = 3600.0
LOOK_SECONDS = 2.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Held:
    """A lease as others see it: its last key, the series it covers (none named: all), and what its holder says of itself."""

    key: LeaseKey
    series: tuple[str, ...] = ()
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def expires(self) -> float:
        """Unix time in seconds."""
        return self.key.expires_ms / 1000

    def covers(self, series: Sequence[str]) -> bool:
        """Whether it covers any of these series; none named stands for all of them."""
        return not series or not self.series or not set(series).isdisjoint(self.series)


def seen(lake: Lake, kind: Kind) -> list[Held]:
    """Every lease of a kind, live or dead."""
    last: dict[str, LeaseKey] = {}
    for found in lake.store.list(f"lease/{kind}/"):
        key = parse_lease(found.key)
        if key and (key.holder not in last or last[key.holder].expires_ms < key.expires_ms):
            last[key.holder] = key
    return [held for key in last.values() if (held := _read(lake, key))]


def live(lake: Lake, kind: Kind, series: Sequence[str] = (), *, margin: float = SKEW_SECONDS) -> list[Held]:
    """Leases of a kind that cover any of these series (none named: of all) and ran out no more than `margin` s ago."""
    since = time.time() - margin
    return [held for held in seen(lake, kind) if held.expires > since and held.covers(series)]


def _read(lake: Lake, key: LeaseKey) -> Held | None:
    try:
        body = json.loads(lake.store.read(str(key)))
        series, about = body["series"], body["about"]
        if isinstance(series, list) and isinstance(about, dict):
            return Held(key, tuple(str(name) for name in series), about)
    except KeyMissingError:
        # Given up since it was listed, or renewed often since: a holder keeps its last two objects.
        return None
    except (ValueError, KeyError, TypeError):
        pass
    # Somebody holds something: taken for a lease on everything.
    return Held(key)


class Lease:
    """A lease of this process, renewed by a thread of its own from `take` to `release`."""

    def __init__(
        self,
        lake: Lake,
        kind: Kind,
        series: Sequence[str] = (),
        *,
        seconds: float = LEASE_SECONDS,
        about: Mapping[str, Any] | None = None,
    ) -> None:
        self.lake, self.kind, self.series, self.seconds = lake, kind, tuple(series), seconds
        self.holder = ulid()
        self._body = json.dumps(
            {"series": self.series, "about": {"host": socket.gethostname(), "pid": os.getpid(), **(about or {})}},
            ensure_ascii=False,
        ).encode()
        self._keys: list[LeaseKey] = []
        self._done = threading.Event()
        self._lapsed = False
        self._thread = threading.Thread(target=self._renew_until_done, daemon=True, name=f"dubwright-lease-{kind}")

    def take(self) -> None:
        """Write the lease and begin to renew it. Raises `StoreError`."""
        self._write()
        self._thread.start()

    def release(self) -> None:
        """Give it up. What cannot be removed now runs out by itself."""
        self._done.set()
        if self._thread.is_alive():
            self._thread.join()
        while self._keys:
            with suppress(StoreError):
                self.lake.store.delete(str(self._keys[-1]))
            self._keys.pop()

    @property
    def lapsed(self) -> bool:
        """Whether it ever ran out before it was renewed: then others may have seen nobody here."""
        self._lapsed = self._lapsed or not self._keys or time.time() * 1000 > self._keys[-1].expires_ms
        return self._lapsed

    def require(self) -> None:
        """Raise `LeaseError` if the lease has lapsed: whatever it protected may have changed."""
        if self.lapsed:
            raise LeaseError(
                f"the {self.kind} lease ran out before it could be renewed",
                where=self.lake.uri,
                field=", ".join(self.series) or "all series",
                remedy="run again: nothing is lost",
            )

    def _renew_until_done(self) -> None:
        while not self._done.wait(self.seconds / 3):
            if self.lapsed:
                log.warning("a %s lease of %s ran out before it was renewed", self.kind, self.lake.uri)
            try:
                self._write()
                # The last two stay: a listing that began before this renewal may still come upon the older one.
                while len(self._keys) > 2:
                    self.lake.store.delete(str(self._keys[0]))
                    self._keys.pop(0)
            except StoreError as error:
                log.warning("a %s lease of %s could not be renewed: %s", self.kind, self.lake.uri, error)

    def _write(self) -> None:
        key = LeaseKey(self.kind, self.holder, round((time.time() + self.seconds) * 1000))
        self.lake.store.put_if_absent(str(key), self._body)
        self._keys.append(key)


@contextmanager
def hold(
    lake: Lake,
    kind: Kind,
    series: Sequence[str] = (),
    *,
    seconds: float = LEASE_SECONDS,
    about: Mapping[str, Any] | None = None,
) -> Iterator[Lease]:
    """Hold a lease for the time of the `with` block; no series named stands for all. Raises `StoreError`."""
    lease = Lease(lake, kind, series, seconds=seconds, about=about)
    lease.take()
    try:
        yield lease
    finally:
        lease.release()


@contextmanager
def running(
    lake: Lake,
    series: Sequence[str] = (),
    *,
    about: Mapping[str, Any] | None = None,
    patience: float = PATIENCE_SECONDS,
) -> Iterator[Lease]:
    """Hold a run's lease. List the lake inside this block, not before it: by then no collector is at these series.

    Raises `LeaseError` if a collector is still there after `patience` seconds.
    """
    with hold(lake, "run", series, about=about) as lease:
        wait_for_collectors(lake, series, patience=patience)
        yield lease


def wait_for_collectors(
    lake: Lake, series: Sequence[str], *, patience: float = PATIENCE_SECONDS, look: float = LOOK_SECONDS
) -> None:
    """Wait, with a run's lease already taken, until no collector works on these series. Raises `LeaseError`."""
    give_up = time.monotonic() + patience
    while collectors := live(lake, "collect", series):
        if time.monotonic() > give_up:
            raise LeaseError(
                f"a collector still works on these series after {patience:.0f} s",
                where=str(collectors[0].key),
                remedy="wait for `dubwright lake collect` to end, or remove this object if its process is dead",
            )
        log.info("waiting for a collector to end: %s", collectors[0].key)
        time.sleep(look)


def clear(lake: Lake, held: Held) -> None:
    """Remove what a dead holder left. Raises `StoreError`."""
    for found in lake.store.list(f"lease/{held.key.kind}/{held.key.holder}/"):
        lake.store.delete(found.key)
