"""What a decision about a series makes wanted again, told before it is taken."""

from __future__ import annotations

from pydantic import BaseModel


class Touched(BaseModel):
    """The finished episodes by language that are, or would be, wanted again, and the `stages` that do them again."""

    changed: bool
    outdated: dict[str, list[str]]
    stages: list[str]
