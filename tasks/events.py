"""How units fare, told to whoever listens in this process: the command line draws its progress from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from dubwright.unit import Work

What = Literal["submitted", "sent", "computed", "found", "attempt failed", "given up"]


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened to a unit; `error` says what, where it failed."""

    what: What
    work: Work
    error: BaseException | None = None


Listener = Callable[[Event], None]
_listeners: list[Listener] = []


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Call `listener` with every event of this process while the block lasts. It is called from the flow's thread."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def tell(event: Event) -> None:
    """Tell every listener of this process."""
    for listener in tuple(_listeners):
        listener(event)
