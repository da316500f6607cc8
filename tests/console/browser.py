"""A browser for tests: it keeps its cookies and sends the token of the page that it has open."""

from __future__ import annotations

import re
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response

HERE = "http://localhost:4280"
COOKIE = r"dubwright-\d+|__Host-dubwright"
PASSWORD = "correct horse battery"


class Browser:
    """Somebody in front of an application, at an address of the network. Follows no redirect."""

    def __init__(self, app: FastAPI, base: str = HERE, address: str = "127.0.0.1") -> None:
        self.client = TestClient(app, base, client=(address, 50000), follow_redirects=False)
        self.base = base
        self._page: tuple[str, str] | None = None

    def get(self, path: str, **options: Any) -> Response:
        return self.client.get(path, **options)

    def post(self, path: str, **options: Any) -> Response:
        return self._change("POST", path, **options)

    def put(self, path: str, **options: Any) -> Response:
        return self._change("PUT", path, **options)

    def _change(self, method: str, path: str, headers: dict[str, str] | None = None, **options: Any) -> Response:
        """A change as the pages' scripts send it, with the token."""
        own = {"origin": self.base, "x-csrf-token": self.token()}
        return self.client.request(method, path, headers={**own, **(headers or {})}, **options)

    def token(self) -> str:
        """The token of the page that is open; a page stays open as long as its session is the same."""
        if self._page is None or self._page[0] != self.session():
            found = re.search(r'name="csrf" content="(\w{64})"', self.get("/no-such-page").text)
            assert found
            self._page = (self.session(), found[1])
        return self._page[1]

    def submit(self, path: str, **fields: str) -> Response:
        """A form, with the token in it, as browsers send it."""
        return self.client.post(path, data={"csrf": self.token(), **fields}, headers={"origin": self.base})

    def log_in(self, name: str, password: str = PASSWORD, **fields: str) -> Response:
        return self.submit("/login", name=name, password=password, **fields)

    def session(self) -> str:
        """The session's cookie."""
        kept = [cookie.value or "" for cookie in self.client.cookies.jar if re.fullmatch(COOKIE, cookie.name)]
        return kept[0] if kept else ""
