"""How a part of the console registers what can be opened: a page and its twin in JSON, an action, each for a role."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar, get_type_hints

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import AfterValidator, BaseModel

from desk.console.access.roles import Role, requires
from desk.console.rendering import ESCAPE, render
from dubwright import cast as casts
from dubwright import languages
from dubwright.lake import layout

View = TypeVar("View", bound=Callable[..., Any])
API = "/api"


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
        self, path: str, role: Role, template: str | None = None, method: str = "POST"
    ) -> Callable[[View], View]:
        """Have a function, whose last parameter is the model of a JSON body, called at /api`path`.

        It answers with the model that the function returns; where htmx asks and there is a template, with that.
        """

        def register(view: View) -> View:
            found = Annotated[Any, Depends(view)]
            returned = get_type_hints(view).get("return")

            def answer(request: Request, model: found) -> Any:
                return render(request, template, model) if template and "hx-request" in request.headers else model

            answer.__annotations__["model"] = found
            self.router.add_api_route(
                API + path,
                answer,
                methods=[method],
                dependencies=[Depends(requires(role))],
                response_model=returned if isinstance(returned, type) and issubclass(returned, BaseModel) else None,
                name=view.__name__,
            )
            return view

        return register
