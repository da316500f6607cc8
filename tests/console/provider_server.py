"""A small OpenID Connect provider on loopback: it signs tokens, checks PKCE, and can be told to lie."""

from __future__ import annotations

import base64
import hashlib
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import uvicorn
from fastapi import FastAPI, Form, HTTPException, Request
from fastapi.responses import JSONResponse, RedirectResponse
from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "console", "known to both"


class ProviderServer:
    """`person` has the claims of who logs in next; `lies` goes over what the token says, `key` signs it."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.person: dict[str, Any] = {"sub": "1", "preferred_username": "ana", "groups": ["desk"]}
        self.lies: dict[str, Any] = {}
        self.more: dict[str, Any] | None = None
        self.description: dict[str, Any] = {}
        self.key = self._published = RSAKey.generate_key(2048, {"kid": "1", "alg": "RS256", "use": "sig"})
        self._codes: dict[str, dict[str, str]] = {}
        self.app = FastAPI()
        self.app.get("/.well-known/openid-configuration")(self._configuration)
        self.app.get("/authorize")(self._authorize)
        self.app.post("/token")(self._token)
        self.app.get("/jwks")(lambda: {"keys": [self._published.as_dict(private=False)]})
        self.app.get("/userinfo")(lambda: self.more)

    def _configuration(self) -> dict[str, Any]:
        found = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "id_token_signing_alg_values_supported": ["RS256"],
        }
        return found | ({"userinfo_endpoint": f"{self.issuer}/userinfo"} if self.more else {}) | self.description

    def _authorize(self, request: Request) -> RedirectResponse:
        asked = dict(request.query_params)
        if asked["client_id"] != CLIENT or asked["code_challenge_method"] != "S256" or "openid" not in asked["scope"]:
            raise HTTPException(400)
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}", 303)

    def _token(
        self, request: Request, code: str = Form(), code_verifier: str = Form(), redirect_uri: str = Form()
    ) -> JSONResponse:
        asked = self._codes.pop(code, None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(code_verifier.encode()).digest()).decode().rstrip("=")
        known = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        right = asked is not None and asked["code_challenge"] == challenge and asked["redirect_uri"] == redirect_uri
        if asked is None or not right or request.headers.get("authorization") != known:
            return JSONResponse({"error": "invalid_grant", "error_description": "<script>no</script>"}, 400)
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        claims |= self.person | self.lies
        token = jwt.encode({"alg": "RS256", "kid": "1"}, claims, self.key)
        return JSONResponse({"access_token": "x", "token_type": "Bearer", "expires_in": 300, "id_token": token})


@contextmanager
def provider_server() -> Iterator[ProviderServer]:
    """A provider that answers until the end."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        provider = ProviderServer(f"http://127.0.0.1:{listening.getsockname()[1]}")
        server = uvicorn.Server(uvicorn.Config(provider.app, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield provider
        server.should_exit = True
        thread.join(10)
