"""Everything that decides who may do what, put together from the settings."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import os
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request

from desk.cast import editor_of
from desk.console.access.database import Database
from desk.console.access.limits import Limiter
from desk.console.access.passwords import Passwords
from desk.console.access.provider import Provider
from desk.console.access.roles import ROLES, Identity, Role, Who
from desk.console.access.sessions import Sessions
from desk.console.access.trail import Trail
from desk.console.access.users import Users
from dubwright.errors import SettingsError
from dubwright.settings import ConsoleSettings

# Failed logins in this time (s) are counted; an address, behind which several people may sit, has three times as many.
COUNTED_S = 600.0
ADDRESS_SHARE = 3
FIRST_USER = "dubwright console users add NAME --role operator"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Access:
    """What a running console knows of its visitors. `secret` is shared by all consoles on one database."""

    settings: ConsoleSettings
    database: Database
    users: Users
    sessions: Sessions
    trail: Trail
    provider: Provider | None
    secret: str
    by_user: Limiter
    by_address: Limiter
    writes: Limiter

    @property
    def secure(self) -> bool:
        """Whether people reach the console by https alone."""
        return self.settings.url.lower().startswith("https://")

    @property
    def cookie(self) -> str:
        """The name of the session's cookie. Without https the ports of a machine share their cookies, so it names its own."""
        return "__Host-dubwright" if self.secure else f"dubwright-{self.settings.port}"

    @property
    def hosts(self) -> frozenset[str]:
        """The names that the console goes by; whoever has another one in their browser was led here by a stranger's DNS."""
        named = (self.settings.host, urlsplit(self.settings.url).hostname or "", *self.settings.hosts)
        return _LOOPBACK | {name.lower().strip("[]") for name in named if name and not _is_any(name)}

    @property
    def local(self) -> Identity:
        """Who sits at a machine that needs no login."""
        return Identity(editor_of(None), Role.OPERATOR)

    async def needs_login(self) -> bool:
        """Whether anybody must log in: everywhere but on loopback, as long as there are no users and no provider."""
        open_to_all = self.settings.login == "auto" and is_loopback(self.settings.host) and self.provider is None
        return not open_to_all or await self.users.exist()


def open_access(settings: ConsoleSettings) -> Access:
    """Access as the settings have it; call it before an event loop runs. Creates the database where there is none.

    Raises `SettingsError` where nobody could log in, `StoreError` if the database is away.
    """
    _require_sound(settings)
    database = Database(settings.database)
    users = Users(database, Passwords(settings.password_memory_mib, settings.password_passes))
    provider = _provider(settings)

    async def begin() -> tuple[str, bool]:
        try:
            return await database.open(), await users.exist()
        finally:
            await database.close()

    secret, known = asyncio.run(begin())
    outside = not is_loopback(settings.host)
    if (outside or settings.login == "always") and not known and provider is None:
        raise SettingsError(
            "there are no users, and who is not at this machine must log in" if outside else "there are no users",
            where="settings",
            field="console.host" if outside else "console.login",
            remedy=FIRST_USER,
        )
    if outside and not settings.url.lower().startswith("https://"):
        _log.warning(
            "passwords are sent in the clear: put the console behind https and name its address in console.url"
        )
    return Access(
        settings=settings,
        database=database,
        users=users,
        sessions=Sessions(database, settings.idle_minutes * 60, settings.session_hours * 3600),
        trail=Trail(database),
        provider=provider,
        secret=secret,
        by_user=Limiter(settings.login_attempts, COUNTED_S),
        by_address=Limiter(settings.login_attempts * ADDRESS_SHARE, COUNTED_S),
        writes=Limiter(settings.writes_per_minute, 60.0),
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what is bound to `host`."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _is_any(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_unspecified
    except ValueError:
        return False


def _require_sound(settings: ConsoleSettings) -> None:
    found = urlsplit(settings.url)
    if settings.url and (found.scheme not in ("http", "https") or not found.hostname or found.path not in ("", "/")):
        raise SettingsError(
            "no address of a console",
            where="settings",
            field="console.url",
            remedy="give scheme and name, such as https://dub.example.org",
        )


def _provider(settings: ConsoleSettings) -> Provider | None:
    if not settings.oidc_issuer:
        return None
    secret = os.environ.get("OIDC_CLIENT_SECRET", "")
    if not settings.oidc_client or not settings.oidc_roles:
        missing = "console.oidc_roles" if settings.oidc_client else "console.oidc_client"
        raise SettingsError(
            "is missing",
            where="settings",
            field=missing,
            remedy="name the client, and what of the claim gives which role",
        )
    issuer = urlsplit(settings.oidc_issuer)
    if issuer.scheme != "https" and not (issuer.scheme == "http" and is_loopback(issuer.hostname or "")):
        raise SettingsError(
            "who logs in must not be told in the clear",
            where="settings",
            field="console.oidc_issuer",
            remedy="give an address that begins with https://",
        )
    return Provider(
        issuer=settings.oidc_issuer,
        client=settings.oidc_client,
        secret=secret,
        name_claim=settings.oidc_name,
        role_claim=settings.oidc_claim,
        roles={value: ROLES[role] for value, role in settings.oidc_roles.items()},
    )


def _access(request: Request) -> Access:
    found: Access = request.app.state.access
    return found


# A parameter of a route.
Entrance = Annotated[Access, Depends(_access)]


async def _staff(access: Entrance, who: Who) -> list[str]:
    users = await access.users.all() if who.role >= Role.EDITOR else []
    return [user.name for user in users if user.active and user.role >= Role.EDITOR] or [who.name]


# A parameter of a route: the names of those who may be given lines to correct, for whoever may give them.
Staff = Annotated[list[str], Depends(_staff)]
