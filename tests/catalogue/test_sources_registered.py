"""Catalogues registered in the lake: versions that only grow, and sources named by them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dubwright.catalogue import catalog, registered
from dubwright.errors import CatalogError, DuplicateEpisodeError, LanguageError, SettingsError
from dubwright.lake import Lake
from dubwright.lake.layout import CatalogKey, parse_catalog
from tests.catalogue.conftest import Bucket
from tests.catalogue.test_catalog import names, put


def add(lake: Lake, name: str, source: Path | str, **more: object) -> registered.Registered:
    return registered.add(lake, registered.new(name, str(source), **more))  # type: ignore[arg-type]


def test_the_last_version_counts_and_none_is_lost(lake: Lake, tmp_path: Path) -> None:
    add(lake, "短剧-1", tmp_path, to=["en", "pt-br"])
    add(lake, "短剧-1", tmp_path, to=["en", "pt-br"])
    changed = add(lake, "短剧-1", tmp_path, to=["es"], priority="release")
    other = add(lake, "a", tmp_path / "a")
    assert registered.entries(lake) == [other, changed] and registered.get(lake, "短剧-1") == changed
    registered.remove(lake, "短剧-1")
    assert registered.entries(lake) == [other]
    with pytest.raises(CatalogError, match="短剧-1"):
        registered.get(lake, "短剧-1")
    with pytest.raises(CatalogError, match="no catalogue is registered as"):
        registered.remove(lake, "短剧-1")
    # What equals the version before is none; every change is one.
    versions = [parse_catalog(found.key) for found in lake.store.list("catalog/短剧-1/")]
    assert versions == [CatalogKey("短剧-1", number) for number in (1, 2, 3)]
    assert add(lake, "短剧-1", tmp_path).priority == "normal" and len(registered.entries(lake)) == 2


def test_what_an_entry_holds(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a: b").mkdir()
    entry = add(lake, "dramas", "a: b", to=["EN", "pt-br", "en"], priority="backfill")
    assert (entry.source, entry.to, entry.priority) == (str(tmp_path / "a: b"), ("en", "pt-BR"), "backfill")
    assert add(lake, "s3", "s3://works/p?region=x").source == "s3://works/p?region=x"
    assert json.loads(lake.store.read("catalog/dramas/000001.json"))["to"] == ["en", "pt-BR"]


@pytest.mark.parametrize(
    ("name", "source", "more", "error"),
    [
        ("", "x", {}, CatalogError),
        ("a/b", "x", {}, CatalogError),
        ("../x", "x", {}, CatalogError),
        ("a" * 65, "x", {}, CatalogError),
        ("a", "lake:b", {}, CatalogError),
        ("a", "x", {"priority": "soon"}, CatalogError),
        ("a", "x", {"to": ["no language"]}, LanguageError),
        ("a", "s3://KEY:SECRET@b/x", {}, SettingsError),
    ],
)
def test_entries_that_cannot_be(name: str, source: str, more: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        registered.new(name, source, **more)  # type: ignore[arg-type]
    assert "SECRET" not in str(caught.value)


def test_an_entry_that_cannot_be_read_can_be_replaced_or_removed(lake: Lake, tmp_path: Path) -> None:
    for number, body in enumerate((b"no json", b'{"source": 3}', b"\xff"), 1):
        lake.store.put_if_absent(str(CatalogKey("a", number)), body)
        with pytest.raises(CatalogError, match=f"{number:06d}") as caught:
            registered.get(lake, "a")
        assert "catalog add a" in str(caught.value)
    registered.remove(lake, "a")
    assert registered.entries(lake) == []
    lake.store.put_if_absent(str(CatalogKey("a", 5)), b"no json")
    assert add(lake, "a", tmp_path) == registered.get(lake, "a")


def test_sources_by_name(lake: Lake, tmp_path: Path, bucket: Bucket) -> None:
    put(tmp_path / "here/长夜灯/1.mp4")
    bucket.put("dramas/灯/1.mp4")
    bucket.put("dramas/火/1.mp4")
    add(lake, "a", tmp_path / "here")
    add(lake, "b", "s3://works/dramas?region=here")
    assert names(catalog.load("lake:a", lake=lake)) == [("长夜灯", "1")]
    assert names(catalog.load("lake:b", lake=lake)) == [("火", "1"), ("灯", "1")]
    assert names(catalog.load("lake:", lake=lake)) == [("长夜灯", "1"), ("火", "1"), ("灯", "1")]
    bucket.did("list")
    assert names(catalog.load("lake:", "灯/1", lake=lake)) == [("灯", "1")]
    assert bucket.did("list") == ["dramas/灯/"]
    with pytest.raises(CatalogError, match="there have been: a, b"):
        catalog.load("lake:c", lake=lake)
    with pytest.raises(CatalogError, match="nothing is called"):
        catalog.load("lake:", "水", lake=lake)
    with pytest.raises(CatalogError, match="--lake"):
        catalog.load("lake:a")


def test_no_catalogue_at_all(lake: Lake) -> None:
    with pytest.raises(CatalogError, match="no catalogue is registered") as caught:
        catalog.load("lake:", lake=lake)
    assert "catalog add" in str(caught.value)


def test_a_series_in_two_catalogues_is_a_problem_of_that_series_alone(lake: Lake, tmp_path: Path) -> None:
    for name in ("a/长夜灯/1.mp4", "a/灯/1.mp4", "b/长夜灯/2.mp4"):
        put(tmp_path / name)
    add(lake, "a", tmp_path / "a")
    add(lake, "b", tmp_path / "b")
    for only in (None, "长夜灯", "长夜灯/1"):
        found = catalog.load("lake:", only, lake)
        assert names(found) == ([] if only else [("灯", "1")])
        (problem,) = found.problems
        assert (problem.series, problem.episode) == ("长夜灯", "*")
        assert isinstance(problem.error, DuplicateEpisodeError) and "a, b" in str(problem.error)


def test_a_catalogue_out_of_reach_does_not_keep_the_others_waiting(lake: Lake, tmp_path: Path) -> None:
    put(tmp_path / "a/长夜灯/1.mp4")
    add(lake, "a", tmp_path / "a")
    add(lake, "gone", tmp_path / "gone")
    found = catalog.load("lake:", lake=lake)
    assert names(found) == [("长夜灯", "1")]
    assert [(problem.series, problem.episode) for problem in found.problems] == [("lake:gone", "*")]


def test_languages_of_runs_that_name_none(lake: Lake, tmp_path: Path) -> None:
    add(lake, "a", tmp_path, to=["es", "en"])
    assert registered.languages_of("lake:a", lake) == registered.languages_of("lake:", lake) == ("es", "en")
    add(lake, "b", tmp_path, to=["en", "es"])
    assert set(registered.languages_of("lake:", lake)) == {"en", "es"}
    add(lake, "b", tmp_path, to=["fr"])
    with pytest.raises(CatalogError, match="different languages"):
        registered.languages_of("lake:", lake)
    add(lake, "c", tmp_path)
    for source in ("lake:c", str(tmp_path)):
        with pytest.raises(CatalogError, match="no language is named") as caught:
            registered.languages_of(source, lake)
        assert "--to" in str(caught.value)
