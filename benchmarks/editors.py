"""Fifty editors at once: how long the console's answers take, and whether anything of what they saved is lost.

    python -m benchmarks.synthetic make DIR
    python -m benchmarks.editors DIR [--editors 50] [--seconds 120] [--page-ms 0]

The console is a process of its own over the synthetic catalogue, whose units have content (`worked_catalogue`). Everybody logs
in and works as people do: looks for a series, opens an episode with its waveforms and the start of its video, thinks, corrects
lines, some of them such as others correct too, looks into the queue. Printed: how long answers took by route, as a browser
on this machine sees it (50th, 95th, 99th percentile, worst), answers by status, and of the corrections how many were saved,
how many were told that somebody was first, and how many of those that were answered as saved the lake does not have.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import psutil

from benchmarks import synthetic
from benchmarks.machine import describe
from benchmarks.worked_catalogue import LINES, WorkedStore, furnish, prepare
from desk.console.access.database import Database
from desk.console.access.passwords import Passwords
from desk.console.access.roles import Role
from desk.console.access.users import Users
from desk.console.rendering import url
from dubwright import settings
from dubwright.lake import Lake
from dubwright.review import edits
from dubwright.review.edits import Place
from dubwright.settings import Settings

PASSWORD = "correct horse battery"  # noqa: S105
LANGUAGES = ("en", "es", "fr")
# Series that people work in, and episodes of each; in the first episodes of two of them everybody works.
SERIES, EPISODES, DISPUTED = 8, 12, 2
DISPUTED_LINES = range(1, 5)
ARRIVE_S = 20.0
START_S = 600.0
TRIES = 5
_LINE = re.compile(r'data-segment="(\d+)"[^>]*?data-number="(\d+)"')
_CSRF = re.compile(r'name="csrf" content="(\w{64})"')
_STATIC = re.compile(r'(?:src|href)="(/static/[^"]+)"')
_VIDEO = re.compile(r'<video[^>]*? src="(/media/[^"]+)"')


@dataclass(frozen=True, slots=True)
class Correction:
    """A correction of a line; no two of somebody's are alike."""

    place: Place
    segment: int
    text: str
    editor: str


@dataclass(slots=True)
class Seen:
    """What came of all that was asked: times (s) by route, statuses, corrections."""

    times: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    statuses: Counter[int | str] = field(default_factory=Counter)
    saved: list[Correction] = field(default_factory=list)
    told: list[Correction] = field(default_factory=list)
    given_up: int = 0


class Editor:
    """Somebody with a browser, who thinks `pace` times as long as others."""

    def __init__(self, address: str, name: str, seen: Seen, series: list[str], pace: float) -> None:
        self.name, self.seen, self.series, self.pace = name, seen, series, pace
        self.rng = random.Random(name)
        self.client = httpx.AsyncClient(base_url=address, timeout=60, headers={"origin": address})
        self.csrf = ""
        self.kept: set[str] = set()
        self.written = 0

    async def work(self, seconds: float) -> None:
        """Log in, and work until the time is over."""
        async with self.client:
            await self.think(0, ARRIVE_S / self.pace)
            until = time.monotonic() + seconds
            await self.page("GET /login", "/login")
            given = {"csrf": self.csrf, "name": self.name, "password": PASSWORD, "next": "/"}
            await self.ask("POST /login", "POST", "/login", data=given)
            while time.monotonic() < until:
                await self.round(until)

    async def round(self, until: float) -> None:
        """From all series to one episode, and its lines."""
        name, language = self.rng.choice(self.series), self.rng.choice(LANGUAGES)
        disputed = self.rng.random() < 0.4
        if disputed:
            name, language = self.rng.choice(self.series[:DISPUTED]), "es"
        await self.page("GET /", "/")
        await self.think(1, 3)
        await self.page("GET /?search=", f"/?search={name[:2]}")
        await self.think(1, 3)
        await self.page("GET /series/S", url("series", name))
        await self.think(2, 5)
        if self.rng.random() < 0.3:
            await self.page("GET /queue/S/L", url("queue", name, language))
            await self.think(3, 8)
        number = 1 if disputed else self.rng.randint(2, EPISODES)
        place = Place(name, f"{number:03d}", language)
        lines = await self.open(place)
        chosen = self.rng.sample(list(DISPUTED_LINES) if disputed else range(5, LINES + 1), 4)
        for segment in chosen:
            await self.think(3, 8)
            if lines and time.monotonic() < until:
                await self.correct(place, segment, lines)

    async def open(self, place: Place) -> dict[int, int]:
        """Open an episode; the number of the last correction of each line."""
        at = url("series", place.series, place.episode, place.language)
        page = await self.page("GET /series/S/E/L", at)
        await self.ask("GET …/waveform", "GET", f"/api{at}/waveform")
        if video := _VIDEO.search(page):
            await self.ask("GET /media, 256 KiB", "GET", video[1], headers={"range": "bytes=0-262143"})
        return {int(segment): int(number) for segment, number in _LINE.findall(page)}

    async def correct(self, place: Place, segment: int, lines: dict[int, int]) -> None:
        """Correct a line; where somebody was first, half of the people keep theirs and half take the other's."""
        self.written += 1
        text = f"Correction {self.written} of {self.name}."
        at = f"/api{url('series', place.series, place.episode, place.language)}/lines/{segment}"
        own = {"x-csrf-token": self.csrf, "hx-request": "true"}
        for _ in range(TRIES):
            body = {"text": text, "after": lines[segment]}
            answer = await self.ask("PUT …/lines/N", "PUT", at, json=body, headers=own)
            if answer is None or answer.status_code not in (200, 409):
                return
            if answer.status_code == 200:
                found = _LINE.search(answer.text)
                lines[segment] = int(found[2]) if found else -1
                self.seen.saved.append(Correction(place, segment, text, self.name))
                return
            other = answer.json()
            self.seen.told.append(Correction(place, segment, other["text"], other["editor"]))
            await self.think(1, 3)
            lines[segment] = other["number"]
            if self.rng.random() < 0.5:
                return
        self.seen.given_up += 1

    async def page(self, route: str, path: str) -> str:
        """Open a page, with those of its files that the browser does not have yet."""
        answer = await self.ask(route, "GET", path)
        if answer is None:
            return ""
        found = _CSRF.search(answer.text)
        self.csrf = found[1] if found else self.csrf
        for file in sorted({*_STATIC.findall(answer.text)} - self.kept):
            self.kept.add(file)
            await self.ask("GET /static", "GET", file)
        return answer.text

    async def ask(self, route: str, method: str, path: str, **options: Any) -> httpx.Response | None:
        """One request; None where no answer came."""
        begun = time.perf_counter()
        try:
            answer = await self.client.request(method, path, **options)
        except httpx.HTTPError as error:
            self.seen.statuses[type(error).__name__] += 1
            return None
        self.seen.times[route].append(time.perf_counter() - begun)
        self.seen.statuses[answer.status_code] += 1
        return answer

    async def think(self, least: float, most: float) -> None:
        await asyncio.sleep(self.rng.uniform(least, most) * self.pace)


def serve(folder: Path, root: Path, port: int, page_s: float) -> None:
    """The console over the worked catalogue, in this process."""
    from desk.console.serving import serve

    resolved = _settings(root, port)
    prepare(root)
    serve(resolved, Lake(WorkedStore(folder, root, page_s)))


def _settings(root: Path, port: int) -> Settings:
    own = {"port": port, "database": str(root.parent / "console.sqlite"), "login": "always"}
    return settings.load({"profile": "fake", "lake": str(root), "log_level": "WARNING", "console": own})


async def enlist(root: Path, names: list[str]) -> None:
    """Have users of these names, with passwords as dear as those of any console."""
    own = _settings(root, 1).console
    database = Database(own.database)
    await database.open()
    users = Users(database, Passwords(own.password_memory_mib, own.password_passes))
    await users.add("operator", Role.OPERATOR, PASSWORD)
    for name in names:
        await users.add(name, Role.EDITOR, PASSWORD)


async def until_up(address: str, console: subprocess.Popen[bytes]) -> float:
    """Wait for the first picture of the lake; how long (s) that took."""
    begun = time.monotonic()
    async with httpx.AsyncClient(base_url=address, timeout=START_S) as client:
        while True:
            try:
                await client.get("/login")
                break
            except httpx.TransportError:
                assert console.poll() is None, "the console ended"
                assert time.monotonic() - begun < START_S, "the console does not answer"
                await asyncio.sleep(0.2)
        page = await client.get("/login")
        found = _CSRF.search(page.text)
        given = {"csrf": found[1] if found else "", "name": "operator", "password": PASSWORD}
        await client.post("/login", data=given, headers={"origin": address})
        begun = time.monotonic()
        assert (await client.get("/api/")).status_code == 200
        return time.monotonic() - begun


def _whole(lake: Lake, series: str, language: str) -> bool:
    first = {f"{number:03d}" for number in range(1, EPISODES + 1)}
    tables: list[tuple[str, str | None]] = [("source", None), ("transcript", None)]
    tables += [("translation", language), ("dub", language), ("deliverable", language)]
    return all(
        first <= {key.episode for key in lake.units(table, language=tag, series=series)} for table, tag in tables
    )


async def employ(address: str, names: list[str], series: list[str], seconds: float, pace: float) -> Seen:
    """Have everybody work."""
    seen = Seen()
    await asyncio.gather(*(Editor(address, name, seen, series, pace).work(seconds) for name in names))
    return seen


def kept(lake: Lake, seen: Seen) -> tuple[int, int, int]:
    """Of the corrections that were answered as saved, those that are lost; of those told of, those that are not so; and how
    many the lake has that nobody was answered."""
    there = {
        Correction(place, each.segment, each.text or "", each.editor)
        for place in {saved.place for saved in seen.saved + seen.told}
        for each in edits.read(lake, place)
    }
    saved = set(seen.saved)
    return len(saved - there), len(set(seen.told) - there), len(there - saved)


def taken(*processes: psutil.Process) -> tuple[float, float]:
    """CPU seconds and MiB of processes together."""
    return (
        sum(sum(each.cpu_times()[:2]) for each in processes),
        sum(each.memory_info().rss for each in processes) / 2**20,
    )


def report(seen: Seen) -> None:
    """Times by route, and statuses."""
    print("\n| route | answers | p50 ms | p95 ms | p99 ms | worst ms |\n|---|---|---|---|---|---|")
    whole = {**dict(sorted(seen.times.items())), "all": [each for times in seen.times.values() for each in times]}
    for route, times in whole.items():
        ordered = sorted(times)
        at = [ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000 for share in (0.5, 0.95, 0.99, 1)]
        print(f"| {route} | {len(ordered)} | {' | '.join(f'{ms:.0f}' for ms in at)} |")
    print("\nanswers by status: " + ", ".join(f"{status}: {n}" for status, n in seen.statuses.most_common()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--editors", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--pace", type=float, default=1.0, help="how long they think, against people")
    parser.add_argument("--page-ms", type=float, default=0.0, help="what each request to the store takes")
    parser.add_argument("--root", type=Path, help="the folder that they write to: for the benchmark's own use")
    parser.add_argument("--port", type=int, help="serve: for the benchmark's own use")
    given = parser.parse_args()
    if given.port:
        serve(given.folder, given.root, given.port, given.page_ms / 1000)
        return
    print(describe("starlette", "uvicorn", "pyarrow"), flush=True)
    empty = Lake(synthetic.SyntheticStore(given.folder, 0))
    begun = sorted({key.series for key in empty.units("source")})
    # A few episodes of the catalogue lack something: people work in series that have all.
    whole = (name for name in begun[:: max(1, len(begun) // 100)] if all(_whole(empty, name, tag) for tag in LANGUAGES))
    series = list(islice(whole, SERIES))
    names = [f"editor-{n:02d}" for n in range(1, given.editors + 1)]
    with TemporaryDirectory(prefix="dubwright-editors-") as folder:
        root = Path(folder, "lake")
        root.mkdir()
        furnish(root, series, [f"{n:03d}" for n in range(1, 81)])
        asyncio.run(enlist(root, names))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        address = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "benchmarks.editors", str(given.folder), "--root", str(root)]
        command += ["--port", str(port), "--page-ms", str(given.page_ms)]
        console = subprocess.Popen(command, start_new_session=True)
        try:
            first_s = asyncio.run(until_up(address, console))
            print(f"{len(begun)} series begun; the first picture of the lake took {first_s:.1f} s", flush=True)
            process = psutil.Process(console.pid)
            before, began = [taken(process), taken(*process.children(recursive=True))], time.monotonic()
            seen = asyncio.run(employ(address, names, series, given.seconds, given.pace))
            after, seconds = [taken(process), taken(*process.children(recursive=True))], time.monotonic() - began
        finally:
            if console.poll() is None:
                os.killpg(console.pid, signal.SIGKILL)
            console.wait()
        lost, untrue, unanswered = kept(Lake(WorkedStore(given.folder, root)), seen)
    report(seen)
    print(
        f"corrections: {len(seen.saved)} saved, {len(seen.told)} told that somebody was first ({untrue} of them wrongly), "
        f"{seen.given_up} given up, {unanswered} there without an answer; **{lost} lost**"
    )
    own, beside = (
        f"{(now[0] - then[0]) / seconds:.2f} cores and {now[1]:.0f} MiB"
        for then, now in zip(before, after, strict=True)
    )
    print(f"the console took {own}, the processes beside it {beside}", flush=True)


if __name__ == "__main__":
    main()
