"""What was delivered, taken away: single files, lists, and archives packed while they are sent."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from desk.console.access.links import Archive, Links
from desk.console.rendering import url
from desk.console.views import downloads
from dubwright.errors import KeyMissingError, StoreError
from dubwright.lake import Lake
from dubwright.settings import load
from tests.console.browser import Browser
from tests.console.conftest import Built
from tests.console.works import deliver, register

SERIES = "长夜灯: 1?"
FOLDER = "长夜灯： 1？~"


@pytest.fixture
def there(lake: Lake, tmp_path: Path) -> None:
    """A series of three episodes in two languages; the last is far below the quality asked for."""
    # No folder is called so everywhere, but a manifest may say so.
    manifest = tmp_path / "dramas.csv"
    videos = tmp_path / "videos"
    register(lake, videos, "01", "02", "10")
    rows = "".join(f'"{SERIES}",{number},{videos / number}.mp4\n' for number in ("01", "02", "10"))
    manifest.write_text(f"series,episode,video\n{rows}", encoding="utf-8")
    register(lake, manifest)
    deliver(lake, load({"profile": "fake", "lake": lake.uri}), ["es", "pt-BR"], bad=["10"])


def packed(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None and {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
        return {info.filename: archive.read(info) for info in archive.infolist()}


@pytest.mark.slow
def test_a_series_is_one_archive(there: None, staffed: Callable[..., Built]) -> None:
    browser = Browser(staffed()[0])
    browser.log_in("viewer")
    series = browser.get(f"/api{url('series', SERIES)}").json()
    links = {each["language"]: each for each in series["archives"]}
    assert links.keys() == {"es", "pt-BR"} and links["es"]["episodes"] == 3
    answer = browser.get(links["pt-BR"]["everything"])
    assert (
        answer.headers["content-type"] == "application/zip" and "sandbox" in answer.headers["content-security-policy"]
    )
    assert "pt-BR.zip" in answer.headers["content-disposition"] and "?" not in answer.headers["content-disposition"]
    files = packed(answer.content)
    assert len(files) == 15 and all(name.startswith(FOLDER) for name in files)
    (video,) = (name for name in files if name.endswith("/02/pt-BR/02.pt-BR.mp4"))
    assert files[video] == f"the video of {SERIES}/02 in pt-BR".encode()
    subtitles = packed(browser.get(links["es"]["subtitles"]).content)
    assert len(subtitles) == 12 and not [name for name in subtitles if name.endswith(".mp4")]
    assert [name.split("/")[1] for name in subtitles][::4] == ["01", "02", "10"]
    page = browser.get(url("series", SERIES)).text
    assert "everything, ZIP" in page and links.keys() == {"es", "pt-BR"}


@pytest.mark.slow
def test_what_is_listed_can_be_had_file_by_file(there: None, staffed: Callable[..., Built]) -> None:
    browser = Browser(staffed()[0])
    browser.log_in("viewer")
    found = browser.get(f"/api{url('series', SERIES)}/files/es").json()
    assert [file["name"] for file in found["files"][:3]] == ["01.es.mp4", "01.es.srt", "01.es.vtt"]
    answer = browser.get(found["files"][1]["link"])
    assert answer.content == f"the srt of {SERIES}/01 in es".encode() == answer.content[: found["files"][1]["bytes"]]
    assert "01.es.srt" in answer.headers["content-disposition"]
    assert browser.get(f"/api{url('series', SERIES)}/files/th").status_code == 404
    assert browser.get(f"/api{url('series', 'nobody')}/files/es").status_code == 404


@pytest.mark.slow
def test_what_the_policy_keeps_is_not_in_it(there: None, lake: Lake, staffed: Callable[..., Built]) -> None:
    app, _ = staffed()
    console = app.state.console
    object.__setattr__(
        console, "settings", load({"profile": "fake", "lake": lake.uri, "quality": {"deliver": "passed"}})
    )
    found = downloads.of_series(console, SERIES, "es")
    assert found.withheld == ["10"] and {file.name.split(".")[0] for file in found.files} == {"01", "02"}
    name, pieces = downloads.archive(console, Archive(SERIES, "es"))
    assert len(packed(b"".join(pieces))) == 10 and name.endswith(".es.zip")


def test_a_link_to_an_archive_leads_to_nothing_else() -> None:
    links = Links("secret", 60)
    wanted = Archive("A/b", "es", ("srt",))
    token = links.to_archive(wanted).rpartition("/")[2]
    assert links.read_archive(token) == wanted
    with pytest.raises(KeyMissingError):
        links.read(token)
    for wrong in (token[:-1], "", links.to("blob/00/" + "0" * 64 + ".srt", "text/plain").rpartition("/")[2]):
        with pytest.raises(KeyMissingError):
            links.read_archive(wrong)


def pieces_of(lake: Lake) -> Iterator[bytes]:
    units = [key for key in lake.units("deliverable") if key.language == "es"]
    return downloads._packed(lake, units, ())


def test_no_piece_is_larger_than_what_is_read_at_once(there: None, lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "PIECE", 5)
    pieces = list(pieces_of(lake))
    # But for the end, which lists the files, a piece is a few bytes and an entry's head.
    assert len(pieces) > 60 and max(map(len, pieces[:-1])) < 300
    assert len(packed(b"".join(pieces))) == 15


def test_a_damaged_blob_ends_the_archive(there: None, lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    original = lake.store.open
    monkeypatch.setattr(lake.store, "open", lambda key: io.BytesIO(b"no") if key.endswith("srt") else original(key))
    with pytest.raises(StoreError, match="damaged"):
        list(pieces_of(lake))
