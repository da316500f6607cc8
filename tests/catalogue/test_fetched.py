"""Files that are fetched once for all processes of a machine."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dubwright import fetched

ANOTHER_PROCESS = """
import sys, tempfile
from contextlib import contextmanager
from dubwright import fetched
tempfile.tempdir = sys.argv[1]

def fetch():
    raise AssertionError("fetched again")

with fetched.shared("video 1", ".mp4", fetch) as path:
    print(path.read_text())
"""


class Source:
    """What is fetched, and how often it was."""

    def __init__(self, folder: Path, content: str = "video", takes_s: float = 0.0) -> None:
        self.folder, self.content, self.takes_s, self.times = folder, content, takes_s, 0

    @contextmanager
    def fetch(self) -> Iterator[Path]:
        self.times += 1
        time.sleep(self.takes_s)
        path = self.folder / f"fetched {self.times}.mp4"
        path.write_text(self.content)
        yield path
        path.unlink()


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def shared_folder(scratch: Path) -> Path:
    return scratch / f"dubwright-fetched-{os.getuid()}"


def kept(scratch: Path) -> list[Path]:
    return [path for path in shared_folder(scratch).iterdir() if path.suffix != ".lock"]


def test_the_first_fetches_and_the_others_share(scratch: Path, tmp_path: Path) -> None:
    source = Source(tmp_path)
    for _ in range(3):
        with fetched.shared("video 1", ".mp4", source.fetch) as path:
            assert path.read_text() == "video" and path.suffix == ".mp4"
    assert source.times == 1 and len(kept(scratch)) == 1
    command = [sys.executable, "-c", ANOTHER_PROCESS, str(scratch)]
    assert subprocess.check_output(command, text=True, timeout=60).strip() == "video"
    with fetched.shared("video 2", ".mp4", source.fetch):
        assert source.times == 2


def test_those_who_come_meanwhile_wait(scratch: Path, tmp_path: Path) -> None:
    source, read = Source(tmp_path, takes_s=0.2), []

    def use() -> None:
        with fetched.shared("video 1", ".mp4", source.fetch) as path:
            read.append(path.read_text())

    users = [threading.Thread(target=use) for _ in range(6)]
    for user in users:
        user.start()
    for user in users:
        user.join(30)
    assert (source.times, read) == (1, ["video"] * 6)


def test_what_is_used_stays_while_the_folder_is_cleared(
    scratch: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Source(tmp_path)
    with fetched.shared("video 1", ".mp4", source.fetch):
        pass
    with fetched.shared("video 1", ".mp4", source.fetch) as path:
        monkeypatch.setattr(fetched, "KEPT_S", -1)
        fetched.clear(shared_folder(scratch))
        assert path.read_text() == "video"
    assert kept(scratch) == [] and source.times == 1


def test_the_folder_is_bounded(scratch: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetched, "KEPT_BYTES", 250)
    for number in range(5):
        with fetched.shared(f"video {number}", ".mp4", Source(tmp_path, "x" * 100).fetch):
            pass
    assert sum(path.stat().st_size for path in kept(scratch)) <= 250
    monkeypatch.setattr(fetched, "DISK_SHARE", 0)
    with fetched.shared("video 9", ".mp4", Source(tmp_path, "x" * 100).fetch) as path:
        assert path.read_text() and len(kept(scratch)) == 2


def test_what_killed_processes_left_goes(scratch: Path, tmp_path: Path) -> None:
    with fetched.shared("video 1", ".mp4", Source(tmp_path).fetch):
        pass
    for name in ("used-1", "used-2"):
        (shared_folder(scratch) / name).mkdir()
    old = time.time() - 2 * fetched.ABANDONED_AFTER_S
    os.utime(shared_folder(scratch) / "used-1", (old, old))
    fetched.clear(shared_folder(scratch))
    assert sorted(path.name for path in kept(scratch) if path.is_dir()) == ["used-2"]


def test_a_failed_fetch_leaves_nothing_and_is_told(scratch: Path, tmp_path: Path) -> None:
    def broken() -> Iterator[Path]:
        raise ConnectionError("cut off")
        yield tmp_path

    with pytest.raises(ConnectionError), fetched.shared("video 1", ".mp4", contextmanager(broken)):
        pytest.fail("opened")
    assert kept(scratch) == []


@pytest.mark.parametrize("trap", ["link", "open to all", "file"])
def test_a_folder_that_is_not_ours_alone_is_left(scratch: Path, tmp_path: Path, trap: str) -> None:
    folder, elsewhere = shared_folder(scratch), tmp_path / "elsewhere"
    elsewhere.mkdir()
    if trap == "link":
        folder.symlink_to(elsewhere)
    elif trap == "file":
        folder.write_text("")
    else:
        folder.mkdir()
        folder.chmod(0o777)
    source = Source(tmp_path)
    for _ in range(2):
        with fetched.shared("video 1", ".mp4", source.fetch) as path:
            assert path.read_text() == "video"
    assert source.times == 2 and not list(elsewhere.iterdir())
