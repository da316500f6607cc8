"""Passwords: how they are kept and compared, and which ones will do."""

from __future__ import annotations

import asyncio
import os
import secrets
import threading
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from dubwright.errors import SettingsError

SHORTEST, LONGEST = 12, 256
NICE = 10


class Passwords:
    """Argon2id hashes, one made or compared at a time, each of which takes `memory_mib` MiB of memory meanwhile."""

    def __init__(self, memory_mib: int, passes: int) -> None:
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory_mib * 1024)
        self._thread = ThreadPoolExecutor(1, "dubwright-passwords", _give_way)
        # Compared where there is no such user, so that an answer takes as long.
        self._nobodys = self._hasher.hash(secrets.token_urlsafe(16))

    async def hash(self, password: str) -> str:
        """A hash to keep."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._hasher.hash, _normal(password))

    async def fits(self, kept: str | None, password: str) -> bool:
        """Whether a password is the one whose hash is kept; takes as long where none is."""
        found = await asyncio.get_running_loop().run_in_executor(
            self._thread, self._verify, kept or self._nobodys, _normal(password[: LONGEST + 1])
        )
        return found and kept is not None

    def outdated(self, kept: str) -> bool:
        """Whether a hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(kept)

    def _verify(self, kept: str, password: bytes) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (Argon2Error, InvalidHashError):
            return False


def require_good(password: str, name: str) -> None:
    """Raise `SettingsError` for a password that is too short, too long, or the user's name."""
    problem = None
    if not SHORTEST <= len(password) <= LONGEST:
        problem = f"a password has {SHORTEST} to {LONGEST} characters"
    elif name.casefold() in password.casefold() and len(password) - len(name) < SHORTEST // 2:
        problem = "the password is hardly more than the name"
    elif len(set(password)) < 5:
        problem = "the password is the same few characters"
    if problem:
        raise SettingsError(problem, field="password", remedy="choose another, such as four words")


def _give_way() -> None:
    """Let pages go before this thread and those that it starts: a hash is made to be dear."""
    with suppress(OSError):  # a system whose threads have no priorities of their own
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


def _normal(password: str) -> bytes:
    # Keyboards write the same letter differently.
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
