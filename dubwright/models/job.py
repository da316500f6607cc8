"""What a source is asked for, and the one way in which it writes bytes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dubwright.errors import ModelError
from dubwright.models.registry import PinnedFile

CHUNK_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class Job:
    """Files of one artefact that are missing.

    `folder` is for what is unfinished and outlives a failure. `report` is told how many bytes the source has got.
    `deliver` takes a finished file over: it checks the digest, raises `ModelError` if that is another, and makes
    the file visible if not.
    """

    files: tuple[PinnedFile, ...]
    folder: Path
    report: Callable[[int], None]
    deliver: Callable[[PinnedFile, Path], None]

    def report_after(self, before: int) -> Callable[[int], None]:
        """`report` for one file, where the files before it have `before` bytes."""
        return lambda size: self.report(before + size)


def copy(
    read: Callable[[int], bytes],
    target: Path,
    limit: int,
    *,
    append: bool = False,
    report: Callable[[int], None] | None = None,
) -> None:
    """Write what `read` gives, until that is nothing, to a file that may come to have `limit` bytes.

    `report` is told the file's size. What was read before `read` raised is kept.

    Raises `ModelError` if there is more.
    """
    with target.open("ab" if append else "wb") as out:
        size = out.tell()
        while chunk := read(min(CHUNK_BYTES, limit - size + 1)):
            size += len(chunk)
            if size > limit:
                raise ModelError(f"has more than the pinned {limit} bytes")
            out.write(chunk)
            if report:
                report(size)
