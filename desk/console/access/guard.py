"""What every request passes before a route sees it: the host's name, who asks, and whether they mean it."""

from __future__ import annotations

import hmac
import inspect
import logging
import re
from urllib.parse import parse_qs, urlsplit

from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from desk.console.access.access import Access
from desk.console.access.headers import STATIC, headers
from desk.console.access.limits import neighbourhood
from desk.console.access.roles import NOBODY, AccessError, Identity, NotAllowed, TooManyRequests, UnknownHost
from desk.console.access.sessions import csrf_of, digest, is_token, new_token
from desk.console.access.trail import Entry
from dubwright.errors import DubwrightError, StoreError

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# These ask for no session and begin none: files of the console's own, and links that are the permission themselves.
_FOR_ANYBODY = (STATIC, "/media/")
LARGEST_FORM = 1 << 16
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?")
_log = logging.getLogger(__name__)


def guard(app: FastAPI, access: Access) -> None:
    """Let nothing past but what `access` lets past. The application has a handler for `DubwrightError`."""
    app.state.access = access
    app.add_middleware(Guard, access=access)


class Guard:
    """Sets `request.state`: `identity`, `address`, `token` (a route that changes it changes the cookie), `session`
    (the digest of the token, None if nobody logged in with it), `csrf` and `audited`, written before the answer goes out.
    """

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        state = request.state
        state.identity, state.session, state.token, state.csrf = NOBODY, None, "", ""
        state.address = request.client.host if request.client else ""
        state.audited = []
        came_with = request.cookies.get(self._access.cookie, "")

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                await self._note(state.audited)
                own = MutableHeaders(raw=message["headers"])
                message["headers"] = own.raw
                self._finish(request, own, came_with)
            await send(message)

        app = self._app
        try:
            receive = await self._admit(request, receive, came_with)
        except UnknownHost as error:
            # No page, for whoever is led astray by a name reads none of ours.
            app = PlainTextResponse(str(error), error.status)
        except (AccessError, StoreError) as error:
            app = await self._refusal(request, error)
        try:
            await app(scope, receive, answer)
        finally:
            await self._note(state.audited)

    async def _admit(self, request: Request, receive: Receive, token: str) -> Receive:
        """Find out who asks. Raises `AccessError` for what no route should see."""
        self._require_known_host(request)
        if request.scope["path"].startswith(_FOR_ANYBODY):
            return receive
        state = request.state
        state.token = token if is_token(token) else new_token()
        session = await self._access.sessions.find(token) if is_token(token) else None
        if session is not None:
            state.identity, state.session = session.identity, session.digest
        elif not await self._access.needs_login():
            state.identity = self._access.local
        state.csrf = csrf_of(state.token, self._access.secret)
        if request.method in _SAFE:
            return receive
        self._require_same_origin(request)
        receive = await self._require_csrf(request, receive)
        wait = self._access.writes.take(state.session or neighbourhood(state.address))
        if wait:
            raise TooManyRequests("too much was changed in a minute", remedy=f"wait {wait:.0f} s")
        return receive

    def _require_known_host(self, request: Request) -> None:
        given = request.headers.getlist("host")
        name = _name(given[0]) if len(given) == 1 else None
        if name not in self._access.hosts:
            raise UnknownHost(
                "the console does not go by this name",
                field="Host",
                remedy="name the address under which people reach it in console.url",
            )

    def _require_same_origin(self, request: Request) -> None:
        """What changes something comes from the console's own pages, or from no page at all."""
        url, host = urlsplit(self._access.settings.url), request.headers["host"]
        here = f"{request.url.scheme}://{host}"
        if url.hostname and url.hostname == _name(host):
            here = f"{url.scheme}://{url.netloc}"
        origin = request.headers.get("origin")
        site = request.headers.get("sec-fetch-site", "same-origin")
        if (origin is not None and origin.lower() != here.lower()) or site not in ("same-origin", "none"):
            raise NotAllowed("this comes from another site", field="Origin", remedy="do it on a page of the console")

    async def _require_csrf(self, request: Request, receive: Receive) -> Receive:
        given = request.headers.get("x-csrf-token")
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if given is None and kind == "application/x-www-form-urlencoded":
            body = await _form(request)
            given = next(iter(parse_qs(body.decode("latin-1")).get("csrf", ())), None)
            receive = _again(body, receive)
        if given is None or not _same(given, request.state.csrf):
            raise NotAllowed(
                "the page is older than your session", field="csrf", remedy="load the page again and repeat it"
            )
        return receive

    async def _refusal(self, request: Request, error: DubwrightError) -> ASGIApp:
        answer = request.app.exception_handlers[DubwrightError](request, error)
        found: Response = await answer if inspect.isawaitable(answer) else answer
        return found

    async def _note(self, audited: list[Entry]) -> None:
        entries = audited[:]
        audited.clear()
        try:
            await self._access.trail.write(entries)
        except StoreError:
            # What was done is done; where the trail cannot say so, the log does.
            for entry in entries:
                _log.exception("not in the audit trail: %r", entry)

    def _finish(self, request: Request, own: MutableHeaders, came_with: str) -> None:
        scope, host = request.scope, request.headers.get("host", "").lower()
        for name, value in headers(scope["path"], scope["query_string"] != b"", host, self._access.secure).items():
            own.setdefault(name, value)
        token = request.state.token
        if token and token != came_with:
            cookie = Response()
            hours = self._access.settings.session_hours
            cookie.set_cookie(
                self._access.cookie,
                token,
                max_age=int(hours * 3600),
                path="/",
                secure=self._access.secure,
                httponly=True,
                samesite="lax",
            )
            own.append("set-cookie", cookie.headers["set-cookie"])


def enter(request: Request, token: str, identity: Identity) -> None:
    """From this answer on the visitor's session is another one."""
    request.state.token, request.state.session, request.state.identity = token, digest(token), identity


def leave(request: Request) -> None:
    """From this answer on the visitor has a session that nobody logged in with."""
    request.state.token, request.state.session, request.state.identity = new_token(), None, NOBODY


async def _form(request: Request) -> bytes:
    found = b""
    async for piece in request.stream():
        found += piece
        if len(found) > LARGEST_FORM:
            raise NotAllowed("the form is too large", field="csrf", remedy="send less at once")
    return found


def _again(body: bytes, receive: Receive) -> Receive:
    """What a route reads after the body was read here."""
    unread = [body]

    async def replay() -> Message:
        if unread:
            return {"type": "http.request", "body": unread.pop(), "more_body": False}
        return await receive()

    return replay


def _name(host: str) -> str | None:
    """The name in a Host header, without its port; None for what is no such header."""
    found = _HOST.fullmatch(host.lower())
    return found and found[1].strip("[]")


def _same(given: str, own: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), own.encode())
