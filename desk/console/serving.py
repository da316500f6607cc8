"""The console as a process."""

from __future__ import annotations

import sys

import uvicorn

from desk.console.access.access import open_access
from desk.console.access.links import Links
from desk.console.app import create_app
from desk.console.state import State
from dubwright.lake import Lake, open_lake
from dubwright.settings import Settings


def serve(resolved: Settings, lake: Lake | None = None) -> None:
    """Serve the settings' lake, or this one, where they say, until somebody ends it. Raises what `open_access` raises."""
    own = resolved.console
    # Threads that compute give way to the event loop sooner than Python's 5 ms.
    sys.setswitchinterval(0.001)
    access = open_access(own)
    links = Links(access.secret, own.link_s)
    console = State(resolved, lake or open_lake(resolved.lake), links, accompanied=True)
    if console.beside:
        console.beside.start()
    app = create_app(console, access)
    # Whoever asks is told by a proxy on this machine alone; what is said of the server is nobody's business.
    uvicorn.run(
        app,
        host=own.host,
        port=own.port,
        log_level=resolved.log_level.lower(),
        access_log=False,
        server_header=False,
        # Longer than people think between two clicks: what is sent over a connection that is just being closed is lost.
        timeout_keep_alive=75,
    )
