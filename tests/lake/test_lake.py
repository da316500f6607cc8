"""Units, failures and edits in the lake; and the tables as somebody else's reader sees them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dubwright.errors import KeyMissingError, StoreError
from dubwright.lake import Lake, layout, schemas
from dubwright.lake.layout import UnitKey
from dubwright.lake.schemas import SchemaError

SHARED = {"language": "zh", "engine": "fake", "engine_version": "1", "model_sha256": None}
FINGERPRINT = "0123456789abcdef" * 2


def key(table: str = "transcript", episode: str = "01", language: str | None = None) -> UnitKey:
    return UnitKey(table, "长夜灯/二", episode, language, FINGERPRINT)


def line(number: int) -> dict[str, object]:
    return {
        **SHARED,
        "segment": number,
        "start_ms": number * 1000,
        "end_ms": number * 1000 + 900,
        "text": f"第{number}句",
        "words": [{"text": "第", "start_ms": number * 1000, "end_ms": number * 1000 + 300, "probability": 0.9}],
        "confidence": 0.9,
        "evidence": "sound",
    }


def test_a_unit_is_committed_once_and_read_back(lake: Lake) -> None:
    assert not lake.committed(key())
    assert lake.commit(key(), [line(1), line(2)], {"recipe": {"a": 1}})
    assert not lake.commit(key(), [line(3)], {})
    unit = lake.read(key())
    assert [row["segment"] for row in unit.rows()] == [1, 2]
    assert unit.rows()[0]["series"] == "长夜灯/二"
    assert unit.provenance["recipe"] == {"a": 1}
    assert unit.provenance["schema_version"] == schemas.VERSION
    assert list(lake.units("transcript", series="长夜灯/二")) == [key()]
    assert list(lake.units("transcript", series="another")) == []


def test_a_unit_without_rows_is_a_unit(lake: Lake) -> None:
    assert lake.commit(key(), [], {"recipe": {}})
    assert lake.read(key()).rows() == []


@pytest.mark.parametrize(
    "bad",
    [{"start_ms": "soon"}, {"no_such_column": 1}, {"engine": None}, {"start_ms": 2**40}],
    ids=["type", "column", "required", "range"],
)
def test_rows_that_do_not_fit_are_refused_whole(lake: Lake, bad: dict[str, object]) -> None:
    with pytest.raises(SchemaError):
        lake.commit(key(), [line(1), line(2) | bad], {})
    assert not lake.committed(key())


def test_a_missing_unit_says_so(lake: Lake) -> None:
    with pytest.raises(KeyMissingError):
        lake.read(key())


def test_failures_are_numbered_and_read_back(lake: Lake) -> None:
    first = lake.record_failure(key(), "transcribe", {"problem": "x", "error": "E"}, permanent=False)
    second = lake.record_failure(key(), "transcribe", {"problem": "y" * 10**6, "error": "E"}, permanent=True)
    assert (first.attempt, second.attempt, second.permanent) == (1, 2, True)
    assert list(lake.failures("transcribe", series="长夜灯/二")) == [first, second]
    assert lake.read_failure(second)["error"] == "E"


def test_edits_are_appended_in_order(lake: Lake) -> None:
    for text in ("Hi.", "Hello."):
        lake.add_edit("en", "长夜灯/二", "01", segment=1, source_text="你好", text=text, editor="anna")
    keys = [str(found) for found in lake.edit_keys("en")]
    assert sorted(row["text"] for row in lake.read_edits(keys)) == ["Hello.", "Hi."]
    assert list(lake.edit_keys("en", series="another")) == []


def test_blobs_go_by_content(lake: Lake, tmp_path: Path) -> None:
    (tmp_path / "a.flac").write_bytes(b"sound")
    blob = lake.put_blob(tmp_path / "a.flac")
    assert blob == lake.put_blob_bytes(b"sound", "flac")
    assert lake.read_blob(blob) == b"sound"
    with pytest.raises(StoreError, match="blob"):
        lake.read_blob("transcript/../secret")


def test_older_files_read_in_the_columns_of_today(lake: Lake) -> None:
    old = pa.table({"series": ["s"], "episode": ["01"], "text": ["旧"], "start_ms": pa.array([5], pa.int64())})
    sink = pa.BufferOutputStream()
    pq.write_table(old, sink)
    lake.store.put_if_absent(str(key()), sink.getvalue().to_pybytes())
    (row,) = lake.read(key()).rows()
    assert (row["text"], row["start_ms"], row["confidence"]) == ("旧", 5, None)


DUCKDB_TYPES = {
    pa.string(): "VARCHAR",
    pa.int32(): "INTEGER",
    pa.int64(): "BIGINT",
    pa.float32(): "FLOAT",
    pa.float64(): "DOUBLE",
    pa.bool_(): "BOOLEAN",
    pa.timestamp("us", tz="UTC"): "TIMESTAMP WITH TIME ZONE",
    pa.list_(pa.int32()): "INTEGER[]",
    pa.list_(pa.string()): "VARCHAR[]",
    pa.list_(pa.float32()): "FLOAT[]",
    schemas.WORDS: 'STRUCT("text" VARCHAR, start_ms INTEGER, end_ms INTEGER, probability FLOAT)[]',
    schemas.SHOWN: "STRUCT(start_ms INTEGER, end_ms INTEGER, x INTEGER, y INTEGER, width INTEGER, height INTEGER)[]",
}


def test_duckdb_reads_what_the_design_says(lake: Lake) -> None:
    """Adversarially: episodes that look like numbers, a series with a slash, an empty unit among full ones."""
    for episode, rows in (("01", [line(1), line(2)]), ("1", [line(1)]), ("007", [])):
        lake.commit(key(episode=episode), rows, {})
    glob = f"{lake.uri.removeprefix('file://')}/transcript/**/*.parquet"
    found = duckdb.sql(f"SELECT * FROM read_parquet('{glob}', hive_partitioning = true) ORDER BY episode, segment")
    types = dict(zip(found.columns, map(str, found.types), strict=True))
    assert types == {field.name: DUCKDB_TYPES[field.type] for field in schemas.TABLES["transcript"]}
    rows = [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]
    assert [(row["series"], row["episode"], row["segment"]) for row in rows] == [
        ("长夜灯/二", "01", 1),
        ("长夜灯/二", "01", 2),
        ("长夜灯/二", "1", 1),
    ]
    assert rows[0]["words"][0]["text"] == "第"
    assert isinstance(rows[0]["created_at"], datetime)
    count = duckdb.sql(f"SELECT count(*) FROM read_parquet('{glob}', hive_partitioning = true) WHERE episode = '01'")
    assert count.fetchone() == (2,)


def test_every_table_reads_in_duckdb_with_its_types(lake: Lake) -> None:
    for table, schema in schemas.TABLES.items():
        if table not in layout.UNIT_TABLES:  # people's words and facts of series
            continue
        required = {"kind": "video", "blob": "b", "bytes": 1, "sha256": "0", "metric": "m"}
        row = SHARED | {name: value for name, value in required.items() if name in schema.names}
        lake.commit(key(table, language="en" if table not in ("source", "transcript") else None), [row], {})
        glob = f"{lake.uri.removeprefix('file://')}/{table}/**/*.parquet"
        found = duckdb.sql(f"SELECT * FROM read_parquet('{glob}', hive_partitioning = true)")
        types = dict(zip(found.columns, map(str, found.types), strict=True))
        assert types == {field.name: DUCKDB_TYPES[field.type] for field in schema}, table


def test_every_column_says_what_it_means() -> None:
    for table, schema in schemas.TABLES.items():
        for field in schema:
            assert field.metadata[b"meaning"], (table, field.name)
            if field.name.endswith("_ms"):
                assert field.type == pa.int32()
                assert field.metadata[b"unit"] == b"ms"
