"""What dubwright asks of an object store; the lake and the models' mirror stand on nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Protocol

from dubwright.errors import SettingsError, StoreDeniedError

# What a store keeps for itself, outside every listing: writes under way, probes, claims.
UNFINISHED = ".unfinished"
ABANDONED_AFTER_SECONDS = 24 * 3600
LONGEST_KEY_BYTES = 1024


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """One object of a listing: its key, its size in bytes, when it was written (UTC).

    `etag` is the store's own checksum, unquoted; it changes when the content does. None where the store has none.
    """

    key: str
    size: int
    modified: datetime
    etag: str | None = None


class ObjectStore(Protocol):
    """A flat namespace of immutable objects below one prefix. Keys are relative to it, with `/` between parts.

    An object is visible under its key either whole or not at all. Every method raises a `StoreError`:
    `KeyMissingError` where a key that must exist does not, `StoreFullError` where nothing more fits,
    `StoreDeniedError` where it refuses. `open_store(store.uri)` is the same store, in any process.
    """

    uri: str

    def list(self, prefix: str = "", *, after: str = "") -> Iterator[ObjectInfo]:
        """Yield every object whose key starts with `prefix` and sorts behind `after`, in order of the keys' UTF-8."""
        ...

    def folders(self, prefix: str = "") -> Iterator[str]:
        """Yield what follows `prefix` up to the next `/`, once for all keys of which it does, in the same order."""
        ...

    def exists(self, key: str) -> bool: ...

    def read(self, key: str) -> bytes: ...

    def open(self, key: str) -> IO[bytes]:
        """The object as a seekable stream that reads only what is asked for, as pyarrow takes it; to be closed."""
        ...

    def put_if_absent(self, key: str, data: bytes) -> bool:
        """Create `key`; False, and nothing changed, if it exists. Of racing writers exactly one gets True."""
        ...

    def put_file(self, key: str, path: Path) -> None:
        """Store a file's content; keys written so are content-addressed, so writing twice is harmless."""
        ...

    def replace(self, key: str, path: Path) -> None:
        """Store a file's content under a key that may exist; readers see the old object or the new one, whole."""
        ...

    def as_file(self, key: str) -> AbstractContextManager[Path]:
        """The object as a readable local file for the time of the `with` block; never to be changed."""
        ...

    def delete(self, key: str) -> None:
        """Remove `key`; no error if it is already gone."""
        ...

    def sweep(self) -> int:
        """Remove what killed writers left unfinished over a day ago; how many such leftovers there were."""
        ...

    def creation(self) -> str:
        """By what means `put_if_absent` creates once here, in words; may ask the store."""
        ...


def open_store(uri: str) -> ObjectStore:
    """Open the store at `uri`: a folder's path, a `file://` or an `s3://bucket/prefix` address. Nothing is asked yet.

    Raises `SettingsError` for a scheme that no store serves, or an address that is none.
    """
    scheme, separator, _ = uri.partition("://")
    if not separator or scheme == "file":
        from dubwright.lake.local import LocalStore

        # Not the address's path: '#', '?' and '%' are ordinary characters in a folder's name.
        return LocalStore(Path(uri.removeprefix("file://")))
    if scheme == "s3":
        from dubwright.lake.s3 import S3Store

        return S3Store(uri)
    raise SettingsError(
        f"no object store serves {scheme!r:.40} addresses",
        field="lake",
        remedy="give a folder, a file:// address or s3://bucket/prefix",
    )


def is_key(key: str) -> bool:
    """Whether every store could hold an object of this key."""
    parts = key.split("/")
    if parts[0] == UNFINISHED or "\0" in key or any(part in ("", ".", "..") for part in parts):
        return False
    return len(key.encode(errors="surrogatepass")) <= LONGEST_KEY_BYTES


def check_key(key: str, uri: str) -> None:
    """Raise a `StoreDeniedError` unless `key` is one."""
    if not is_key(key):
        raise StoreDeniedError("not a key", where=uri, field=f"{key!r:.200}")
