"""A prefix in an S3 bucket as object store."""

from __future__ import annotations

import builtins
import errno
import hashlib
import io
import secrets
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from dubwright.errors import StoreDeniedError, StoreFullError
from dubwright.lake.s3 import creation, failures, reading
from dubwright.lake.s3.address import parse
from dubwright.lake.s3.client import connect
from dubwright.lake.store import ABANDONED_AFTER_SECONDS, UNFINISHED, ObjectInfo, check_key, is_key

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MULTIPART_BYTES = 16 << 20
PARTS_AT_ONCE = 4


class S3Store:
    """Objects below the prefix that `uri` names (see `address`). Opens nothing until it is first used.

    Files of `multipart_bytes` and more are written in parts of this size; stores want at least 5 MiB. No promise hangs
    on how a file is written in parts: what must be created once is one put.
    """

    def __init__(self, uri: str, *, multipart_bytes: int = MULTIPART_BYTES) -> None:
        self.address = parse(uri)
        self.uri = str(self.address)
        self.multipart_bytes = multipart_bytes

    def __repr__(self) -> str:
        return f"S3Store({self.uri!r})"

    @property
    def client(self) -> S3Client:
        """This process's client; not kept, so that a store can be pickled and survives a fork."""
        return connect(self.address)

    def full(self, key: str) -> str:
        """The key in the bucket. Raises `StoreDeniedError` if `key` is none."""
        check_key(key, self.uri)
        return self.address.root + key

    # Listing ------------------------------------------------------------------------------------------

    def list(self, prefix: str = "", *, after: str = "") -> Iterator[ObjectInfo]:
        root = self.address.root
        for found in self.list_full(root + prefix, root + after if after else ""):
            key = found.key[len(root) :]
            # Others may have put what no store of ours could hold, such as a console's empty "folder/".
            if is_key(key):
                yield ObjectInfo(key, found.size, found.modified, found.etag)

    def list_full(self, prefix: str, after: str = "") -> Iterator[ObjectInfo]:
        """Every object of the bucket below `prefix`, under its key in the bucket."""
        last = ""
        for page in self._pages(prefix, StartAfter=after):
            objects = page.get("Contents", [])
            if objects and objects[0]["Key"] <= last:
                raise StoreDeniedError("the store's listing is not in the order of its keys", where=self.uri)
            for each in objects:
                last = each["Key"]
                yield ObjectInfo(last, each["Size"], each["LastModified"], each.get("ETag", "").strip('"') or None)

    def folders(self, prefix: str = "") -> Iterator[str]:
        full = self.address.root + prefix
        for page in self._pages(full, Delimiter="/"):
            for each in page.get("CommonPrefixes", []):
                name = each["Prefix"][len(full) :].removesuffix("/")
                if is_key(prefix + name):
                    yield name

    def _pages(self, prefix: str, **how: str) -> Iterator[Any]:
        asked: dict[str, Any] = {"Bucket": self.address.bucket, "Prefix": prefix}
        asked |= {name: value for name, value in how.items() if value}

        def page(**more: Any) -> Any:
            return failures.patiently(lambda: self.client.list_objects_v2(**asked, **more), self.uri, prefix)

        found = page()
        if not found.get("IsTruncated"):
            yield found
            return
        with ThreadPoolExecutor(1, "dubwright-list") as ahead:
            while found.get("IsTruncated"):
                following = ahead.submit(page, ContinuationToken=found["NextContinuationToken"])
                yield found
                found = following.result()
            yield found

    # Reading ------------------------------------------------------------------------------------------

    def exists(self, key: str) -> bool:
        return self._head(self.full(key)) is not None

    def _head(self, full: str) -> Any:
        """What the store says of an object; None if there is none."""

        def ask() -> Any:
            try:
                return self.client.head_object(Bucket=self.address.bucket, Key=full)
            except ClientError as error:
                if failures.is_missing(error):
                    return None
                raise

        return failures.patiently(ask, self.uri, full)

    def mark(self, full: str) -> str | None:
        """Which write made the object that is there now."""
        head = self._head(full)
        return head["Metadata"].get(reading.WRITE) if head else None

    def read(self, key: str) -> bytes:
        return failures.patiently(lambda: b"".join(reading.chunks(self, key)), self.uri, key)

    def open(self, key: str) -> IO[bytes]:
        head = self._head(self.full(key))
        if head is None:
            raise failures.missing(self.uri, key)
        parts = reading.Parts(self, key, head["ContentLength"], head["ETag"])
        return io.BufferedReader(parts, reading.BUFFER_BYTES)

    @contextmanager
    def as_file(self, key: str) -> Iterator[Path]:
        self.full(key)
        with tempfile.TemporaryDirectory(prefix="dubwright-") as folder:
            path = Path(folder, f"object{Path(key).suffix[:16]}")
            failures.patiently(lambda: self._download(key, path), self.uri, key)
            yield path

    def _download(self, key: str, path: Path) -> None:
        with path.open("wb") as file:
            for chunk in reading.chunks(self, key):
                try:
                    file.write(chunk)
                except OSError as error:
                    if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                        raise
                    remedy = "free space there, or name another folder by TMPDIR"
                    problem = "no space left on this machine for a copy of this object"
                    raise StoreFullError(problem, where=str(path.parent), field=key, remedy=remedy) from error

    # Writing ------------------------------------------------------------------------------------------

    def put_if_absent(self, key: str, data: bytes) -> bool:
        return creation.create(self, key, data)

    def put(self, full: str, data: bytes) -> None:
        """Write an object under its key in the bucket, whatever is there."""
        about = creation.metadata(data)
        failures.patiently(
            lambda: self.client.put_object(Bucket=self.address.bucket, Key=full, Body=data, Metadata=about),
            self.uri,
            full,
        )

    def put_file(self, key: str, path: Path) -> None:
        head = self._head(self.full(key))
        if head is None or head["ContentLength"] != path.stat().st_size:
            self.replace(key, path)

    def replace(self, key: str, path: Path) -> None:
        full = self.full(key)
        if path.stat().st_size < self.multipart_bytes:
            self.put(full, path.read_bytes())
            return
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        about = {reading.DIGEST: digest, reading.WRITE: secrets.token_hex(16)}
        failures.patiently(lambda: self._upload(full, path, about), self.uri, full)

    def _upload(self, full: str, path: Path, about: dict[str, str]) -> None:
        size = self.multipart_bytes
        config = TransferConfig(multipart_threshold=size, multipart_chunksize=size, max_concurrency=PARTS_AT_ONCE)
        try:
            with path.open("rb") as file:
                self.client.upload_fileobj(
                    file, self.address.bucket, full, ExtraArgs={"Metadata": about}, Config=config
                )
        except ClientError as error:
            # The answer to the last step may have been lost: asked again, a store knows no such upload any more.
            if failures.code(error) != "NoSuchUpload" or self.mark(full) != about[reading.WRITE]:
                raise

    def delete(self, key: str) -> None:
        self.remove(self.full(key))

    def remove(self, full: str) -> None:
        """Remove what is under a key in the bucket."""
        failures.patiently(lambda: self.client.delete_object(Bucket=self.address.bucket, Key=full), self.uri, full)

    def sweep(self) -> int:
        abandoned = datetime.now(UTC) - timedelta(seconds=ABANDONED_AFTER_SECONDS)
        root, bucket = self.address.root, self.address.bucket
        left = [each.key for each in self.list_full(f"{root}{UNFINISHED}/") if each.modified < abandoned]
        for full in left:
            self.remove(full)
        uploads = failures.patiently(lambda: self._uploads(root), self.uri, root)
        old = [each for each in uploads if each["Initiated"] < abandoned]
        for each in old:
            upload = {"Bucket": bucket, "Key": each["Key"], "UploadId": each["UploadId"]}
            failures.patiently(lambda upload=upload: self._abort(upload), self.uri, each["Key"])  # type: ignore[misc]
        return len(left) + len(old)

    def _uploads(self, prefix: str) -> builtins.list[Any]:
        pages = self.client.get_paginator("list_multipart_uploads").paginate(Bucket=self.address.bucket, Prefix=prefix)
        return [each for page in pages for each in page.get("Uploads", [])]

    def _abort(self, upload: dict[str, str]) -> None:
        try:
            self.client.abort_multipart_upload(**upload)  # type: ignore[arg-type]
        except ClientError as error:
            if failures.code(error) != "NoSuchUpload":
                raise

    def creation(self) -> str:
        if creation.honours_conditions(self):
            return "create-if-absent by If-None-Match"
        return "create-if-absent under claims, since the store ignores If-None-Match"
