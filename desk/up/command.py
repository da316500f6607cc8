"""`dubwright up`: everything on one machine, until Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from filelock import FileLock, Timeout

from desk import show
from desk.options import Json, Lake, Profile
from dubwright.errors import DubwrightError, SettingsError, StoreError

STATE = Path(".dubwright")
# Who asks for the end: a person at the terminal, whoever ends services, a terminal that is closed.
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def up(
    lake: Lake = None,
    profile: Profile = None,
    state: Annotated[
        Path,
        typer.Option(
            metavar="DIR",
            show_default=False,
            help="Folder for Prefect's database, logs and the lock.  [default: ./.dubwright]",
        ),
    ] = STATE,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Of the console.  [default: a free one]")] = None,
    prefect_port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Of Prefect's server.  [default: a free one]")
    ] = None,
    scheduler_port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Of Dask's scheduler.  [default: a free one]")
    ] = None,
    as_json: Json = False,
) -> None:
    """Start Prefect, Dask and the console on this machine, and keep them running until Ctrl-C. All on loopback."""
    from desk.up import parts
    from desk.up.supervisor import Asked, Supervisor

    show.as_json = as_json
    resolved = parts.resolve(lake, profile)
    state = state.absolute()
    with _alone(state), _asked_by_signals() as (asked, hurry):
        platform = parts.Platform(state, resolved, parts.Ports.choose(port, prefect_port, scheduler_port))
        say = _teller(state / "logs" / "up.log")
        say(f"starting; the logs are in {platform.addresses.logs}")
        try:
            with Supervisor(state, say, asked, hurry) as supervisor:
                for part in (platform.server(), platform.scheduler(), platform.dask_worker()):
                    supervisor.start(part)
                supervisor.run(platform.deploy())
                supervisor.start(platform.prefect_worker())
                if console := platform.console():
                    supervisor.start(console)
                _tell(platform.addresses, say)
                supervisor.look_after()
                say("ending")
        except Asked:
            say("ended before everything was ready")
        except DubwrightError as error:
            say(f"everything was ended: {error}")
            raise
        finally:
            (state / "up.json").unlink(missing_ok=True)


def _tell(addresses: Any, say: Callable[[str], None]) -> None:
    content = addresses.as_dict()
    (Path(addresses.state) / "up.json").write_text(json.dumps(content), encoding="utf-8")
    if show.as_json:
        show.print_json(content)
    else:
        show.console.print(addresses.people, soft_wrap=True)
    if addresses.console is None:
        say("the console is not installed (`pip install 'dubwright[console]'`): this is Prefect's page")
    say(f"everything runs ({addresses.people}); Ctrl-C ends it")


@contextmanager
def _alone(state: Path) -> Iterator[None]:
    """Hold the state folder's lock. Raises `SettingsError` where another process has it, `StoreError` where none can."""
    remedy = "use what runs, end it, or name another folder"
    try:
        # Only its owner reads what is in Prefect's database (the parameters and logs of runs), unless the folder was there.
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        with FileLock(state / "up.lock", blocking=False):
            yield
    except Timeout:
        raise SettingsError(
            f"another `dubwright up` uses this folder{_who(state)}", where=str(state), field="--state", remedy=remedy
        ) from None
    except OSError as error:
        raise StoreError(error.strerror or str(error), where=str(state), field="--state") from error


def _who(state: Path) -> str:
    """What the one that runs has said of itself, if it is ready."""
    try:
        known = json.loads((state / "up.json").read_text(encoding="utf-8"))
        return f": process {int(known['pid'])}, {known['console'] or known['prefect']}"
    except (OSError, ValueError, KeyError, TypeError):
        return ""


@contextmanager
def _asked_by_signals() -> Iterator[tuple[threading.Event, threading.Event]]:
    """Events that signals set: the first signal that the end is asked for, a second one that it shall hurry."""
    asked, hurry = threading.Event(), threading.Event()

    def hear(*_: object) -> None:
        (hurry if asked.is_set() else asked).set()

    # What was to be ignored from the beginning still is: `nohup` does so with a terminal that is closed.
    heard = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, hear) for number in heard}
    try:
        yield asked, hurry
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _teller(log: Path) -> Callable[[str], None]:
    """Tells the terminal, and the log of this command."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists():
        log.replace(log.with_suffix(".log.1"))

    def say(text: str) -> None:
        show.note(text)
        with log.open("a", encoding="utf-8") as file:
            file.write(f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S} [{os.getpid()}] {text}\n")

    return say
