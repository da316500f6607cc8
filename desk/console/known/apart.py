"""Work in a process of its own: what keeps the interpreter busy for seconds would hold up every page meanwhile."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import TypeVar, cast

from dubwright.errors import StoreError

Given = TypeVar("Given")
Found = TypeVar("Found")


def apart(function: Callable[[Given], Found], given: Given) -> Found:
    """What a function of a module returns, or raises, in a process that ends with it, or with this one.

    Both it and what it is given, returns and raises can be pickled. Raises `StoreError` if the process is killed.
    """
    spawned = multiprocessing.get_context("spawn")
    receiving, sending = spawned.Pipe(duplex=False)
    process = spawned.Process(target=_work, args=(sending, function, given), daemon=True)
    process.start()
    sending.close()
    try:
        done, found = receiving.recv()
    except EOFError as error:
        raise StoreError("the process that was to look has ended", remedy="see whether there is memory left") from error
    finally:
        process.join()
        receiving.close()
    if not done:
        raise cast(Exception, found)
    return cast(Found, found)


def _work(sending: Connection, function: Callable[[Given], Found], given: Given) -> None:
    # Pages go first.
    os.nice(19)
    try:
        sending.send((True, function(given)))
    except Exception as error:
        sending.send((False, error))
