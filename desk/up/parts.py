"""What the platform on one machine consists of, each part on loopback and told of the others by its environment."""

from __future__ import annotations

import os
import secrets
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from dask.system import CPU_COUNT
from distributed.system import MEMORY_LIMIT

from desk.up.supervisor import Part
from dubwright import settings as all_settings
from dubwright.errors import SettingsError
from dubwright.lake import open_lake
from dubwright.models.registry import ADDED
from dubwright.settings import CONFIG_FILE, PREFIX, Settings
from dubwright.sources import absolute
from dubwright.stages import STAGES
from tasks.cluster import DEATHS_ALLOWED, Size, size

HOST = "127.0.0.1"
# The operator's console: `python -m CONSOLE --host … --port …`.
CONSOLE = "desk.console"
POOL = "dubwright"
# Below those that the system gives to outgoing connections: a part that is started again wants the same port.
PORTS = (20000, 30000)
# Prefect's first start makes its database; generous, since the machine may be busy.
SERVER_PATIENCE_S = 180.0
PATIENCE_S = 90.0
# What steers Prefect elsewhere is not handed on; how it logs, and its password, are.
KEPT = ("PREFECT_LOGGING_", "PREFECT_API_AUTH_STRING", "PREFECT_SERVER_API_AUTH_STRING")


@dataclass(frozen=True, slots=True)
class Ports:
    """Where on loopback each part listens."""

    console: int
    prefect: int
    scheduler: int
    scheduler_web: int
    prefect_worker_web: int

    @classmethod
    def choose(cls, console: int | None, prefect: int | None, scheduler: int | None) -> Ports:
        """Those named, and free ones. Raises `SettingsError` for one that is taken."""
        named = {"--port": console, "--prefect-port": prefect, "--scheduler-port": scheduler}
        given = [port for port in named.values() if port]
        for option, port in named.items():
            if port and (given.count(port) > 1 or not _is_free(port)):
                raise SettingsError(
                    f"port {port} is taken", field=option, remedy="name another, or none for a free one"
                )
        free = _free(taken=given)
        return cls(console or next(free), prefect or next(free), scheduler or next(free), next(free), next(free))


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where people and programs find what runs; `console` is None where it is not installed."""

    console: str | None
    prefect: str
    api: str
    scheduler: str
    lake: str
    state: str
    logs: str
    pid: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def people(self) -> str:
        """The one address to open in a browser."""
        return self.console or self.prefect


@dataclass(frozen=True, slots=True)
class Platform:
    """The parts of one platform below the folder `state`."""

    state: Path
    settings: Settings
    ports: Ports

    @property
    def addresses(self) -> Addresses:
        web = f"http://{HOST}:{self.ports.prefect}"
        return Addresses(
            console=f"http://{HOST}:{self.ports.console}" if _console() else None,
            prefect=web,
            api=f"{web}/api",
            scheduler=f"tcp://{HOST}:{self.ports.scheduler}",
            lake=open_lake(self.settings.lake).uri,
            state=str(self.state),
            logs=str(self.state / "logs"),
            pid=os.getpid(),
        )

    @property
    def dask_workers(self) -> Size:
        return size(self.settings.cluster, CPU_COUNT, MEMORY_LIMIT, width=64)

    def server(self) -> Part:
        port = str(self.ports.prefect)
        return self._part(
            "prefect",
            ["-m", "prefect", "server", "start", "--host", HOST, "--port", port],
            answers=f"{self.addresses.api}/health",
            patience_s=SERVER_PATIENCE_S,
        )

    def scheduler(self) -> Part:
        port, web = str(self.ports.scheduler), f"{HOST}:{self.ports.scheduler_web}"
        options = ["--host", HOST, "--port", port, "--no-dashboard", "--dashboard-address", web]
        return self._part(
            "dask-scheduler", ["-m", "distributed.cli.dask_scheduler", *options], answers=f"http://{web}/health"
        )

    def dask_worker(self) -> Part:
        """Processes that run one unit at a time each, any unit, as a cluster that a flow starts for itself has them."""
        fit = self.dask_workers
        offers = " ".join(f"{name}=1" for name in (*{stage.resource: 1 for stage in STAGES.values()}, "GPU"))
        options = ["--host", HOST, "--nanny", "--nworkers", str(fit.workers), "--nthreads", "1", "--resources", offers]
        options += ["--memory-limit", str(MEMORY_LIMIT // fit.workers), "--local-directory", str(self.state / "dask")]
        options += ["--death-timeout", "60", "--no-dashboard", "--dashboard-address", f"{HOST}:0"]
        command = ["-m", "distributed.cli.dask_worker", self.addresses.scheduler, *options]
        return Part(
            "dask-worker",
            [sys.executable, *command],
            self.environment(),
            lambda said: said.count("Registered to:") >= fit.workers,
            PATIENCE_S,
        )

    def deploy(self) -> Part:
        """What ends by itself once the server knows the work pool, its queues and the deployments."""
        return self._part("deploy", ["-m", "flows.deployments"])

    def prefect_worker(self) -> Part:
        options = ["--pool", POOL, "--type", "process", "--name", "dubwright-up", "--with-healthcheck"]
        return self._part(
            "prefect-worker",
            ["-m", "prefect", "--no-prompt", "worker", "start", *options],
            answers=f"http://{HOST}:{self.ports.prefect_worker_web}/health",
            outlives=True,
        )

    def console(self) -> Part | None:
        """The operator's console; None where it is not installed."""
        if not _console():
            return None
        address = f"http://{HOST}:{self.ports.console}"
        options = ["--host", HOST, "--port", str(self.ports.console)]
        return self._part("console", ["-m", CONSOLE, *options], answers=address)

    def environment(self) -> dict[str, str]:
        """What every part is told, and so the flow runs that it starts: wherever they run, names mean the same."""
        found = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("PREFECT_") or name.startswith(KEPT)
        }
        addresses = self.addresses
        config = Path(os.environ.get(PREFIX + "CONFIG", CONFIG_FILE)).absolute()
        told = {
            "PREFECT_HOME": str(self.state / "prefect"),
            "PREFECT_API_URL": addresses.api,
            "PREFECT_UI_URL": addresses.prefect,
            "PREFECT_SERVER_API_PORT": str(self.ports.prefect),
            "PREFECT_SERVER_UI_API_URL": addresses.api,
            "PREFECT_SERVER_UI_STATIC_DIRECTORY": str(self.state / "prefect" / "ui"),
            "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
            "PREFECT_CLI_PROMPT": "false",
            "PREFECT_WORKER_QUERY_SECONDS": "2",
            "PREFECT_WORKER_WEBSERVER_HOST": HOST,
            "PREFECT_WORKER_WEBSERVER_PORT": str(self.ports.prefect_worker_web),
            "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": str(DEATHS_ALLOWED),
            "DUBWRIGHT_PROFILE": self.settings.profile,
            "DUBWRIGHT_LAKE": addresses.lake,
            "DUBWRIGHT_MODELS_DIR": str(self.settings.models_dir.expanduser().absolute()),
            "DUBWRIGHT_CLUSTER__ADDRESS": addresses.scheduler,
            "DUBWRIGHT_CLUSTER__THREADS": str(self.dask_workers.threads),
            "NO_PROXY": ",".join(filter(None, (os.environ.get("NO_PROXY"), HOST, "localhost"))),
            "PYTHONUNBUFFERED": "1",
            # A folder that people work in may hold a `flows` or `tasks` of its own.
            "PYTHONSAFEPATH": "1",
        }
        if addresses.console and not self.settings.console.url:
            told["DUBWRIGHT_CONSOLE__URL"] = addresses.console
        if config.is_file():
            told[PREFIX + "CONFIG"] = str(config)
        if ADDED in os.environ:
            told[ADDED] = str(Path(os.environ[ADDED]).absolute())
        if self.settings.models_mirror:
            told["DUBWRIGHT_MODELS_MIRROR"] = absolute(self.settings.models_mirror)
        return found | told

    def _part(
        self, name: str, arguments: list[str], answers: str | None = None, patience_s: float = PATIENCE_S, **more: Any
    ) -> Part:
        def ready(_: str) -> bool:
            return answers is None or _answers(answers)

        return Part(name, [sys.executable, *arguments], self.environment(), ready, patience_s, **more)


def resolve(lake: str | None, profile: str | None) -> Settings:
    """The settings that the platform runs with. Raises `SettingsError`."""
    given: Mapping[str, str | None] = {"lake": lake, "profile": profile}
    return all_settings.load({name: value for name, value in given.items() if value is not None})


def _console() -> bool:
    try:
        return find_spec(CONSOLE) is not None and find_spec("uvicorn") is not None
    except ModuleNotFoundError:
        return False


def _free(taken: Iterable[int]) -> Any:
    seen = set(taken)
    for _ in range(500):
        port = PORTS[0] + secrets.randbelow(PORTS[1] - PORTS[0])
        if port not in seen and _is_free(port):
            seen.add(port)
            yield port
    raise SettingsError("no free port on loopback", field="--port", remedy="name one")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def _answers(url: str) -> bool:
    """Whether somebody answers there; that a password is asked for is an answer too."""
    # Not through a proxy: it is this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=2):
            return True
    except urllib.error.HTTPError as error:
        return error.code < 500
    except (OSError, ValueError):
        return False
