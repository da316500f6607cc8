"""Reading one version of an object: whole and verified, or in parts, and on where a connection was cut."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

from dubwright.errors import StoreDeniedError, StoreError
from dubwright.lake.s3 import failures

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

    from dubwright.lake.s3.store import S3Store

# Of our own in an object's metadata: its content's digest, and which write made it.
DIGEST = "dubwright-sha256"
WRITE = "dubwright-write"
CHUNK_BYTES = 1 << 20
# What a reader of parts fetches at least: a request costs as long as some hundred kilobytes.
BUFFER_BYTES = 128 << 10
_MD5 = re.compile(r'"?([0-9a-f]{32})"?')


def chunks(store: S3Store, key: str, start: int = 0, stop: int | None = None, etag: str = "") -> Iterator[bytes]:
    """The bytes of an object from `start` to before `stop`, in pieces; of the version `etag`, or else of one version.

    A cut connection is opened again where it was cut, as long as that brings something. A whole object is compared with
    the digest stored with it; the error comes after the last piece.

    Raises `KeyMissingError`, `StoreError` if the object was replaced meanwhile, is damaged or could not be read.
    """
    position, fruitless = start, 0
    proof: _Proof | None = None
    while stop is None or position < stop:
        had = position
        try:
            answer = _ask(store, key, position, stop)
            if stop is None:
                etag, stop = answer.get("ETag", ""), position + answer["ContentLength"]
                proof = _Proof(answer)
            _check(store, key, answer, etag, stop - position)
            with closing(answer["Body"]) as body:
                for chunk in body.iter_chunks(CHUNK_BYTES):
                    position += len(chunk)
                    if proof:
                        proof.update(chunk)
                    yield chunk
        except failures.FAILURES as error:
            problem = failures.translate(error, store.uri, key)
            fruitless = fruitless + 1 if position == had else 0
            # All is here but botocore's own checksum of it fails: nothing to go on with.
            if not problem.transient or fruitless == failures.ATTEMPTS or position == stop:
                raise problem from error
            failures.pause(fruitless)
    if proof and not proof.holds():
        raise StoreError(
            "what was read is not what its stored digest says",
            where=store.uri,
            field=key,
            remedy="if it stays, the object is damaged: delete it and run again",
        )


def _ask(store: S3Store, key: str, position: int, stop: int | None) -> Any:
    span = {} if stop is None else {"Range": f"bytes={position}-{stop - 1}"}
    return store.client.get_object(Bucket=store.address.bucket, Key=store.full(key), **span)  # type: ignore[arg-type]


def _check(store: S3Store, key: str, answer: Any, etag: str, length: int) -> None:
    """Compare the answer with what was asked for. `If-Match` would do less: stores disagree on how to quote it."""
    if answer.get("ETag", "") != etag:
        problem = "the object was replaced while it was read"
        raise StoreError(problem, where=store.uri, field=key, remedy="read it anew")
    if answer["ContentLength"] != length:
        raise StoreDeniedError("the store does not serve parts of objects", where=store.uri, field=key)


class _Proof:
    """The digest that an answer says its object has: ours, or the MD5 that a plain object's ETag is."""

    def __init__(self, answer: Any) -> None:
        self.expected = answer.get("Metadata", {}).get(DIGEST)
        self.digest = hashlib.sha256()
        plain = _MD5.fullmatch(answer.get("ETag", ""))
        encrypted = answer.get("ServerSideEncryption", "AES256") != "AES256" or answer.get("SSECustomerAlgorithm")
        if not self.expected and plain and not encrypted:
            self.expected, self.digest = plain[1], hashlib.md5(usedforsecurity=False)

    def update(self, chunk: bytes) -> None:
        self.digest.update(chunk)

    def holds(self) -> bool:
        return not self.expected or self.digest.hexdigest() == self.expected


class Parts(io.RawIOBase):
    """An object as a seekable stream of one version, each read a request for just that part."""

    def __init__(self, store: S3Store, key: str, size: int, etag: str) -> None:
        self._store, self._key, self._size, self._etag = store, key, size, etag
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        position = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if position < 0:
            raise ValueError("a stream has nothing before its start")
        self._position = position
        return position

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        start, stop = self._position, min(self._position + len(view), self._size)
        filled = 0
        if start < stop:
            for chunk in chunks(self._store, self._key, start, stop, self._etag):
                view[filled : filled + len(chunk)] = chunk
                filled += len(chunk)
        self._position += filled
        return filled
