"""The platform's processes, wired together: who listens where, and what each is told through its environment."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

import psutil

from tests.platform.processes import Command, Processes, clean_environment

REPOSITORY = Path(__file__).parents[2]
PYTHON = sys.executable
# Generous: the machine may be busy, and Prefect's first start creates its tables.
SERVER_PATIENCE_S = 180.0
PATIENCE_S = 60.0


class Platform:
    """Real processes on free loopback ports, everything below `root`. A context manager; leaving it ends them all.

    `settings` are environment variables for every process, such as `DUBWRIGHT_PROFILE` or AWS credentials; they go
    before what the platform says itself (the fake profile, a lake in `root/lake`, the addresses of what was started).
    Start the scheduler and the server before what talks to them: a process is told the addresses known at its start.
    """

    def __init__(self, root: Path, settings: Mapping[str, str] | None = None) -> None:
        self.root = root
        self.settings = dict(settings or {})
        self._processes = Processes(root)
        self._told: dict[str, str] = {}
        self._postgres_home: Path | None = None

    # What can be started ----------------------------------------------------------------------------

    def start_postgres(self) -> str:
        """Start PostgreSQL under the name `postgres`; the address of its database as Prefect takes it."""
        port, password = free_port(), "trial"
        # Not below root: PostgreSQL refuses to run as root, and another user may not enter a folder that pytest made.
        self._postgres_home = Path(tempfile.mkdtemp(prefix="dubwright-postgres-"))
        script = REPOSITORY / "infra" / "postgres" / "postgres.sh"
        environment = self.environment() | {"DIR": str(self._postgres_home), "PORT": str(port), "PASSWORD": password}
        self._start("postgres", [str(script), "run"], port, environment=environment)
        return f"postgresql+asyncpg://prefect:{password}@127.0.0.1:{port}/prefect"

    def start_prefect(self, database_url: str | None = None) -> str:
        """Start a Prefect server under the name `prefect`, on SQLite unless told a database; its API's address."""
        port = free_port()
        database = {"PREFECT_API_DATABASE_CONNECTION_URL": database_url} if database_url else {}
        environment = self.environment() | database | {"PREFECT_SERVER_API_PORT": str(port)}
        url = f"http://127.0.0.1:{port}/api"
        self._processes.start(
            Command(
                "prefect",
                [PYTHON, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)],
                environment,
                lambda: _answers(f"{url}/health"),
                SERVER_PATIENCE_S,
            )
        )
        self._told["PREFECT_API_URL"] = url
        return url

    def start_prefect_worker(self, pool: str, name: str = "prefect-worker", *options: str) -> None:
        """Start a Prefect worker of a process pool, which is made if it is not there. Its flow runs belong to it."""
        command = [PYTHON, "-m", "prefect", "--no-prompt", "worker", "start", "--pool", pool, "--type", "process"]
        self._processes.start(
            Command(
                name,
                [*command, "--name", name, *options],
                self.environment(),
                lambda: "started!" in self._processes.said(name),
                PATIENCE_S,
            )
        )

    def start_scheduler(self) -> str:
        """Start a Dask scheduler under the name `scheduler`; its address."""
        port = free_port()
        self._start("scheduler", [*_dask("scheduler"), "--host", "127.0.0.1", "--port", str(port)], port)
        self._told["DUBWRIGHT_CLUSTER__ADDRESS"] = f"tcp://127.0.0.1:{port}"
        return self._told["DUBWRIGHT_CLUSTER__ADDRESS"]

    def start_dask_worker(
        self,
        name: str,
        resources: Mapping[str, float],
        preload: str | None = None,
        *,
        nanny: bool = True,
        nthreads: int = 1,
        memory_limit: str | None = None,
    ) -> None:
        """Start a Dask worker that announces `resources`; ready once its scheduler knows it.

        `preload` is a module that the worker imports at its start, such as one of the tests' own.
        """
        scheduler = self._told["DUBWRIGHT_CLUSTER__ADDRESS"]
        announced = " ".join(f"{resource}={amount:g}" for resource, amount in resources.items())
        command = [*_dask("worker"), scheduler, "--host", "127.0.0.1", "--name", name, "--nthreads", str(nthreads)]
        command += ["--nanny" if nanny else "--no-nanny", "--local-directory", str(self.root / name)]
        command += ["--memory-limit", memory_limit or "0", "--death-timeout", str(round(PATIENCE_S))]
        command += ["--resources", announced] if announced else []
        command += ["--preload", preload] if preload else []
        self._processes.start(
            Command(
                name, command, self.environment(), lambda: "Registered to:" in self._processes.said(name), PATIENCE_S
            )
        )

    def start_console(self) -> str:
        """Start the operator's console under the name `console`, with users of its own; its address."""
        port = free_port()
        address = f"http://127.0.0.1:{port}"
        told = {"DUBWRIGHT_CONSOLE__DATABASE": str(self.root / "console.sqlite")}
        command = [PYTHON, "-m", "desk.console", "--port", str(port)]
        ready = lambda: _answers(f"{address}/login")  # noqa: E731
        self._processes.start(Command("console", command, self.environment(**told), ready, PATIENCE_S))
        return address

    # What is told to them, and to commands -------------------------------------------------------------

    def environment(self, **more: str) -> dict[str, str]:
        """Environment of the platform's processes, for commands as well."""
        told = {
            "PREFECT_HOME": str(self.root / "prefect-home"),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
            "PREFECT_SERVER_UI_ENABLED": "false",
            "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
            "PREFECT_WORKER_WEBSERVER_HOST": "127.0.0.1",
            "PREFECT_WORKER_QUERY_SECONDS": "2",
            "PREFECT_CLI_PROMPT": "false",
            "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "2",
            "DUBWRIGHT_PROFILE": "fake",
            "DUBWRIGHT_LAKE": str(self.root / "lake"),
            "NO_PROXY": "127.0.0.1,localhost",
            "PYTHONPATH": str(REPOSITORY),
            "PYTHONUNBUFFERED": "1",
        }
        return clean_environment() | told | self._told | self.settings | more

    def run(self, *arguments: str, timeout_s: float = 120, **more: str) -> subprocess.CompletedProcess[str]:
        """Run `python -m ARGUMENTS…` in the repository with the platform's environment; never raises for its exit code."""
        return subprocess.run(
            [PYTHON, "-m", *arguments],
            cwd=REPOSITORY,
            env=self.environment(**more),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    # What can happen to them --------------------------------------------------------------------------

    def kill(self, name: str, how: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to a process and all that it started, and wait until they are gone."""
        self._processes.kill(name, how)

    def restart(self, name: str) -> None:
        """End a process if it lives and start it again: same port, same data."""
        self._processes.restart(name)

    def alive(self, name: str) -> bool:
        """Whether the process still runs."""
        return self._processes.alive(name)

    def processes(self, name: str | None = None) -> list[psutil.Process]:
        """Living processes that were started under `name`, or by what was; those of every name without one."""
        return self._processes.find(name)

    def log(self, name: str) -> Path:
        """The file that holds what a process printed."""
        return self._processes.log(name)

    def tail(self, name: str, lines: int = 25) -> str:
        """The end of a process's log."""
        return self._processes.tail(name, lines)

    def stop_all(self) -> None:
        """End everything; calling it again is harmless."""
        self._processes.stop_all()
        if self._postgres_home:
            shutil.rmtree(self._postgres_home, ignore_errors=True)

    def __enter__(self) -> Platform:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop_all()

    def _start(
        self, name: str, command: Sequence[str], port: int, *, environment: Mapping[str, str] | None = None
    ) -> None:
        told = environment or self.environment()
        self._processes.start(Command(name, command, told, lambda: _listens(port), PATIENCE_S))


def postgres_installed() -> bool:
    """Whether PostgreSQL's programs are on this machine, and a user to run them as."""
    return bool(list(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl")) or shutil.which("pg_ctl"))


def free_port() -> int:
    """A port of loopback that nobody listens on; below those that the system gives to outgoing connections.

    The system's own would be free now and taken by somebody's connection when a restart wants it again.
    """
    low, high = 20000, 30000
    for attempt in range(200):
        port = low + (os.getpid() * 37 + int.from_bytes(os.urandom(2)) + attempt) % (high - low)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("no free port on loopback")


def _dask(what: str) -> list[str]:
    return [PYTHON, "-m", f"distributed.cli.dask_{what}", "--no-dashboard"]


def _listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False
