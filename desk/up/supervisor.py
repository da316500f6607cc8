"""Starts the platform's processes in order, starts again what dies, and ends all of them in the reverse order."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from threading import Event

from desk.up import marked
from dubwright.errors import ClusterError

LOOK_EVERY_S = 0.2
# A process that dies so often, without having lived `LIVED_S` in between, cannot live.
MOST_DEATHS = 5
LIVED_S = 60.0
LONGEST_PAUSE_S = 30.0
TAIL_LINES = 15


class Asked(Exception):
    """A person asked for the end while something was waited for."""


@dataclass(frozen=True, slots=True)
class Part:
    """A process: how it is started, and `ready`, which tells from what it has said since whether it answers.

    What `outlives` it, such as the flow runs of a Prefect worker, is left alone when it is started again.
    """

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    ready: Callable[[str], bool]
    patience_s: float = 60.0
    outlives: bool = False


@dataclass(slots=True)
class _Life:
    """A part's process, since when it lives, and how often it has died of late; `due` is when it is started again."""

    part: Part
    process: subprocess.Popen[bytes]
    since: float
    said: int
    deaths: int = 0
    due: float | None = None


@dataclass(slots=True)
class Supervisor:
    """The processes of one `dubwright up` below the folder `state`. `asked` is set when they shall end, `hurry` at once.

    `say` tells a person what happened. A context manager: leaving it ends them all.
    """

    state: Path
    say: Callable[[str], None]
    asked: Event = field(default_factory=Event)
    hurry: Event = field(default_factory=Event)
    pause_s: float = 1.0
    mark: str = ""
    _lives: dict[str, _Life] = field(default_factory=dict)
    _watcher: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Supervisor:
        folder = blake2b(os.fsencode(self.state.resolve()), digest_size=8).hexdigest()
        # Whoever holds the folder's lock is alone there: what an earlier one has left behind belongs to nobody.
        marked.end(folder)
        self.mark = f"{folder}/{uuid.uuid4().hex}"
        self._watcher = marked.watch(self.mark)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, part: Part) -> None:
        """Start a part and wait until it is ready.

        Raises `ClusterError` if it ends, or is not ready in time; `Asked` if the end is asked for meanwhile.
        """
        self._lives[part.name] = life = self._begin(part)
        deadline = time.monotonic() + part.patience_s
        while not part.ready(self._said(life)):
            code = life.process.poll()
            if code is not None:
                raise self._failed(part.name, f"ended with {_code(code)} before it was ready")
            if time.monotonic() > deadline:
                raise self._failed(part.name, f"is not ready after {part.patience_s:g} s")
            self._wait()

    def run(self, part: Part) -> None:
        """Run what ends by itself, to its end. Raises `ClusterError` if it fails or lasts too long; `Asked`."""
        life = self._begin(part)
        deadline = time.monotonic() + part.patience_s
        while (code := life.process.poll()) is None:
            if time.monotonic() > deadline:
                raise self._failed(part.name, f"has not ended after {part.patience_s:g} s")
            self._wait()
        if code:
            raise self._failed(part.name, f"ended with {_code(code)}")

    def look_after(self) -> None:
        """Start again what dies, until the end is asked for. Raises `ClusterError` if something cannot live."""
        while not self.asked.wait(LOOK_EVERY_S):
            if self._watcher and self._watcher.poll() is not None:
                self._watcher = marked.watch(self.mark)
            for life in list(self._lives.values()):
                self._look_at(life)

    def stop(self) -> None:
        """End all processes, those that were started last first. Calling it again is harmless."""
        for name in reversed([*self._lives]):
            marked.end(f"{self.mark}/{name}", self.hurry.is_set)
        marked.end(self.mark, self.hurry.is_set)
        for life in self._lives.values():
            life.process.poll()
        self._lives.clear()
        if self._watcher and self._watcher.stdin:
            self._watcher.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._watcher.wait(timeout=marked.PATIENCE_S)
            self._watcher = None

    def log(self, name: str) -> Path:
        """The file that holds what a process printed."""
        return self.state / "logs" / f"{name}.log"

    def _look_at(self, life: _Life) -> None:
        part, now = life.part, time.monotonic()
        if life.due is not None:
            if now >= life.due:
                born = self._begin(part)
                born.deaths = life.deaths
                self._lives[part.name] = born
            return
        code = life.process.poll()
        if code is None:
            return
        life.deaths = 1 if now - life.since >= LIVED_S else life.deaths + 1
        if life.deaths > MOST_DEATHS:
            raise self._failed(part.name, f"died {life.deaths} times in a row, the last time with {_code(code)}")
        pause = min(LONGEST_PAUSE_S, self.pause_s * 2 ** (life.deaths - 1))
        life.due = now + pause
        self.say(f"{part.name} ended with {_code(code)}; it is started again in {pause:g} s")
        if not part.outlives:
            marked.end(f"{self.mark}/{part.name}", self.hurry.is_set, patience_s=1.0)

    def _begin(self, part: Part) -> _Life:
        path = self.log(part.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if part.name not in self._lives and path.exists():
            path.replace(path.with_suffix(".log.1"))
        with path.open("ab") as log:
            said = log.tell()
            process = subprocess.Popen(
                list(part.arguments),
                cwd=self.state,
                env={**part.environment, marked.MARK: f"{self.mark}/{part.name}"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return _Life(part, process, time.monotonic(), said)

    def _said(self, life: _Life) -> str:
        with self.log(life.part.name).open("rb") as log:
            log.seek(life.said)
            return log.read().decode("utf-8", errors="replace")

    def _wait(self) -> None:
        if self.asked.wait(LOOK_EVERY_S):
            raise Asked

    def _failed(self, name: str, what: str) -> ClusterError:
        path = self.log(name)
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []
        said = "".join(f"\n    {line}" for line in lines[-TAIL_LINES:])
        return ClusterError(f"{what}; it said:{said or ' nothing'}\n", where=name, remedy=f"see {path}")


def _code(code: int) -> str:
    """An exit code, or the signal that it stands for."""
    with contextlib.suppress(ValueError):
        return signal.Signals(-code).name if code < 0 else f"exit code {code}"
    return f"signal {-code}"
