"""Verification: a sound lake has no findings, and each kind of damage is found and named."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from dubwright.lake import Lake, layout, leases
from dubwright.lake.compaction import compact
from dubwright.lake.layout import UnitKey
from dubwright.lake.local import LocalStore
from dubwright.lake.store import ObjectInfo
from dubwright.lake.verification import Finding, Verified, verify
from tests.lake.units import SHARED, blob, unit


def findings(lake: Lake, *, series: str | None = None, deep: bool = False) -> tuple[list[Finding], Verified]:
    found: list[Finding] = []
    done = verify(lake, found.append, series=series, deep=deep)
    return found, done


@pytest.fixture
def sound(lake: Lake) -> dict[str, UnitKey]:
    """A lake of two series with everything in it, compacted."""
    made = {}
    for series in ("长夜灯", "B"):
        source = unit(lake, "source", series=series, speech_blob=blob(lake, f"{series} sound".encode()))
        words = unit(lake, "transcript", series=series, reads=[source], text="字")
        english = unit(lake, "translation", series=series, language="en", reads=[words], text="word")
        line = blob(lake, f"{series} line".encode())
        more = {"blob": line, "tempo": float("nan")}
        dub = unit(lake, "dub", series=series, language="en", reads=[source, words, english], **more)
        for key in (source, words, english, dub):
            made[f"{series} {key.table}"] = key
        lake.store.put_if_absent(layout.speech(f"{len(made):032x}"), line.encode())
        lake.record_failure(UnitKey("dub", series, "01", "en", "0" * 32), "dub", {}, permanent=True)
    lake.add_edit("en", "B", "01", segment=1, source_text="a", text="b", editor="me")
    compact(lake)
    return made


def overwrite(lake: Lake, key: str, data: bytes) -> None:
    assert isinstance(lake.store, LocalStore)
    (lake.store.root / key).write_bytes(data)


def rewrite(lake: Lake, key: str, change: Callable[[pa.Table], pa.Table]) -> None:
    """Change a Parquet file's rows and keep its metadata."""
    before = pq.ParquetFile(io.BytesIO(lake.store.read(key))).read()
    sink = io.BytesIO()
    pq.write_table(change(before).replace_schema_metadata(before.schema.metadata), sink)
    overwrite(lake, key, sink.getvalue())


def with_text(table: pa.Table, column: str, value: str) -> pa.Table:
    at = table.column_names.index(column)
    return table.set_column(at, table.schema.field(at), pa.array([value] * len(table)))


def test_a_sound_lake_has_no_findings(lake: Lake, sound: dict[str, UnitKey]) -> None:
    with leases.hold(lake, "run"):
        for deep in (False, True):
            found, done = findings(lake, deep=deep)
            assert found == []
            assert (done.units, done.compacted, done.blobs) == (8, 8, 4)
            found, done = findings(lake, series="B", deep=deep)
            assert found == [] and (done.units, done.compacted, done.blobs) == (4, 4, 2)


def test_a_lake_that_is_only_behind_is_sound(lake: Lake, sound: dict[str, UnitKey]) -> None:
    unit(lake, "transcript", revision=2, reads=[sound["长夜灯 source"]])
    unit(lake, "translation", language="fr", reads=[sound["长夜灯 transcript"]])
    assert findings(lake, deep=True)[0] == []


DAMAGES: dict[str, tuple[str, Callable[[Lake, str], None], str]] = {
    "cut": ("B transcript", lambda lake, key: overwrite(lake, key, lake.store.read(key)[:-20]), "not a file of ours"),
    "empty": ("B transcript", lambda lake, key: overwrite(lake, key, b""), "not a file of ours"),
    "series": (
        "B transcript",
        lambda lake, key: rewrite(lake, key, lambda t: with_text(t, "series", "C")),
        "series is",
    ),
    "mark": (
        "B dub",
        lambda lake, key: rewrite(lake, key, lambda t: with_text(t, "fingerprint", "0" * 32)),
        "fingerprint is '0000",
    ),
    "language": (
        "B dub",
        lambda lake, key: rewrite(lake, key, lambda t: with_text(t, "language", "es")),
        "language is",
    ),
    "column": (
        "B dub",
        lambda lake, key: rewrite(lake, key, lambda t: t.drop_columns(["tempo"])),
        "lacks columns: tempo",
    ),
    "more": (
        "B dub",
        lambda lake, key: rewrite(lake, key, lambda t: t.append_column("x", pa.array([1] * len(t)))),
        "columns that its table has not: x",
    ),
    "twice": (
        "B dub",
        lambda lake, key: rewrite(lake, key, lambda t: t.append_column("series", pa.array(["B"] * len(t)))),
        "not a file of ours",
    ),
    "null": (
        "B dub",
        lambda lake, key: rewrite(
            lake, key, lambda t: t.set_column(t.column_names.index("engine"), "engine", pa.nulls(len(t), pa.string()))
        ),
        "required value is missing in engine",
    ),
    "type": (
        "B transcript",
        lambda lake, key: rewrite(
            lake, key, lambda t: t.set_column(t.column_names.index("start_ms"), "start_ms", pa.array(["soon"] * len(t)))
        ),
        "does not fit its table",
    ),
    "rows": (
        "B transcript",
        lambda lake, key: rewrite(lake, key, lambda t: t.slice(0, 2)),
        "has 3 rows of 01",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_to_a_unit_is_found(lake: Lake, sound: dict[str, UnitKey], damage: str) -> None:
    name, hurt, problem = DAMAGES[damage]
    hurt(lake, str(sound[name]))
    found, _ = findings(lake, series="B")
    assert found and any(problem in each.problem for each in found), found
    assert all(each.remedy and each.key.count("B") for each in found)


def test_a_recipe_that_is_not_the_units_is_found(lake: Lake) -> None:
    for number, about in enumerate(({"recipe": {"a": 1}}, {}, {"recipe": {"a": float("nan")}})):
        key = UnitKey("transcript", "A", f"{number}", None, f"{number:032d}")
        lake.commit(key, [{**SHARED, "language": "zh"}], about)
    found, _ = findings(lake)
    assert len(found) == 3 and ["recipe" in each.problem for each in found[:2]] == [True, True]


def test_what_is_referred_to_and_gone_is_found(lake: Lake, sound: dict[str, UnitKey]) -> None:
    row = lake.read(sound["B source"]).rows()[0]
    lake.store.delete(row["speech_blob"])
    lake.store.delete(str(sound["长夜灯 translation"]))
    for series in (None, "B"):
        found, _ = findings(lake, series=series)
        of_b = [each for each in found if each.key == str(sound["B source"])]
        assert len(of_b) == 1 and row["speech_blob"] in of_b[0].problem
    of_dub = [each for each in findings(lake)[0] if each.key == str(sound["长夜灯 dub"])]
    assert len(of_dub) == 1 and str(sound["长夜灯 translation"]) in of_dub[0].problem


def test_what_others_commit_meanwhile_is_not_gone(tmp_path: Path) -> None:
    class Busy(LocalStore):
        """Somebody commits a unit with a blob, and then what is made from it, each behind what was just listed."""

        def list(self, prefix: str = "", *, after: str = "") -> Iterator[ObjectInfo]:
            yield from list(super().list(prefix, after=after))
            if not made:
                made.append(unit(lake, "source", speech_blob=blob(lake, b"late")))
            elif prefix.startswith("translation") and len(made) == 1:
                words = unit(lake, "transcript", reads=made, text="字")
                made.append(unit(lake, "dub", language="en", reads=[words], blob=blob(lake, b"later"), tempo=1.0))

    made: list[UnitKey] = []
    lake = Lake(Busy(tmp_path / "busy"))
    blob(lake, b"first")
    unit(lake, "translation", language="en", text="word")
    first, done = findings(lake)
    assert first == [] and done.units >= 2
    assert findings(lake)[0] == []


def test_changed_content_is_found_by_a_deep_look(lake: Lake, sound: dict[str, UnitKey]) -> None:
    line = lake.read(sound["B dub"]).rows()[0]["blob"]
    overwrite(lake, line, b"another line")
    compacted = layout.compacted("translation", "en", "B")
    rewrite(lake, compacted, lambda table: with_text(table, "text", "another word"))
    for series in (None, "B"):
        assert findings(lake, series=series)[0] == []
        found, _ = findings(lake, series=series, deep=True)
        assert {each.key for each in found} == {line, compacted}


def test_compacted_files_that_disagree_are_found(lake: Lake, sound: dict[str, UnitKey]) -> None:
    twice, foreign, mute = (layout.compacted(table, None, "B") for table in ("source", "transcript", "source"))
    rewrite(lake, twice, lambda table: pa.concat_tables([table, table]))
    rewrite(lake, foreign, lambda table: with_text(table, "episode", "99"))
    mute = layout.compacted("dub", "en", "B")
    overwrite(lake, mute, lake.store.read(str(sound["B dub"])))
    broken = layout.compacted("translation", "en", "B")
    overwrite(lake, broken, b"PAR1")
    found, _ = findings(lake)
    assert {each.key for each in found} == {twice, foreign, mute, broken}
    assert "has 6 rows" in next(each.problem for each in found if each.key == twice)
    assert all("compact" in each.remedy for each in found)
    compact(lake)


def test_strays_are_found(lake: Lake, sound: dict[str, UnitKey]) -> None:
    strays = {
        "notes.txt",
        "blob/00/hello.flac",
        "transcript/readme",
        "transcript/episode=01/series=B/" + "0" * 32 + ".parquet",
        "nothing/series=B/episode=01/" + "0" * 32 + ".parquet",
        "failure/stage=dub/x.json",
        "compacted/dub/series=B/other.parquet",
        "lease/run/me.json",
        "speech/00/" + "1" * 32,
    }
    for key in strays:
        lake.store.put_if_absent(key, b"")
    found, _ = findings(lake)
    assert {each.key for each in found} == strays
    assert {each.problem for each in found} == {"outside the lake's layout"}


def test_episodes_with_one_fingerprint_are_told_apart(lake: Lake) -> None:
    first, second = (unit(lake, "transcript", episode=episode, text=episode) for episode in ("01", "02"))
    assert first.fingerprint == second.fingerprint
    compact(lake)
    assert findings(lake, deep=True)[0] == []


def test_rows_are_compared_whatever_their_order(lake: Lake, tmp_path: Path) -> None:
    key = unit(lake, "transcript", text="字")
    rewrite(lake, str(key), lambda table: table.take(pc.sort_indices(table, sort_keys=[("segment", "descending")])))
    compact(lake)
    assert findings(lake, deep=True)[0] == []
