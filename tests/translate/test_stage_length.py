"""The stage fits lines into their time, and subtitles into what can be read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dubwright import unit
from dubwright.fingerprint import fingerprint
from dubwright.lake import Lake
from dubwright.lake.layout import UnitKey
from dubwright.translate import fit
from dubwright.translate.engine import Line, Scene, Translated
from dubwright.translate.fake import FakeTranslator
from dubwright.translate.length import predicted_ms
from tests.translate.test_stage import committed, edit, machine, work

__all__ = ["machine"]
LONG = "Well, you know, I have been waiting for you downstairs in the pouring rain for three hours."


class Talking(FakeTranslator):
    """An engine that says the same of every line, and shorter what it is asked to."""

    text = LONG
    others: tuple[str, ...] = ()
    shorter: str | None = None
    asked: list[tuple[int, int]]

    def translate(self, scene: Scene) -> list[Translated]:
        type(self).asked = []
        return [Translated(line.segment, self.text, (), self.others) for line in scene.lines]

    def shorten(self, scene: Scene, line: Line, text: str, letters: int) -> Translated | None:
        self.asked.append((line.segment, letters))
        return Translated(line.segment, self.shorter) if self.shorter else None


@pytest.fixture
def talking(monkeypatch: pytest.MonkeyPatch) -> type[Talking]:
    engine = type("Talking", (Talking,), {})
    monkeypatch.setattr(unit, "_loaded", {})
    monkeypatch.setattr(unit.engines, "engine_class", lambda stage, name: engine)
    return engine


def timed(lake: Lake, job: unit.Work, spans: list[tuple[int, int, str]]) -> unit.Work:
    """The job with a transcript of these times (ms) and kinds."""
    key = UnitKey("transcript", "长安", "01", None, fingerprint({"spans": [list(span) for span in spans]}))
    shared = {"language": "zh", "engine": "fake", "engine_version": "1", "words": [], "text": "我等了你三个小时。"}
    rows = [
        {**shared, "segment": n, "start_ms": start, "end_ms": end, "kind": kind}
        for n, (start, end, kind) in enumerate(spans, start=1)
    ]
    lake.commit(key, rows, {})
    return replace(job, upstream={"transcribe": key}, fingerprint=fingerprint({"of": key.fingerprint}))


def test_what_is_too_long_is_shortened_and_noted_and_what_is_not_spoken_left(
    lake: Lake, machine: unit.Machine, talking: Any
) -> None:
    talking.shorter = "I waited three hours."
    spans = [(0, 1500, "dialogue"), (2000, 9000, "dialogue"), (9500, 10500, "song")]
    first, roomy, song = committed(lake, timed(lake, work(lake), spans), machine)
    assert [number for number, _ in talking.asked] == [1]
    assert first["text"] == talking.shorter and first["notes"][0].startswith("shortened: ")
    assert first["predicted_ms"] == predicted_ms(talking.shorter, "en")
    assert (roomy["text"], roomy["notes"]) == (LONG, [])
    assert song["text"] == LONG


def test_a_rendering_at_hand_saves_the_question(lake: Lake, machine: unit.Machine, talking: Any) -> None:
    talking.others = ("I waited three hours.",)
    (row,) = committed(lake, timed(lake, work(lake), [(0, 1500, "dialogue")]), machine)
    assert row["text"] == talking.others[0] and not talking.asked


def test_what_stays_too_long_is_flagged(lake: Lake, machine: unit.Machine, talking: Any) -> None:
    (row,) = committed(lake, timed(lake, work(lake), [(0, 800, "dialogue")]), machine)
    assert row["text"] == LONG
    assert any(note.startswith("length: takes") for note in row["notes"])
    assert any(note.startswith("subtitle: ") for note in row["notes"])


def test_only_a_subtitle_that_is_too_fast_is_condensed_and_an_edit_stands_above(
    lake: Lake, machine: unit.Machine, talking: Any
) -> None:
    job = timed(lake, work(lake), [(0, 3400, "dialogue"), (9000, 16_000, "dialogue")])
    fast, slow = committed(lake, job, machine)
    assert fast["text"] == LONG
    assert fast["subtitle_text"] == "I have been waiting for you downstairs in the pouring rain for three hours."
    assert (slow["text"], slow["subtitle_text"]) == (LONG, None)
    key = edit(lake, 1, "Three hours!", source_text=fast["source_text"])
    again = replace(job, fingerprint="a" * 32, edits=(key,), upstream={**job.upstream, "translate": job.key})
    edited, copied = committed(lake, again, machine)
    assert (edited["text"], edited["subtitle_text"]) == ("Three hours!", None)
    assert copied["text"] == LONG
    other = replace(again, fingerprint="b" * 32, edits=(edit(lake, 2, "Yes.", source_text=fast["source_text"]),))
    kept, _ = committed(lake, other, machine)
    assert kept["subtitle_text"] == fast["subtitle_text"]


def test_the_fake_engine_keeps_to_any_time(lake: Lake, machine: unit.Machine) -> None:
    job = timed(lake, work(lake), [(0, 700, "dialogue"), (900, 1900, "dialogue"), (2500, 9000, "dialogue")])
    rows = committed(lake, job, machine)
    rooms = fit.times(lake.read(job.upstream["transcribe"]).rows())
    assert all(fit.fits(row["text"], "en", rooms[row["segment"]].room_ms or 0) for row in rows)
