"""Subtitles that lie beside videos, or that a manifest names: found, chosen by language, and told apart by content."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dubwright import sources
from dubwright.catalogue import catalog, sidecars
from dubwright.catalogue.catalog import Episode
from dubwright.catalogue.sidecars import Sidecar
from dubwright.errors import InputError, ManifestError, StoreError
from tests.catalogue.conftest import Bucket
from tests.catalogue.test_catalog import names, put

SOURCE = "s3://works/dramas?region=here"


def _episodes(source: object, **given: str) -> dict[str, Episode]:
    return {episode.episode: episode for episode in catalog.load(str(source), **given).episodes}  # type: ignore[arg-type]


def _taken(source: object, **given: str) -> dict[str, str | None]:
    found = _episodes(source, **given)
    return {
        name: sources.folder_and_name(each.subtitles)[1] if each.subtitles else None for name, each in found.items()
    }


@pytest.mark.parametrize(
    ("beside", "language", "taken"),
    [
        (["01.srt"], "zh", "01.srt"),
        (["01.SRT"], "zh", "01.SRT"),
        (["01.zh.srt"], "zh", "01.zh.srt"),
        (["01.zh-Hans.ass"], "zh", "01.zh-Hans.ass"),
        (["01.chs.ass"], "zh", "01.chs.ass"),
        (["01.简体.ass"], "zh", "01.简体.ass"),
        (["01.en.srt"], "zh", None),
        (["01.en.srt", "01.srt"], "zh", "01.srt"),
        (["01.en.srt", "01.zh.srt", "01.srt"], "zh", "01.zh.srt"),
        (["01.en.srt", "01.zh.srt"], "en", "01.en.srt"),
        (["01.zh.srt"], "en", None),
        (["01.cht.srt", "01.chs.srt"], "zh-Hant", "01.cht.srt"),
        (["01.txt", "01.vtt", "01.zh.ass"], "zh", "01.zh.ass"),
        (["01.txt"], "zh", "01.txt"),
        (
            ["02.srt", "010.srt", "1.srt", "01x.srt", "01.srt.bak", "01.final.srt", "01..srt", ".01.srt", "srt"],
            "zh",
            None,
        ),
        (["01.mp4.srt"], "zh", None),
        (["01.json", "01.sub", "series.yaml"], "zh", None),
    ],
)
def test_which_is_taken(tmp_path: Path, bucket: Bucket, beside: list[str], language: str, taken: str | None) -> None:
    for name in ["01.mp4", *beside]:
        put(tmp_path / "灯" / name, name.encode() if name != "series.yaml" else b"title: x")
        bucket.put(f"dramas/灯/{name}", name if name != "series.yaml" else "title: x")
    video = tmp_path / "灯/01.mp4"
    for source in (tmp_path, video.parent, video, SOURCE, "s3://works/dramas/灯/01.mp4?region=here"):
        assert _taken(source, language=language) == {"01": taken}


def test_each_video_has_its_own(tmp_path: Path) -> None:
    for name in ("1.mp4", "2.mp4", "10.mkv", "1.srt", "10.zh.srt", "第3集.mp4"):
        put(tmp_path / name, name.encode())
    put(tmp_path / unicodedata.normalize("NFD", "Élan.mp4"))
    put(tmp_path / unicodedata.normalize("NFC", "Élan.srt"))
    assert _taken(tmp_path) == {
        "1": "1.srt", "2": None, "10": "10.zh.srt", "第3集": None, "Élan": unicodedata.normalize("NFC", "Élan.srt"),
    }  # fmt: skip


def test_the_runs_language_goes_before_that_of_the_facts(tmp_path: Path) -> None:
    for name in ("01.mp4", "01.es.srt", "01.zh.srt"):
        put(tmp_path / name)
    assert _taken(tmp_path) == {"01": "01.zh.srt"}
    put(tmp_path / "series.yaml", b"language: es")
    assert _taken(tmp_path) == {"01": "01.es.srt"}
    assert _taken(tmp_path, language="zh") == {"01": "01.zh.srt"}


def test_digests_of_subtitles_and_videos_are_their_own(tmp_path: Path) -> None:
    put(tmp_path / "01.mp4")
    alone = _episodes(tmp_path)["01"]
    assert alone.subtitles is alone.subtitles_digest is None
    path = put(tmp_path / "01.srt", b"one")
    first = _episodes(tmp_path)["01"]
    assert first.digest == alone.digest and first.subtitles == str(path)
    assert first.subtitles_digest == sources.digest(path)
    put(path, b"two")
    second = _episodes(tmp_path)["01"]
    assert second.digest == alone.digest and second.subtitles_digest not in (None, first.subtitles_digest)


def test_a_prefix_is_listed_once(bucket: Bucket) -> None:
    for number in range(3):
        for name in (f"{number}.mp4", f"{number}.zh.srt", f"{number}.en.srt"):
            bucket.put(f"dramas/灯/{name}", name)
    bucket.put("dramas/灯/0.x/0.srt")
    found = _episodes(SOURCE)
    assert bucket.asked == [("list", "dramas/")]
    assert [each.subtitles for each in found.values()] == [
        f"s3://works/dramas/灯/{number}.zh.srt?region=here" for number in range(3)
    ]
    assert len({each.subtitles_digest for each in found.values()}) == 3
    bucket.put("dramas/灯/0.zh.srt", "changed")
    again = _episodes(SOURCE)
    assert again["0"].subtitles_digest != found["0"].subtitles_digest
    assert again["0"].digest == found["0"].digest and again["1"] == found["1"]


def test_a_store_without_checksums(bucket: Bucket) -> None:
    bucket.checksums = False
    bucket.put("dramas/灯/1.mp4")
    bucket.put("dramas/灯/1.srt", "one")
    first = _episodes(SOURCE)["1"].subtitles_digest
    bucket.put("dramas/灯/1.srt", "two")
    assert None is not first != _episodes(SOURCE)["1"].subtitles_digest


MANIFEST_YAML = """
- {series: 灯, episode: 01, video: 1.mp4, subtitles: texts/1.en.srt}
- {series: 灯, episode: 02, video: 2.mp4, subtitles: texts/none.srt}
- {series: 灯, episode: 03, video: 3.mp4}
- {series: 灯, episode: 04, video: 4.mp4, subtitles: "http://host/4.srt"}
- {series: 灯, episode: 05, video: 5.mp4, subtitles: [a]}
- {series: 灯, episode: 06, video: 6.mp4, subtitles: "a\\0.srt"}
- {series: 灯, episode: 07, video: 7.mp4, subtitles: ""}
- {series: 灯, episode: 08, video: 8.mp4, subtitles: texts}
"""


def test_a_manifest_names_subtitles(tmp_path: Path) -> None:
    for number in range(1, 9):
        put(tmp_path / f"{number}.mp4")
    # What a manifest does not name is not looked for.
    put(tmp_path / "3.srt")
    put(tmp_path / "texts/1.en.srt")
    found = catalog.load(str(put(tmp_path / "m.yaml", MANIFEST_YAML.encode())))
    # Named ones are taken whatever they are called.
    assert [(each.episode, each.subtitles) for each in found.episodes] == [
        ("01", str(tmp_path / "texts/1.en.srt")),
        ("03", None),
        ("07", None),
    ]
    # A row whose cells are no text is known by its number alone.
    problems = {problem.episode.removeprefix(f"{tmp_path}/"): problem.error for problem in found.problems}
    assert sorted(problems) == ["02", "04", "06", "08", "m.yaml:5"]
    assert all(error.field == "subtitles" and error.remedy for error in problems.values())
    assert (
        isinstance(problems["02"], InputError)
        and "none.srt" in str(problems["02"])
        and "m.yaml:2" in str(problems["02"])
    )
    assert isinstance(problems["04"], ManifestError) and isinstance(problems["m.yaml:5"], ManifestError)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_manifests_of_other_kinds(tmp_path: Path, kind: str) -> None:
    put(tmp_path / "1.mp4")
    path = put(tmp_path / "1.srt")
    if kind == "csv":
        put(tmp_path / "m.csv", b"video,subtitles\n1.mp4,1.srt\n")
    else:
        pq.write_table(pa.table({"video": ["1.mp4"], "subtitles": ["1.srt"]}), tmp_path / "m.parquet")
    assert _episodes(tmp_path / f"m.{kind}")["1"].subtitles == str(path)


def test_a_manifest_in_a_store(bucket: Bucket) -> None:
    bucket.put("lists/a/1.mp4")
    bucket.put("lists/a/1.srt", "one")
    bucket.put("lists/a/2.mp4")
    bucket.put("lists/a/3.mp4")
    rows = "video,subtitles\na/1.mp4,a/1.srt\na/2.mp4,a/2.srt\na/3.mp4,/etc/passwd\n"
    bucket.put("lists/m.csv", rows)
    found = catalog.load("s3://works/lists/m.csv?region=here")
    assert names(found) == [("a", "1")]
    (episode,) = found.episodes
    assert episode.subtitles == "s3://works/lists/a/1.srt?region=here" and episode.subtitles_digest
    problems = {problem.episode: problem.error for problem in found.problems}
    assert isinstance(problems["2"], InputError) and problems["2"].field == "subtitles"
    assert isinstance(problems["3"], ManifestError) and problems["3"].field == "subtitles"


def test_subtitles_that_cannot_be_had() -> None:
    far = Sidecar("s3://works/1.srt?region=here", row="m.csv:2")
    with pytest.raises(StoreError):
        sidecars.digest(far, StoreError("it refuses", where="s3://works"))
    with pytest.raises(InputError, match=r"m\.csv:2"):
        sidecars.digest(far, None)
    with pytest.raises(InputError, match="permissions"):
        sidecars.digest(Sidecar("/proc/self/mem/1.srt"), None)


def test_a_folder_of_nothing_but_subtitles_has_no_video(tmp_path: Path) -> None:
    put(tmp_path / "01.srt")
    with pytest.raises(catalog.CatalogError, match="no videos"):
        catalog.load(str(tmp_path))
