"""Remarks as people see them."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

from dubwright.review import remarks
from dubwright.review.log import Entry


class Comment(BaseModel):
    """Something that somebody wrote: a remark, or an answer to one."""

    editor: str
    text: str
    at: datetime | None


class Remark(Comment):
    """A remark by its number, with its answers, oldest first; `resolved_by` is None as long as it is open."""

    number: int
    answers: list[Comment]
    resolved_by: str | None


def shown(remark: remarks.Remark) -> Remark:
    """A remark of the log."""
    return Remark(
        number=remark.number,
        editor=remark.editor,
        text=remark.text,
        at=remark.at,
        answers=[comment(each) for each in remark.answers],
        resolved_by=remark.resolved.editor if remark.resolved else None,
    )


def comment(entry: Entry) -> Comment:
    """A comment of the log."""
    return Comment(editor=entry.editor, text=entry.text or "", at=entry.at)
