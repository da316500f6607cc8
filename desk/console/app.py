"""The console as an application: its parts put together, and what becomes of errors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast
from urllib.parse import quote

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from desk.console.access.access import Access
from desk.console.access.guard import guard
from desk.console.access.roles import AccessError
from desk.console.pages import API
from desk.console.rendering import render
from desk.console.routes import account, audit, coverage, episode, login, media, quality, queue, runs, series, users
from desk.console.state import State
from desk.console.views.problem import Problem
from dubwright import __version__
from dubwright.errors import (
    CatalogError,
    ClusterError,
    DubwrightError,
    EditConflictError,
    EditError,
    EngineError,
    EvaluationError,
    KeyMissingError,
    LanguageError,
    LockedError,
    ManifestError,
    RunMissingError,
    RunStateError,
    SettingsError,
    StoreError,
)

# Requests that are worked on at once; many more would keep the event loop, through which all of them go, from its turn.
THREADS = 12

# The first that fits: what came of an error is told in the browser's terms.
STATUS: tuple[tuple[type[DubwrightError], int], ...] = (
    (EditConflictError, 409),
    (LockedError, 423),
    (EditError, 422),
    (KeyMissingError, 404),
    (ManifestError, 422),
    (CatalogError, 404),
    (SettingsError, 422),
    (LanguageError, 422),
    (EngineError, 422),
    (EvaluationError, 422),
    (RunMissingError, 404),
    (RunStateError, 409),
    (ClusterError, 503),
    (StoreError, 503),
)


def create_app(state: State, access: Access) -> FastAPI:
    """The application over a lake, for whom `access` lets in."""
    app = FastAPI(
        title="dubwright",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url=f"{API}/openapi.json",
        lifespan=_lifespan,
    )
    app.state.console = state
    for part in (coverage, series, episode, queue, runs, quality, account, audit, users):
        app.include_router(part.pages.router)
    app.include_router(login.router)
    app.include_router(media.router)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    guard(app, access)
    app.add_exception_handler(DubwrightError, _of_ours)
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(RequestValidationError, _of_input)
    return app


@asynccontextmanager
async def _lifespan(_: FastAPI) -> AsyncIterator[None]:
    current_default_thread_limiter().total_tokens = THREADS
    yield


def _of_ours(request: Request, error: Exception) -> Response:
    problem = cast(DubwrightError, error)
    status = next((status for kind, status in STATUS if isinstance(problem, kind)), 500)
    if isinstance(problem, AccessError):
        status = problem.status
    if status == 401 and not _wants_json(request):
        return RedirectResponse(f"/login?next={quote(request.url.path, safe='')}", 303)
    return _answer(request, status, Problem.of(problem))


def _of_http(request: Request, error: Exception) -> Response:
    found = cast(HTTPException, error)
    return _answer(
        request, found.status_code, Problem(error="not found" if found.status_code == 404 else str(found.detail))
    )


def _of_input(request: Request, error: Exception) -> Response:
    first = cast(RequestValidationError, error).errors()[0]
    field = ".".join(str(part) for part in first["loc"])
    # A part of a path that is no name leads nowhere.
    status = 404 if first["loc"][:1] == ("path",) else 422
    return _answer(request, status, Problem(error=str(first["msg"]), field=field))


def _answer(request: Request, status: int, problem: Problem) -> Response:
    if _wants_json(request):
        return JSONResponse(problem.model_dump(mode="json"), status)
    return render(request, "problem.html", problem, status)


def _wants_json(request: Request) -> bool:
    """Whether a script asks: also one that wants a part of a page is told of errors in JSON."""
    return request.url.path.startswith(f"{API}/")
