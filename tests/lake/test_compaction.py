"""Compaction: one file a series for readers, whole at every moment, up to date at the price of a listing."""

from __future__ import annotations

import contextlib
import itertools
import threading

import duckdb
import pyarrow.parquet as pq
import pytest

from dubwright.lake import Lake, census, compaction, layout, schemas
from dubwright.lake.compaction import compact
from dubwright.lake.local import LocalStore
from tests.lake.units import keys, unit


def rows(lake: Lake, table: str) -> list[tuple[object, ...]]:
    assert isinstance(lake.store, LocalStore)
    glob = f"{lake.store.root}/compacted/{table}/**/*.parquet"
    query = f"SELECT series, episode, segment, text, fingerprint FROM read_parquet('{glob}', hive_partitioning = true)"
    return duckdb.connect().sql(query).fetchall()


def test_a_series_becomes_one_sorted_file_of_its_newest_units(lake: Lake) -> None:
    unit(lake, "transcript", episode="01", revision=1, days_old=2, text="old")
    new = [
        unit(lake, "transcript", episode="02", text="b"),
        unit(lake, "transcript", episode="01", revision=2, text="a"),
    ]
    other = unit(lake, "transcript", series="B/2", text="c")
    done = compact(lake)
    assert (done.written, done.unchanged, done.removed, done.remarks) == (2, 0, 0, [])
    assert keys(lake, "compacted/") == {layout.compacted("transcript", None, name) for name in ("长夜灯", "B/2")}
    table = pq.read_table(lake.store.open(layout.compacted("transcript", None, "长夜灯")))
    assert [(row["episode"], row["segment"], row["text"]) for row in table.to_pylist()] == [
        (episode, segment, text) for episode, text in (("01", "a"), ("02", "b")) for segment in (1, 2, 3)
    ]
    assert table.schema.equals(schemas.TABLES["transcript"])
    found = rows(lake, "transcript")
    assert len(found) == 9 and {row[4] for row in found} == {key.fingerprint for key in (*new, other)}
    assert {row[0] for row in found} == {"长夜灯", "B/2"}


def test_languages_have_files_of_their_own(lake: Lake) -> None:
    for language in ("en", "pt-BR"):
        unit(lake, "translation", language=language, text=language)
    assert compact(lake).written == 2
    assert keys(lake, "compacted/") == {layout.compacted("translation", tag, "长夜灯") for tag in ("en", "pt-BR")}
    assert sorted({row[3] for row in rows(lake, "translation")}) == ["en", "pt-BR"]


def test_only_what_changed_is_written_again(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    for series in ("A", "B", "C"):
        unit(lake, "transcript", series=series, days_old=1)
    assert compact(lake).written == 3
    read: list[str] = []
    real = lake.store.open
    monkeypatch.setattr(lake.store, "open", lambda key: read.append(key) or real(key))
    done = compact(lake)
    assert (done.written, done.unchanged) == (0, 3)
    assert len(read) == 3 and all(key.startswith("compacted/") for key in read), "a footer each and nothing else"
    unit(lake, "transcript", series="B", episode="02")
    done = compact(lake)
    assert (done.written, done.unchanged) == (1, 2)


def test_what_has_no_units_any_more_vanishes(lake: Lake) -> None:
    first, second = (unit(lake, "transcript", episode=episode) for episode in ("01", "02"))
    other = unit(lake, "transcript", series="B")
    compact(lake)
    for key in (first, other):
        lake.store.delete(str(key))
    assert compact(lake, "A").removed == 0
    done = compact(lake)
    assert (done.written, done.removed) == (1, 1)
    assert {row[1] for row in rows(lake, "transcript")} == {second.episode}


def test_a_unit_that_cannot_be_read_leaves_its_series_as_it_was(lake: Lake) -> None:
    unit(lake, "transcript", series="A", days_old=1)
    unit(lake, "transcript", series="B", days_old=1)
    compact(lake)
    before = lake.store.read(layout.compacted("transcript", None, "A"))
    bad = layout.UnitKey("transcript", "A", "02", None, "0" * 32)
    lake.store.put_if_absent(str(bad), b"PAR1 no more")
    unit(lake, "transcript", series="B", episode="02")
    done = compact(lake)
    assert done.written == 1 and len(done.remarks) == 1 and str(bad) in done.remarks[0]
    assert lake.store.read(layout.compacted("transcript", None, "A")) == before


def test_a_broken_or_older_compacted_file_is_written_anew(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    unit(lake, "transcript")
    key = layout.compacted("transcript", None, "长夜灯")
    lake.store.put_if_absent(key, b"nothing")
    assert compact(lake).written == 1
    monkeypatch.setattr(schemas, "VERSION", schemas.VERSION + 1)
    assert compact(lake).written == 1
    assert compact(lake).unchanged == 1


def test_row_groups_are_bounded_and_units_without_rows_are_held(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compaction, "ROW_GROUP_BYTES", 20_000)
    for number in range(6):
        unit(lake, "transcript", episode=f"{number:02d}", rows=30, text="字" * 100)
    unit(lake, "transcript", episode="90", rows=400, text="字" * 100)
    empty = unit(lake, "transcript", episode="91", rows=0)
    compact(lake)
    file = pq.ParquetFile(lake.store.open(layout.compacted("transcript", None, "长夜灯")))
    groups = [file.read_row_group(number) for number in range(file.num_row_groups)]
    assert len(groups) > 6 and max(group.nbytes for group in groups) < 25_000
    assert file.metadata.num_rows == 6 * 30 + 400
    assert compaction.held(lake, "transcript", None, "长夜灯")["91"] == empty.fingerprint
    assert compact(lake).unchanged == 1


def test_series_whose_names_begin_alike_are_not_mixed(lake: Lake) -> None:
    names = ["a", "a-b", "a b", "a.c", "ab", "a/b", "长", "长夜"]
    for name in names:
        unit(lake, "transcript", series=name)
        unit(lake, "translation", series=name, language="en")
        unit(lake, "translation", series=name, language="en-GB")
        key = layout.UnitKey("translate", name, "01", "en", "0" * 32)
        lake.record_failure(key, "translate", {}, permanent=True)
    lake.store.put_if_absent("transcript/series=a-", b"stray")
    found = list(census.by_series(lake))
    assert sorted(each.series for each in found) == sorted(names)
    assert all(len(each.units) == 3 and len(each.failures) == 1 for each in found)
    assert [each.series for each in census.by_series(lake, "a")] == ["a"]
    assert census.of(lake, "nobody").units == []


@pytest.mark.slow
def test_readers_see_every_row_once_while_files_are_replaced(lake: Lake) -> None:
    """Readers over the whole table, again and again, while units are added and the file is replaced.

    Who reads from one open file has one version, always. DuckDB opens a file twice, for its footer and for its pages:
    a replacement in between is an error that the next try does not have, and never a wrong answer.
    """
    for number in range(20):
        unit(lake, "transcript", episode=f"{number:02d}", revision=0, text="0")
    compact(lake)
    stop, failed = threading.Event(), []

    def replace() -> None:
        try:
            for revision in range(1, 8):
                for number in range(0, 20, 7):
                    unit(lake, "transcript", episode=f"{number:02d}", revision=revision, text=str(revision))
                if compact(lake).written != 1:
                    failed.append(revision)
        finally:
            stop.set()

    writer = threading.Thread(target=replace)
    writer.start()
    while not stop.is_set():
        with lake.store.open(layout.compacted("transcript", None, "长夜灯")) as file:
            whole = pq.ParquetFile(file).read(["episode", "segment"]).to_pylist()
        assert len(whole) == 60 == len({(row["episode"], row["segment"]) for row in whole})
        for attempt in itertools.count():
            with contextlib.suppress(duckdb.Error):
                found = [(row[1], row[2]) for row in rows(lake, "transcript")]
                break
            assert attempt < 20
        assert len(found) == 60 == len(set(found))
    writer.join(60)
    assert not failed and not writer.is_alive()
    assert {row[3] for row in rows(lake, "transcript")} == {"0", "7"}
