"""What the first page knows: by a listing, by closer looks at some series, by what Prefect says of runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest

from desk.console.known import activity, inspection, verdicts
from desk.console.known.activity import Activity, of_runs
from desk.console.known.behind import Behind
from desk.console.known.inspection import Inspection, Look, looking
from desk.console.known.snapshot import Picture
from desk.console.known.verdicts import Verdicts
from desk.console.views.coverage import Coverage, coverage
from desk.runs.listing import Run
from dubwright.errors import ClusterError
from dubwright.lake import Lake
from dubwright.reports.coverage import SeriesCoverage
from dubwright.reports.failures import Failure
from dubwright.settings import Settings, load
from tests.console.browser import Browser
from tests.console.conftest import Built
from tests.console.works import deliver, register

RUN = uuid4()


def shown(
    *failures: Failure,
    looks: Mapping[str, Look] | None = None,
    runs: Mapping[tuple[str, str | None], UUID] | None = None,
    state: Any = None,
    delivered: int = 2,
) -> Coverage:
    """The page of two series of two episodes; of A `delivered` are there in es."""
    picture = Picture({"A": SeriesCoverage(2, {"es": delivered}), "B": SeriesCoverage(2, {"es": 1})}, failures)
    console: Any = SimpleNamespace(
        snapshot=SimpleNamespace(picture=lambda: picture),
        activity=SimpleNamespace(known=lambda: Activity(runs or {})),
        inspection=SimpleNamespace(looks=lambda: looks or {}, ask=lambda series: 0 if looks else 2),
    )
    return coverage(console, state=state)


def failure(series: str, language: str | None) -> Failure:
    return Failure("dub", series, "01", language, 1, True, {})


@pytest.mark.parametrize(
    ("known", "states"),
    [
        ({}, ["done"]),
        ({"delivered": 1}, ["part"]),
        ({"delivered": 0}, ["missing"]),
        ({"looks": {"A": Look({"es": 1}, {"es": "dub.tempo_cap changed"}, {"es": 2})}}, ["outdated", "flagged"]),
        ({"runs": {("A", "es"): RUN}}, ["running"]),
        ({"runs": {("A", None): RUN}}, ["running"]),
        ({"runs": {("A", "fr"): RUN}}, ["done"]),
    ],
)
def test_a_cell_says_what_holds(known: dict[str, Any], states: list[str]) -> None:
    cell = next(cell for cell in shown(**known).rows[0].cells if cell.language == "es")
    assert (cell.states, cell.state) == (states, states[0])


def test_what_failed_is_seen_to_first_and_nothing_else_is_lost() -> None:
    found = shown(failure("A", "es"), failure("A", None), looks={"A": Look({"es": 1})}, runs={("A", "es"): RUN})
    (cell,) = found.rows[0].cells
    assert (cell.states, cell.failed, cell.run) == (["failed", "running", "outdated"], 2, RUN)
    assert found.rows[0].failed == 1 and found.rows[0].run == RUN
    assert found.counts == {
        "done": 0, "running": 1, "failed": 1, "outdated": 1, "flagged": 0, "part": 1, "missing": 0,
    }  # fmt: skip


def test_what_nobody_looked_at_is_not_known() -> None:
    unseen, seen = shown(), shown(looks={"A": Look(None)})
    assert (unseen.looking, unseen.again_s, seen.looking, seen.again_s) == (2, 4, 0, None)
    assert shown(looks={"A": Look()}, runs={("A", "es"): RUN}).again_s == 15
    assert (unseen.rows[0].cells[0].outdated, unseen.rows[0].cells[0].flagged) == (None, None)
    # In no registered catalogue: nobody knows what a run would make of it.
    assert (seen.rows[0].cells[0].outdated, seen.rows[0].cells[0].flagged) == (None, 0)


def test_a_state_shows_the_series_that_it_holds_for() -> None:
    assert [row.series for row in shown(state="part").rows] == ["B"]
    assert [row.series for row in shown(state="flagged", looks={"A": Look(flagged={"es": 1})}).rows] == ["A"]
    assert shown(state="running").rows == []


def test_the_page_says_why_a_series_is_outdated(
    build: Callable[..., Built], lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(lake, tmp_path / "dramas", "A/01")
    deliver(lake, load({"profile": "fake", "lake": lake.uri}))
    look = Look({"es": 1}, {"es": "engine changed: fake → kokoro"})
    monkeypatch.setattr(Inspection, "looks", lambda _: {"A": look})
    app, _ = build()
    for language, said in (("en", "1 outdated (engine changed: fake → kokoro)"), ("zh", "引擎变了：fake → kokoro")):
        page = Browser(app).get("/", headers={"accept-language": language})
        assert page.status_code == 200 and said in page.text


def run(**parameters: Any) -> Run:
    about = {
        "name": "n",
        "flow": "f",
        "deployment": None,
        "state": "running",
        "said": None,
        "queue": None,
        "page": None,
    }
    when = {"expected": None, "started": None, "ended": None, "seconds": 0, "tags": []}
    return Run(id=uuid4(), parameters=parameters, **about, **when)  # type: ignore[arg-type]


def test_runs_are_about_the_series_that_they_name() -> None:
    series, some = run(series="A", to=["es", "fr"]), run(series=["B", "C"], to=["es"])
    one, whole = run(only="D/01", to=None), run(source="lake:", to=["es"], only=None)
    found = of_runs([series, some, one, whole])
    assert found.run("A", "fr") == found.run("A") == series.id and found.run("A", "th") is None
    assert found.run("B", "es") == found.run("C") == some.id
    assert found.run("D", "th") == one.id
    assert found.languages == {"es", "fr"} and {name for name, _ in found.runs} == {"A", "B", "C", "D", "D/01"}


def test_without_a_server_no_run_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(patience_s: float) -> list[Run]:
        raise ClusterError("no Prefect server is named")

    monkeypatch.setattr(activity.listing, "active", away)
    watched = activity.watching()
    assert watched.known() is None and until(watched.known) == Activity()


def until(found: Callable[[], Any], seconds: float = 60) -> Any:
    """What is found behind a page, within a while."""
    end = time.monotonic() + seconds
    while not (now := found()) and time.monotonic() < end:
        time.sleep(0.01)
    return now


def test_nobody_waits_for_a_value_twice() -> None:
    values, let = iter(range(9)), threading.Event()

    def take() -> int:
        found = next(values)
        assert not found or let.wait(10)
        return found

    behind = Behind(take, 1000, "test")
    assert behind.get() == behind.get() == 0
    behind.forget()
    assert behind.known() == 0 and behind.get() == 0, "the new one takes longer"
    let.set()
    assert until(behind.known) == 1


def test_a_value_that_cannot_be_had_is_the_old_one() -> None:
    answers = iter([OSError("away"), 1, OSError("away")])

    def take() -> int:
        answer = next(answers)
        if isinstance(answer, OSError):
            raise answer
        return answer

    behind = Behind(take, 1000, "test")
    with pytest.raises(OSError, match="away"):
        behind.get()
    behind.forget()
    assert behind.get() == 1
    behind.forget()
    assert behind.get() == 1


def test_series_are_looked_at_once_and_the_newest_page_first() -> None:
    seen, let = [], threading.Event()

    def look(series: str) -> Look:
        seen.append(series)
        assert let.wait(10)
        if series == "broken":
            raise OSError("away")
        return Look({})

    looks = Inspection(look)
    assert looks.ask(["A", "B"]) and looks.ask(["C", "broken"])
    let.set()
    assert until(lambda: len(looks.looks()) == 4)
    assert seen == ["A", "C", "broken", "B"]
    assert not looks.ask(["A", "B", "C", "broken"]), "one that cannot be looked at keeps no page waiting"
    looks.forget("A")
    assert not looks.ask(["A"]), "the old look is shown meanwhile"
    assert until(lambda: len(seen) == 5)


def test_no_more_series_wait_than_a_page_or_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "MOST_KEPT", 3)
    looks = Inspection(lambda series: Look({}))
    looks.ask([f"{number}" for number in range(1000)])
    assert until(lambda: looks.looks().keys() == {"97", "98", "99"})


@pytest.fixture
def settings(lake: Lake) -> Settings:
    return load({"profile": "fake", "lake": lake.uri})


def looks_at(lake: Lake, settings: Settings) -> Callable[[str], Look]:
    return looking(lake, settings, Verdicts(lake, settings.quality))


def test_what_changed_since_is_outdated_and_says_why(lake: Lake, settings: Settings, tmp_path: Path) -> None:
    register(lake, tmp_path / "dramas", "A/01", "A/02", "B/01")
    deliver(lake, settings, bad=["02"], only="A")
    now = looks_at(lake, settings)("A")
    assert (now.outdated, now.why, now.flagged, now.whole) == ({"es": 0}, {}, {"es": 1}, True)
    changed = load({"profile": "fake", "lake": lake.uri, "dub": {"tempo_cap": 1.3}, "translate": {"context_lines": 1}})
    then = looks_at(lake, changed)("A")
    assert then.outdated == {"es": 2} and then.why == {"es": "translate.context_lines changed: 2 → 1"}
    deliver(lake, changed, only="A")
    again = looks_at(lake, changed)("A")
    assert (again.outdated, again.flagged) == ({"es": 0}, {"es": 0}), "the newest delivery counts"


@pytest.mark.slow
def test_a_look_at_many_deliveries_is_whole_later(
    lake: Lake, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(lake, tmp_path / "dramas", "A/01", "A/02", "A/03")
    deliver(lake, settings, bad=["01", "02", "03"])
    monkeypatch.setattr(verdicts, "AT_ONCE", 2)
    look = looks_at(lake, settings)
    assert not look("A").whole
    assert until(lambda: look("A").whole)
    assert look("A").flagged == {"es": 3}


def test_of_a_series_in_no_catalogue_nothing_is_outdated(
    lake: Lake, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert looks_at(lake, settings)("A").outdated is None
    register(lake, tmp_path / "dramas", "A/01")
    deliver(lake, settings)
    register(lake, tmp_path / "others", "B/01")
    look = looks_at(lake, settings)
    assert look("A").outdated is None
    register(lake, tmp_path / "dramas", "A/01")
    assert look("A").outdated is None, "all catalogues are not gone through again at once"
    monkeypatch.setattr(inspection, "STRANGE_S", 0.0)
    assert look("A").outdated == {"es": 0}
