"""What to look at first; and lines out to other tools and back."""

from __future__ import annotations

from fastapi import Depends, Request, Response

from desk.console.access.access import Staff
from desk.console.access.roles import Role, Who, requires
from desk.console.access.trail import audit
from desk.console.pages import API, Language, Name, Pages
from desk.console.state import Console
from desk.console.views import discussion, exchange
from desk.console.views import queue as view
from desk.console.views.discussion import Handing, Said
from desk.console.views.exchange import Imported, Replacing, Shown
from desk.console.views.queue import Queue, Whose

pages = Pages("queue")


@pages.page("/queue/{series}/{language}", "queue.html")
def queue(console: Console, who: Who, staff: Staff, series: Name, language: Language, whose: Whose = "all") -> Queue:
    """The riskiest lines of a series in a language; those of who asks, or nobody's."""
    return console.aside(view.queue, series, language, whose, who.name, staff)


@pages.action("/queue/{series}/{language}/assign", Role.EDITOR, audited="lines given")
def assign(console: Console, who: Who, series: Name, language: Language, handing: Handing) -> Said:
    """Give lines of a series to somebody."""
    return discussion.hand(console, series, language, handing, who.name)


@pages.action("/queue/{series}/{language}/replace", Role.EDITOR, audited="lines replaced")
def replace(console: Console, who: Who, series: Name, language: Language, replacing: Replacing) -> Shown:
    """Search and replace over a series: shown first, then saved as corrections."""
    if not replacing.apply:
        return console.aside(exchange.preview, series, language, replacing)
    return exchange.replace(console, series, language, replacing, who.name)


@pages.router.get("/queue/{series}/{language}/lines.xlf", dependencies=[Depends(requires(Role.VIEWER))])
def out(console: Console, series: Name, language: Language) -> Response:
    """A series' lines as XLIFF 2.1."""
    content = console.aside(exchange.out, series, language)
    headers = {"content-disposition": f'attachment; filename="lines.{language}.xlf"'}
    return Response(content, media_type="application/xliff+xml", headers=headers)


@pages.router.put(f"{API}/xliff", dependencies=[Depends(requires(Role.EDITOR))])
async def back(console: Console, who: Who, request: Request) -> Imported:
    """Take a file of XLIFF back: changed texts become corrections; its states count where one may approve."""
    found = await exchange.back(console, request.stream(), who)
    if found.corrected or found.reviewed:
        audit(request, "XLIFF imported", f"{found.corrected} corrected, {found.reviewed} reviewed")
    return found
