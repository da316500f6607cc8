"""Who speaks a line, changed on its page."""

from __future__ import annotations

from pydantic import BaseModel, Field

from desk.console.state import State
from desk.console.views.lines import OneLine, now
from desk.console.views.touched import Touched
from dubwright.planning import reach
from dubwright.review import lines, speakers
from dubwright.review.edits import Place
from dubwright.series import cast as casts


class Speaking(BaseModel):
    """The character that speaks a line, by id or name; `seen` is who spoke it when the person looked (None: nobody known)."""

    character: str = Field(min_length=1, max_length=200)
    seen: str | None = Field(None, max_length=200)

    def told(self) -> str:
        """From whom, to whom."""
        return f"{self.seen or 'nobody'} → {self.character}"


def asked(console: State, place: Place, segment: int, character: str) -> Touched:
    """What it would redo if a character spoke a line. Raises `CatalogError` for nobody known and no such line."""
    log = casts.log(console.lake, place.series)
    line, before = speakers.heard(console.lake, place.series, place.episode, segment), casts.resolve(log.decisions)
    decision = casts.assign(before, place.episode, segment, line["start_ms"], line["end_ms"], character)
    outdated = reach.of_cast(console.lake, place.series, before, casts.resolve((*log.decisions, decision)))
    return Touched(changed=False, outdated=outdated, stages=reach.stages_from("translate"))


def assign(console: State, place: Place, segment: int, speaking: Speaking, editor: str) -> OneLine:
    """Have a character speak a line, in every language. Raises `EditConflictError`, `EditError`, `CatalogError`."""
    lines.read(console.lake, place).line(segment)
    speakers.assign(console.lake, place.series, place.episode, segment, speaking.character, editor, seen=speaking.seen)
    console.inspection.forget(place.series)
    return now(console, place, segment)
