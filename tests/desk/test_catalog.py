"""`dubwright catalog`, and that what it prints is text whatever the names hold."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from desk.cli import app
from dubwright.errors import CatalogError


def run(*arguments: str) -> str:
    ran = CliRunner().invoke(app, ["catalog", *arguments])
    if ran.exception:
        raise ran.exception
    return ran.stdout


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("works/长夜灯/1.mp4", "works/长夜灯/2.mp4", "works/灯/1.mp4", "works/灯/1.mkv"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"video")


def test_add_list_remove(tmp_path: Path) -> None:
    added = json.loads(run("add", "dramas", "works", "--to", "en,es", "--json"))
    assert (added["series"], added["episodes"], len(added["problems"])) == (1, 2, 1)
    (entry,) = json.loads(run("list", "--json"))["catalogues"]
    assert entry == added["catalogue"]
    assert (entry["source"], entry["to"], entry["priority"]) == (str(tmp_path / "works"), ["en", "es"], "normal")
    assert "dramas" in run("list")
    assert "No catalogue" in run("remove", "dramas")


def test_what_cannot_be_read_is_not_registered() -> None:
    with pytest.raises(CatalogError, match="no such"):
        run("add", "dramas", "nowhere")
    assert json.loads(run("list", "--json"))["catalogues"] == []


def test_names_are_printed_as_they_stand(capsys: pytest.CaptureFixture[str]) -> None:
    assert "lake:b: 1 series" in run("add", "b", "works")
    from desk import show

    show.as_json = False
    show.error(CatalogError("is no video", where="s3://b/\x1b[2J\x07[red]:smile:/1.mp4"))
    told = capsys.readouterr().err
    assert "\x1b[2J" not in told and "\x07" not in told and "[red]:smile:" in told
