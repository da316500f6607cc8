"""Models into pages: the templates, and what every one of them can use."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from desk.console.access.roles import NOBODY, Role
from desk.console.charts import chart
from desk.console.words import Words, chosen
from dubwright import languages
from dubwright.lake import layout

TEMPLATES = Path(__file__).parent / "templates"
# What stands for % in a part of a path: proxies decode that one as they please, and no name's key has this one.
ESCAPE = "~"
THEMES = ("auto", "light", "dark")
# How the state of a run looks.
STANDS = {"completed": "done", "failed": "failed", "crashed": "failed", "cancelled": "part", "paused": "part"}
# What the bar leads to: a text of `words`, and a path.
NAVIGATION = [("Coverage", "/"), ("Runs", "/runs"), ("Quality", "/quality")]


def render(
    request: Request, template: str, model: Any, status: int = 200, headers: Mapping[str, str] | None = None
) -> HTMLResponse:
    """A page, or a part of one, that shows a model."""
    words = chosen(request)
    context = {
        "request": request,
        "view": model,
        "_": words.say,
        "told": words.told,
        "language": words.language,
        "theme": _theme(request),
        "who": getattr(request.state, "identity", NOBODY),
        "csrf": getattr(request.state, "csrf", ""),
        "path": request.url.path,
        "Role": Role,
        "navigation": NAVIGATION,
        "linked": lambda **given: _linked(request.url.path, given),
        **_formats(words),
    }
    return HTMLResponse(_environment().get_template(template).render(context), status, headers)


def url(*parts: str) -> str:
    """A path of the console, of names that may hold anything: `url("series", name)`."""
    return "/" + "/".join(map(_part, parts))


# A page of a series has a path for each of its thousand cells.
@lru_cache(maxsize=1 << 14)
def _part(name: str) -> str:
    return quote(layout.encode(name).replace("%", ESCAPE), safe="~")


def _formats(words: Words) -> dict[str, Any]:
    def seconds(ms: int | float | None) -> str:
        return "" if ms is None else f"{int(ms) // 60000}:{ms % 60000 / 1000:04.1f}"

    def ago(when: datetime | None) -> str:
        if when is None:
            return ""
        passed = max(0.0, (datetime.now(UTC) - when).total_seconds())
        for size, name in ((86400, "{n} d ago"), (3600, "{n} h ago"), (60, "{n} min ago")):
            if passed >= size:
                return words.say(name, n=int(passed // size))
        return words.say("just now")

    def size(number: int) -> str:
        for unit, bytes_ in (("GiB", 2**30), ("MiB", 2**20)):
            if number >= bytes_:
                return f"{number / bytes_:.1f} {unit}"
        return f"{-(-number // 1024)} KiB"

    def took(seconds: float) -> str:
        minutes, rest = divmod(round(seconds), 60)
        if minutes >= 60:
            return words.say("{h} h {m} min", h=minutes // 60, m=minutes % 60)
        return words.say("{m} min {s} s", m=minutes, s=rest) if minutes else words.say("{s} s", s=rest)

    return {"seconds": seconds, "ago": ago, "size": size, "took": took, "tongue": lambda tag: words.tongue(tag)}


def _linked(path: str, given: Mapping[str, Any]) -> str:
    """A path with a query of what is given, without what is empty."""
    query = urlencode({name: value for name, value in given.items() if value})
    return f"{path}?{query}" if query else path


def _theme(request: Request) -> str:
    theme = request.cookies.get("theme", "auto")
    return theme if theme in THEMES else "auto"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        chart=chart, url=url, version=_version(), direction=_direction, stands=lambda state: STANDS.get(state, "")
    )
    return environment


def _version() -> str:
    """What changes when any script or style does: browsers keep those of one version."""
    files = sorted((TEMPLATES.parent / "static").iterdir())
    return hashlib.blake2b(b"".join(file.read_bytes() for file in files), digest_size=6).hexdigest()


def _direction(tag: str) -> str:
    """Whether a language is written from the right: `rtl` or `ltr`."""
    return "rtl" if languages.base(tag) in {"ar", "fa", "he", "ur"} else "ltr"
