"""The console is killed while people save: what was answered is there whole, what was not is there whole or not at all."""

from __future__ import annotations

import contextlib
import itertools
import random
import re
import shutil
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from desk.console.rendering import url
from dubwright.fingerprint import fingerprint
from dubwright.lake import Lake
from dubwright.lake.layout import UnitKey
from dubwright.review import edits
from dubwright.review.edits import Place
from tests.console.browser import PASSWORD
from tests.platform.platform import REPOSITORY, free_port
from tests.platform.processes import Command, Processes, clean_environment

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
PLACE = Place("长夜灯", "01", "es")
API = f"/api{url('series', PLACE.series, PLACE.episode, PLACE.language)}"
ROUNDS = 12
# Each has a line of their own; the first line everybody corrects.
PEOPLE = 5
DISPUTED = 1
TRAIL = "SELECT count(*) FROM trail WHERE what = 'logged in'"


@dataclass
class Said:
    """What the people sent, by what they were answered."""

    answered: set[tuple[int, str]] = field(default_factory=set)
    told: set[tuple[int, int, str]] = field(default_factory=set)
    unanswered: set[str] = field(default_factory=set)
    logins: int = 0
    wrong: list[str] = field(default_factory=list)


class Console:
    """The console's process over a lake, with the users of a database."""

    def __init__(self, root: Path, lake: Lake, database: Path) -> None:
        self.address = f"http://127.0.0.1:{(port := free_port())}"
        self.processes = Processes(root)
        told = {
            "DUBWRIGHT_PROFILE": "fake",
            "DUBWRIGHT_LAKE": lake.uri,
            "DUBWRIGHT_CONSOLE__DATABASE": str(database),
            "DUBWRIGHT_CONSOLE__PASSWORD_MEMORY_MIB": "1",
            "DUBWRIGHT_CONSOLE__PASSWORD_PASSES": "1",
            "DUBWRIGHT_CONSOLE__WRITES_PER_MINUTE": "100000",
            "PYTHONPATH": str(REPOSITORY),
        }
        command = [sys.executable, "-m", "desk.console", "--port", str(port)]
        self.command = Command("console", command, clean_environment() | told, self._answers, 60)

    def _answers(self) -> bool:
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(f"{self.address}/login", timeout=5).status_code == 200
        return False


def visitor(console: Console) -> httpx.Client:
    return httpx.Client(base_url=console.address, timeout=30, headers={"origin": console.address})


def token(client: httpx.Client) -> str:
    found = re.search(r'name="csrf" content="(\w{64})"', client.get("/login", follow_redirects=True).text)
    assert found
    return found[1]


def log_in(client: httpx.Client, name: str) -> None:
    given = {"csrf": token(client), "name": name, "password": PASSWORD}
    assert client.post("/login", data=given).status_code == 303
    client.headers["x-csrf-token"] = token(client)


@pytest.fixture
def translated(lake: Lake) -> Lake:
    """An episode that is translated."""
    lines = range(1, PEOPLE + DISPUTED + 1)
    shared = {"language": "zh", "engine": "fake", "engine_version": "1"}
    heard = [{"segment": n, "start_ms": n * 2000, "end_ms": n * 2000 + 1500, "text": f"第{n}句。"} for n in lines]
    said = [{"segment": n, "source_text": f"第{n}句。", "text": f"Frase {n}.", "state": "draft"} for n in lines]
    tables = [("source", [{"duration_ms": 60_000}], None), ("transcript", heard, None), ("translation", said, "es")]
    for table, rows, language in tables:
        key = UnitKey(table, PLACE.series, PLACE.episode, language, fingerprint(table))
        lake.commit(key, [shared | row for row in rows], {})
    return lake


@pytest.fixture
def console(tmp_path: Path, translated: Lake, staff: Path) -> Iterator[Console]:
    database = tmp_path / "console.sqlite"
    shutil.copyfile(staff, database)
    running = Console(tmp_path, translated, database)
    try:
        running.processes.start(running.command)
        yield running
    finally:
        running.processes.stop_all()


def save(client: httpx.Client, own: int, number: Iterator[int], said: Said) -> None:
    """Correct one's own line and the disputed one in turn, until no answer comes."""
    seen = {own: 0, DISPUTED: 0}
    for line in seen:
        seen[line] = len(client.get(f"{API}/lines/{line}/history").json())
    for segment in itertools.cycle(seen):
        text = f"Frase {next(number)} de {own}."
        try:
            answer = client.put(f"{API}/lines/{segment}", json={"text": text, "after": seen[segment]})
        except httpx.HTTPError:
            said.unanswered.add(text)
            return
        about = answer.json()
        if answer.status_code == 200:
            # Of the disputed line this may be somebody's next correction already.
            seen[segment] = about["line"]["number"]
            said.answered.add((segment, text))
        elif answer.status_code == 409:
            seen[segment] = about["number"]
            said.told.add((segment, about["number"], about["text"]))
        else:
            said.wrong.append(f"{answer.status_code}: {answer.text}")
            return


def come_and_go(console: Console, said: Said) -> None:
    """Log in again and again, until no answer comes."""
    with contextlib.suppress(httpx.HTTPError):
        while True:
            with visitor(console) as client:
                log_in(client, "viewer")
                said.logins += 1


def test_what_was_saved_outlives_the_process(console: Console, translated: Lake, tmp_path: Path) -> None:
    said, number, dice = Said(), itertools.count(1), random.Random()
    clients = [visitor(console) for _ in range(PEOPLE)]
    for client in clients:
        log_in(client, "editor")
    for _ in range(ROUNDS):
        before = len(said.answered)
        people = [
            threading.Thread(target=save, args=(client, own, number, said))
            for own, client in enumerate(clients, start=DISPUTED + 1)
        ]
        people.append(threading.Thread(target=come_and_go, args=(console, said)))
        for person in people:
            person.start()
        deadline = time.monotonic() + 30
        while len(said.answered) == before and not said.wrong:
            assert time.monotonic() < deadline, "nobody could save"
            time.sleep(0.01)
        time.sleep(dice.uniform(0, 0.5))
        console.processes.kill("console")
        for person in people:
            person.join(timeout=60)
            assert not person.is_alive()
        assert said.wrong == []
        # As another process finds it: every file that is there can be read.
        there = {(each.segment, each.number, each.text) for each in edits.read(translated, PLACE)}
        texts = {(segment, text) for segment, _, text in there}
        assert said.answered <= texts and said.told <= there and len(texts) == len(there)
        assert {text for _, text in texts - said.answered} <= said.unanswered
        for segment in range(DISPUTED, PEOPLE + DISPUTED + 1):
            numbers = sorted(number for line, number, _ in there if line == segment)
            assert numbers == list(range(1, len(numbers) + 1))
        with contextlib.closing(sqlite3.connect(tmp_path / "console.sqlite")) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert database.execute(TRAIL).fetchone()[0] >= said.logins
        # It starts again on the same files, and whoever was logged in still is.
        console.processes.start(console.command)
        assert clients[0].get("/api/account").json()["name"] == "editor"
    for line in clients[0].get(API).json()["lines"]:
        last = max(edits.history(edits.read(translated, PLACE), line["segment"]), key=lambda each: each.number)
        assert (line["number"], line["text"]) == (last.number, last.text)
    assert len(said.answered) > ROUNDS and said.unanswered
    for client in clients:
        client.close()
