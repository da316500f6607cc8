"""Addresses: what they mean, what is refused, and videos opened at them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dubwright import sources
from dubwright.errors import ManifestError, MediaError, StoreError
from dubwright.sources import Place
from tests.catalogue.conftest import Bucket

STORE = "s3://works?region=here"


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("s3://b", Place("s3://b", "")),
        ("s3://b/长夜灯/第1集 #1 50%.mp4", Place("s3://b", "长夜灯/第1集 #1 50%.mp4")),
        (
            "s3://b/a.mp4?endpoint=http://127.0.0.1:7480&path_style=true",
            Place("s3://b?endpoint=http://127.0.0.1:7480&path_style=true", "a.mp4"),
        ),
        ("s3://b/what?.mp4?", Place("s3://b", "what?.mp4")),
        ("S3://b/what?.mp4", Place("s3://b", "what?.mp4")),
    ],
)
def test_addresses_in_stores(address: str, place: Place) -> None:
    assert sources.split(address) == place
    assert sources.split(sources.join(*place)) == place


@pytest.mark.parametrize("key", ["a.mp4?endpoint=http://169.254.169.254", "a?region=x.mp4", "a?", "?", "a?b?c=d"])
@pytest.mark.parametrize("store", ["s3://b", "s3://b?region=here"])
def test_no_key_chooses_another_store(store: str, key: str) -> None:
    assert sources.split(sources.join(store, key)) == Place(store, key)


@given(st.text(min_size=1), st.sampled_from(["s3://b", "s3://b?endpoint=http://127.0.0.1:1&path_style=true"]))
def test_every_key_has_an_address(key: str, store: str) -> None:
    assert sources.split(sources.join(store, key)) == Place(store, key)


@pytest.mark.parametrize(
    "path", ["/videos/1.mp4", "./1.mp4", "file:///1.mp4", "第1集: 终.mp4", "a:b.mp4", "Ep 1: x.mp4"]
)
def test_paths_are_paths(path: str) -> None:
    assert sources.split(path) is None
    assert not sources.foreign(path)


@pytest.mark.parametrize(
    "video",
    ["http://host/1.mp4", "HTTPS://host/1.mp4", "concat:a.mp4|b.mp4", "pipe:0", "data:,", "gs://bucket/1.mp4"],
)
@pytest.mark.parametrize("manifest", ["/works/list.csv", "s3://works/list.csv?region=here"])
def test_other_protocols_are_refused(video: str, manifest: str) -> None:
    with pytest.raises(ManifestError, match="not read") as caught:
        sources.resolve(video, manifest)
    assert caught.value.field == "video" and caught.value.remedy


def test_what_a_manifest_names_is_beside_it() -> None:
    assert sources.resolve("a/1.mp4", "/works/list.csv") == "/works/a/1.mp4"
    assert sources.resolve("/else/1.mp4", "/works/list.csv") == "/else/1.mp4"
    assert sources.resolve("s3://b/1.mp4", "/works/list.csv") == "s3://b/1.mp4"
    here = "s3://works/lists/list.csv?region=here"
    assert sources.resolve("./a/1.mp4", here) == "s3://works/lists/a/1.mp4?region=here"
    assert sources.resolve("1.mp4", "s3://works/list.csv") == "s3://works/1.mp4"
    # The same server, unless the row says another.
    assert sources.resolve("s3://b/1.mp4", here) == "s3://b/1.mp4?region=here"
    assert sources.resolve("s3://b/1.mp4?region=there", here) == "s3://b/1.mp4?region=there"


@pytest.mark.parametrize(
    "video",
    [
        "/etc/passwd",
        "~/secret.mp4",
        "file:///etc/passwd",
        "../1.mp4",
        "a/../../1.mp4",
        "a//1.mp4",
        "s3://b",
        "s3://b/a/",
        "s3://KEY:SECRET@b/1.mp4",
    ],
)
def test_a_manifest_in_a_store_names_no_file_of_this_machine(video: str) -> None:
    with pytest.raises(ManifestError) as caught:
        sources.resolve(video, "s3://works/lists/list.csv")
    assert "SECRET" not in str(caught.value)


def test_a_local_video_is_opened_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / "1.mp4"
    path.write_bytes(b"video")
    with sources.opened(f"file://{path}", sources.digest(path)) as opened:
        assert opened == path


def test_another_local_video_than_planned(tmp_path: Path) -> None:
    path = tmp_path / "1.mp4"
    path.write_bytes(b"video")
    planned = sources.digest(path)
    path.write_bytes(b"other")
    with pytest.raises(StoreError, match="since it was planned") as caught, sources.opened(str(path), planned):
        pytest.fail("opened")
    assert caught.value.transient and caught.value.where == str(path)
    with pytest.raises(StoreError, match="while it was read"), sources.opened(str(path), sources.GIVEN + "1"):
        path.write_bytes(b"more than before")


@pytest.mark.parametrize("checksums", [True, False])
def test_a_video_in_a_store_is_opened_as_a_file(bucket: Bucket, checksums: bool) -> None:
    bucket.checksums = checksums
    bucket.put("a/1.mp4", os.urandom(100_000))
    (found,) = bucket.list()
    planned = sources.object_digest(bucket, found)
    address = sources.join(STORE, "a/1.mp4")
    with sources.opened(address, planned) as path:
        assert path.read_bytes() == bucket.read("a/1.mp4")
    for digest in ("0" * 32, planned[:-1]):
        with pytest.raises(StoreError, match="since it was planned"), sources.opened(address, digest):
            pytest.fail("opened")
    with sources.opened(address, sources.GIVEN + "whatever the owner says"):
        pass


def test_a_video_in_a_store_is_fetched_once_for_many(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[str] = []
    original = bucket.as_file
    monkeypatch.setattr(bucket, "as_file", lambda key: fetched.append(key) or original(key))
    address = sources.join(STORE, "1.mp4")
    for content in ("one", "another"):
        bucket.put("1.mp4", content)
        (found,) = bucket.list()
        for _ in range(3):
            with sources.opened(address, sources.object_digest(bucket, found)) as path:
                assert path.read_text() == content and path.suffix == ".mp4"
    assert fetched == ["1.mp4", "1.mp4"]


def test_a_video_that_changes_while_it_is_fetched(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket.put("1.mp4")
    original = bucket.as_file

    def meanwhile(key: str) -> object:
        bucket.put(key, "another video")
        return original(key)

    monkeypatch.setattr(bucket, "as_file", meanwhile)
    with (
        pytest.raises(StoreError, match="while it was fetched") as caught,
        sources.opened(sources.join(STORE, "1.mp4"), sources.GIVEN + "1"),
    ):
        pytest.fail("opened")
    assert caught.value.transient


def test_a_video_that_is_gone_or_too_large(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    address = sources.join(STORE, "1.mp4")
    with pytest.raises(MediaError, match="no such object") as caught, sources.opened(address):
        pytest.fail("opened")
    assert caught.value.where == address and not caught.value.transient
    bucket.put("1.mp4")
    monkeypatch.setattr(sources, "LARGEST_BYTES", 4)
    with pytest.raises(MediaError, match="more than 4"), sources.opened(address):
        pytest.fail("opened")


def test_errors_of_a_fetched_video_name_its_address(bucket: Bucket) -> None:
    bucket.put("1.mp4")
    address = sources.join(STORE, "1.mp4")
    with pytest.raises(MediaError) as caught, sources.opened(address) as path:
        raise MediaError("is no video", where=str(path))
    assert caught.value.where == address


def test_many_objects_are_looked_up_folder_by_folder(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    for series in ("a", "b", "c"):
        for episode in range(20):
            bucket.put(f"{series}/{episode:02d}.mp4")
    wanted = [sources.join(STORE, f"{series}/{episode:02d}.mp4") for series in ("a", "c") for episode in (5, 7, 9, 99)]
    found = sources.look_up([*wanted, "/no/store.mp4"])
    assert sorted(found) == sorted(address for address in wanted if "99" not in address)
    assert sorted(bucket.did("list")) == ["a/", "c/"]
    assert not [key for key in bucket.seen if key.startswith("b/") or key < "a/05" or "c/" < key < "c/05"]
    # One video is one object's listing; too many folders are the listing of what is above them.
    assert list(sources.look_up(wanted[:1])) == wanted[:1]
    assert bucket.did("list") == ["a/05.mp4"]
    monkeypatch.setattr(sources, "MOST_LISTINGS", 1)
    assert len(sources.look_up(wanted)) == 6
    assert bucket.did("list") == [""]


def test_a_store_that_refuses_is_an_answer_for_each_object() -> None:
    address = "s3://KEY:SECRET@b/1.mp4"
    (error,) = sources.look_up([address]).values()
    assert "SECRET" not in str(error)
