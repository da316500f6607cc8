"""Sources: folders, videos, manifests; and what is wrong with some of their episodes."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dubwright.catalogue import catalog
from dubwright.errors import CatalogError, DuplicateEpisodeError, ManifestError, MediaError
from dubwright.lake import layout


def put(path: Path, content: bytes = b"video") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def names(found: catalog.Catalog) -> list[tuple[str, str]]:
    return [(episode.series, episode.episode) for episode in found.episodes]


def test_a_folder_of_series_in_the_order_people_count(tmp_path: Path) -> None:
    for name in (
        "长夜灯/10.mp4",
        "长夜灯/2.mp4",
        "长夜灯/1.MKV",
        "B \"q\" 'x'/第1集 终.mp4",
        "B \"q\" 'x'/notes.txt",
        ".hidden/1.mp4",
    ):
        put(tmp_path / name)
    put(tmp_path / "长夜灯/._1.mp4")
    found = catalog.load(str(tmp_path))
    assert names(found) == [("B \"q\" 'x'", "第1集 终"), ("长夜灯", "1"), ("长夜灯", "2"), ("长夜灯", "10")]
    assert not found.problems


def test_a_series_folder_and_one_video_of_it_name_it_alike(tmp_path: Path) -> None:
    video = put(tmp_path / "长夜灯/01.mp4")
    folder, alone = catalog.load(str(video.parent)), catalog.load(str(video))
    assert names(folder) == names(alone) == [("长夜灯", "01")]
    assert [episode.digest for episode in folder.episodes] == [episode.digest for episode in alone.episodes]


def test_a_copy_has_the_same_digest_and_a_change_another(tmp_path: Path) -> None:
    content = bytes(range(256)) * 1000
    put(tmp_path / "a/1.mp4", content)
    put(tmp_path / "b/1.mp4", content)
    put(tmp_path / "c/1.mp4", content[:-1] + b"!")
    put(tmp_path / "d/1.mp4", content + b"!")
    digests = [episode.digest for episode in catalog.load(str(tmp_path)).episodes]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3


def test_two_episodes_with_one_name_are_a_problem_of_that_name_alone(tmp_path: Path) -> None:
    for name in ("s/01.mp4", "s/01.mkv", "s/02.mp4"):
        put(tmp_path / name)
    found = catalog.load(str(tmp_path))
    assert names(found) == [("s", "02")]
    (problem,) = found.problems
    assert isinstance(problem.error, DuplicateEpisodeError)
    assert "01.mp4" in str(problem.error) and "01.mkv" in str(problem.error) and problem.error.remedy


def test_names_that_differ_in_unicode_form_alone_are_one_name(tmp_path: Path) -> None:
    put(tmp_path / f"s/{unicodedata.normalize('NFC', 'é')}.mp4")
    put(tmp_path / f"s/{unicodedata.normalize('NFD', 'é')}.mp4")
    assert isinstance(catalog.load(str(tmp_path)).problems[0].error, DuplicateEpisodeError)


def test_names_that_are_too_long_or_no_text_still_name(tmp_path: Path) -> None:
    put(tmp_path / "s" / ("集" * 80 + ".mp4"))
    try:
        (tmp_path / "s" / b"\xff\xfe.mp4".decode("utf-8", "surrogateescape")).write_bytes(b"video")
    except OSError:
        pytest.skip("this file system refuses such names")
    found = names(catalog.load(str(tmp_path)))
    assert len(found) == 2
    for _, episode in found:
        episode.encode()


@given(st.text(st.characters()))
def test_every_name_is_one_that_the_lake_holds(name: str) -> None:
    held = catalog._name(name)
    part = layout.encode(held)
    assert held == catalog._name(held) and layout.decode(part) == held
    assert 0 < len(part.encode()) <= layout.LONGEST_NAME_BYTES and "/" not in part


def test_a_broken_series_yaml_stops_its_series_alone(tmp_path: Path) -> None:
    for name in ("bad/1.mp4", "bad/2.mp4", "good/1.mp4"):
        put(tmp_path / name)
    put(tmp_path / "bad/series.yaml", b"glossary:\n- renderings: {en: x}\n")
    found = catalog.load(str(tmp_path))
    assert names(found) == [("good", "1")]
    assert [(problem.series, problem.episode) for problem in found.problems] == [("bad", "1"), ("bad", "2")]
    assert "glossary.0.source" in str(found.problems[0].error) and "series.yaml" in str(found.problems[0].error)


def test_a_source_that_is_nothing(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="no such"):
        catalog.load(str(tmp_path / "nothing"))
    with pytest.raises(CatalogError, match="no videos"):
        catalog.load(str(tmp_path))


def test_only_narrows_to_a_series_or_an_episode(tmp_path: Path) -> None:
    for name in ("a/1.mp4", "a/2.mp4", "b/1.mp4"):
        put(tmp_path / name)
    found = catalog.load(str(tmp_path))
    assert names(found.only("a")) == [("a", "1"), ("a", "2")]
    assert names(found.only("a/2")) == [("a", "2")]
    with pytest.raises(CatalogError, match="a, b"):
        found.only("c")


MANIFEST_YAML = """
- {series: 长夜灯, episode: 01, video: videos/x.mp4}
- {series: 长夜灯, video: videos/y.mp4}
- {series: 长夜灯, episode: 03, video: videos/missing.mp4}
- {series: 长夜灯, episode: 04}
- just text
- {series: [a], video: videos/x.mp4}
- {series: 长夜灯, episode: 07, video: "videos/\\ud800.mp4"}
- {series: 长夜灯, episode: 08, video: "videos/\\0.mp4"}
"""
MANIFEST_CSV = """series,episode,video
长夜灯,01,videos/x.mp4
长夜灯,,videos/y.mp4
长夜灯,03,videos/missing.mp4
长夜灯,04,
长夜灯,05,videos/x.mp4,extra
"""


@pytest.mark.parametrize(("name", "content", "bad"), [("m.yaml", MANIFEST_YAML, 6), ("m.csv", MANIFEST_CSV, 3)])
def test_a_manifests_bad_rows_are_problems_and_the_rest_is_found(
    tmp_path: Path, name: str, content: str, bad: int
) -> None:
    put(tmp_path / "videos/x.mp4")
    put(tmp_path / "videos/y.mp4")
    found = catalog.load(str(put(tmp_path / name, content.encode())))
    assert names(found) == [("长夜灯", "01"), ("长夜灯", "y")]
    assert len(found.problems) == bad
    missing = next(problem for problem in found.problems if problem.episode == "03")
    assert isinstance(missing.error, MediaError) and "missing.mp4" in str(missing.error) and name in str(missing.error)
    assert all(problem.error.remedy and name in str(problem.error) for problem in found.problems)


def test_a_parquet_manifest(tmp_path: Path) -> None:
    put(tmp_path / "x.mp4")
    pq.write_table(
        pa.table({"series": ["s"], "episode": [7], "video": ["x.mp4"], "more": [1.5]}), tmp_path / "m.parquet"
    )
    assert names(catalog.load(str(tmp_path / "m.parquet"))) == [("s", "7")]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("m.yaml", b"a: [1"),
        ("m.yaml", b"a: 1"),
        ("m.yaml", b""),
        ("m.csv", b"a,b\n1,2\n"),
        ("m.csv", b"\xff\xfe\x00"),
        ("m.csv", b""),
        ("m.parquet", b"PAR1 no"),
    ],
)
def test_a_manifest_that_is_none(tmp_path: Path, name: str, content: bytes) -> None:
    with pytest.raises(ManifestError) as caught:
        catalog.load(str(put(tmp_path / name, content)))
    assert name in str(caught.value)
