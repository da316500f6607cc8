"""What the routes of a running console share."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Concatenate, ParamSpec, TypeVar

from fastapi import Depends, Request

from desk.console.access.links import Links
from desk.console.known.activity import Activity, watching
from desk.console.known.apart import BEHIND, Beside
from desk.console.known.behind import Behind
from desk.console.known.gathering import Gathering
from desk.console.known.inspection import Inspection, Look, looking
from desk.console.known.kept import KeptLake
from desk.console.known.open_remarks import OpenRemarks
from desk.console.known.snapshot import Snapshot
from desk.console.known.verdicts import Brief, Verdicts
from dubwright.catalogue import catalog, registered
from dubwright.errors import CatalogError, StoreError
from dubwright.lake import Lake
from dubwright.lake.layout import UnitKey
from dubwright.series.facts import SeriesFacts
from dubwright.settings import Settings
from dubwright.unit import Machine

Given = ParamSpec("Given")
Shown = TypeVar("Shown")


@dataclass(frozen=True, slots=True)
class State:
    """The settings that the console was started with, the lake that it shows, its links to what lies there, its picture of
    the whole, what quality judges of it, the runs under way, what closer looks at series found, and what was measured.

    One that is `accompanied` leaves views that read hundreds of files to a process `beside` it, and what nobody waits for to
    another one `behind` it, each of which has a state of its own.
    """

    settings: Settings
    lake: Lake
    links: Links
    accompanied: bool = False
    beside: Beside[State] | None = field(init=False, default=None)
    behind: Beside[State] | None = field(init=False, default=None)
    snapshot: Snapshot = field(init=False)
    verdicts: Verdicts = field(init=False)
    activity: Behind[Activity] = field(init=False)
    look: Callable[[str], Look] = field(init=False)
    inspection: Inspection = field(init=False)
    gathering: Gathering = field(init=False)
    open_remarks: OpenRemarks = field(init=False)
    # Engines answer one thread at a time.
    speaking: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        behind = Beside(self, BEHIND) if self.accompanied else None
        object.__setattr__(self, "beside", Beside(self) if self.accompanied else None)
        object.__setattr__(self, "behind", behind)
        object.__setattr__(self, "lake", KeptLake(self.lake.store))
        object.__setattr__(self, "snapshot", Snapshot(self.lake))
        elsewhere = (lambda keys: behind.call(_briefly, keys)) if behind else None
        object.__setattr__(self, "verdicts", Verdicts(self.lake, self.settings.quality, elsewhere))
        object.__setattr__(self, "activity", watching())
        object.__setattr__(self, "look", looking(self.lake, self.settings, self.verdicts))
        look = (lambda series: behind.call(_look, series)) if behind else self.look
        object.__setattr__(self, "inspection", Inspection(look))
        object.__setattr__(self, "gathering", Gathering(self.lake, self.settings))
        object.__setattr__(self, "open_remarks", OpenRemarks(self.lake))

    def __reduce__(self) -> tuple[Any, ...]:
        """In another process nothing of it is known yet."""
        return State, (self.settings, self.lake, self.links)

    def aside(
        self, view: Callable[Concatenate[State, Given], Shown], *given: Given.args, **named: Given.kwargs
    ) -> Shown:
        """What a view shows that reads hundreds of files, and changes nothing, without other pages waiting for it meanwhile."""
        return self.beside.call(view, *given, **named) if self.beside else view(self, *given, **named)

    def facts(self, series: str) -> SeriesFacts:
        """What the registered catalogues say of a series in its series.yaml; nothing where it is in none."""
        try:
            found = catalog.load(registered.PREFIX, series, self.lake).series
        except (CatalogError, StoreError):
            return SeriesFacts()
        return next((each.facts for each in found if each.name == series), SeriesFacts())

    @property
    def machine(self) -> Machine:
        """This machine, as engines see it."""
        resolved = self.settings
        threads = resolved.cluster.threads or len(os.sched_getaffinity(0))
        return Machine(self.lake.uri, str(resolved.models_dir), resolved.models_mirror, threads)


def _look(console: State, series: str) -> Look:
    return console.look(series)


def _briefly(console: State, keys: Sequence[UnitKey]) -> list[Brief]:
    return console.verdicts.briefly(keys)


def _state(request: Request) -> State:
    state: State = request.app.state.console
    return state


# A parameter of a route.
Console = Annotated[State, Depends(_state)]
