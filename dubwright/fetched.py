"""What was dear to get, shared for a while between the processes of a machine: videos fetched from a store, above all.

An episode's units in ten languages want one video within minutes. Whoever comes first fetches it and leaves a copy in a
folder of this machine; the others link to that. Kept is what was used lately, up to a size; whoever uses the folder
clears it up, and a process does so once more when what it left has grown old.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

KEPT_S = 1800.0
KEPT_BYTES = 8 << 30
# Of the disk's free space, for one file.
DISK_SHARE = 0.25
# How long (s) to wait for another process that fetches the same, before one fetches it as well.
PATIENCE_S = 600.0
ABANDONED_AFTER_S = 24 * 3600.0

_clearing: threading.Timer | None = None


@contextmanager
def shared(identity: str, suffix: str, fetch: Callable[[], AbstractContextManager[Path]]) -> Iterator[Path]:
    """A file for the time of the `with` block, never to be changed: a copy that is here, or what `fetch` fetches.

    `identity` names the content: whatever would be fetched under it is the same. The path ends in `suffix`. Raises what
    `fetch` does; trouble with the shared folder only means that every process fetches for itself.
    """
    folder = _folder()
    with ExitStack() as stack:
        if folder is None:
            yield stack.enter_context(fetch())
            return
        name = hashlib.blake2b(identity.encode(), digest_size=16).hexdigest()
        with _alone(folder / f"{name[:2]}.lock"):
            path = _link(folder / name, suffix, stack)
            if path is None:
                path = stack.enter_context(fetch())
                _keep(path, folder / name)
        clear(folder)
        _clear_later(folder)
        yield path


def clear(folder: Path) -> None:
    """Remove what was not used lately, what is more than the folder may hold, and what killed processes left."""
    now, size = time.time(), 0
    with suppress(OSError):
        found = [(entry.stat(follow_symlinks=False), Path(entry)) for entry in os.scandir(folder)]
        for status, path in sorted(found, key=lambda each: each[0].st_mtime, reverse=True):
            age = now - status.st_mtime
            if stat.S_ISDIR(status.st_mode):
                if age > ABANDONED_AFTER_S:
                    shutil.rmtree(path, ignore_errors=True)
            elif path.suffix != ".lock":
                size += status.st_size
                # Who has linked to it keeps it until he is done.
                if age > KEPT_S or size > KEPT_BYTES:
                    path.unlink(missing_ok=True)


def _folder() -> Path | None:
    """This user's folder of shared files; None if there can be none that is his alone."""
    folder = Path(tempfile.gettempdir(), f"dubwright-fetched-{os.getuid()}")
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
    except OSError:
        return None
    # Anybody may have made something of this name in a folder that all may write to.
    own = stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o077
    return folder if own else None


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Hold a lock, so that two do not fetch the same; without it if its holder takes too long."""
    held = FileLock(lock)
    with suppress(Timeout, OSError):
        held.acquire(timeout=PATIENCE_S)
    try:
        yield
    finally:
        held.release()


def _link(kept: Path, suffix: str, stack: ExitStack) -> Path | None:
    """A second name for a kept file: it stays while it is used, whoever clears the folder. None if it is not there."""
    try:
        os.utime(kept)  # kept for as long again
        own = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="used-", dir=kept.parent)), f"video{suffix}")
        own.hardlink_to(kept)
    except OSError:
        return None
    return own


def _keep(path: Path, kept: Path) -> None:
    """Leave a copy for others, unless it would take too much of the disk; it is there whole or not at all."""
    unfinished = kept.with_name(f"{kept.name}.{os.getpid()}-{threading.get_ident()}")
    try:
        size = path.stat().st_size
        if size <= min(KEPT_BYTES, shutil.disk_usage(kept.parent).free * DISK_SHARE):
            shutil.copyfile(path, unfinished)
            unfinished.replace(kept)
    except OSError:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


def _clear_later(folder: Path) -> None:
    global _clearing
    if _clearing is not None:
        _clearing.cancel()
    _clearing = threading.Timer(KEPT_S + 1, clear, [folder])
    _clearing.daemon = True
    _clearing.start()
