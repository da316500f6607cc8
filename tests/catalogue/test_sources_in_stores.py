"""Catalogues in object stores: prefixes and manifests, and that one series is looked at alone."""

from __future__ import annotations

import io
import unicodedata
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dubwright import sources
from dubwright.catalogue import catalog
from dubwright.errors import CatalogError, DuplicateEpisodeError, ManifestError, MediaError, StoreError
from dubwright.lake import layout
from tests.catalogue.conftest import Bucket
from tests.catalogue.test_catalog import names, put

SOURCE = "s3://works/dramas?region=here"


def test_a_prefix_of_series(bucket: Bucket) -> None:
    for key in (
        "长夜灯/10.mp4",
        "长夜灯/2.mp4",
        "长夜灯/1.MKV",
        "B \"q\" 'x'/第1集 终.mp4",
        "B/notes.txt",
        "B/deep/er/1.mp4",
    ):
        bucket.put(f"dramas/{key}")
    bucket.put("dramas/.hidden/1.mp4")
    bucket.put("dramas/长夜灯/._1.mp4")
    bucket.put("dramas-2/else/1.mp4")
    bucket.put("dramas/长夜灯/series.yaml", "title: 长夜灯")
    found = catalog.load(SOURCE)
    assert names(found) == [("B \"q\" 'x'", "第1集 终"), ("长夜灯", "1"), ("长夜灯", "2"), ("长夜灯", "10")]
    assert [series.facts.title for series in found.series] == ["", "长夜灯"]
    assert not found.problems
    # Planned from the listing alone, and series.yaml read where it was seen.
    assert bucket.asked[0] == ("list", "dramas/")
    assert bucket.did("open") == ["dramas/长夜灯/series.yaml"]
    assert {episode.uri for episode in found.episodes} >= {"s3://works/dramas/长夜灯/2.mp4?region=here"}


def test_a_series_prefix_a_bucket_and_one_video(bucket: Bucket) -> None:
    bucket.put("dramas/长夜灯/01.mp4")
    bucket.put("dramas/长夜灯/series.yaml", "title: Lamp")
    prefix, slash = (
        catalog.load("s3://works/dramas/长夜灯?region=here"),
        catalog.load("s3://works/dramas/长夜灯/?region=here"),
    )
    alone = catalog.load("s3://works/dramas/长夜灯/01.mp4?region=here")
    assert names(prefix) == names(slash) == names(alone) == [("长夜灯", "01")]
    assert prefix.series == slash.series == alone.series
    assert prefix.series[0].facts.title == "Lamp"
    bucket.put("1.mp4")
    assert names(catalog.load("s3://works?region=here")) == [("works", "1")]


def test_a_digest_follows_content_and_size(bucket: Bucket) -> None:
    for key, content in (("a/1.mp4", "one"), ("b/1.mp4", "one"), ("c/1.mp4", "two")):
        bucket.put(key, content)
    a, b, c = (episode.digest for episode in catalog.load("s3://works?region=here").episodes)
    assert a == b != c
    assert bucket.did("open") == []
    # Without checksums a store's video is sampled like a file.
    bucket.checksums = False
    sampled = [episode.digest for episode in catalog.load("s3://works?region=here").episodes]
    assert sampled[0] == sources.digest(bucket.root / "a/1.mp4") and sampled[0] != sampled[2]


@pytest.mark.parametrize("only", ["s07", "s07/03"])
def test_only_one_series_is_listed_and_read(bucket: Bucket, only: str) -> None:
    for series in range(12):
        bucket.put(f"dramas/s{series:02d}/series.yaml", f"title: '{series}'")
        for episode in range(5):
            bucket.put(f"dramas/s{series:02d}/{episode:02d}.mp4")
    found = catalog.load(SOURCE, only)
    assert found.series[0].facts.title == "7"
    assert names(found) == [("s07", f"{n:02d}") for n in (range(5) if only == "s07" else [3])]
    assert {key for what, key in bucket.asked if what == "list"} == {"dramas/s07/"}
    assert all(key.startswith("dramas/s07/") for key in bucket.seen)
    assert [key for what, key in bucket.asked if what == "open"] == ["dramas/s07/series.yaml"]
    whole = catalog.load(SOURCE)
    assert next(series for series in whole.series if series.name == "s07").facts == found.series[0].facts
    assert set(found.episodes) <= set(whole.episodes)


def test_only_one_series_of_a_folder_is_looked_at(tmp_path: Path) -> None:
    put(tmp_path / "a/1.mp4")
    put(tmp_path / "b/1.mp4")
    put(tmp_path / "b/series.yaml", b"glossary: [1")
    (tmp_path / "c").symlink_to(tmp_path / "nowhere")
    found = catalog.load(str(tmp_path), "a")
    assert names(found) == [("a", "1")] and not found.problems
    with pytest.raises(CatalogError, match="a, b"):
        catalog.load(str(tmp_path), "..")


def test_only_finds_what_is_spelt_otherwise(bucket: Bucket) -> None:
    bucket.put(f"dramas/{unicodedata.normalize('NFD', 'é')}/1.mp4")
    bucket.put("dramas/ padded /1.mp4")
    assert names(catalog.load(SOURCE, unicodedata.normalize("NFC", "é")))
    assert names(catalog.load(SOURCE, "padded")) == [("padded", "1")]
    with pytest.raises(CatalogError, match="nothing is called 'x'") as caught:
        catalog.load(SOURCE, "x")
    assert "padded" in str(caught.value)


def test_hostile_keys_become_names_that_hold(bucket: Bucket) -> None:
    bucket.put("dramas/\x1b[2J\x07red/1\r.mp4")
    bucket.put(f"dramas/{'长' * 80}/{'集' * 80}.mp4")
    bucket.put("dramas/a?endpoint=http:/1².mp4")
    bucket.put("dramas/a%2F..%2F/1.mp4")
    bucket.put("dramas/ /\u3000.mp4")
    bucket.put("dramas/ /\u3000\u3000.mp4")
    bucket.put("dramas/.../...mp4")
    found = catalog.load(SOURCE)
    assert len(list(found.episodes)) == 6 and not found.problems
    for episode in found.episodes:
        assert episode.series and episode.episode and episode.series.isprintable() and episode.episode.isprintable()
        for name in (episode.series, episode.episode):
            part = layout.encode(name)
            assert len(part.encode()) <= layout.LONGEST_NAME_BYTES and "/" not in part and layout.decode(part) == name
        place = sources.split(episode.uri)
        assert place and place.store == "s3://works?region=here" and bucket.exists(place.key)


def test_two_names_that_differ_in_what_nobody_sees_are_one(bucket: Bucket) -> None:
    bucket.put("dramas/s/1\x01.mp4")
    bucket.put("dramas/s/1\x02.mp4")
    (problem,) = catalog.load(SOURCE).problems
    assert isinstance(problem.error, DuplicateEpisodeError)


def test_a_prefix_with_nothing(bucket: Bucket) -> None:
    for source in (SOURCE, "s3://works/list.csv?region=here", "s3://works?region=here"):
        with pytest.raises(CatalogError, match="no videos"):
            catalog.load(source)


def test_a_broken_series_yaml_stops_its_series_alone(bucket: Bucket) -> None:
    for key in ("bad/1.mp4", "large/1.mp4", "good/1.mp4"):
        bucket.put(f"dramas/{key}")
    bucket.put("dramas/bad/series.yaml", "glossary:\n- renderings: {en: x}\n")
    bucket.put("dramas/large/series.yaml", " " * (4 * 1024 * 1024 + 1))
    found = catalog.load(SOURCE)
    assert names(found) == [("good", "1")]
    assert {problem.series for problem in found.problems} == {"bad", "large"}
    assert all("series.yaml" in str(problem.error) for problem in found.problems)


# Manifests --------------------------------------------------------------------------------------------

LIST = """series,episode,video,digest
长夜灯,01,长夜灯/x.mp4,
长夜灯,02,./长夜灯/y.mp4,
长夜灯,03,长夜灯/missing.mp4,
长夜灯,04,http://host/1.mp4,
长夜灯,05,/etc/passwd,
长夜灯,06,s3://works/else/z.mp4,
灯,01,灯/nobody looks.mp4,sha256:abc
"""


def test_a_manifest_in_a_store(bucket: Bucket) -> None:
    for key in ("dramas/长夜灯/x.mp4", "dramas/长夜灯/y.mp4", "else/z.mp4"):
        bucket.put(key)
    bucket.put("dramas/长夜灯/series.yaml", "title: Lamp")
    bucket.put("dramas/list.csv", LIST)
    found = catalog.load("s3://works/dramas/list.csv?region=here")
    assert names(found) == [("长夜灯", "01"), ("长夜灯", "02"), ("长夜灯", "06"), ("灯", "01")]
    assert [series.facts.title for series in found.series] == ["Lamp", ""]
    problems = {problem.episode: problem.error for problem in found.problems}
    assert sorted(problems) == ["03", "04", "05"]
    assert isinstance(problems["03"], MediaError) and "missing.mp4" in str(problems["03"])
    assert all("list.csv" in str(error) and error.remedy for error in problems.values())
    # One listing for each folder, and none for each row.
    listed = [prefix for prefix in bucket.did("list") if prefix != "dramas/list.csv"]
    assert sorted(listed) == ["dramas/灯/series.yaml", "dramas/长夜灯/", "else/z.mp4"]
    assert next(each for each in found.episodes if each.series == "灯").digest == "given:sha256:abc"


def test_a_manifest_with_digests_touches_no_video(tmp_path: Path, bucket: Bucket) -> None:
    rows = {
        "series": ["a", "a", "b"],
        "episode": ["1", "2", "1"],
        "video": ["a/1.mp4", "a/2.mp4", "s3://works/b/1.mp4?region=here"],
        "digest": ["d1", "d2", "d3"],
    }
    pq.write_table(pa.table(rows), tmp_path / "m.parquet")
    found = catalog.load(str(tmp_path / "m.parquet"))
    assert [(episode.uri, episode.digest) for episode in found.episodes] == [
        (f"{tmp_path}/a/1.mp4", "given:d1"),
        (f"{tmp_path}/a/2.mp4", "given:d2"),
        ("s3://works/b/1.mp4?region=here", "given:d3"),
    ]
    assert bucket.did("list") == ["b/series.yaml"]


@pytest.mark.parametrize("digest", ["x" * 201, "a\x1bb"])
def test_a_digest_that_is_none(tmp_path: Path, digest: str) -> None:
    put(tmp_path / "m.csv", f"series,episode,video,digest\na,1,1.mp4,{digest}\n".encode())
    (problem,) = catalog.load(str(tmp_path / "m.csv")).problems
    assert isinstance(problem.error, ManifestError) and problem.error.field == "digest"


def test_only_one_series_of_a_parquet_manifest(tmp_path: Path, bucket: Bucket) -> None:
    rows = [
        {"series": f"s{series}" if series else None, "episode": f"{episode}", "video": f"v/s{series}/{episode}.mp4"}
        for series in range(30)
        for episode in range(4)
    ]
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink, row_group_size=7)
    bucket.put("m.parquet", sink.getvalue())
    for series in (0, 7):
        for episode in (0, 1, 2):
            bucket.put(f"v/s{series}/{episode}.mp4")
    bucket.did("list")
    found = catalog.load("s3://works/m.parquet?region=here", "s7")
    assert names(found) == [("s7", "0"), ("s7", "1"), ("s7", "2")]
    # Rows keep their numbers, whatever is left out before them.
    assert found.problems[0].error.where == "s3://works/m.parquet?region=here:32"
    assert "v/s7/" in bucket.did("list")
    assert all(key.startswith(("v/s7/", "m.parquet")) for key in bucket.seen)
    # A row without a series has its folder's name.
    assert names(catalog.load("s3://works/m.parquet?region=here", "s0/2")) == [("s0", "2")]


def test_a_manifest_that_is_too_large(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket.put("m.csv", "video\n1.mp4\n")
    monkeypatch.setattr(catalog, "MAX_BYTES", 5)
    with pytest.raises(ManifestError, match="larger"):
        catalog.load("s3://works/m.csv?region=here")


def test_a_store_that_fails_is_a_problem_of_its_rows_alone(
    tmp_path: Path, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put("a/1.mp4")
    listing = bucket.list

    def failing(prefix: str = "", *, after: str = "") -> object:
        if prefix.startswith("b"):
            raise StoreError("is down", where=bucket.uri)
        return listing(prefix, after=after)

    monkeypatch.setattr(bucket, "list", failing)
    lines = [f"{name},1,s3://works/{name}/1.mp4?region=here" for name in "ab"]
    put(tmp_path / "m.csv", "\n".join(["series,episode,video", *lines]).encode())
    found = catalog.load(str(tmp_path / "m.csv"))
    assert names(found) == [("a", "1")]
    assert [(problem.series, str(problem.error.problem)) for problem in found.problems] == [("b", "is down")]
