"""The models of this machine: one folder per artefact, complete and verified before anyone sees it.

<directory>/<artefact>/<file>            what engines read
<directory>/<artefact>/.pinned.json      the digests these files were verified against
<directory>/.unfinished/<artefact>/      what is on its way; outlives a failure, removed when complete
<directory>/.locks/<artefact>.lock       held by the one process that fetches
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from dubwright.errors import DubwrightError, ModelError, StoreError, StoreFullError, ToolError
from dubwright.lake.store import open_store
from dubwright.models import registry, sources
from dubwright.models.job import CHUNK_BYTES, Job
from dubwright.models.registry import Artefact, PinnedFile

RECEIPT = ".pinned.json"
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
WAITING = "another process"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an artefact is: `done` of `total` bytes, and the source that is being asked."""

    artefact: str
    source: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Stored:
    """An artefact as this machine has it. `had_bytes` counts files of the pinned size."""

    name: str
    state: Literal["present", "partial", "missing"]
    folder: str
    files: int
    bytes: int
    had_bytes: int
    sha256: str
    licence: str
    languages: tuple[str, ...]
    description: str


Watcher = Callable[[Progress], None]


class ModelStore:
    """The models below a folder, which is made when first needed.

    `mirror` is the address of an object store that is asked before anything further away.
    """

    def __init__(
        self,
        directory: str | Path,
        mirror: str | None = None,
        artefacts: Mapping[str, Artefact] | None = None,
    ) -> None:
        self.directory = Path(directory).expanduser().absolute()
        self.mirror = mirror
        self.artefacts = registry.known() if artefacts is None else artefacts

    def folder(self, name: str) -> Path:
        """Where an artefact's files are, or will be. Raises `SettingsError` for an unknown name."""
        return self.directory / registry.choose(self.artefacts, name).name

    def present(self, name: str) -> bool:
        """Whether the artefact is there, verified once, every file of its pinned size. Cheap."""
        artefact = registry.choose(self.artefacts, name)
        folder = self.folder(name)
        return _receipt(folder) == _pins(artefact) and all(_has_size(folder, file) for file in artefact.files)

    def ensure(self, name: str, progress: Watcher | None = None) -> Path:
        """The folder of an artefact's files, fetched first if it is not there.

        Of several processes one fetches and the others wait. Raises `ModelError` that says what each source
        answered, `StoreFullError` if the disk is full.
        """
        artefact = registry.choose(self.artefacts, name)
        folder = self.folder(name)
        if self.present(name):
            return folder
        watch = progress or (lambda _: None)
        with self._writing(artefact), self._locked(artefact, watch):
            if not self.present(name):
                self._complete(artefact, folder, watch)
        return folder

    def pull(self, names: Iterable[str], progress: Watcher | None = None) -> dict[str, Path]:
        """Fetch what is missing of several artefacts; name → folder. Raises as `ensure` does."""
        return {name: self.ensure(name, progress) for name in dict.fromkeys(names)}

    def verify(self, name: str) -> tuple[str, ...]:
        """Read every byte; what is wrong, a line per file, nothing if all is well.

        After a problem was found the artefact no longer counts as present: the next `ensure` fetches those files.
        """
        artefact = registry.choose(self.artefacts, name)
        folder = self.folder(name)
        found = tuple(
            f"{file.path}: {problem}" for file in artefact.files if (problem := _problem(folder / file.path, file))
        )
        if found:
            with self._writing(artefact):
                (folder / RECEIPT).unlink(missing_ok=True)
        return found

    def push(self, names: Iterable[str], mirror: str, progress: Watcher | None = None) -> dict[str, int]:
        """Put artefacts, fetched first where they are missing, into a mirror; name → files written.

        Raises `ModelError` rather than publish a file that is not what its digest says.
        """
        store = open_store(mirror)
        written: dict[str, int] = {}
        for name in dict.fromkeys(names):
            artefact = registry.choose(self.artefacts, name)
            folder = self.ensure(name, progress)
            missing = [file for file in artefact.files if not store.exists(sources.mirror_key(file))]
            for file in missing:
                if problem := _problem(folder / file.path, file):
                    raise ModelError(problem, where=name, field=file.path, remedy="run `dubwright models verify`")
                store.put_file(sources.mirror_key(file), folder / file.path)
            written[name] = len(missing)
        return written

    def list(self) -> tuple[Stored, ...]:
        """Every artefact of the registry as this machine has it. Cheap."""
        return tuple(self._stored(artefact) for artefact in self.artefacts.values())

    def _stored(self, artefact: Artefact) -> Stored:
        folder = self.folder(artefact.name)
        had = sum(file.bytes for file in artefact.files if _has_size(folder, file))
        present = self.present(artefact.name)
        return Stored(
            name=artefact.name,
            state="present" if present else "partial" if had else "missing",
            folder=str(folder),
            files=len(artefact.files),
            bytes=artefact.bytes,
            had_bytes=had,
            sha256=artefact.sha256,
            licence=artefact.licence,
            languages=artefact.languages,
            description=artefact.description,
        )

    # Fetching -----------------------------------------------------------------------------------------

    def _complete(self, artefact: Artefact, folder: Path, watch: Watcher) -> None:
        missing = {file.path: file for file in artefact.files if _problem(folder / file.path, file)}
        unfinished = self.directory / ".unfinished" / artefact.name
        unfinished.mkdir(parents=True, exist_ok=True)
        if missing:
            self._check_space(artefact, sum(file.bytes for file in missing.values()), unfinished)
            self._ask_sources(artefact, folder, unfinished, missing, watch)
        _write_receipt(folder, _pins(artefact), unfinished)
        shutil.rmtree(unfinished, ignore_errors=True)

    def _ask_sources(
        self, artefact: Artefact, folder: Path, unfinished: Path, missing: dict[str, PinnedFile], watch: Watcher
    ) -> None:
        """Empty `missing`, source by source."""

        def deliver(file: PinnedFile, path: Path) -> None:
            if problem := _problem(path, file):
                path.unlink(missing_ok=True)
                raise ModelError(problem, field=file.path)
            _publish(path, folder / file.path)
            del missing[file.path]

        answers = []
        mirror = (sources.Mirror(self.mirror),) if self.mirror else ()
        for source in (*mirror, *artefact.sources):
            label = sources.describe(source)
            wanted = tuple(missing.values())
            there = artefact.bytes - sum(file.bytes for file in wanted)

            def report(had: int, label: str = label, there: int = there) -> None:
                watch(Progress(artefact.name, label, min(there + had, artefact.bytes), artefact.bytes))

            report(0)
            try:
                sources.fetch(source, Job(wanted, unfinished, report, deliver))
                answer = "does not have all files"
            except StoreFullError:
                raise
            except (ModelError, StoreError, ToolError) as error:
                answer = str(error)
            except OSError as error:
                if error.errno in FULL:
                    raise
                answer = f"{type(error).__name__}: {error}"
            if not missing:
                watch(Progress(artefact.name, label, artefact.bytes, artefact.bytes))
                return
            answers.append(f"{label}: {answer}")
        raise ModelError(
            f"no source has this model ({', '.join(list(missing)[:3])}): " + "; ".join(answers),
            where=artefact.name,
            remedy=f"connect this machine to one of these, set models_mirror, or copy the files into {folder}",
        )

    def _check_space(self, artefact: Artefact, needed: int, unfinished: Path) -> None:
        had = _size(unfinished)
        if shutil.disk_usage(unfinished).free + had < needed:
            raise self._full(artefact)

    def _full(self, artefact: Artefact) -> StoreFullError:
        return StoreFullError(
            f"no space left for {artefact.name} ({artefact.bytes / 2**20:.0f} MiB, twice that while it is fetched)",
            where=str(self.directory),
            remedy="free space, or set models_dir to a folder on another disk; what is there already is kept",
        )

    @contextmanager
    def _locked(self, artefact: Artefact, watch: Watcher) -> Iterator[None]:
        path = self.directory / ".locks" / f"{artefact.name}.lock"
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            watch(Progress(artefact.name, WAITING, 0, artefact.bytes))
            lock.acquire(poll_interval=0.1)
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def _writing(self, artefact: Artefact) -> Iterator[None]:
        """What the disk refuses becomes a typed error."""
        try:
            yield
        except DubwrightError:
            raise
        except OSError as error:
            if error.errno in FULL:
                raise self._full(artefact) from error
            raise ModelError(
                f"cannot be kept: {error.strerror or error}",
                where=artefact.name,
                field=str(self.directory),
                remedy="set models_dir to a folder that can be written to",
            ) from error


# Files ------------------------------------------------------------------------------------------------


def _pins(artefact: Artefact) -> dict[str, str]:
    return {file.path: file.sha256 for file in artefact.files}


def _receipt(folder: Path) -> object:
    try:
        return json.loads((folder / RECEIPT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _write_receipt(folder: Path, pins: dict[str, str], unfinished: Path) -> None:
    path = unfinished / RECEIPT
    path.write_text(json.dumps(pins, indent=1) + "\n", encoding="utf-8")
    _publish(path, folder / RECEIPT)


def _publish(path: Path, final: Path) -> None:
    """Make a finished file visible under its name, for good: the rename is the one atomic step."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
    final.parent.mkdir(parents=True, exist_ok=True)
    path.replace(final)


def _has_size(folder: Path, file: PinnedFile) -> bool:
    try:
        return (folder / file.path).stat().st_size == file.bytes
    except OSError:
        return False


def _problem(path: Path, file: PinnedFile) -> str | None:
    """What keeps a file from being the pinned one; reads it whole if its size is right."""
    try:
        size = path.stat().st_size
        if size != file.bytes:
            return f"has {size} bytes, {file.bytes} are pinned"
        digest = hashlib.sha256()
        with path.open("rb") as stream:
            while chunk := stream.read(CHUNK_BYTES):
                digest.update(chunk)
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
    if digest.hexdigest() != file.sha256:
        return f"has the SHA-256 {digest.hexdigest()}, {file.sha256} is pinned"
    return None


def _size(folder: Path) -> int:
    """Bytes in a folder. What a package client that outlived its killed parent takes away meanwhile counts for nothing."""
    total = 0
    for place, _, files in os.walk(folder):
        for name in files:
            with suppress(FileNotFoundError):
                total += (Path(place) / name).lstat().st_size
    return total
