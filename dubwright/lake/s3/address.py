"""Addresses of S3 stores: `s3://bucket/prefix?endpoint=http://127.0.0.1:7480&region=eu-1&path_style=true`.

The query is optional: what it leaves out, boto3's usual chain decides (environment, configuration files, the
machine's role), and credentials always come from there. An address travels to Dask workers and into logs, so it is
refused if it holds a secret.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, quote, urlsplit

from dubwright.errors import SettingsError

SCHEME = "s3://"
QUERY = ("endpoint", "region", "path_style")
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}")
_REGION = re.compile(r"[A-Za-z0-9-]{1,64}")


@dataclass(frozen=True, slots=True)
class S3Address:
    """A prefix in a bucket, and how to reach it; None leaves a thing to boto3's chain.

    `prefix` has no slash at either end. `path_style` puts the bucket into the path instead of the host's name.
    """

    bucket: str
    prefix: str = ""
    endpoint: str | None = None
    region: str | None = None
    path_style: bool | None = None

    def __str__(self) -> str:
        style = None if self.path_style is None else str(self.path_style).lower()
        given = {"endpoint": self.endpoint, "region": self.region, "path_style": style}
        query = "&".join(f"{name}={quote(value, safe=':/')}" for name, value in given.items() if value is not None)
        place = f"{SCHEME}{self.bucket}/{self.prefix}" if self.prefix else SCHEME + self.bucket
        return f"{place}?{query}" if query else place

    @property
    def root(self) -> str:
        """What stands before every key in the bucket."""
        return f"{self.prefix}/" if self.prefix else ""


def parse(uri: str) -> S3Address:
    """The address that `uri` is. The prefix is taken as it stands, `%` and `#` included, up to the first `?`.

    Raises `SettingsError` naming what is wrong with it, and repeats no part that could be a secret.
    """
    place, _, query = uri[len(SCHEME) :].partition("?")
    bucket, _, prefix = place.partition("/")
    if "@" in bucket:
        raise _wrong("an address holds no credentials", "leave them to the environment or ~/.aws/credentials")
    if not _BUCKET.fullmatch(bucket):
        raise _wrong(f"{bucket!r:.80} is no bucket's name", "write s3://bucket/prefix")
    prefix = prefix.strip("/")
    if any(part in (".", "..") for part in prefix.split("/")) or any(ord(char) < 32 for char in prefix):
        raise _wrong(f"{prefix!r:.200} is no prefix", "leave out '.', '..' and control characters")
    given = _query(query)
    style = given.get("path_style")
    if style not in (None, "true", "false"):
        raise _wrong("path_style is true or false", "correct it", "path_style")
    if not _REGION.fullmatch(given.get("region", "none")):
        raise _wrong("no region is called so", "give a name such as eu-west-1", "region")
    endpoint = _endpoint(given["endpoint"]) if "endpoint" in given else None
    return S3Address(bucket, prefix, endpoint, given.get("region"), None if style is None else style == "true")


def _query(query: str) -> dict[str, str]:
    pairs = parse_qsl(query, keep_blank_values=True)
    names = [name for name, _ in pairs]
    unknown = sorted({f"{name!r:.40}" for name in names if name not in QUERY})
    if unknown:
        raise _wrong(f"an address knows no {', '.join(unknown)}", f"it may hold {', '.join(QUERY)}", "query")
    if len(set(names)) < len(names):
        raise _wrong("a name is given twice", "give each once", "query")
    return dict(pairs)


def _endpoint(value: str) -> str:
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        parts, port = SplitResult("", "", "", "", ""), None
    if parts.username is not None or parts.password is not None:
        raise _wrong("an endpoint holds no credentials", "leave them to the environment", "endpoint")
    plain = parts.path in ("", "/") and not parts.query and not parts.fragment and port != 0
    if parts.scheme not in ("http", "https") or not parts.hostname or not plain or re.search(r"[\s\x00-\x1f]", value):
        raise _wrong("no endpoint", "give it as https://host or http://host:port", "endpoint")
    return value.rstrip("/")


def _wrong(problem: str, remedy: str, field: str | None = None) -> SettingsError:
    return SettingsError(problem, where="S3 address", field=field, remedy=remedy)
