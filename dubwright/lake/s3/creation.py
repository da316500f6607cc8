"""Creating an object once, whoever else tries: by `If-None-Match` where the store honours it, under claims elsewhere.

Claims, for a store that ignores the condition: whoever wants to create a key first writes a claim of its own, then
lists the claims on that key. Only who finds itself alone looks whether the object is there, writes it if not, and
removes its claim afterwards. Since all write before they look, of two at least one sees the other; the smaller claim
stays until it is alone, the others withdraw. That holds on every store whose listings show what was written before,
as long as no writer takes longer than `CLAIM_SECONDS` from its claim to the end of its write: then a claim counts as
a dead writer's. It costs about four requests more for each object. See docs/decisions/0005.
"""

from __future__ import annotations

import hashlib
import logging
import random
import secrets
import threading
import time
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from dubwright.errors import StoreError
from dubwright.lake.s3 import failures
from dubwright.lake.s3.reading import DIGEST, WRITE
from dubwright.lake.store import UNFINISHED

if TYPE_CHECKING:
    from dubwright.lake.s3.store import S3Store

CLAIM_SECONDS = 600.0  # far above what the client's time-outs and retries add up to
_log = logging.getLogger(__name__)

# Whether a bucket honours the condition, asked once in a process.
_honoured: dict[tuple[str | None, str | None, str], bool] = {}
_asking = threading.Lock()


def metadata(data: bytes) -> dict[str, str]:
    """What is stored with an object: its digest, and a mark by which this one write is known again."""
    return {DIGEST: hashlib.sha256(data).hexdigest(), WRITE: secrets.token_hex(16)}


def create(store: S3Store, key: str, data: bytes) -> bool:
    """Create `key`; False if it exists. Raises a `StoreError`; then the object may or may not have been created."""
    full = store.full(key)
    if honours_conditions(store):
        return _create_on_condition(store, full, data)
    return _create_under_claim(store, key, data)


def honours_conditions(store: S3Store) -> bool:
    """Whether the store refuses to write over an object when told `If-None-Match: *`. Tries it at the first call."""
    place = (store.address.endpoint, store.address.region, store.address.bucket)
    if place not in _honoured:
        with _asking:
            if place not in _honoured:
                _honoured[place] = _probe(store)
    return _honoured[place]


def _probe(store: S3Store) -> bool:
    key = f"{store.address.root}{UNFINISHED}/probe/{secrets.token_hex(16)}"
    try:
        honoured = not (_create_on_condition(store, key, b"") and _create_on_condition(store, key, b""))
    except StoreError as error:
        cause = error.__cause__
        unknown = isinstance(cause, ClientError) and failures.code(cause) in ("NotImplemented", "InvalidRequest")
        if not unknown:
            raise
        honoured = False
    with suppress(StoreError):
        store.remove(key)
    if not honoured:
        _log.warning("%s ignores If-None-Match: objects are created under claims, with more requests each", store.uri)
    return honoured


def _create_on_condition(store: S3Store, full: str, data: bytes) -> bool:
    about = metadata(data)

    def put() -> bool:
        try:
            store.client.put_object(Bucket=store.address.bucket, Key=full, Body=data, Metadata=about, IfNoneMatch="*")
        except ClientError as error:
            if failures.status(error) != 412:
                raise
            # An earlier attempt of this very write may have been carried out, its answer lost on the way.
            return store.mark(full) == about[WRITE]
        return True

    return failures.patiently(put, store.uri, full)


def _create_under_claim(store: S3Store, key: str, data: bytes) -> bool:
    folder = claims_on(store, key)
    while not store.exists(key):
        mine = folder + secrets.token_hex(16)
        started = time.monotonic()
        store.put(mine, b"")
        try:
            if _alone(store, folder, mine, started):
                if store.exists(key):
                    return False
                if time.monotonic() - started < CLAIM_SECONDS / 2:
                    store.put(store.full(key), data)
                    return True
        finally:
            with suppress(StoreError):
                store.remove(mine)
        time.sleep(random.uniform(0.05, 0.5))  # noqa: S311
    return False


def claims_on(store: S3Store, key: str) -> str:
    """What the claims on a key begin with, in the bucket."""
    return f"{store.address.root}{UNFINISHED}/claim/{hashlib.sha256(key.encode()).hexdigest()}/"


def _alone(store: S3Store, folder: str, mine: str, started: float) -> bool:
    """Wait until no claim but `mine` is left; False, to withdraw, if there is a smaller one or mine has grown old."""
    while (waited := time.monotonic() - started) < CLAIM_SECONDS / 2:
        made = {found.key: found.modified for found in store.list_full(folder)}
        if mine not in made:
            return False
        # By the store's own clock, whatever this machine's says.
        oldest = made[mine] + timedelta(seconds=waited - CLAIM_SECONDS)
        alive = sorted(claim for claim, when in made.items() if when > oldest)
        if alive == [mine]:
            return True
        if alive[0] != mine:
            return False
        time.sleep(random.uniform(0.02, 0.1))  # noqa: S311
    return False
