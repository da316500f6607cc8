"""Leases: runs and collectors never overlook each other, and what a dead process held frees itself."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dubwright.errors import LeaseError, StoreError
from dubwright.lake import Lake, leases
from dubwright.lake.layout import LeaseKey, known, parse_lease
from dubwright.lake.local import LocalStore
from dubwright.lake.store import ObjectInfo


def test_a_lease_is_seen_while_it_is_held(lake: Lake) -> None:
    with leases.hold(lake, "run", ["长夜灯", "B"], about={"flow_run": "f"}):
        (held,) = leases.live(lake, "run")
        assert held.series == ("长夜灯", "B") and held.about["flow_run"] == "f" and held.about["pid"]
        assert leases.live(lake, "run", ["B", "C"]) == [held]
        assert leases.live(lake, "run", ["C"]) == [] == leases.live(lake, "collect")
        (found,) = lake.store.list("lease/")
        assert known(found.key) and parse_lease(found.key) == held.key
    assert list(lake.store.list("lease/")) == []


def test_no_series_named_stands_for_all(lake: Lake) -> None:
    with leases.hold(lake, "run"):
        assert leases.live(lake, "run", ["anything"])
    with leases.hold(lake, "run", ["a"]):
        assert leases.live(lake, "run")


@pytest.mark.slow
def test_a_lease_is_renewed_and_leaves_two_objects_at_most(lake: Lake) -> None:
    with leases.hold(lake, "run", ["a"], seconds=0.6):
        expiries: list[int] = []
        for _ in patiently():
            (held,) = leases.seen(lake, "run")
            if held.key.expires_ms not in expiries:
                expiries.append(held.key.expires_ms)
            # A third is there for the moment between its making and the removal of the oldest.
            assert len(list(lake.store.list("lease/"))) <= 3
            if len(expiries) == 5:
                break
        assert expiries == sorted(expiries) and len(expiries) == 5


def patiently() -> Iterator[None]:
    """Look again and again, for half a minute at most."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        yield
        time.sleep(0.01)


def test_a_dead_holders_lease_runs_out_and_can_be_cleared(lake: Lake) -> None:
    lease = leases.Lease(lake, "run", ["a"], seconds=0.05)
    lease._write()  # as a process that is killed right after it
    assert leases.live(lake, "run", ["a"])
    time.sleep(0.06)
    assert not leases.live(lake, "run", ["a"], margin=0)
    assert leases.live(lake, "run", ["a"]), "clocks differ: it counts for a margin longer"
    with pytest.raises(LeaseError, match="ran out"):
        lease.require()
    (dead,) = leases.seen(lake, "run")
    leases.clear(lake, dead)
    assert leases.seen(lake, "run") == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"series": "a", "about": {}}', b'{"series": ["b"]}'])
def test_a_lease_that_cannot_be_read_protects_everything(lake: Lake, body: bytes) -> None:
    key = LeaseKey("run", "0" * 26, round(time.time() * 1000) + 60_000)
    lake.store.put_if_absent(str(key), body)
    lake.store.put_if_absent(f"lease/run/{'0' * 26}/9.json", b"")
    assert [held.key for held in leases.live(lake, "run", ["a"])] == [key]


class Fails(LocalStore):
    """A folder whose disk is gone while `failing` is set."""

    failing = False

    def put_if_absent(self, key: str, data: bytes) -> bool:
        if self.failing:
            raise StoreError("gone", where=self.uri, field=key)
        return super().put_if_absent(key, data)


@pytest.mark.slow
def test_a_lease_that_could_not_be_renewed_says_so(tmp_path: Path) -> None:
    store = Fails(tmp_path)
    lake = Lake(store)
    with leases.hold(lake, "collect", ["a"], seconds=1.0) as lease:
        lease.require()
        store.failing = True
        for _ in patiently():
            if lease.lapsed:
                break
        with pytest.raises(LeaseError):
            lease.require()
        store.failing = False
        for _ in patiently():
            if leases.live(lake, "collect", margin=0):
                break
        assert lease.lapsed, "somebody may have been here in between: once lapsed, always lapsed"


def test_a_run_waits_for_a_collector_and_for_no_other(lake: Lake) -> None:
    with leases.hold(lake, "collect", ["a"]):
        with pytest.raises(LeaseError, match="collector"), leases.running(lake, ["a"], patience=0):
            raise AssertionError
        with leases.running(lake, ["b"], patience=0):
            pass
    assert list(lake.store.list("lease/")) == []
    collector = leases.Lease(lake, "collect", ["a"])
    collector.take()
    threading.Timer(0.2, collector.release).start()
    leases.wait_for_collectors(lake, ["a"], patience=10, look=0.02)
    assert leases.live(lake, "collect") == []


class InTurn(LocalStore):
    """A folder that two threads write to and list in a given order of turns, one step a turn."""

    def __init__(self, root: Path, turns: list[str]) -> None:
        super().__init__(root)
        self.turns, self.changed = turns, threading.Condition()

    def _step(self) -> None:
        name = threading.current_thread().name
        with self.changed:
            assert self.changed.wait_for(lambda: not self.turns or self.turns[0] == name, timeout=10)

    def _stepped(self) -> None:
        with self.changed:
            if self.turns:
                self.turns.pop(0)
            self.changed.notify_all()

    def put_if_absent(self, key: str, data: bytes) -> bool:
        self._step()
        done = super().put_if_absent(key, data)
        self._stepped()
        return done

    def list(self, prefix: str = "", *, after: str = "") -> Iterator[ObjectInfo]:
        self._step()
        found = list(super().list(prefix, after=after))
        self._stepped()
        return iter(found)


@pytest.mark.parametrize("turns", sorted(set(itertools.permutations(["run", "run", "collect", "collect"]))))
def test_in_every_order_of_steps_one_sees_the_other(tmp_path: Path, turns: tuple[str, ...]) -> None:
    """Each writes, then looks: two steps a side, so six orders."""
    lake = Lake(InTurn(tmp_path, list(turns)))
    sees: dict[str, bool] = {}
    looked = threading.Barrier(2)

    def run() -> None:
        with leases.hold(lake, "run", ["a"]):
            sees["run"] = bool(leases.live(lake, "collect", ["a"]))
            looked.wait(10)

    def collect() -> None:
        with leases.hold(lake, "collect", ["a"]):
            sees["collect"] = bool(leases.live(lake, "run", ["a"]))
            looked.wait(10)

    threads = [threading.Thread(target=run, name="run"), threading.Thread(target=collect, name="collect")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sees["run"] or sees["collect"]


def test_racing_runs_and_collectors_are_never_at_a_series_together(lake: Lake) -> None:
    inside: set[str] = set()
    together: list[str] = []
    start = threading.Barrier(4)

    def enter(kind: str, other: str) -> None:
        inside.add(kind)
        if other in {name.split()[0] for name in inside}:
            together.append(kind)
        time.sleep(0.001)
        inside.discard(kind)

    def run(number: int) -> None:
        start.wait()
        for _ in range(25):
            with leases.hold(lake, "run", ["a"]):
                leases.wait_for_collectors(lake, ["a"], patience=20, look=0.001)
                enter(f"run {number}", "collect")

    def collect(number: int) -> None:
        start.wait()
        for _ in range(25):
            with leases.hold(lake, "collect", ["a"]):
                if not leases.live(lake, "run", ["a"]):
                    enter(f"collect {number}", "run")

    threads = [threading.Thread(target=work, args=(number,)) for work in (run, collect) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert together == []
