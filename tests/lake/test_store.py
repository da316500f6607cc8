"""The promises of an object store, kept by every store there is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from dubwright.errors import KeyMissingError, SettingsError, StoreError, StoreFullError
from dubwright.lake.local import ABANDONED_AFTER_SECONDS, UNFINISHED, LocalStore
from dubwright.lake.store import ObjectStore, open_store


@pytest.fixture(params=["local"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    return {"local": lambda: open_store(str(tmp_path / "store #1 50%"))}[request.param]()


def test_an_object_is_created_once(store: ObjectStore) -> None:
    assert store.put_if_absent("a/b", b"first")
    assert not store.put_if_absent("a/b", b"second")
    assert store.read("a/b") == b"first"


def test_of_racing_writers_one_wins(store: ObjectStore) -> None:
    start, won = threading.Barrier(16), []

    def write(number: int) -> None:
        start.wait()
        if store.put_if_absent("race", b"%d" % number):
            won.append(number)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert store.read("race") == b"%d" % won[0]


def test_a_listing_is_complete_and_in_key_order(store: ObjectStore) -> None:
    keys = ["a-b/c", "a.b", "a/b", "a/bx", "b/1", "b/10", "b/2", "ä/剧"]
    for key in keys:
        store.put_if_absent(key, key.encode())
    assert [found.key for found in store.list()] == sorted(keys)
    assert [found.key for found in store.list("b/1")] == ["b/1", "b/10"]
    assert [found.key for found in store.list("a/")] == ["a/b", "a/bx"]
    assert [(found.key, found.size) for found in store.list("ä/")] == [("ä/剧", len("ä/剧".encode()))]
    assert list(store.list("nothing/here")) == []
    for after in ("a", "a/b", "a/b/", "b/1", "zz", "a-b/zz"):
        assert [found.key for found in store.list(after=after)] == [key for key in sorted(keys) if key > after]


def test_files_are_stored_and_handed_out(store: ObjectStore, tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"x" * 100_000)
    store.put_file("blob/x", tmp_path / "in")
    store.put_file("blob/x", tmp_path / "in")
    with store.as_file("blob/x") as path:
        assert path.read_bytes() == b"x" * 100_000
    store.delete("blob/x")
    store.delete("blob/x")
    assert not store.exists("blob/x")


def test_an_object_is_read_in_parts(store: ObjectStore) -> None:
    store.put_if_absent("a/b", bytes(range(256)) * 100)
    with store.open("a/b") as stream:
        stream.seek(-6, os.SEEK_END)
        assert stream.read() == bytes(range(250, 256))
        stream.seek(512)
        assert (stream.read(2), stream.tell()) == (b"\0\1", 514)
    with pytest.raises(KeyMissingError):
        store.open("nowhere")


def test_an_object_is_replaced_whole(store: ObjectStore, tmp_path: Path) -> None:
    for content in (b"first" * 1000, b"second"):
        (tmp_path / "in").write_bytes(content)
        store.replace("a/b", tmp_path / "in")
        assert store.read("a/b") == content
    assert [found.key for found in store.list()] == ["a/b"]


def test_what_is_missing_says_so(store: ObjectStore) -> None:
    with pytest.raises(KeyMissingError, match="nowhere"):
        store.read("nowhere")
    with pytest.raises(KeyMissingError), store.as_file("nowhere"):
        pass


@pytest.mark.parametrize("key", ["", "/a", "a//b", "../a", "a/../../b", "a/.", "a\0b", f"{UNFINISHED}/x"])
def test_keys_cannot_leave_the_store(store: ObjectStore, key: str) -> None:
    for act in (store.read, store.delete, lambda key: store.put_if_absent(key, b"")):
        with pytest.raises(StoreError):
            act(key)


def test_an_address_that_no_store_serves_is_refused() -> None:
    with pytest.raises(SettingsError, match="gopher"):
        open_store("gopher://bucket/x")


FILL = """
import sys
from pathlib import Path
from dubwright.errors import StoreFullError
from dubwright.lake.local import LocalStore
store = LocalStore(Path(sys.argv[1]))
store.put_if_absent("small", b"x")
try:
    store.put_if_absent("large", b"x" * 4_000_000)
except StoreFullError as error:
    print([found.key for found in store.list()], list((store.root / ".unfinished").iterdir()), error.remedy)
"""


@pytest.mark.skipif(not shutil.which("unshare") or sys.platform != "linux", reason="needs mount namespaces")
def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    """On a real file system of one megabyte, mounted in a namespace of its own."""
    script = f'mount -t tmpfs -o size=1m tmpfs "{tmp_path}" && exec "{sys.executable}" -c "$FILL" "{tmp_path}"'
    ran = subprocess.run(
        ["unshare", "-Urm", "sh", "-c", script],
        env={**os.environ, "FILL": FILL},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if "unshare" in ran.stderr or "mount" in ran.stderr:
        pytest.skip(f"no mount namespaces here: {ran.stderr.strip()}")
    assert ran.stdout.startswith("['small'] [] free space"), ran.stderr


def test_a_write_that_cannot_grow_is_a_full_store(tmp_path: Path) -> None:
    """The same through a limit on a file's size, which works everywhere."""
    limited = f"import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); \
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000)); {FILL}"
    limited = limited.replace("; \nimport", "\nimport")
    ran = subprocess.run(
        [sys.executable, "-c", limited, str(tmp_path)], capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.stdout.startswith("['small'] [] free space"), ran.stderr
    assert issubclass(StoreFullError, StoreError)


def test_what_a_killed_writer_left_is_invisible_and_swept(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    store.put_if_absent("done", b"")
    left = tmp_path / UNFINISHED / "deadbeef"
    left.write_bytes(b"half")
    assert [found.key for found in store.list()] == ["done"]
    assert store.sweep() == 0
    old = time.time() - ABANDONED_AFTER_SECONDS - 1
    os.utime(left, (old, old))
    assert store.sweep() == 1
    assert not left.exists()
