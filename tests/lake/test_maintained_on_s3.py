"""Leases, compaction, collection and verification on a real S3 server."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pyarrow.parquet as pq
import pytest

from dubwright.lake import Lake, layout, leases, open_lake
from dubwright.lake.collection import Doomed, collect
from dubwright.lake.compaction import compact
from dubwright.lake.verification import Finding, verify
from tests.lake.conftest import S3Server
from tests.lake.units import commit, keys

pytestmark = pytest.mark.e2e


@pytest.fixture
def lake(radosgw: S3Server) -> Lake:
    return open_lake(radosgw.address())


def test_a_lake_in_s3_is_compacted_collected_and_sound(lake: Lake) -> None:
    sound, line, unused = (lake.put_blob_bytes(content, "flac") for content in (b"sound", b"line", b"unused"))
    for series in ("长夜灯", "a b#%"):
        source = commit(lake, "source", series=series, speech_blob=sound)
        for language in ("en", "pt-BR"):
            old = commit(lake, "dub", series=series, language=language, revision=1, reads=[source], blob=unused)
            time.sleep(1.1)  # S3 keeps time by the second
            commit(lake, "dub", series=series, language=language, revision=2, reads=[source], blob=line)
            assert lake.committed(old)
    assert (compact(lake).written, compact(lake).unchanged) == (6, 6)
    with lake.store.open(layout.compacted("dub", "pt-BR", "a b#%")) as file:
        assert pq.ParquetFile(file).read(["blob"]).column("blob").unique().to_pylist() == [line]
    time.sleep(1.1)
    with leases.hold(lake, "run", ["长夜灯"]):
        done = collect(lake, grace=timedelta(0), wanted=None, delete=True)
        assert done.objects == {"unit": 2} and len(done.remarks) == 1
    doomed: list[Doomed] = []
    done = collect(lake, grace=timedelta(0), wanted=None, delete=True, tell=doomed.append)
    assert done.objects == {"unit": 2, "blob": 1} and doomed[-1].key == unused
    found: list[Finding] = []
    looked = verify(lake, found.append, deep=True)
    assert found == [] and (looked.units, looked.compacted, looked.blobs) == (6, 6, 2)
    lake.store.delete(line)
    verify(lake, found.append, series="长夜灯")
    assert len(found) == 2 and all(line in each.problem for each in found)
    assert keys(lake, "lease/") == set()


def test_runs_and_collectors_see_each_other_in_s3(lake: Lake) -> None:
    start, together, at_work = threading.Barrier(4), [], {"run": 0, "collect": 0}

    def enter(kind: str, other: str) -> None:
        at_work[kind] += 1
        if at_work[other]:
            together.append(kind)
        time.sleep(0.005)
        at_work[kind] -= 1

    def run() -> None:
        start.wait()
        for _ in range(8):
            with leases.hold(lake, "run", ["a"]):
                leases.wait_for_collectors(lake, ["a"], patience=30, look=0.01)
                enter("run", "collect")

    def collector() -> None:
        start.wait()
        for _ in range(8):
            with leases.hold(lake, "collect", ["a"]):
                if not leases.live(lake, "run", ["a"]):
                    enter("collect", "run")

    threads = [threading.Thread(target=each) for each in (run, run, collector, collector)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not together and not any(thread.is_alive() for thread in threads)
