"""The S3 clients of this process: one for each endpoint and region, shared by all stores and threads."""

from __future__ import annotations

import os
import threading
from datetime import datetime
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.session import get_session
from botocore.utils import parse_timestamp

from dubwright.lake.s3.address import S3Address

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CONNECTIONS = 64
CONNECT_SECONDS = 5
READ_SECONDS = 30
# Within one call; what botocore gives up, and what breaks after its answer has begun, `failures.patiently` repeats.
ATTEMPTS = 5

_clients: dict[tuple[str | None, str | None, bool | None], S3Client] = {}
_opening = threading.Lock()


def connect(address: S3Address) -> S3Client:
    """The client for an address, opened at its first use in this process. Asks nothing of the store."""
    key = (address.endpoint, address.region, address.path_style)
    client = _clients.get(key)
    if client is None:
        with _opening:
            client = _clients.get(key) or _open(address)
            _clients[key] = client
    return client


def _open(address: S3Address) -> S3Client:
    style = {} if address.path_style is None else {"addressing_style": "path" if address.path_style else "virtual"}
    config = Config(
        max_pool_connections=CONNECTIONS,
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        tcp_keepalive=True,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        s3=style or None,  # type: ignore[arg-type]
    )
    core = get_session()
    # A listing has a thousand times to a page, and botocore's own parser takes most of a page's time for them.
    core.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_time)
    session = boto3.session.Session(botocore_session=core)
    return session.client("s3", endpoint_url=address.endpoint, region_name=address.region, config=config)


def _time(value: Any) -> datetime:
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return parse_timestamp(value)
    return found if found.tzinfo else parse_timestamp(value)


def _forget() -> None:
    # Connections cannot be shared with the parent, and its lock may be held by a thread that is not here.
    global _opening
    _clients.clear()
    _opening = threading.Lock()


os.register_at_fork(after_in_child=_forget)
