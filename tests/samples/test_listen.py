"""The page on which a person hears before and after."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

from samples import listen

# A name as hostile as a file system allows.
EPISODE = '"><script>alert(1)</script>[0]?'.replace("/", "∕")


def put(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"video")
    return path


class Links(HTMLParser):
    """What a page plays, and how many scripts it has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.files: list[str] = []
        self.scripts = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        self.files += [unquote(value or "") for name, value in attrs if name in ("src", "data-src")]


def test_every_episode_with_a_dub_can_be_compared(tmp_path: Path) -> None:
    catalogue, videos = tmp_path / "catalogue", tmp_path / "videos"
    for name in (EPISODE, "02", "03"):
        put(catalogue / "剧 一" / f"{name}.mp4")
    put(catalogue / "剧 一" / "series.yaml")
    for name, tag in ((EPISODE, "en"), (EPISODE, "es"), ("02", "en")):
        put(videos / "剧 一" / name / tag / f"{name}.{tag}.mp4")
        put(videos / "剧 一" / name / tag / f"{name}.{tag}.srt")
    put(catalogue / "truth" / "剧 一" / "02" / "speech.flac")
    text = listen.page(catalogue, videos, tmp_path / "pages" / "listen.html")
    found = Links(text)
    assert found.scripts == 1
    assert all((tmp_path / "pages" / file).resolve().is_file() for file in found.files)
    assert len(found.files) == (1 + 3) + (1 + 2 + 1)
    assert "Spanish" in text and "03" not in text


def test_nothing_to_hear_is_said(tmp_path: Path) -> None:
    put(tmp_path / "catalogue" / "剧" / "01.mp4")
    with pytest.raises(ValueError, match="no episode"):
        listen.page(tmp_path / "catalogue", tmp_path / "videos", tmp_path / "listen.html")
