"""The promises of an object store, kept by every store there is."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dubwright.errors import KeyMissingError, SettingsError, StoreError, StoreFullError
from dubwright.lake.local import LocalStore
from dubwright.lake.s3 import S3Store
from dubwright.lake.store import ABANDONED_AFTER_SECONDS, UNFINISHED, ObjectStore, open_store

# Any other S3 store to hold to the same promises: an address whose credentials boto3 finds by itself.
GIVEN = os.environ.get("DUBWRIGHT_TEST_S3")
PART = 5 << 20  # the least that S3 takes for a part


STORES = ["local", pytest.param("radosgw", marks=pytest.mark.e2e)]


@pytest.fixture(params=[*STORES, *([pytest.param("given", marks=pytest.mark.e2e)] if GIVEN else [])])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ObjectStore]:
    if request.param == "local":
        yield open_store(str(tmp_path / "store #1 50%"))
    elif request.param == "radosgw":
        yield S3Store(request.getfixturevalue("radosgw").address(), multipart_bytes=PART)
    else:
        place, _, query = (GIVEN or "").partition("?")
        given = S3Store(f"{place}/{uuid.uuid4().hex}?{query}".removesuffix("?"), multipart_bytes=PART)
        yield given
        for found in list(given.list()):
            given.delete(found.key)


def test_an_object_is_created_once(store: ObjectStore) -> None:
    assert store.put_if_absent("a/b", b"first")
    assert not store.put_if_absent("a/b", b"second")
    assert store.read("a/b") == b"first"


def test_of_racing_writers_one_wins(store: ObjectStore) -> None:
    start = threading.Barrier(24)

    def write(number: int) -> bool:
        start.wait()
        return store.put_if_absent("race", b"%d" % number)

    with ThreadPoolExecutor(24) as writers:
        won = [number for number, created in enumerate(writers.map(write, range(24))) if created]
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


def test_folders_are_named_once_and_in_order(store: ObjectStore) -> None:
    for key in (
        "dub/language=en/b",
        "dub/language=en/a/c",
        "dub/language=ar/x",
        "dub/language=pt-BR/x",
        "dub/loose",
        "e/1",
    ):
        store.put_if_absent(key, b"content")
    assert list(store.folders("dub/language=")) == ["ar", "en", "pt-BR"]
    assert list(store.folders()) == ["dub", "e"]
    assert list(store.folders("dub/language=e")) == ["n"]
    assert list(store.folders("none/")) == []


NAMES = [
    "长夜灯/第1集 终",
    "a b",
    "a+b",
    "a%20b",
    "quo\"te's",
    "#hash?&=;",
    "back\\slash",
    "ümläut",
    "*[x]{y}|~^`<>",
    "-",
    "x" * 200,
]


@pytest.mark.parametrize("name", NAMES)
def test_a_key_may_hold_what_names_hold(store: ObjectStore, name: str, tmp_path: Path) -> None:
    key = f"series={name}/01.mp4"
    assert store.put_if_absent(key, name.encode())
    assert store.read(key) == name.encode()
    assert [found.key for found in store.list()] == [key]
    assert [found.key for found in store.list(key)] == [key]
    (tmp_path / "in").write_bytes(b"new")
    store.replace(key, tmp_path / "in")
    with store.as_file(key) as path, store.open(key) as stream:
        assert path.read_bytes() == stream.read() == b"new"
        assert path.suffix == ".mp4"
    store.delete(key)
    assert not store.exists(key)


def test_an_address_is_the_same_store_in_another_process(store: ObjectStore) -> None:
    store.put_if_absent("a/b", b"content")
    program = "import sys; from dubwright.lake.store import open_store; print(open_store(sys.argv[1]).read('a/b'))"
    ran = subprocess.run(
        [sys.executable, "-c", program, store.uri], capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.stdout == "b'content'\n", ran.stderr
    again = pickle.loads(pickle.dumps(store))  # noqa: S301 - our own
    assert (again.uri, again.read("a/b")) == (store.uri, b"content")


def test_a_forked_process_opens_its_own_connections(store: ObjectStore) -> None:
    store.put_if_absent("a/b", b"content")
    child = os.fork()
    if not child:
        # Whatever happens here, the child must not run on into pytest.
        try:
            os._exit(0 if store.read("a/b") == b"content" else 1)
        except BaseException:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert store.read("a/b") == b"content"


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


def test_a_large_file_comes_back_as_it_was(store: ObjectStore, tmp_path: Path) -> None:
    """Large enough to be written in parts."""
    content = os.urandom(1 << 20) * 12 + b"end"
    (tmp_path / "in").write_bytes(content)
    store.put_file("blob/x.bin", tmp_path / "in")
    store.put_file("blob/x.bin", tmp_path / "in")
    assert [(found.key, found.size) for found in store.list()] == [("blob/x.bin", len(content))]
    assert store.read("blob/x.bin") == content
    with store.as_file("blob/x.bin") as path:
        assert path.read_bytes() == content
    with store.open("blob/x.bin") as stream:
        stream.seek((7 << 20) - 5)
        assert stream.read(3 << 20) == content[(7 << 20) - 5 : (10 << 20) - 5]
    (tmp_path / "in").write_bytes(content[::-1])
    store.replace("blob/x.bin", tmp_path / "in")
    assert store.read("blob/x.bin") == content[::-1]


def test_an_empty_object_is_an_object(store: ObjectStore, tmp_path: Path) -> None:
    assert store.put_if_absent("empty", b"")
    assert store.exists("empty") and store.read("empty") == b""
    with store.as_file("empty") as path, store.open("empty") as stream:
        assert path.read_bytes() == stream.read() == b""


def test_an_object_that_is_replaced_is_not_read_half_and_half(store: ObjectStore, tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"a" * 1_000_000)
    store.replace("a/b", tmp_path / "in")
    with store.open("a/b") as stream:
        assert stream.read(10) == b"a" * 10
        (tmp_path / "in").write_bytes(b"b" * 1_000_000)
        store.replace("a/b", tmp_path / "in")
        # What has been read stays; the rest is the old object's or an error.
        try:
            rest = stream.read()
        except StoreError as error:
            assert "replaced" in str(error)
        else:
            assert rest == b"a" * 999_990


def test_some_columns_of_a_table_are_read_alone(store: ObjectStore, tmp_path: Path) -> None:
    table = pa.table({"wide": [os.urandom(1000) for _ in range(5000)], "narrow": list(range(5000))})
    pq.write_table(table, tmp_path / "in", row_group_size=1000)
    store.put_file("table.parquet", tmp_path / "in")
    with store.open("table.parquet") as stream:
        assert pq.read_table(stream, columns=["narrow"]).to_pydict() == {"narrow": list(range(5000))}


def test_a_store_says_how_it_creates_once(store: ObjectStore) -> None:
    assert store.creation().startswith("create-if-absent ")
    assert list(store.list()) == [] and store.sweep() == 0


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
