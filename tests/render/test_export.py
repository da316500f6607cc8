"""Deliverables written as files: names, contents, what is left alone, what goes wrong."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dubwright.errors import KeyMissingError, StoreError, StoreFullError
from dubwright.lake import Lake
from dubwright.lake.layout import UnitKey
from dubwright.render import export as exporting
from dubwright.render.export import export, safe_name
from dubwright.render.kinds import ENDINGS

CONTENT = {kind: f"the {kind} of ".encode() for kind in ENDINGS}


def commit(lake: Lake, series: str, episode: str, language: str = "en", *, mark: bytes = b"") -> UnitKey:
    rows: list[dict[str, Any]] = []
    for kind, text in CONTENT.items():
        data = text + f"{series!r}/{episode!r}/{language}".encode() + mark
        blob = lake.put_blob_bytes(data, ENDINGS[kind])
        row = {"kind": kind, "blob": blob, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        rows.append(row | {"engine": "ffmpeg", "engine_version": "1"})
    fingerprint = hashlib.blake2b(f"{series!r}{episode!r}{mark!r}".encode(), digest_size=16).hexdigest()
    key = UnitKey("deliverable", series, episode, language, fingerprint)
    lake.commit(key, rows, {"recipe": {"source_language": "zh"}})
    return key


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_files_stand_by_series_episode_and_language(lake: Lake, tmp_path: Path) -> None:
    units = [commit(lake, "长安 'Nights'", "第 1 集"), commit(lake, "长安 'Nights'", "第 1 集", "pt-BR")]
    done = export(lake, units, tmp_path / "out")
    folder = "长安 'Nights'/第 1 集"
    assert files(tmp_path / "out") == {
        *(f"{folder}/en/第 1 集.{ending}" for ending in ("en.mp4", "en.srt", "en.vtt", "zh.srt", "zh.vtt")),
        *(f"{folder}/pt-BR/第 1 集.{ending}" for ending in ("pt-BR.mp4", "pt-BR.srt", "pt-BR.vtt", "zh.srt", "zh.vtt")),
    }
    assert [each.kind for each in done] == [*ENDINGS] * 2
    for each in done:
        assert each.written
        assert each.path.read_bytes().startswith(CONTENT[each.kind])
        assert each.path.stat().st_size == each.bytes


def test_a_second_export_writes_nothing_and_repairs_what_was_changed(lake: Lake, tmp_path: Path) -> None:
    unit = commit(lake, "s", "01")
    first = export(lake, [unit], tmp_path)
    before = {each.path: each.path.stat().st_mtime_ns for each in first}
    assert not any(each.written for each in export(lake, [unit], tmp_path))
    assert {path: path.stat().st_mtime_ns for path in before} == before
    video = first[0].path
    right = video.read_bytes()
    video.write_bytes(b"x" * len(right))
    assert [each.kind for each in export(lake, [unit], tmp_path) if each.written] == ["video"]
    assert video.read_bytes() == right


def test_a_newer_unit_replaces_the_older_ones_files(lake: Lake, tmp_path: Path) -> None:
    export(lake, [commit(lake, "s", "01")], tmp_path / "out")
    done = export(lake, [commit(lake, "s", "01", mark=b"2")], tmp_path / "out")
    assert all(each.written and each.path.read_bytes().endswith(b"2") for each in done)
    assert len(files(tmp_path / "out")) == len(ENDINGS)


def test_source_language_equal_to_the_target_keeps_both_files(lake: Lake, tmp_path: Path) -> None:
    export(lake, [commit(lake, "s", "01", "zh")], tmp_path / "out")
    assert files(tmp_path / "out") == {
        f"s/01/zh/01.{ending}" for ending in ("zh.mp4", "zh.srt", "zh.vtt", "source.srt", "source.vtt")
    }


HOSTILE = ["..", ".", "", " ", "../../etc", "/abs", "a/b", "a\0b", "a\nb", "CON", "nul.txt", "x" * 300, "长" * 200]
HOSTILE += ["a.", "a ", ".hidden", 'q"q', "a:b", "e\u0301", "a\u202egnp.exe", "\ud800", "?*|<>\\", "a~0123456789"]


def test_hostile_names_stay_below_the_folder_and_apart(lake: Lake, tmp_path: Path) -> None:
    names = [name for name in HOSTILE if name and len(name) < 200 and "\ud800" not in name]  # as the catalogue's are
    units = [commit(lake, series, episode) for series in names for episode in ("01", "../01")]
    done = export(lake, units, tmp_path / "out")
    paths = [each.path for each in done]
    assert len({str(path).casefold() for path in paths}) == len(paths) == len(units) * len(ENDINGS)
    for path in paths:
        assert path.resolve().relative_to((tmp_path / "out").resolve()).parts[2] == "en"


@given(st.one_of(st.text(), st.sampled_from(HOSTILE)))
def test_a_safe_name_is_legal_everywhere(name: str) -> None:
    safe = safe_name(name)
    assert 0 < len(safe.encode()) <= 200
    assert not set(safe) & set('<>:"/\\|?*\0')
    assert safe.isprintable()
    assert safe == safe.strip(" ").rstrip(".")
    assert not safe.startswith(".")
    assert safe.split(".")[0].lower() not in {"con", "prn", "aux", "nul", *(f"com{i}" for i in range(10))}


@given(st.lists(st.one_of(st.text("aA./~ \u0301é", max_size=4), st.sampled_from(HOSTILE)), unique=True))
def test_no_two_names_come_out_alike(names: list[str]) -> None:
    assert len({safe_name(name) for name in names}) == len(names)


@pytest.mark.parametrize("name", ["01", "第1集 归来", "It's “fine”", "a.b-c_d (2)", "Ünïcödé", "ตอนที่ 1", "S01~E02"])
def test_ordinary_names_stay_as_they_are(name: str) -> None:
    assert safe_name(name) == name


def test_refused_characters_stay_readable() -> None:
    assert safe_name('谁是"龙"?').startswith("谁是＂龙＂？~")


def test_a_missing_blob_is_named_with_its_remedy(lake: Lake, tmp_path: Path) -> None:
    unit = commit(lake, "s", "01")
    blob = lake.read(unit).rows()[2]["blob"]
    lake.store.delete(blob)
    with pytest.raises(KeyMissingError) as caught:
        export(lake, [unit], tmp_path / "out")
    assert caught.value.field == blob
    assert caught.value.remedy
    assert files(tmp_path / "out") == {"s/01/en/01.en.mp4", "s/01/en/01.en.srt"}


def test_a_damaged_blob_is_not_delivered(lake: Lake, tmp_path: Path) -> None:
    unit = commit(lake, "s", "01")
    blob = lake.read(unit).rows()[0]["blob"]
    (tmp_path / "lake" / blob).write_bytes(b"damaged")
    with pytest.raises(StoreError, match="damaged"):
        export(lake, [unit], tmp_path / "out")
    assert files(tmp_path / "out") == set()


@pytest.mark.parametrize(("number", "kind"), [(errno.ENOSPC, StoreFullError), (errno.EACCES, StoreError)])
def test_a_full_or_closed_disk_leaves_nothing_half_written(
    number: int, kind: type[StoreError], lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit = commit(lake, "s", "01")

    def fail(_: int) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(exporting.os, "fsync", fail)
        with pytest.raises(kind) as caught:
            export(lake, [unit], tmp_path / "out")
    assert type(caught.value) is kind
    assert caught.value.where == str(tmp_path / "out/s/01/en/01.en.mp4")
    assert files(tmp_path / "out") == set()
    assert all(each.written for each in export(lake, [unit], tmp_path / "out"))


def test_a_folder_in_a_files_place_is_said_so(lake: Lake, tmp_path: Path) -> None:
    (tmp_path / "out/s/01/en/01.en.mp4").mkdir(parents=True)
    with pytest.raises(StoreError) as caught:
        export(lake, [commit(lake, "s", "01")], tmp_path / "out")
    assert caught.value.where == str(tmp_path / "out/s/01/en/01.en.mp4")


def test_rendered_units_export(
    episodes: Any, clip: Path, deliver: Callable[[Any], Any], lake: Lake, tmp_path: Path
) -> None:
    work = episodes.add(clip)
    deliver(work)
    export(lake, [work.key], tmp_path / "out")
    assert files(tmp_path / "out/长安/01/en") == {f"01.{e}" for e in ("en.mp4", "en.srt", "en.vtt", "zh.srt", "zh.vtt")}
