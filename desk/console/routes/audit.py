"""The audit trail, for operators."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from desk.console.access.access import Entrance
from desk.console.access.roles import Role
from desk.console.pages import Pages
from desk.console.views.access import PAGE, Audited, audited

pages = Pages("audit")


@pages.page("/audit", "audit.html", Role.OPERATOR)
async def audit(
    access: Entrance,
    name: Annotated[str, Query(max_length=100)] = "",
    what: Annotated[str, Query(max_length=100)] = "",
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
) -> Audited:
    """Who did what, the newest first: everybody, or one name; everything, or one kind."""
    entries, total = await access.trail.read(page, PAGE, name, what)
    return audited(entries, await access.trail.kinds(), total, page, name, what)
