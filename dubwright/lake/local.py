"""A folder as object store, with the same promises as the real ones: whole objects, created once."""

from __future__ import annotations

import errno
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from dubwright.errors import KeyMissingError, StoreError, StoreFullError
from dubwright.lake.store import ABANDONED_AFTER_SECONDS, UNFINISHED, ObjectInfo, check_key


class LocalStore:
    """Objects as files below `root`, which is made when first written to."""

    def __init__(self, root: Path) -> None:
        self.root = root.expanduser().resolve()
        self.uri = f"file://{self.root}"

    def _path(self, key: str) -> Path:
        check_key(key, self.uri)
        return self.root / key

    def list(self, prefix: str = "", *, after: str = "") -> Iterator[ObjectInfo]:
        folder, _, _ = prefix.rpartition("/")
        start = self._path(folder) if folder else self.root
        yield from self._walk(start, f"{folder}/" if folder else "", prefix, after)

    def folders(self, prefix: str = "") -> Iterator[str]:
        after = ""
        while found := next(self.list(prefix, after=after), None):
            name, below, _ = found.key[len(prefix) :].partition("/")
            if below:
                yield name
            # "0" follows "/": no key of this folder sorts behind that.
            after = f"{prefix}{name}0" if below else found.key

    def _walk(self, folder: Path, base: str, prefix: str, after: str) -> Iterator[ObjectInfo]:
        try:
            with os.scandir(folder) as found:
                # A folder sorts as its keys do: with the slash that follows its name.
                entries = sorted(found, key=lambda e: e.name + "/" if e.is_dir() else e.name)
        except (FileNotFoundError, NotADirectoryError):
            return
        for entry in entries:
            key = base + entry.name
            if not base and entry.name == UNFINISHED:
                continue
            if entry.is_dir():
                below = key + "/"
                skipped = below < after and not after.startswith(below)
                if not skipped and (below.startswith(prefix) or prefix.startswith(below)):
                    yield from self._walk(Path(entry.path), below, prefix, after)
            elif key.startswith(prefix) and key > after:
                try:
                    stat = entry.stat()
                except FileNotFoundError:
                    continue
                yield ObjectInfo(key, stat.st_size, datetime.fromtimestamp(stat.st_mtime, UTC))

    def exists(self, key: str) -> bool:
        return self._path(key).is_file()

    def read(self, key: str) -> bytes:
        try:
            return self._path(key).read_bytes()
        except FileNotFoundError:
            raise self._missing(key) from None
        except OSError as error:
            raise self._failed(key, error) from error

    def open(self, key: str) -> IO[bytes]:
        try:
            return self._path(key).open("rb")
        except FileNotFoundError:
            raise self._missing(key) from None
        except OSError as error:
            raise self._failed(key, error) from error

    def put_if_absent(self, key: str, data: bytes) -> bool:
        def write(path: Path) -> None:
            with path.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())

        return self._create(key, write)

    def put_file(self, key: str, path: Path) -> None:
        if not self.exists(key):
            self._create(key, lambda target: _copy(path, target))

    def replace(self, key: str, path: Path) -> None:
        self._create(key, lambda target: _copy(path, target), put=os.replace)

    def _create(self, key: str, write: Callable[[Path], None], put: Callable[[Path, Path], None] = os.link) -> bool:
        """Let `write` fill a file outside every listing, then put it under its name: that is the one atomic step."""
        final = self._path(key)
        unfinished = self.root / UNFINISHED / uuid.uuid4().hex
        try:
            unfinished.parent.mkdir(parents=True, exist_ok=True)
            write(unfinished)
            final.parent.mkdir(parents=True, exist_ok=True)
            try:
                put(unfinished, final)
            except FileExistsError:
                return False
            _sync_folder(final.parent)
            return True
        except OSError as error:
            raise self._failed(key, error) from error
        finally:
            unfinished.unlink(missing_ok=True)

    @contextmanager
    def as_file(self, key: str) -> Iterator[Path]:
        path = self._path(key)
        if not path.is_file():
            raise self._missing(key)
        yield path

    def delete(self, key: str) -> None:
        try:
            self._path(key).unlink(missing_ok=True)
        except OSError as error:
            raise self._failed(key, error) from error

    def sweep(self) -> int:
        removed = 0
        for path in (self.root / UNFINISHED).glob("*"):
            try:
                if time.time() - path.stat().st_mtime > ABANDONED_AFTER_SECONDS:
                    path.unlink()
                    removed += 1
            except FileNotFoundError:
                continue
        return removed

    def creation(self) -> str:
        return "create-if-absent by hard link"

    def _missing(self, key: str) -> KeyMissingError:
        return KeyMissingError("no such object", where=self.uri, field=key)

    def _failed(self, key: str, error: OSError) -> StoreError:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            return StoreFullError(
                "no space left to write this object",
                where=self.uri,
                field=key,
                remedy="free space or move the lake, then run again: nothing committed is lost",
            )
        return StoreError(
            error.strerror or str(error), where=self.uri, field=key, remedy="check the folder's permissions and disk"
        )


def _copy(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)
    with target.open("rb+") as file:
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
