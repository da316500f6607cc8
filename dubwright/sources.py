"""Where source videos lie: on this machine, or as objects in a store. They are referenced and read, never moved.

An address is a path (`file://` may stand before it) or `s3://bucket/key`. A key is taken literally. What says which
store it is, such as `endpoint=…`, stands behind the last `?`; so where a key itself has a `?`, one more ends it.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Any, NamedTuple

from dubwright import fetched
from dubwright.errors import DubwrightError, KeyMissingError, ManifestError, MediaError, StoreError
from dubwright.lake import Lake
from dubwright.lake.store import ObjectInfo, ObjectStore, open_store

SCHEMES = ("s3",)
SAMPLES = 3
SAMPLE_BYTES = 16 * 1024
# Of a digest that the owner of a video vouches for: it is kept, and never compared with the file's own.
GIVEN = "given:"
LARGEST_BYTES = 64 * 2**30
LISTED_AT_ONCE = 16
MOST_LISTINGS = 5000
# Not a drive's letter or a number, and not `Episode 1: the end`: those are names of files.
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):(//)?(?=\S)")
_QUERY = re.compile(r"[a-z_]+=[^&]*(&[a-z_]+=[^&]*)*")


class Place(NamedTuple):
    """An object's store, as `open_store` takes it, and its key there."""

    store: str
    key: str

    def connect(self) -> ObjectStore:
        """The store. Raises `SettingsError` for an address that is none."""
        return open_store(self.store)


# Addresses --------------------------------------------------------------------------------------------


def split(address: str) -> Place | None:
    """An address' store and key (empty for a bucket); None if it is a path on this machine."""
    scheme, sign, rest = address.partition("://")
    if not sign or scheme.lower() not in SCHEMES:
        return None
    head, _, query = rest.rpartition("?")
    if "?" not in rest or (query and not _QUERY.fullmatch(query)):
        head, query = rest, ""
    bucket, _, key = head.partition("/")
    return Place(f"{scheme.lower()}://{bucket}{'?' if query else ''}{query}", key)


def join(store: str, key: str) -> str:
    """The address of an object: what `split` was given."""
    root, _, query = store.partition("?")
    return f"{root}/{key}{'?' if query or '?' in key else ''}{query}"


def local(address: str) -> Path:
    """The path that an address is, where it is one."""
    return Path(address.removeprefix("file://")).expanduser()


def absolute(address: str) -> str:
    """An address that means the same in every working folder."""
    if split(address):
        return address
    path = local(address).absolute()
    return str(path) if path.exists() or not foreign(address) else address


def foreign(address: str) -> bool:
    """Whether an address names a protocol that no store here speaks, such as `http:` or FFmpeg's `concat:`."""
    found = _SCHEME.match(address)
    return found is not None and found[1].lower() not in (*SCHEMES, "file")


def resolve(video: str, manifest: str) -> str:
    """The address of a video as the manifest at another address names it. Raises `ManifestError` (without `where`)."""
    there, here = split(manifest), split(video)
    if foreign(video):
        raise ManifestError(
            f"is at an address that is not read: {video[:200]!r}",
            field="video",
            remedy="give a path or an s3:// address (write ./ before a file's name that looks like an address)",
        )
    if here is None:
        if there is None:
            # By hand: a manifest of a whole catalogue has hundreds of thousands of these.
            folder = os.path.dirname(manifest)  # noqa: PTH120
            return os.path.join(folder, os.path.expanduser(video.removeprefix("file://")))  # noqa: PTH111, PTH118
        here = _inside(there, video)
    elif there is not None and "?" not in here.store:
        # It says nothing else, so it is in the same store as the manifest.
        here = here._replace(store=here.store + "".join(there.store.partition("?")[1:]))
    if "@" in here.store.partition("?")[0]:
        raise ManifestError("an address holds no credentials", field="video", remedy="leave them to the environment")
    if not here.key or {"", ".", ".."} & set(here.key.split("/")):
        raise ManifestError(f"is no object's address: {video[:200]!r}", field="video", remedy="correct the address")
    return join(*here)


def _inside(manifest: Place, video: str) -> Place:
    if video.startswith(("/", "~", "file:")):
        # Whoever may write into the bucket should not thereby choose files of this machine.
        raise ManifestError(
            f"names a file of this machine from within a store: {video[:200]!r}",
            field="video",
            remedy="give paths beside the manifest or s3:// addresses, or keep the manifest on this machine",
        )
    folder = manifest.key.rpartition("/")[0]
    parts = [*folder.split("/"), *video.split("/")] if folder else video.split("/")
    return Place(manifest.store, "/".join(part for part in parts if part != "."))


def folder_and_name(address: str) -> tuple[str, str]:
    """The names of the folder (or bucket) that holds a file, and of the file."""
    place = split(address)
    path = f"{place.store.partition('?')[0]}/{place.key}" if place else address
    folder, _, name = path.rpartition("/")
    return folder.rpartition("/")[2], name


def beside(address: str, name: str) -> str:
    """The address of another file in the same folder."""
    place = split(address)
    if place is None:
        return str(local(address).parent / name)
    return join(place.store, f"{place.key.rpartition('/')[0]}/{name}".removeprefix("/"))


# Digests ----------------------------------------------------------------------------------------------


def digest(video: Path) -> str:
    """Digest of a file's size and of samples from its start, middle and end. Raises `OSError`.

    The time of change is left out: a catalogue that was copied is the same catalogue.
    """
    with video.open("rb") as file:
        return _sampled(file, os.fstat(file.fileno()).st_size)


def object_digest(store: ObjectStore, found: ObjectInfo) -> str:
    """Digest of an object's size and the store's own checksum; where it has none, the same as of a file."""
    if found.etag:
        return hashlib.blake2b(f"{found.size}:{found.etag.strip(chr(34))}".encode(), digest_size=16).hexdigest()
    with store.open(found.key) as file:
        return _sampled(file, found.size)


def _sampled(file: IO[bytes], size: int) -> str:
    content = hashlib.blake2b(str(size).encode(), digest_size=16)
    for number in range(SAMPLES):
        file.seek(max(0, size - SAMPLE_BYTES) * number // (SAMPLES - 1))
        content.update(file.read(SAMPLE_BYTES))
    return content.hexdigest()


# Objects ----------------------------------------------------------------------------------------------


def find(store: ObjectStore, key: str) -> ObjectInfo | None:
    """What a store's listing says of one object."""
    found = next(iter(store.list(key)), None)
    return found if found and found.key == key else None


def look_up(addresses: Iterable[str]) -> dict[str, ObjectInfo | DubwrightError]:
    """What stores say of many objects, or why they say nothing; those that are not there are left out.

    A folder is listed once, from the first object wanted to the last, and several folders side by side.
    """
    wanted: dict[str, set[str]] = defaultdict(set)
    for address in addresses:
        if place := split(address):
            wanted[place.store].add(place.key)
    tasks = [(store, keys) for store, known in wanted.items() for keys in _by_folder(known)]
    found: dict[str, ObjectInfo | DubwrightError] = {}
    with ThreadPoolExecutor(max(1, min(LISTED_AT_ONCE, len(tasks)))) as pool:
        for part in pool.map(lambda task: _list_between(*task), tasks):
            found |= part
    return found


def _by_folder(keys: Iterable[str]) -> list[list[str]]:
    """Keys that one listing finds together; of too many folders, those above them."""
    folders: dict[str, list[str]] = defaultdict(list)
    for key in keys:
        folders[key.rpartition("/")[0]].append(key)
    while len(folders) > MOST_LISTINGS:
        above: dict[str, list[str]] = defaultdict(list)
        for folder, inside in folders.items():
            above[folder.rpartition("/")[0]] += inside
        folders = above
    return list(folders.values())


def _list_between(uri: str, keys: list[str]) -> dict[str, ObjectInfo | DubwrightError]:
    first, last, wanted = min(keys), max(keys), set(keys)
    found: dict[str, ObjectInfo | DubwrightError] = {}
    try:
        # Of one, exactly its key; of many, nothing before the first.
        shared = os.path.commonprefix((first, last))  # noqa: RUF071  keys are text, not paths
        for each in open_store(uri).list(shared, after=first[:-1]):
            if each.key > last:
                break
            if each.key in wanted:
                found[join(uri, each.key)] = each
    except DubwrightError as error:
        return {join(uri, key): error for key in keys}
    return found


# Opening ----------------------------------------------------------------------------------------------


def opened(address: str, planned: str | None = None) -> AbstractContextManager[Path]:
    """A video as a readable local file for the time of the `with` block; never to be changed. `planned` is its digest.

    Raises `MediaError` if it is not there or too large, and `StoreError` if it is another than was planned, or became
    one meanwhile: a file that is still being copied is worth another try, and a replaced one is planned anew. Errors
    that the block raises of the local file name the address instead.
    """
    place = split(address)
    return _object(address, place, planned) if place else _file(local(address), planned)


def ingested(address: str, planned: str, copy: str | None, lake: Lake) -> AbstractContextManager[Path]:
    """What `opened` opens, or, where ingest kept one, the lake's own copy of it: `copy` is the source row's `video_blob`."""
    if not copy:
        return opened(address, planned)
    if lake.uri.startswith("file:"):
        return lake.blob_file(copy)
    return fetched.shared(f"{lake.uri}\n{copy}", Path(copy).suffix, lambda: lake.blob_file(copy))


def own_sound(source: Mapping[str, Any]) -> str:
    """Key of the sound of a row of the table `source` in its own channels; rows of older versions have it in stereo only."""
    return str(source["sound_blob"] or source["stereo_blob"])


@contextmanager
def _file(path: Path, planned: str | None) -> Iterator[Path]:
    before = _state(path)
    # What cannot be read is told by whoever reads it.
    with suppress(OSError):
        if _checked(planned) and digest(path) != planned:
            raise _changed(str(path), "since it was planned")
    yield path
    if _state(path) != before:
        raise _changed(str(path), "while it was read")


@contextmanager
def _object(address: str, place: Place, planned: str | None) -> Iterator[Path]:
    store = place.connect()
    before = find(store, place.key)
    if before is None:
        raise _gone(address)
    if before.size > LARGEST_BYTES:
        raise MediaError(
            f"has {before.size} bytes, more than {LARGEST_BYTES}",
            where=address,
            field="size",
            remedy="deliver it compressed, or cut into episodes",
        )

    @contextmanager
    def fetch() -> Iterator[Path]:
        with store.as_file(place.key) as path:
            # Now that all of it is here: what the listing said before may have been of another.
            if find(store, place.key) != before:
                raise _changed(address, "while it was fetched")
            yield path

    with ExitStack() as stack:
        try:
            if _checked(planned) and object_digest(store, before) != planned:
                raise _changed(address, "since it was planned")
            identity = f"{address}\n{before.size} {before.etag} {before.modified}"
            near = fetched.shared(identity, Path(place.key).suffix[:16], fetch) if before.etag else fetch()
            path = stack.enter_context(near)
        except KeyMissingError:
            raise _gone(address) from None
        try:
            yield path
        except DubwrightError as error:
            if error.where == str(path):
                error.where = address
            raise


def _checked(planned: str | None) -> bool:
    return bool(planned) and not str(planned).startswith(GIVEN)


def _gone(address: str) -> MediaError:
    return MediaError(
        "no such object", where=address, field="video", remedy="put it back, or take it out of the catalogue"
    )


def _changed(where: str, when: str) -> StoreError:
    return StoreError(
        f"the file changed {when}", where=where, field="video", remedy="wait until it is copied, then run again"
    )


def _state(path: Path) -> tuple[int, int, int] | None:
    """What changes when a file does; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
