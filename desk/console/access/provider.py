"""Who is known elsewhere: logging in through an OpenID Connect provider (authorization code, PKCE, state, nonce)."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from authlib.integrations.starlette_client import OAuth
from fastapi import Request, Response

from desk.console.access.roles import NotAllowed, ProviderError, Role

LONGEST_SUBJECT = 600
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Claims:
    """What a provider says of somebody. `subject` is theirs for good, also when their name changes."""

    subject: str
    name: str
    role: Role


class Provider:
    """A client at one provider. What it must remember between leaving and coming back is in `request.scope["session"]`."""

    def __init__(
        self, issuer: str, client: str, secret: str, name_claim: str, role_claim: str, roles: Mapping[str, Role]
    ) -> None:
        """`roles` has the role for each value of `role_claim`; the highest counts."""
        self._issuer = issuer
        self._name_claim = name_claim
        self._role_claim = role_claim
        self._roles = roles
        self._id = client
        self._client = OAuth().register(
            "provider",
            client_id=client,
            client_secret=secret or None,
            server_metadata_url=f"{issuer.rstrip('/')}/.well-known/openid-configuration",
            client_kwargs={
                "scope": "openid profile email",
                "code_challenge_method": "S256",
                "timeout": 10,
                "token_endpoint_auth_method": "client_secret_basic" if secret else "none",
            },
        )

    async def leave(self, request: Request, back: str) -> Response:
        """Send somebody to the provider, who sends them `back`. Raises `ProviderError`."""
        try:
            await self._require_issuer()
            answer: Response = await self._client.authorize_redirect(request, back)
            return answer
        except Exception as error:
            raise self._failed(error) from error

    async def come_back(self, request: Request) -> Claims:
        """Who came back. Raises `ProviderError` for what cannot be trusted, `NotAllowed` for who has no role here."""
        wanted = {"iss": {"essential": True, "value": self._issuer}, "aud": {"essential": True, "value": self._id}}
        try:
            await self._require_issuer()
            token = await self._client.authorize_access_token(request, claims_options=wanted, leeway=60)
            claims = token["userinfo"]
            if self._role_claim not in claims or self._name_claim not in claims:
                claims = claims | await self._more(token, claims["sub"])
            subject = json.dumps([self._issuer, claims["sub"]])
        except Exception as error:
            raise self._failed(error) from error
        name = claims.get(self._name_claim)
        if not isinstance(name, str) or not isinstance(claims["sub"], str) or len(subject) > LONGEST_SUBJECT:
            raise ProviderError(
                "the provider does not say who this is",
                where=self._issuer,
                field=self._name_claim,
                remedy="see console.oidc_name",
            )
        return Claims(subject, name, self._role(claims.get(self._role_claim), name))

    async def _require_issuer(self) -> None:
        # One provider's description must not pass for another's.
        said = (await self._client.load_server_metadata()).get("issuer")
        if said != self._issuer:
            raise ValueError(f"calls itself {said}")

    async def _more(self, token: dict[str, Any], subject: str) -> dict[str, Any]:
        """What the provider's userinfo adds to the token, of the same person."""
        if "userinfo_endpoint" not in await self._client.load_server_metadata():
            return {}
        found = dict(await self._client.userinfo(token=token))
        if found.get("sub") != subject:
            raise ValueError("userinfo is somebody else's")
        return found

    def _role(self, said: Any, name: str) -> Role:
        values = [said] if isinstance(said, str) else said if isinstance(said, list) else []
        found = [self._roles[value] for value in values if isinstance(value, str) and value in self._roles]
        if not found:
            raise NotAllowed(
                "the provider gives no role here", where=name, field=self._role_claim, remedy="ask who gives out roles"
            )
        return max(found)

    def _failed(self, error: Exception) -> ProviderError:
        # Of any kind: what a provider answers goes through three libraries. What it writes goes to the log and to no page.
        _log.warning("login through %s failed", self._issuer, exc_info=error)
        return ProviderError(
            f"logging in through the provider failed: {type(error).__name__}", where=self._issuer, remedy="try again"
        )
