"""What can go wrong with an S3 store, as our errors; and trying again what may heal."""

from __future__ import annotations

import itertools
import random
import ssl
import time
from collections.abc import Callable
from typing import TypeVar

import urllib3.exceptions
from botocore import exceptions as boto
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from dubwright.errors import KeyMissingError, StoreDeniedError, StoreError, StoreFullError

Answer = TypeVar("Answer")

# What a call may raise: botocore lets some errors of the connection through while a body is read.
FAILURES = (
    BotoCoreError,
    ClientError,
    ResponseParserError,
    urllib3.exceptions.HTTPError,
    ConnectionError,
    TimeoutError,
    ssl.SSLError,
)
# When many calls fail at once, botocore stops repeating by itself; then these are all the attempts there are.
ATTEMPTS = 8
PATIENCE_SECONDS = 30.0  # after which nothing is tried once more
LONGEST_PAUSE_SECONDS = 4.0

_LOST = (
    boto.ConnectionError,
    boto.HTTPClientError,
    boto.IncompleteReadError,
    boto.FlexibleChecksumError,
    boto.CredentialRetrievalError,
    ResponseParserError,  # what is between us and the store may answer in its stead
    urllib3.exceptions.HTTPError,
    ConnectionError,
    TimeoutError,
    ssl.SSLError,
)
_TRANSIENT_STATUS = (408, 409, 425, 429)
# Refusals by their status, but caused on the way.
_TRANSIENT = frozenset(
    [
        "BadDigest",
        "IncompleteBody",
        "NoSuchUpload",
        "RequestTimeout",
        "XAmzContentSHA256Mismatch",
        "XAmzContentChecksumMismatch",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "RequestLimitExceeded",
        "BandwidthLimitExceeded",
    ]
)
_FULL = frozenset(["QuotaExceeded", "InsufficientStorage", "XMinioStorageFull", "NoSpaceLeft"])
_CREDENTIALS = frozenset(
    [
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "ExpiredToken",
        "InvalidToken",
        "TokenRefreshRequired",
        "InvalidSecurity",
    ]
)
_REGION = frozenset(
    ["PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "301", "400"]
)
CREDENTIALS_REMEDY = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile in ~/.aws, for this store"


def code(error: ClientError) -> str:
    """S3's name of the error, or the status where an answer had no body to hold a name."""
    return str(error.response.get("Error", {}).get("Code", ""))


def status(error: ClientError) -> int:
    """The HTTP status of the answer; 0 where there was none."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def is_missing(error: ClientError) -> bool:
    """Whether the store has no object of this key."""
    return status(error) == 404 and code(error) in ("NoSuchKey", "404", "NotFound", "")


def missing(uri: str, key: str) -> KeyMissingError:
    """The error of an object that is not there."""
    return KeyMissingError("no such object", where=uri, field=key)


def translate(error: Exception, uri: str, key: str) -> StoreError:
    """A failure as one of our errors, naming store, key and remedy. No message of S3's repeats a secret."""
    if isinstance(error, ClientError):
        return _answered(error, uri, key)
    text = f"{type(error).__name__}: {error}"
    if isinstance(error, _LOST):
        problem = f"the store was not reached, or the connection broke: {text}"
        return StoreError(
            problem, where=uri, field=key, remedy="see whether the endpoint is right and up, then run again"
        )
    credentials = isinstance(error, boto.NoCredentialsError | boto.PartialCredentialsError)
    remedy = CREDENTIALS_REMEDY if credentials else "correct the address, or what the AWS_… variables and ~/.aws say"
    return StoreDeniedError(text, where=uri, field=key, remedy=remedy)


def _answered(error: ClientError, uri: str, key: str) -> StoreError:
    name, number = code(error), status(error)
    message = error.response.get("Error", {}).get("Message") or ""
    text = f"the store answered {number} {name}" + (f": {message}" if message and message != name else "")
    if is_missing(error):
        return missing(uri, key)
    if number == 507 or name in _FULL:
        remedy = "free space or raise the quota, then run again: nothing committed is lost"
        return StoreFullError(text, where=uri, field=key, remedy=remedy)
    if number >= 500 or number in _TRANSIENT_STATUS or name in _TRANSIENT:
        return StoreError(text, where=uri, field=key, remedy="run again; if it stays, see the store's own state")
    if name == "NoSuchBucket":
        remedy = "make the bucket, or correct its name"
    elif name in _CREDENTIALS:
        remedy = CREDENTIALS_REMEDY
    elif name == "RequestTimeTooSkewed":
        remedy = "set this machine's clock"
    elif name in _REGION:
        remedy = "correct the region and the endpoint"
    else:
        remedy = "give these credentials the right to list the bucket, and to get, put and delete below the prefix"
    return StoreDeniedError(text, where=uri, field=key, remedy=remedy)


def pause(attempt: int) -> None:
    """Sleep for a random while, longer on average with every attempt, so that many do not come back together."""
    time.sleep(random.uniform(0, min(LONGEST_PAUSE_SECONDS, 0.25 * 2**attempt)))  # noqa: S311


def patiently(call: Callable[[], Answer], uri: str, key: str) -> Answer:
    """Call until it succeeds, fails for good, or has failed too often or for too long.

    Raises what `translate` makes of the last failure; a `StoreError` that `call` raises is treated like it.
    """
    started = time.monotonic()
    for attempt in itertools.count(1):
        try:
            return call()
        except (*FAILURES, StoreError) as error:
            problem = error if isinstance(error, StoreError) else translate(error, uri, key)
            worth = problem.transient and not isinstance(problem, StoreFullError) and attempt < ATTEMPTS
            if not worth or time.monotonic() - started > PATIENCE_SECONDS:
                if problem is error:
                    raise
                raise problem from error
        pause(attempt)
    raise AssertionError("unreachable")
