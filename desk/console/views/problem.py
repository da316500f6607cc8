"""What went wrong, for a person."""

from __future__ import annotations

from pydantic import BaseModel

from dubwright.errors import DubwrightError


class Problem(BaseModel):
    """An error: what, in which file or address, which field of it, and what to do."""

    error: str
    where: str | None = None
    field: str | None = None
    remedy: str | None = None

    @classmethod
    def of(cls, error: DubwrightError) -> Problem:
        return cls(error=error.problem, where=error.where, field=error.field, remedy=error.remedy)
