"""What the console keeps of the lake, and what it has another process do."""

from __future__ import annotations

import os
import pickle
import signal
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from desk.console.known import snapshot
from desk.console.known.apart import Beside, apart
from desk.console.known.kept import KeptLake
from desk.console.known.snapshot import Snapshot
from desk.console.known.verdicts import Verdicts
from dubwright.errors import CatalogError, StoreError
from dubwright.lake import Lake
from dubwright.lake.layout import UnitKey
from dubwright.lake.local import LocalStore
from dubwright.reports import coverage
from dubwright.review import edits
from dubwright.review.edits import Place
from dubwright.settings import QualitySettings

PLACE = Place("长夜灯", "01", "es")


class Counting(LocalStore):
    """Counts what is read."""

    reads = 0

    def read(self, key: str) -> bytes:
        self.reads += 1
        return super().read(key)


@pytest.fixture
def kept(tmp_path: Path) -> KeptLake:
    return KeptLake(Counting(tmp_path / "lake"))


def translate(lake: Lake, digit: str, text: str) -> UnitKey:
    key = UnitKey("translation", PLACE.series, PLACE.episode, PLACE.language, digit * 32)
    row = {"segment": 1, "text": text, "language": "es", "engine": "fake", "engine_version": "1"}
    lake.commit(key, [row], {"recipe": {}})
    return key


def correct(lake: Lake, text: str) -> None:
    lake.add_edit(PLACE.language, PLACE.series, PLACE.episode, segment=1, source_text="", text=text, editor="ana")


def test_a_file_is_read_once_and_a_new_one_is_seen(kept: KeptLake) -> None:
    for digit, text in (("1", "Hola."), ("2", "Buenas.")):
        key = translate(kept, digit, text)
        correct(kept, text)
        for _ in range(3):
            assert [row["text"] for row in kept.rows(key)] == [text]
            assert kept.rows(key, ["segment"]) == [{"segment": 1}]
            assert kept.read(key).provenance["recipe"] == {}
            assert edits.read(kept, PLACE)[-1].text == text
    # Of each unit all of it once and one column once, of each correction its file.
    assert [each.text for each in edits.read(kept, PLACE)] == ["Hola.", "Buenas."]
    assert isinstance(kept.store, Counting) and kept.store.reads == 6
    assert coverage.newest_rows(kept, "translation", PLACE.series, PLACE.episode, "es", ["text"]) == [
        {"text": "Buenas."}
    ]


def test_what_is_done_to_rows_is_done_to_a_copy(kept: KeptLake) -> None:
    key = translate(kept, "1", "Hola.")
    kept.rows(key)[0]["text"] = "no"
    kept.read_series_facts([])
    assert kept.rows(key)[0]["text"] == "Hola."


def test_it_travels_without_what_it_keeps(kept: KeptLake) -> None:
    key = translate(kept, "1", "Hola.")
    kept.rows(key)
    there = pickle.loads(pickle.dumps(kept))  # noqa: S301
    assert there.uri == kept.uri and there.rows(key) == kept.rows(key)


def test_verdicts_come_in_the_order_of_their_keys(kept: KeptLake) -> None:
    keys = [UnitKey("deliverable", "S", episode, language, "0" * 32) for episode in "21" for language in ("es", "en")]
    verdicts = Verdicts(kept, QualitySettings())
    assert [each.key for each in verdicts.of(keys[:1])] == keys[:1]
    assert [each.key for each in verdicts.of(keys)] == keys
    assert list(verdicts.known(reversed(keys))[0]) == keys[::-1]


def answer(given: int) -> int:
    if given == 0:
        raise CatalogError("none", field="given")
    if given == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return os.getpid()


@pytest.mark.slow
def test_another_process_answers_or_says_why_not() -> None:
    assert apart(answer, 2) != os.getpid()
    with pytest.raises(CatalogError, match="none") as raised:
        apart(answer, 0)
    assert raised.value.field == "given"
    with pytest.raises(StoreError, match="has ended"):
        apart(answer, 1)


def add(own: list[int], number: int, *, fatal: bool = False) -> tuple[int, list[int]]:
    if fatal:
        os.kill(os.getpid(), signal.SIGKILL)
    if not number:
        raise CatalogError("none", field="number")
    own.append(number)
    return os.getpid(), own


@pytest.mark.slow
def test_a_process_beside_keeps_what_it_has_until_it_is_killed() -> None:
    own = [1]
    beside = Beside(own)
    beside.start()
    process, there = beside.call(add, 2)
    assert process != os.getpid() and there == [1, 2] and own == [1]
    with pytest.raises(CatalogError, match="none"):
        beside.call(add, 0)
    assert beside.call(add, 3) == (process, [1, 2, 3])
    with pytest.raises(StoreError, match="has ended"):
        beside.call(add, 4, fatal=True)
    other, there = beside.call(add, 5)
    assert other != process and there == [1, 5]
    beside.close()
    assert not psutil.pid_exists(other)


@pytest.mark.slow
def test_a_picture_that_takes_long_is_taken_by_another_process(kept: KeptLake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "ALONE_S", 0.0)
    asked: list[Any] = []
    monkeypatch.setattr(snapshot, "apart", lambda *given: asked.append(given) or apart(*given))
    pictures = Snapshot(kept)
    assert pictures.picture().series == {} and asked == []
    kept.commit(UnitKey("source", "长夜灯", "01", None, "1" * 32), [_source()], {})
    pictures.forget()
    deadline = time.monotonic() + 60
    while not pictures.picture().series and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(asked) == 1 and pictures.picture().series["长夜灯"].episodes == 1


def _source() -> dict[str, Any]:
    return {"language": "zh", "engine": "fake", "engine_version": "1", "duration_ms": 1000}
