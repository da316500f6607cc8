"""How far a run is: counted by what is told of units, for a series and for a catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dubwright.lake.layout import UnitKey
from dubwright.stages import STAGES
from tasks.events import Event
from tasks.progress import ALL, SERIES, CatalogProgress, SeriesProgress


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True)
class Work:
    """As much of a unit as events and plans are asked for here."""

    stage: str
    episode: str
    language: str | None
    series: str = "长夜灯"

    @property
    def key(self) -> UnitKey:
        return UnitKey(STAGES[self.stage].table, self.series, self.episode, self.language, "0" * 32)


@dataclass(frozen=True)
class Planned:
    work: Work
    state: str = "wanted"


def episode(name: str, *languages: str, state: str = "wanted") -> list[Any]:
    shared = [Planned(Work(stage, name, None), state) for stage in ("ingest", "transcribe")]
    own = [Planned(Work(stage, name, tag), state) for tag in languages for stage in ("translate", "dub", "render")]
    return shared + own


def tell(progress: SeriesProgress, what: Any, work: Any) -> None:
    progress.hear(Event(what, work))


def by_stage(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["stage"]: {name: value for name, value in row.items() if name != "stage" and value} for row in rows}


def test_units_go_from_waiting_to_done() -> None:
    clock = Clock()
    progress = SeriesProgress("长夜灯", clock)
    assert by_stage(progress.rows()) == {ALL: {}}
    progress.plan(episode("01", "en") + episode("02", "en", state="committed"))
    assert by_stage(progress.rows())[ALL] == {"waiting": 5}
    ingest = Work("ingest", "01", None)
    tell(progress, "submitted", ingest)
    tell(progress, "sent", ingest)
    assert by_stage(progress.rows())["ingest"] == {"running": 1}
    tell(progress, "attempt failed", ingest)
    assert by_stage(progress.rows())["ingest"] == {"running": 1}
    clock.now += 60
    tell(progress, "computed", ingest)
    tell(progress, "computed", Work("ingest", "01", None, "another series"))
    rows = by_stage(progress.rows())
    assert rows["ingest"] == {"done": 1}
    # An ingest (weight 2) took a minute; what is left weighs 10 + 15 + 12 + 2.
    assert rows[ALL] == {"done": 1, "waiting": 4, "per_minute": 1.0, "left_s": 39 * 30}
    clock.now += 400
    assert progress.rows()[-1]["per_minute"] == 0 and progress.rows()[-1]["left_s"] is None


def test_what_follows_a_failed_unit_is_blocked_and_a_later_plan_leaves_it_so() -> None:
    progress = SeriesProgress("长夜灯")
    progress.plan(episode("01", "en", "fr") + episode("02", "en"))
    tell(progress, "given up", Work("translate", "01", "fr"))
    assert by_stage(progress.rows())[ALL] == {"waiting": 10, "failed": 1, "blocked": 2}
    tell(progress, "given up", Work("transcribe", "02", None))
    rows = by_stage(progress.rows())
    assert rows["render"] == {"waiting": 1, "blocked": 2} and rows[ALL]["blocked"] == 5
    tell(progress, "found", Work("ingest", "01", None))
    # Who speaks is known now: one unit turns out to be committed, the failed stay as they are.
    again = episode("01", "en", "fr") + episode("02", "en")
    again[2] = Planned(Work("translate", "01", "en"), "committed")
    progress.plan(again)
    rows = by_stage(progress.rows())
    assert rows["translate"] == {"failed": 1, "blocked": 1} and rows["ingest"] == {"done": 1, "waiting": 1}


def test_what_failed_in_an_earlier_run_is_told_of() -> None:
    progress = SeriesProgress("长夜灯")
    progress.plan([Planned(Work("ingest", "01", None), "failed"), Planned(Work("transcribe", "01", None), "blocked")])
    assert by_stage(progress.rows())[ALL] == {"failed": 1, "blocked": 1}


def test_a_catalogue_adds_up_the_series_that_have_ended() -> None:
    clock = Clock()
    progress = CatalogProgress({("ingest", None): 4, ("dub", "en"): 4, ("dub", "fr"): 4}, 3, clock)
    progress.begun("A")
    progress.begun("B")
    rows = by_stage(progress.rows())
    assert rows[SERIES] == {"running": 2, "waiting": 1} and rows["dub"] == {"waiting": 8}
    clock.now += 120
    last = [
        {"stage": "ingest", "done": 2},
        {"stage": "dub", "done": 3, "failed": 1, "waiting": 1},
        {"stage": ALL, "done": 5},
    ]
    progress.ended("A", last, completed=False)
    rows = by_stage(progress.rows())
    assert rows[SERIES] == {"running": 1, "waiting": 1, "failed": 1}
    assert rows["dub"] == {"done": 3, "failed": 1, "waiting": 4}
    assert rows[ALL]["per_minute"] == 2.5
    # B is begun again after its server did not answer, and leaves nothing behind.
    progress.begun("B")
    progress.ended("B", [], completed=True)
    assert by_stage(progress.rows())[SERIES] == {"done": 1, "failed": 1, "waiting": 1}
