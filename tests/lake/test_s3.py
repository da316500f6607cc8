"""What is particular to S3: addresses, errors, creating once on stores that ignore conditions, requests spared."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, ResponseStreamingError
from botocore.parsers import ResponseParserError

from dubwright.errors import (
    KeyMissingError,
    SettingsError,
    StoreDeniedError,
    StoreError,
    StoreFullError,
)
from dubwright.lake.s3 import S3Store, client, creation, failures
from dubwright.lake.s3.address import S3Address, parse
from dubwright.lake.store import UNFINISHED, open_store
from tests.faults.proxy import FailingProxy
from tests.lake.conftest import SECRET, S3Server

# Addresses --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("uri", "address"),
    [
        ("s3://dramas", S3Address("dramas")),
        ("s3://dramas/", S3Address("dramas")),
        ("s3://dramas/a/b/", S3Address("dramas", "a/b")),
        ("s3://dramas/剧 #1 50%25+x", S3Address("dramas", "剧 #1 50%25+x")),
        (
            "s3://dramas/lake?endpoint=http://127.0.0.1:7480&region=eu-1&path_style=true",
            S3Address("dramas", "lake", "http://127.0.0.1:7480", "eu-1", True),
        ),
        ("s3://dramas?endpoint=https%3A%2F%2Fs3.example.org/", S3Address("dramas", "", "https://s3.example.org")),
        ("s3://dramas?path_style=false", S3Address("dramas", path_style=False)),
    ],
)
def test_an_address_is_read_and_written(uri: str, address: S3Address) -> None:
    assert parse(uri) == address
    assert parse(str(address)) == address
    assert open_store(uri).uri == str(address)


@pytest.mark.parametrize(
    ("uri", "named"),
    [
        ("s3://", "bucket"),
        ("s3:///prefix", "bucket"),
        ("s3://bu cket/x", "bucket"),
        ("s3://bucket/../x", "prefix"),
        ("s3://bucket/a\nb", "prefix"),
        ("s3://bucket?colour=red", "colour"),
        ("s3://bucket?region=a&region=b", "twice"),
        ("s3://bucket?region=", "region"),
        ("s3://bucket?path_style=perhaps", "path_style"),
        ("s3://bucket?endpoint=127.0.0.1:7480", "endpoint"),
        ("s3://bucket?endpoint=file:///etc/passwd", "endpoint"),
        ("s3://bucket?endpoint=http://host/path", "endpoint"),
        ("s3://bucket?endpoint=http://[::1", "endpoint"),
        ("s3://bucket?endpoint=http://host:99999999", "endpoint"),
        ("s3://key:hush@bucket/x", "credentials"),
        ("s3://bucket?endpoint=http://key:hush@host", "credentials"),
        ("s3://bucket?secret=hush", "secret"),
        ("s3://bucket?hush@x", "region"),
    ],
)
def test_a_wrong_address_is_named_and_no_secret_repeated(uri: str, named: str) -> None:
    with pytest.raises(SettingsError) as caught:
        open_store(uri)
    assert named in str(caught.value) and caught.value.remedy
    assert "=hush" not in str(caught.value) and ":hush" not in str(caught.value)


def test_one_client_serves_all_stores_and_threads(aws_environment: None) -> None:
    stores = [S3Store(f"s3://bucket{number}?endpoint=http://127.0.0.1:9&region=one") for number in range(8)]
    with ThreadPoolExecutor(8) as threads:
        assert len(set(map(id, threads.map(lambda store: store.client, stores)))) == 1
    assert S3Store("s3://bucket?endpoint=http://127.0.0.1:9&region=two").client is not stores[0].client
    assert stores[0].client.meta.config.max_pool_connections == client.CONNECTIONS


# Errors -----------------------------------------------------------------------------------------------


def refusal(status: int, code: str) -> ClientError:
    error: Any = {"Error": {"Code": code, "Message": "why"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(error, "PutObject")


@pytest.mark.parametrize(
    ("error", "kind", "transient"),
    [
        (refusal(404, "NoSuchKey"), KeyMissingError, False),
        (refusal(404, "404"), KeyMissingError, False),
        (refusal(404, "NoSuchBucket"), StoreDeniedError, False),
        (refusal(403, "AccessDenied"), StoreDeniedError, False),
        (refusal(403, "InvalidAccessKeyId"), StoreDeniedError, False),
        (refusal(403, "RequestTimeTooSkewed"), StoreDeniedError, False),
        (refusal(301, "PermanentRedirect"), StoreDeniedError, False),
        (refusal(403, "QuotaExceeded"), StoreFullError, True),
        (refusal(507, "InsufficientStorage"), StoreFullError, True),
        (refusal(503, "SlowDown"), StoreError, True),
        (refusal(500, "InternalError"), StoreError, True),
        (refusal(429, "TooManyRequests"), StoreError, True),
        (refusal(400, "BadDigest"), StoreError, True),
        (NoCredentialsError(), StoreDeniedError, False),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:9"), StoreError, True),
        (ResponseStreamingError(error="cut"), StoreError, True),
        (ResponseParserError("<html>"), StoreError, True),
    ],
)
def test_each_failure_is_one_of_our_errors(error: Exception, kind: type[StoreError], transient: bool) -> None:
    found = failures.translate(error, "s3://bucket/lake", "a/b")
    assert (type(found), found.transient, found.where, found.field) == (kind, transient, "s3://bucket/lake", "a/b")
    assert found.remedy or kind is KeyMissingError


def test_what_may_heal_is_tried_again_and_no_more_than_so_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failures, "pause", lambda attempt: None)
    tries = 0

    def call(heals_at: int, error: Exception) -> int:
        nonlocal tries
        tries += 1
        if tries < heals_at:
            raise error
        return tries

    assert failures.patiently(lambda: call(3, refusal(503, "SlowDown")), "s3://bucket", "k") == 3
    tries = 0
    with pytest.raises(StoreError):
        failures.patiently(lambda: call(99, refusal(503, "SlowDown")), "s3://bucket", "k")
    assert tries == failures.ATTEMPTS
    for error in (refusal(403, "AccessDenied"), refusal(507, "InsufficientStorage")):
        tries = 0
        with pytest.raises(StoreError):
            failures.patiently(lambda error=error: call(99, error), "s3://bucket", "k")  # type: ignore[misc]
        assert tries == 1


def test_without_credentials_the_remedy_says_where_they_go(
    aws_environment: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(StoreDeniedError, match="AWS_ACCESS_KEY_ID"):
        open_store("s3://bucket?endpoint=http://127.0.0.1:9&region=nobody").read("a")


# On a real server -------------------------------------------------------------------------------------


@pytest.fixture
def store(radosgw: S3Server) -> S3Store:
    return S3Store(radosgw.address(), multipart_bytes=5 << 20)


@pytest.fixture
def ignorant(radosgw: S3Server) -> Iterator[S3Store]:
    """A store that ignores conditions: the header is taken away before requests are signed."""
    store = S3Store(radosgw.address(region="ignorant"))

    def forget(request: Any, **_: Any) -> None:
        del request.headers["If-None-Match"]

    store.client.meta.events.register("before-sign.s3.PutObject", forget)
    yield store
    store.client.meta.events.unregister("before-sign.s3.PutObject", forget)


@pytest.mark.e2e
def test_the_server_honours_conditions(store: S3Store) -> None:
    assert store.creation() == "create-if-absent by If-None-Match"


@pytest.mark.e2e
def test_refusals_of_a_real_server_are_errors_for_good(radosgw: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    query = f"endpoint={radosgw.endpoint}&path_style=true&region="
    with pytest.raises(StoreDeniedError, match="make the bucket"):
        open_store(f"s3://no-such-bucket?{query}us-east-1").put_if_absent("a", b"")
    with pytest.raises(StoreDeniedError, match="make the bucket"):
        list(open_store(f"s3://no-such-bucket?{query}us-east-1").list())
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    with pytest.raises(StoreDeniedError, match="AWS_ACCESS_KEY_ID") as caught:
        open_store(f"{radosgw.address(region='wrong-secret')}").read("a")
    assert "SignatureDoesNotMatch" in str(caught.value) and SECRET not in str(caught.value)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
    with pytest.raises(StoreDeniedError, match="AWS_ACCESS_KEY_ID"):
        list(open_store(f"{radosgw.address(region='wrong-key')}").list())


@pytest.mark.e2e
def test_a_listing_goes_over_pages(store: S3Store) -> None:
    keys = [f"many/{number:05d}" for number in range(1200)]
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda key: store.put(store.full(key), b""), keys))
    assert [found.key for found in store.list("many/")] == keys
    assert [found.key for found in store.list(after=keys[999])] == keys[1000:]
    assert [found.key for found in store.list("many/000", after=keys[50])] == keys[51:100]
    some = store.list("many/")
    assert next(some).key == keys[0]
    some.close()  # type: ignore[attr-defined]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("dubwright-list")]


@pytest.mark.e2e
def test_what_others_put_there_and_no_key_can_name_is_left_out(store: S3Store) -> None:
    for full in ("folder/", "a//b", f"{UNFINISHED}/probe/x", "good"):
        store.put(store.address.root + full, b"")
    assert [found.key for found in store.list()] == ["good"]


@pytest.mark.e2e
def test_a_damaged_object_is_not_handed_out(store: S3Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failures, "pause", lambda attempt: None)
    about = creation.metadata(b"what was meant")
    store.client.put_object(Bucket=store.address.bucket, Key=store.full("a"), Body=b"what is there", Metadata=about)
    with pytest.raises(StoreError, match="digest"):
        store.read("a")
    with pytest.raises(StoreError, match="digest"), store.as_file("a"):
        pass
    # What somebody else wrote has no digest of ours: its ETag is the MD5.
    store.client.put_object(Bucket=store.address.bucket, Key=store.full("b"), Body=b"theirs")
    assert store.read("b") == b"theirs"


@pytest.mark.e2e
def test_some_columns_cost_less_than_the_file(radosgw: S3Server, tmp_path: Path) -> None:
    table = pa.table({"wide": [os.urandom(1000) for _ in range(5000)], "narrow": list(range(5000))})
    pq.write_table(table, tmp_path / "in")
    with FailingProxy(radosgw.port) as proxy:
        store = open_store(radosgw.address(proxy.address))
        store.put_file("table.parquet", tmp_path / "in")
        proxy.seen.clear()
        with store.open("table.parquet") as stream:
            assert pq.read_table(stream, columns=["narrow"]).num_rows == 5000
        assert proxy.seen["bytes"] < (tmp_path / "in").stat().st_size / 4


@pytest.mark.e2e
def test_a_large_file_is_uploaded_in_parts_and_left_parts_are_swept(
    store: S3Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in").write_bytes(bytes(6 << 20))
    store.put_file("large", tmp_path / "in")
    (found,) = store.list()
    assert found.etag and found.etag.endswith("-2")
    bucket = store.address.bucket
    store.client.create_multipart_upload(Bucket=bucket, Key=store.full("left"))
    store.put(f"{store.address.root}{UNFINISHED}/claim/x/y", b"")
    assert store.sweep() == 0
    monkeypatch.setattr("dubwright.lake.s3.store.ABANDONED_AFTER_SECONDS", -60)
    assert store.sweep() == 2
    assert store.sweep() == 0
    assert [each.key for each in store.list()] == ["large"]


# Where conditions are ignored -------------------------------------------------------------------------


@pytest.mark.e2e
def test_a_store_that_ignores_conditions_still_creates_once(
    ignorant: S3Store, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "dubwright"):
        assert "claims" in ignorant.creation()
    assert "ignores If-None-Match" in caplog.text
    assert ignorant.put_if_absent("a", b"first")
    assert not ignorant.put_if_absent("a", b"second")
    for round_ in range(3):
        start = threading.Barrier(12)

        def write(number: int, start: threading.Barrier = start, round_: int = round_) -> bool:
            start.wait()
            return ignorant.put_if_absent(f"race{round_}", b"%d" % number)

        with ThreadPoolExecutor(12) as writers:
            won = [number for number, created in enumerate(writers.map(write, range(12))) if created]
        assert len(won) == 1
        assert ignorant.read(f"race{round_}") == b"%d" % won[0]
    # Nothing is left of the claims.
    assert list(ignorant.list_full(f"{ignorant.address.root}{UNFINISHED}/")) == []


@pytest.mark.e2e
def test_a_dead_writers_claim_holds_nobody_up_for_ever(ignorant: S3Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(creation, "CLAIM_SECONDS", 3.0)
    folder = creation.claims_on(ignorant, "a")
    ignorant.put(folder + "0" * 32, b"")
    started = datetime.now(UTC)
    assert ignorant.put_if_absent("a", b"mine")
    assert (datetime.now(UTC) - started).total_seconds() > 1
