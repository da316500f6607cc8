"""Buckets on this machine: object stores that keep their promises, give checksums, and remember what was asked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO

import pytest

from dubwright import sources
from dubwright.lake.local import LocalStore
from dubwright.lake.store import ObjectInfo


class Bucket(LocalStore):
    """A folder with what an S3 bucket has beyond it: a checksum for each object. `asked` tells what was done, in order."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.checksums = True
        self.asked: list[tuple[str, str]] = []
        self.seen: list[str] = []

    def put(self, key: str, content: bytes | str = b"video") -> None:
        path = self.root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def list(self, prefix: str = "", *, after: str = "") -> Iterator[ObjectInfo]:
        self.asked.append(("list", prefix))
        for found in super().list(prefix, after=after):
            self.seen.append(found.key)
            etag = hashlib.md5((self.root / found.key).read_bytes(), usedforsecurity=False).hexdigest()
            yield replace(found, etag=etag if self.checksums else None)

    def open(self, key: str) -> IO[bytes]:
        self.asked.append(("open", key))
        return super().open(key)

    def did(self, what: str) -> list[str]:
        """What was asked of one kind, and forgets it all."""
        found = [key for asked, key in self.asked if asked == what]
        self.asked.clear()
        return found


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """The bucket `s3://works?region=here`; another address is a bucket that nobody may read."""
    only = Bucket(tmp_path / "bucket")
    original = sources.open_store
    # Others are opened as ever, which reads nothing: no test gets as far as asking one.
    monkeypatch.setattr(sources, "open_store", lambda uri: only if uri == "s3://works?region=here" else original(uri))
    return only
