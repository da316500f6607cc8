"""What went wrong, for a person."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

from dubwright.errors import DubwrightError, EditConflictError


class Problem(BaseModel):
    """An error: what, in which file or address, which field of it, and what to do."""

    error: str
    where: str | None = None
    field: str | None = None
    remedy: str | None = None
    text: str | None = None
    editor: str | None = None
    at: datetime | None = None
    number: int | None = None

    @classmethod
    def of(cls, error: DubwrightError) -> Problem:
        """An error of ours; of one about a correction that somebody had not seen, what that said."""
        found = cls(error=error.problem, where=error.where, field=error.field, remedy=error.remedy)
        if isinstance(error, EditConflictError):
            seen = {"text": error.text, "editor": error.editor, "at": error.at, "number": error.number}
            return found.model_copy(update=seen)
        return found
