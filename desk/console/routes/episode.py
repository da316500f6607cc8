"""An episode: played, its lines corrected and reviewed."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path, Query

from desk.console.access.access import Staff
from desk.console.access.roles import Role, Who
from desk.console.pages import Language, Name, Pages
from desk.console.state import Console
from desk.console.views import discussion, lines, speakers, speech
from desk.console.views import episode as view
from desk.console.views import past as pasts
from desk.console.views import waveform as waveforms
from desk.console.views.discussion import Giving, Remarking, Resolving, Said
from desk.console.views.episode import Episode
from desk.console.views.lines import (
    Assigning,
    Correction,
    Judging,
    OneLine,
    Restoring,
    Reviewed,
    Reviewing,
    Version,
)
from desk.console.views.past import Past
from desk.console.views.runs import Start, start
from desk.console.views.speakers import Speaking
from desk.console.views.speech import Sounding, Wording
from desk.console.views.touched import Touched
from desk.console.views.waveform import Waveform
from desk.runs.listing import Run
from dubwright.review.edits import Place

pages = Pages("episode")
PATH = "/series/{series}/{episode}/{language}"
LINE = PATH + "/lines/{segment}"
# What a script puts in the place of the line.
PART = "line_part.html"
Character = Annotated[str, Query(min_length=1, max_length=200, description="a character's id or name")]
Segment = Annotated[int, Path(ge=1, le=1_000_000, description="the line's number")]


def _place(series: Name, episode: Name, language: Language) -> Place:
    return Place(series, episode, language)


Here = Annotated[Place, Depends(_place)]


@pages.page(PATH, "episode.html")
def episode(console: Console, staff: Staff, here: Here) -> Episode:
    """The player, and the lines in one language."""
    return view.episode(console, here.series, here.episode, here.language, staff)


@pages.read(PATH + "/waveform")
def waveform(console: Console, here: Here) -> Waveform:
    """How loud the original and the dub are over their time."""
    return waveforms.waveform(console.lake, here.series, here.episode, here.language)


@pages.action(LINE, Role.EDITOR, PART, method="PUT", audited="line corrected")
def correct(console: Console, who: Who, here: Here, segment: Segment, correction: Correction) -> OneLine:
    """Correct a line's text or times; 409 with the other's text if somebody did meanwhile."""
    return lines.correct(console, here, segment, correction, who.name)


@pages.action(LINE + "/restore", Role.EDITOR, PART, audited="line restored")
def restore(console: Console, who: Who, here: Here, segment: Segment, restoring: Restoring) -> OneLine:
    """Make a line again what a correction, or the engine, made it."""
    return lines.restore(console, here, segment, restoring, who.name)


@pages.action(LINE + "/say", Role.EDITOR)
def say(console: Console, here: Here, segment: Segment, wording: Wording) -> Sounding:
    """Say a text in a line's voice, to be listened to; nothing is changed by it."""
    return speech.say(console, here, segment, wording)


@pages.read(LINE + "/speaker", Role.EDITOR)
def ask_speaker(console: Console, here: Here, segment: Segment, character: Character) -> Touched:
    """What it would redo if a character spoke a line."""
    return speakers.asked(console, here, segment, character)


@pages.action(LINE + "/speaker", Role.EDITOR, PART, method="PUT", audited="speaker changed")
def speaker(console: Console, who: Who, here: Here, segment: Segment, speaking: Speaking) -> OneLine:
    """Have a character speak a line, in every language; 409 if somebody gave it to another one meanwhile."""
    return speakers.assign(console, here, segment, speaking, who.name)


@pages.action(LINE + "/comment", Role.VIEWER, PART, audited="remarked")
def comment(console: Console, who: Who, here: Here, segment: Segment, remarking: Remarking) -> OneLine:
    """Remark on a line, or answer a remark, which is open again then."""
    return discussion.comment(console, here, segment, remarking, who.name)


@pages.action(LINE + "/resolve", Role.EDITOR, PART, audited="remark resolved")
def resolve(console: Console, who: Who, here: Here, segment: Segment, resolving: Resolving) -> OneLine:
    """Settle a remark on a line."""
    return discussion.resolve(console, here, segment, resolving, who.name)


@pages.action(LINE + "/assign", Role.EDITOR, PART, audited="lines given")
def give(console: Console, who: Who, here: Here, segment: Segment, giving: Giving) -> OneLine:
    """Give a line to somebody."""
    return discussion.give(console, here, segment, giving, who.name)


@pages.action(LINE + "/review", Role.APPROVER, PART, audited="lines reviewed")
def judge(console: Console, who: Who, here: Here, segment: Segment, judging: Judging) -> OneLine:
    """Approve, lock, unlock or reopen a line."""
    return lines.judge(console, here, segment, judging, who.name)


@pages.read(LINE + "/history")
def history(console: Console, here: Here, segment: Segment) -> list[Version]:
    """Who changed a line to what, and when."""
    return lines.history(console, here, segment)


@pages.page(LINE + "/past", "past.html")
def past(console: Console, here: Here, segment: Segment) -> Past:
    """All that was done to a line, the newest first."""
    return pasts.past(console, here, segment)


@pages.action(PATH + "/review", Role.APPROVER, audited="lines reviewed")
def review(console: Console, who: Who, here: Here, reviewing: Reviewing) -> Reviewed:
    """Approve, lock, unlock or reopen lines."""
    return lines.review(console, here, reviewing, who.name)


@pages.action(PATH + "/assign", Role.EDITOR, audited="lines given")
def assign(console: Console, who: Who, here: Here, assigning: Assigning) -> Reviewed:
    """Give the episode, or a line of it, to somebody."""
    return lines.assign(console, here, assigning, who.name)


@pages.action(PATH + "/comment", Role.VIEWER, audited="remarked")
def comment_on_episode(console: Console, who: Who, here: Here, remarking: Remarking) -> Said:
    """Remark on the episode."""
    return discussion.comment_on_episode(console, here, remarking, who.name)


@pages.action(PATH + "/resolve", Role.EDITOR, audited="remark resolved")
def resolve_on_episode(console: Console, who: Who, here: Here, resolving: Resolving) -> Said:
    """Settle a remark of the episode."""
    return discussion.resolve_on_episode(console, here, resolving, who.name)


@pages.action(PATH + "/redo", Role.EDITOR, audited="run started")
async def redo(console: Console, who: Who, here: Here) -> Run:
    """Start a run that brings the episode's corrections into its dub and its files, and does nothing else."""
    wanted = Start(do="localize", to=[here.language], only=f"{here.series}/{here.episode}")
    return await start(console, wanted, who.name)
