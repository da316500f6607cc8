"""Serve the console: `python -m desk.console`."""

from __future__ import annotations

import secrets

import uvicorn

from desk.console.access.links import Links
from desk.console.app import create_app
from desk.console.state import State
from desk.console.views.snapshot import Snapshot
from dubwright import settings
from dubwright.lake import open_lake


def main() -> None:
    """Serve the lake of the settings on loopback."""
    resolved = settings.load()
    lake = open_lake(resolved.lake)
    app = create_app(State(resolved, lake, Links(secrets.token_urlsafe(32), 3600), Snapshot(lake)))
    uvicorn.run(app, host="127.0.0.1", port=4280, log_level="warning")


if __name__ == "__main__":
    main()
