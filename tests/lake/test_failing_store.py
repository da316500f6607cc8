"""A real S3 server behind a proxy that fails: what is promised holds, or an error says why not."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dubwright.errors import StoreDeniedError, StoreError
from dubwright.lake import Lake, open_lake
from dubwright.lake.layout import UnitKey, parse_unit
from dubwright.lake.s3 import S3Store
from dubwright.lake.store import open_store
from tests.faults.proxy import FailingProxy, Faults
from tests.flows.conftest import Ran, dubwright, environment, home, make_video
from tests.lake.conftest import S3Server
from tests.lake.test_lake import line

__all__ = ["dubwright", "environment", "home"]  # fixtures
pytestmark = pytest.mark.e2e

CUTS = Faults(slow_down=0.02, error=0.02, cut_request=0.02, cut_answer=0.04, lose_answer=0.02)
WEATHER = Faults(slow_down=0.02, error=0.01, cut_request=0.01, cut_answer=0.02, burst_every=150, burst_length=12)


@pytest.fixture
def proxy(radosgw: S3Server) -> Iterator[FailingProxy]:
    with FailingProxy(radosgw.port) as proxy:
        yield proxy


def unit(number: int) -> UnitKey:
    return UnitKey("transcript", "长夜灯", f"{number:04d}", None, f"{number:032x}")


def test_two_writers_race_on_a_thousand_units(radosgw: S3Server, proxy: FailingProxy) -> None:
    """Each unit is committed once, each writer is content, whatever the connection does now and then."""
    address = radosgw.address(proxy.address)
    proxy.faults = Faults(slow_down=0.01, lose_answer=0.01)
    start = threading.Barrier(2)

    def write(_: int) -> list[bool]:
        lake = open_lake(address)
        with ThreadPoolExecutor(8) as threads:
            start.wait()
            return list(threads.map(lambda number: lake.commit(unit(number), [line(1)], {}), range(1000)))

    with ThreadPoolExecutor(2) as writers:
        first, second = writers.map(write, range(2))
    assert [a + b for a, b in zip(first, second, strict=True)] == [1] * 1000
    proxy.faults = Faults()
    lake = open_lake(address)
    assert list(lake.units("transcript")) == [unit(number) for number in range(1000)]
    assert proxy.seen["lose answer"] > 5 and proxy.seen["slow down"] > 5


def test_reads_and_commits_come_right_while_connections_break(
    radosgw: S3Server, proxy: FailingProxy, tmp_path: Path
) -> None:
    address = radosgw.address(proxy.address)
    lake = Lake(S3Store(address, multipart_bytes=5 << 20))
    large = tmp_path / "large.bin"
    large.write_bytes(os.urandom(11 << 20))
    proxy.faults = Faults(**{**vars(CUTS), "burst_every": 100, "burst_length": 10})

    def work(number: int) -> bool:
        created = lake.commit(unit(number), [line(1), line(2)], {})
        blob = lake.put_blob_bytes(os.urandom(200_000), "bin")
        assert len(lake.read_blob(blob)) == 200_000
        assert len(lake.read(unit(number)).rows()) == 2
        with lake.store.open(blob) as stream:
            stream.seek(150_000)
            assert len(stream.read()) == 50_000
        return created

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(work, range(24)))
    key = lake.put_blob(large)
    with lake.blob_file(key) as path:
        assert path.read_bytes() == large.read_bytes()
    for fault in ("slow down", "error", "cut request", "cut answer", "lose answer"):
        assert proxy.seen[fault], proxy.seen
    # Without the proxy: every object that is there is whole.
    proxy.faults = Faults()
    for found in lake.store.list():
        assert len(lake.store.read(found.key)) == found.size
    assert sum(1 for _ in lake.units("transcript")) == 24


def test_a_slow_store_is_waited_for(radosgw: S3Server, proxy: FailingProxy) -> None:
    store = open_store(radosgw.address(proxy.address))
    proxy.faults = Faults(delay=1.0, delay_s=2.0)
    assert store.put_if_absent("a", b"x")
    assert store.read("a") == b"x"


def test_an_answer_that_was_lost_is_no_lost_race(radosgw: S3Server, proxy: FailingProxy) -> None:
    store = open_store(radosgw.address(proxy.address))
    proxy.faults = Faults(lose_answer=0.25)
    assert all(store.put_if_absent(f"key{number}", b"mine") for number in range(20))
    assert not any(store.put_if_absent(f"key{number}", b"theirs") for number in range(20))
    assert proxy.seen["lose answer"] > 5


def test_a_bucket_that_denies_says_so_at_once(radosgw: S3Server, proxy: FailingProxy, tmp_path: Path) -> None:
    lake = open_lake(radosgw.address(proxy.address))
    assert lake.commit(unit(1), [line(1)], {})
    proxy.faults = Faults(deny=True)
    (tmp_path / "in").write_bytes(b"x")
    started = time.monotonic()
    for act in (
        lambda: lake.commit(unit(2), [line(1)], {}),
        lambda: lake.read(unit(1)),
        lambda: lake.committed(unit(1)),
        lambda: list(lake.units("transcript")),
        lambda: lake.put_blob(tmp_path / "in"),
        lambda: lake.store.delete("a"),
    ):
        with pytest.raises(StoreDeniedError) as caught:
            act()
        assert "s3://" in str(caught.value) and "right" in str(caught.value.remedy)
    assert time.monotonic() - started < 10
    assert proxy.seen["deny"] == 6


def test_a_store_that_is_gone_is_an_error_within_a_minute(radosgw: S3Server, proxy: FailingProxy) -> None:
    lake = open_lake(radosgw.address(proxy.address))
    assert lake.commit(unit(1), [line(1)], {})
    proxy.faults = Faults(slow_down=1.0)
    started = time.monotonic()
    with pytest.raises(StoreError, match="SlowDown"):
        lake.commit(unit(2), [line(1)], {})
    assert time.monotonic() - started < 75
    proxy.faults = Faults()
    assert list(lake.units("transcript")) == [unit(1)]


def test_a_whole_run_through_bad_weather_ends_complete(
    radosgw: S3Server, proxy: FailingProxy, dubwright: Callable[..., Ran], tmp_path: Path
) -> None:
    address = radosgw.address(proxy.address)
    for name in ("长夜灯/01.mp4", "长夜灯/02.mp4"):
        make_video(tmp_path / "catalogue" / name)
    proxy.faults = WEATHER
    ran = dubwright("localize", "catalogue", "--to", "en,es", "--lake", address, "--out", "out")
    assert ran.code == 0, ran.stderr
    assert len(ran.content["delivered"]) == 4 and ran.content["failures"] == []
    assert sum(count for fault, count in proxy.seen.items() if fault not in ("none", "request", "bytes")) > 5
    proxy.faults = Faults()
    lake = open_lake(address)
    units = [key for found in lake.store.list() if (key := parse_unit(found.key))]
    assert len(units) == 2 * (2 + 2 * 4)
    assert all(lake.read(key).provenance["recipe"] for key in units)
    assert (tmp_path / "out" / "长夜灯" / "02" / "es" / "02.es.mp4").stat().st_size > 10_000
    again = dubwright("localize", "catalogue", "--to", "en,es", "--lake", address)
    assert (again.code, again.content["computed"]) == (0, 0)


def test_a_run_on_a_lake_that_denies_ends_with_one_clear_error(
    radosgw: S3Server, proxy: FailingProxy, dubwright: Callable[..., Ran], tmp_path: Path
) -> None:
    address = radosgw.address(proxy.address)
    make_video(tmp_path / "catalogue" / "B" / "01.mp4")
    proxy.faults = Faults(deny=True)
    ran = dubwright("localize", "catalogue", "--to", "en", "--lake", address)
    assert ran.code == 1, ran.stderr
    assert ran.content["error"]["error"] == "StoreDeniedError" and ran.content["error"]["remedy"]
    assert "Traceback" not in ran.stderr
