"""`dubwright console`: serve the operator's console."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from desk import show
from desk.options import Lake, Profile, Set, to_flags
from desk.users import app as users
from dubwright import settings
from dubwright.errors import EngineMissingError

app = typer.Typer(help="The operator's console in a browser; and who may use it.")
app.add_typer(users, name="users")


@app.callback(invoke_without_command=True)
def console(
    context: typer.Context,
    host: Annotated[str | None, typer.Option(help="Address to listen on.  [default: 127.0.0.1]")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.  [default: 4280]")] = None,
    lake: Lake = None,
    profile: Profile = None,
    assign: Set = None,
) -> None:
    """Serve the operator's console: coverage, series, episodes, corrections and reviews in a browser."""
    if context.invoked_subcommand is not None:
        return
    flags = to_flags(assign, lake=lake, profile=profile)
    own: dict[str, Any] = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    flags["console"] = {**flags.get("console", {}), **own}
    resolved = settings.load(flags)
    try:
        from desk.console.serving import serve
    except ModuleNotFoundError as error:
        raise EngineMissingError(
            f"the console needs the package {error.name}", field=error.name, remedy="pip install 'dubwright[console]'"
        ) from error
    address = resolved.console.url or f"http://{resolved.console.host}:{resolved.console.port}"
    show.note(f"the console of {resolved.lake}: {address}")
    serve(resolved)
