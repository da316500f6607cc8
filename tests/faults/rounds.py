"""Rounds of a run in which processes are killed, and a plain run after it; and what must hold whatever was killed."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from dubwright.lake import Lake, open_lake
from dubwright.lake.layout import UnitKey, known, parse_unit
from dubwright.stages import STAGES
from tests.faults import slow
from tests.platform import Platform
from tests.platform.platform import postgres_installed

EPISODES = 12
DASK_WORKERS = ("dask-1", "dask-2", "dask-3")
EVERYTHING = {"cpu": 1, "asr": 1, "mt": 1, "tts": 1}
FLOW = "flow"
# A run that has not ended by then counts as hanging.
HANGING_S = 150.0
PROGRAM = str(Path(sys.executable).with_name("dubwright"))


@dataclass(slots=True)
class Told:
    """What a round showed."""

    victims: list[str]
    ended: int | None
    seconds: float
    committed_at_kill: int
    rerun: int | None
    rerun_seconds: float
    computed: int = 0
    problems: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        ended = "killed" if FLOW in self.victims else f"exit {self.ended}"
        return (
            f"{'+'.join(self.victims)}: {ended} after {self.seconds:.0f} s, {self.committed_at_kill} units before it, "
            f"{self.computed} computed in all, rerun exit {self.rerun} in {self.rerun_seconds:.0f} s"
            f"{'; ' + '; '.join(self.problems) if self.problems else ''}"
        )


class Rounds:
    """The platform, a catalogue of twelve episodes, and rounds on it, each on an empty lake."""

    def __init__(self, root: Path, video: Path, seconds: float = 0.4) -> None:
        self.root, self.log = root, root / "started.log"
        self.catalogue = root / "catalogue"
        for number in range(1, EPISODES + 1):
            self.put(video, f"{number:02d}")
        told = {slow.LOG: str(self.log), slow.SECONDS: str(seconds), "DUBWRIGHT_CLUSTER__PATIENCE_S": "45"}
        self.platform = Platform(root, told)
        self.victims = [*DASK_WORKERS, "scheduler", FLOW, "prefect"]

    def put(self, video: Path, episode: str) -> None:
        path = self.catalogue / "长夜灯" / f"{episode}.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(video, path)

    def start(self) -> None:
        database = self.platform.start_postgres() if postgres_installed() else None
        if database:
            self.victims.append("postgres")
        self.platform.start_prefect(database)
        self.platform.start_scheduler()
        for name in DASK_WORKERS:
            self.platform.start_dask_worker(name, EVERYTHING, preload="tests.faults.slow")

    def play(self, number: int, victims: list[str], dice: random.Random, *, revive: bool = True) -> Told:
        """One round: a run, kills at random moments of it, everything up again, a plain run.

        Without `revive` nothing that was killed comes back before the run has ended.
        """
        lake = open_lake(str(self.root / f"lake-{number}"))
        self.log.write_text("")
        started = time.monotonic()
        process = self._run(lake)
        before = self._when(lake, dice.randrange(0, 45), process)
        for victim in victims:
            self._kill(victim, process, revive)
            time.sleep(dice.uniform(0, 1.5) if revive else 0)
        ended = self._end(process)
        seconds = time.monotonic() - started
        self.heal()
        seen = self.units(lake)
        again = time.monotonic()
        rerun = self._end(self._run(lake))
        told = Told(victims, ended, seconds, before, rerun, time.monotonic() - again)
        if ended is None:
            told.problems.append("the run hung")
        if rerun != 0:
            told.problems.append(f"the rerun ended with {rerun}: {self.tail()}")
        self._judge(lake, seen, told)
        return told

    def heal(self) -> None:
        """Have everything up again, the database before the server that stands on it."""
        for name in ("postgres", "prefect", "scheduler", *DASK_WORKERS):
            if name in self.victims and not self.platform.alive(name):
                self.platform.restart(name)

    def _kill(self, victim: str, process: subprocess.Popen[bytes], revive: bool) -> None:
        """Kill, and start again what a supervisor would: Dask's processes at once, Prefect's server after the run.

        So a run meets a scheduler that comes back, and a server that does not.
        """
        if victim == FLOW:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGKILL)
            return
        self.platform.kill(victim)
        if not revive:
            return
        if victim == "scheduler":
            # A Dask worker that lost its scheduler ends by itself, but takes its time.
            for name in ("scheduler", *DASK_WORKERS):
                self.platform.restart(name)
        elif victim in DASK_WORKERS:
            self.platform.restart(victim)

    def _run(self, lake: Lake) -> subprocess.Popen[bytes]:
        with (self.root / "flow.log").open("wb") as log:
            return subprocess.Popen(
                [PROGRAM, "localize", str(self.catalogue), "--to", "en", "--lake", lake.uri, "--json"],
                cwd=self.root,
                env=self.platform.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def tail(self) -> str:
        return (self.root / "flow.log").read_text(errors="replace")[-1500:]

    def _when(self, lake: Lake, units: int, process: subprocess.Popen[bytes]) -> int:
        """Wait until so many units are committed; how many are then."""
        deadline = time.monotonic() + HANGING_S
        while process.poll() is None and time.monotonic() < deadline:
            if (number := self._count(lake)) >= units:
                return number
            time.sleep(0.1)
        return self._count(lake)

    def _count(self, lake: Lake) -> int:
        return sum(1 for stage in STAGES.values() for _ in lake.units(stage.table))

    def _end(self, process: subprocess.Popen[bytes]) -> int | None:
        """The exit code, or None if it had to be killed because it hung."""
        try:
            return process.wait(timeout=HANGING_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return None

    def units(self, lake: Lake) -> dict[UnitKey, str]:
        """Every committed unit, and when it was committed; reading it shows that it is whole."""
        return {
            key: str(lake.read(key).provenance["committed_at"])
            for stage in STAGES.values()
            for key in lake.units(stage.table)
        }

    def _judge(self, lake: Lake, seen: dict[UnitKey, str], told: Told) -> None:
        after = self.units(lake)
        lost = [key for key in seen if key not in after]
        changed = [key for key in seen if key in after and after[key] != seen[key]]
        wanted = EPISODES * len(STAGES)
        places = Counter((key.table, key.episode, key.language) for key in after)
        strange = [found.key for found in lake.store.list() if found.key.endswith(".parquet") and not known(found.key)]
        late = []
        starts = [line.split("\t") for line in self.log.read_text().splitlines()]
        for at, key in starts:
            unit = parse_unit(key)
            if unit in after and float(at) > datetime.fromisoformat(after[unit]).timestamp():
                late.append(key)
        told.computed = len(starts)
        checks = {
            f"{len(lost)} units lost": lost,
            f"{len(changed)} units written twice": changed,
            f"{len(late)} committed units computed again": late,
            f"{len(after)} units instead of {wanted}": len(after) != wanted,
            f"{len(places)} places instead of {wanted}": len(places) != wanted,
            f"files that are none of ours: {strange[:3]}": strange,
        }
        told.problems += [problem for problem, so in checks.items() if so]
