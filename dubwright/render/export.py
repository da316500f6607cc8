"""Deliverables from the lake as files with readable names: OUT/SERIES/EPISODE/LANGUAGE/EPISODE.LANGUAGE.mp4 and its like.

Names of series and episodes are people's: they are made safe for every common file system, and stay readable.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import unicodedata
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dubwright.errors import KeyMissingError, StoreError, StoreFullError
from dubwright.lake import Lake, UnitFile
from dubwright.lake.layout import UnitKey
from dubwright.render.kinds import ENDINGS, SOURCE

# What Windows, macOS or a memory stick would refuse, in the full-width form that looks the same.
_REFUSED = str.maketrans('<>:"/\\|?*', "＜＞：＂／＼｜？＊")
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)
_MARKED = re.compile(r".*~[0-9a-f]{10}", re.DOTALL)
_LONGEST_BYTES = 180  # a level of a path holds 255 bytes; mark, language and ending come on top
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Exported:
    """One file: where it lies, what it is (a `kind` of the table), its size, and whether it had to be written."""

    path: Path
    kind: str
    bytes: int
    written: bool


def export(lake: Lake, units: Iterable[UnitKey], out: Path) -> list[Exported]:
    """Write the files of committed units of the table `deliverable` below `out`, in the units' order.

    A file that already has the right content is left alone; another one is replaced, whole or not at all.
    Raises `KeyMissingError` if a unit or a blob is not in the lake, `StoreFullError` if the disk is full,
    `StoreError` if a blob is damaged or a file cannot be written.
    """
    return [_place(lake, row, path) for unit in units for path, row in files(lake.read(unit), out)]


def files(unit: UnitFile, out: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Where below `out` each file of a deliverable is written, and its row."""
    key = unit.key
    language = str(key.language)
    folder = out / safe_name(key.series) / safe_name(key.episode) / safe_name(language)
    source = str(unit.provenance.get("recipe", {}).get("source_language") or "source")
    for row in unit.rows():
        kind = row["kind"]
        if kind in ENDINGS:
            of = language if not kind.startswith(SOURCE) else source if source != language else "source"
            yield folder / f"{safe_name(key.episode)}.{safe_name(of)}.{ENDINGS[kind]}", row


def safe_name(name: str) -> str:
    """A name that every common file system takes, and that no other name comes out as.

    Most names stay as they are. A changed one ends in a mark made from the original, and so does one that looks
    marked already. (Names that differ by case alone stay apart where the file system tells case apart.)
    """
    safe = unicodedata.normalize("NFC", name).translate(_REFUSED)
    # Not printable: control characters, line breaks, direction overrides; they hide what a name says.
    safe = "".join(char if char.isprintable() else " " for char in safe)
    safe = safe.strip(" .").encode()[:_LONGEST_BYTES].decode(errors="ignore").rstrip(" .")
    if safe == name and not _DEVICES.fullmatch(safe) and not _MARKED.fullmatch(safe) and safe:
        return safe
    mark = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:10]
    # Windows takes `nul.x` for the device too: only what stands before the first dot counts.
    safe = safe.replace(".", "．", 1) if _DEVICES.fullmatch(safe) and "." in safe else safe
    return f"{safe}~{mark}"


def _place(lake: Lake, row: Mapping[str, Any], path: Path) -> Exported:
    done = Exported(path, row["kind"], row["bytes"], written=True)
    unfinished = path.with_name(f".{uuid.uuid4().hex}.part")
    try:
        if path.is_file() and path.stat().st_size == row["bytes"] and _digest(path) == row["sha256"]:
            return Exported(path, row["kind"], row["bytes"], written=False)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            _copy(lake, row, unfinished)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
    except KeyMissingError as error:
        raise KeyMissingError(
            f"the lake holds no file for this {row['kind']}",
            where=lake.uri,
            field=row["blob"],
            remedy="restore the blob, or remove the episode's deliverable unit and localize it again",
        ) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise StoreFullError(
                "no space left to write this file", where=str(path), remedy="free space, then export again"
            ) from error
        raise StoreError(
            error.strerror or str(error), where=str(path), remedy="check the folder's permissions and disk"
        ) from error
    return done


def _copy(lake: Lake, row: Mapping[str, Any], target: Path) -> None:
    digest = hashlib.sha256()
    with lake.blob_file(row["blob"]) as blob, blob.open("rb") as source, target.open("xb") as file:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    if digest.hexdigest() != row["sha256"]:
        raise StoreError(
            "the blob is damaged: its content is not what its digest says",
            where=lake.uri,
            field=row["blob"],
            remedy="restore the blob, or remove it and the episode's deliverable unit and localize it again",
        )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
