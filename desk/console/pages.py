"""How a part of the console registers what can be opened: a page and its twin in JSON, an action, each for a role."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Annotated, Any, Protocol, TypeVar, get_type_hints, runtime_checkable

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import AfterValidator, BaseModel

from desk.console.access.roles import Role, requires
from desk.console.access.trail import audit
from desk.console.rendering import ESCAPE, render
from dubwright import languages
from dubwright.lake import layout
from dubwright.series import cast as casts

View = TypeVar("View", bound=Callable[..., Any])
API = "/api"
# How the description of an action says what stands of it in the audit trail.
AUDITED = "x-audited"
# The parameters of a route that say what it is about, each with what stands before it.
PLACES = {"here": "", "series": "", "language": "", "character": "", "segment": "line ", "run": "run "}


@runtime_checkable
class Told(Protocol):
    """A body, or an answer, that says in a few words what was asked for, or done."""

    def told(self) -> str: ...


def _name(part: str) -> str:
    name = layout.decode(part.replace(ESCAPE, "%"))
    if not name or layout.encode(name).replace("%", ESCAPE) != part:
        raise ValueError("no name of a series or an episode")
    return casts.normal(name)


# A series or an episode, as a part of a path: as in the lake's keys, so that no name is a path of its own; see `url`.
Name = Annotated[str, Path(max_length=1000), AfterValidator(_name)]

# A target language, as a part of a path.
Language = Annotated[str, Path(max_length=40, description="BCP-47"), AfterValidator(languages.parse)]


class Pages:
    """The routes of one part of the console."""

    def __init__(self, tag: str) -> None:
        self.router = APIRouter(tags=[tag])

    def page(self, path: str, template: str, role: Role = Role.VIEWER) -> Callable[[View], View]:
        """Show what a function returns, a model, in a template at `path`, and as JSON at /api`path`."""

        def register(view: View) -> View:
            found = Annotated[Any, Depends(view)]

            def html(request: Request, model: found) -> Response:
                return render(request, template, model)

            allowed = [Depends(requires(role))]
            html.__annotations__["model"] = found
            self.router.add_api_route(
                path, html, methods=["GET"], dependencies=allowed, include_in_schema=False, name=view.__name__
            )
            self.router.add_api_route(
                API + path, view, methods=["GET"], dependencies=allowed, name=f"{view.__name__}_json"
            )
            return view

        return register

    def read(self, path: str, role: Role = Role.VIEWER) -> Callable[[View], View]:
        """Give what a function returns, a model, as JSON alone at /api`path`: what scripts ask for."""

        def register(view: View) -> View:
            allowed = [Depends(requires(role))]
            self.router.add_api_route(API + path, view, methods=["GET"], dependencies=allowed, name=view.__name__)
            return view

        return register

    def action(
        self, path: str, role: Role, template: str | None = None, method: str = "POST", *, audited: str | None = None
    ) -> Callable[[View], View]:
        """Have a function, whose last parameter is the model of a JSON body, called at /api`path`.

        It answers with the model that the function returns; where htmx asks and there is a template, with that. What it did
        goes into the audit trail as `audited`, with what it was about (`told`), unless it says that nothing `changed`.
        """

        def register(view: View) -> View:
            found = Annotated[Any, Depends(_with_asked(view))]
            returned = get_type_hints(view).get("return")

            def answer(request: Request, done: found) -> Any:
                asked, model = done
                if audited and getattr(model, "changed", True):
                    audit(request, audited, told({**asked, "": model}))
                return render(request, template, model) if template and "hx-request" in request.headers else model

            answer.__annotations__["done"] = found
            self.router.add_api_route(
                API + path,
                answer,
                methods=[method],
                dependencies=[Depends(requires(role))],
                response_model=returned if isinstance(returned, type) and issubclass(returned, BaseModel) else None,
                name=view.__name__,
                openapi_extra={AUDITED: audited} if audited else None,
            )
            return view

        return register


def _with_asked(view: Callable[..., Any]) -> Callable[..., Any]:
    """A view that also gives back what it was called with."""
    if inspect.iscoroutinefunction(view):

        @wraps(view)
        async def called(**asked: Any) -> tuple[Mapping[str, Any], Any]:
            return asked, await view(**asked)

        return called

    @wraps(view)
    def called_here(**asked: Any) -> tuple[Mapping[str, Any], Any]:
        return asked, view(**asked)

    return called_here


def told(asked: Mapping[str, Any]) -> str:
    """What an action was about, for the audit trail: where, and what its body and its answer say; never a line's text."""
    parts = []
    for name, value in asked.items():
        if isinstance(value, Told):
            parts.append(value.told())
        elif name in PLACES and not isinstance(value, BaseModel):
            parts.append(f"{PLACES[name]}{value}")
    return " · ".join(part for part in parts if part)
