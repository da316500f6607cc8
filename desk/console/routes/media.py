"""Sound and pictures, in the parts that a player asks for; and archives, as they are packed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response, StreamingResponse

from desk.console.access.roles import Role, requires
from desk.console.state import Console
from desk.console.views import downloads

router = APIRouter(tags=["media"])
PIECE = 1 << 18
SANDBOX = {"content-security-policy": "default-src 'none'; sandbox"}
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@router.get("/media/{token}", dependencies=[Depends(requires(Role.ANYONE))])
def media(request: Request, token: str, console: Console) -> Response:
    """A blob, or the range of it that is asked for. The link itself is the permission."""
    link = console.links.read(token)
    file = console.lake.store.open(link.blob)
    size = file.seek(0, 2)
    # Blobs never change, but who may see them does.
    headers = {"accept-ranges": "bytes", "cache-control": "private, max-age=600", **SANDBOX}
    if link.name:
        headers |= _saved_as(link.name)
    asked = request.headers.get("range")
    span = _span(asked, size) if asked else (0, size - 1)
    if span is None:
        file.close()
        return Response(status_code=416, headers={"content-range": f"bytes */{size}"})
    first, last = span
    headers["content-length"] = str(last - first + 1)
    if asked:
        headers["content-range"] = f"bytes {first}-{last}/{size}"
    return StreamingResponse(_pieces(file, first, last), 206 if asked else 200, headers=headers, media_type=link.mime)


@router.get("/media/archive/{token}", dependencies=[Depends(requires(Role.ANYONE))])
def archive(token: str, console: Console) -> Response:
    """A series' files in a language as one ZIP, packed while it is sent. The link itself is the permission."""
    name, pieces = downloads.archive(console, console.links.read_archive(token))
    return StreamingResponse(pieces, headers=SANDBOX | _saved_as(name), media_type="application/zip")


def _saved_as(name: str) -> dict[str, str]:
    return {"content-disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}


def _span(asked: str, size: int) -> tuple[int, int] | None:
    """First and last byte of a range; None for one that cannot be had. Of several ranges none is given apart."""
    found = _RANGE.fullmatch(asked)
    if found is None or not any(found.groups()):
        return (0, size - 1) if size else None
    if not found[1]:
        first, last = max(0, size - int(found[2])), size - 1
    else:
        first, last = int(found[1]), min(int(found[2] or size - 1), size - 1)
    return (first, last) if first <= last < size else None


def _pieces(file: IO[bytes], first: int, last: int) -> Iterator[bytes]:
    with file:
        file.seek(first)
        left = last - first + 1
        while left > 0 and (piece := file.read(min(PIECE, left))):
            left -= len(piece)
            yield piece
