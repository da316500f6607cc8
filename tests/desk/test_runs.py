"""What a desk asks of Prefect, where no server is needed: causes, orders, sums, and a server that is away."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import prefect
import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from desk.runs import listing, orders, steering
from desk.runs.causes import causes, normal
from desk.runs.orders import forecast
from desk.runs.progress import Counts, Progress, together, with_live
from desk.runs.server import server
from dubwright import settings as all_settings
from dubwright.catalogue import registered
from dubwright.errors import CatalogError, ClusterError, LanguageError, SettingsError
from dubwright.lake import Lake, open_lake
from dubwright.reports.failures import Failure
from tests.console.works import deliver, register


def failure(series: str, episode: str, problem: str, error: str = "ModelError", **more: Any) -> Failure:
    about = {"error": error, "problem": problem, "remedy": "pull it"}
    given = {"stage": "dub", "language": "en", "attempts": 2, "permanent": True, **more}
    return Failure(series=series, episode=episode, about=about, **given)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("no model 'xtts-v2' at /models/xtts", "no model 'mms-tha' at /srv/m/mms"),
        ("its sound lasts 12.4 s", "its sound lasts 3 s"),
        ("blob 0a1b2c3d4e5f is gone", "blob ffee00112233 is gone"),
        ("s3://a/b/c does not answer", "s3://x/y does not answer"),
        ("the line “你好” has no\nanswer", "the line “再见” has no answer"),
    ],
)
def test_messages_that_differ_in_particulars_alone_are_one(one: str, other: str) -> None:
    assert normal(one) == normal(other)


def test_messages_that_differ_in_words_are_not_one() -> None:
    assert normal("no Dask worker offers tts=1") != normal("no Dask worker offers asr=1")
    assert len(normal("x" * 100_000)) <= 400


def test_failures_are_grouped_by_cause_the_largest_first() -> None:
    found = causes(
        [
            failure("B", "01", "is empty", "MediaError", stage="ingest", language=None, permanent=False),
            failure("长夜灯", "01", "no model 'xtts'"),
            failure("长夜灯", "02", "no model 'mms'", language="th"),
        ]
    )
    assert [(cause.error, len(cause.units)) for cause in found] == [("ModelError", 2), ("MediaError", 1)]
    first = found[0]
    assert (first.series, first.languages, first.stages, first.permanent) == (["长夜灯"], ["en", "th"], ["dub"], 2)
    assert first.example == "ModelError: no model 'xtts' → pull it"
    assert first.id == causes([failure("C", "9", "no model 'freevc'")])[0].id


def test_what_failed_is_tried_again_in_its_series_and_languages(lake: Lake, tmp_path: Path) -> None:
    shared = failure("B", "01", "is empty", "MediaError", stage="ingest", language=None)
    dubs, media = causes([failure("长夜灯", "01", "no model"), failure("B", "01", "no model", language="es"), shared])
    order = orders.retry(dubs, lake)
    assert order.deployment == "backfill/retry"
    assert order.parameters["series"] == ["B", "长夜灯"] and order.parameters["to"] == ["en", "es"]
    assert order.parameters["retry_failed"] is True
    with pytest.raises(SettingsError, match="serve every language, and none is named"):
        orders.retry(media, lake)
    assert orders.retry(media, lake, to=["th"]).parameters["to"] == ["th"]
    (tmp_path / "dramas").mkdir()
    registered.add(lake, registered.new("dramas", str(tmp_path / "dramas"), ["fr", "ar"]))
    assert orders.retry(media, lake).parameters["to"] == ["ar", "fr"]


def test_orders_are_checked_before_anything_starts() -> None:
    order = orders.localization(
        "lake:dramas", ["EN"], only="长夜灯/01", priority="release", settings={"profile": "fake"}
    )
    assert order.deployment == "localize-catalog/release"
    assert order.parameters["to"] == ["en"]
    assert order.parameters["settings"] == {"profile": "fake", "cluster": {"priority": "release"}}
    assert orders.localization("lake:").parameters["to"] is None
    assert orders.backfill(["fr"]).parameters["settings"]["cluster"] == {"priority": "backfill"}
    with pytest.raises(LanguageError):
        orders.localization("lake:", ["no such tongue"])
    with pytest.raises(SettingsError, match="since"):
        orders.backfill(["fr"], since="yesterday")
    with pytest.raises(SettingsError, match="names no language"):
        orders.backfill([])
    with pytest.raises(SettingsError, match="no_such"):
        orders.localization("lake:", settings={"no_such": 1})
    with pytest.raises(SettingsError, match="no such run can be"):
        orders.backfill(["fr"], minutes="many")  # type: ignore[arg-type]


def test_an_order_says_what_it_would_take(lake: Lake, tmp_path: Path) -> None:
    catalogue = tmp_path / "dramas"
    for name in ("长夜灯/01.mp4", "长夜灯/02.mp4", "B/01.mp4"):
        (catalogue / name).parent.mkdir(parents=True, exist_ok=True)
        (catalogue / name).write_bytes(b"a video, as far as a plan is concerned" + name.encode())
    settings = {"profile": "fake", "lake": str(tmp_path / "lake")}
    whole = forecast(orders.localization(str(catalogue), ["en"], settings=settings))
    assert (whole.series, sum(units.wanted for units in whole.units), whole.committed) == (2, 15, 0)
    assert whole.unknown and whole.hours == 0
    part = forecast(orders.localization(str(catalogue), ["en"], only="长夜灯/02", settings=settings))
    assert sum(units.wanted for units in part.units) == 5
    registered.add(lake, registered.new("dramas", str(catalogue), ["en", "es"]))
    everything = forecast(orders.localization("lake:", settings=settings))
    assert sum(units.wanted for units in everything.units) == 3 * (2 + 2 * 3)
    some = forecast(orders.backfill(["fr"], series=["B"], settings=settings))
    assert (some.series, sum(units.wanted for units in some.units)) == (1, 5)
    with pytest.raises(SettingsError, match="nothing is called 'C'"):
        forecast(orders.backfill(["fr"], series=["C"], settings=settings))
    with pytest.raises(CatalogError):
        forecast(orders.localization(str(tmp_path / "nowhere"), ["en"], settings=settings))


def test_an_order_names_the_lake_where_it_is_not_the_usual_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUBWRIGHT_LAKE", str(tmp_path / "usual"))
    order = orders.backfill(["fr"])
    assert orders.on(open_lake(f"file://{tmp_path}/usual"), order) == order
    other = orders.on(open_lake(str(tmp_path / "other")), order)
    assert other.parameters["settings"] == {"cluster": {"priority": "backfill"}, "lake": f"file://{tmp_path}/other"}
    assert other.parameters["to"] == ["fr"] and other.deployment == order.deployment


def test_some_series_are_localized_at_once(lake: Lake, tmp_path: Path) -> None:
    order = orders.of_series(["B", "长夜灯"], ["ES"], retry_failed=True)
    assert order.deployment == "backfill/retry" and order.parameters["settings"] == {"cluster": {"priority": "normal"}}
    assert (order.parameters["series"], order.parameters["to"]) == (["B", "长夜灯"], ["es"])
    with pytest.raises(SettingsError, match="names no language"):
        orders.of_series(["B"], [])
    (tmp_path / "dramas").mkdir()
    registered.add(lake, registered.new("dramas", str(tmp_path / "dramas"), ["fr", "ar"]))
    assert orders.own_languages("lake:", lake) == orders.own_languages("lake:dramas", lake) == ["fr", "ar"]


def test_hours_cost_money_where_a_price_is_set(lake: Lake, tmp_path: Path) -> None:
    register(lake, tmp_path / "dramas", "A/01", "A/02")
    given = {"profile": "fake", "lake": lake.uri}
    deliver(lake, all_settings.load(given), ["es"])
    free = forecast(orders.backfill(["fr"], settings=given))
    assert (free.hours, free.price, free.currency) == (0.05, None, "")
    paid = {**given, "cluster": {"hour_price": 2.5, "currency": "CNY"}}
    dear = forecast(orders.backfill(["fr"], settings=paid))
    assert (dear.price, dear.currency) == (0.12, "CNY")


def a_progress(left_s: float | None, series: Counts | None = None, **stages: dict[str, int]) -> Progress:
    counts = [Counts(stage=stage, **found) for stage, found in stages.items()]
    return Progress(
        stages=counts, all=Counts(stage="all"), series=series, per_minute=6, left_s=left_s, at=datetime.now(UTC)
    )


def test_what_runs_is_taken_from_what_its_catalogue_waits_for() -> None:
    ended = a_progress(None, Counts(stage="series", done=1, running=1), dub={"done": 4, "waiting": 10})
    live = a_progress(60, dub={"done": 2, "running": 1, "waiting": 2}, render={"waiting": 1})
    whole = with_live(ended, [live])
    assert whole.stages[0] == Counts(stage="dub", done=6, running=1, waiting=7)
    assert whole.all == Counts(stage="all", done=6, running=1, waiting=8)
    # The live series has 12 x 3 + 2 to go in a minute; the whole has 12 x 8 + 2.
    assert (whole.per_minute, whole.left_s) == (6, round(60 * (12 * 8 + 2) / (12 * 3 + 2)))
    assert with_live(ended, []).all == Counts(stage="all", done=4, waiting=10)


def test_catalogues_are_added_up() -> None:
    first = a_progress(0, Counts(stage="series", done=2), dub={"done": 4})
    second = a_progress(30, Counts(stage="series", running=1), dub={"done": 1, "waiting": 1})
    whole = together([first, second])
    assert whole and whole.stages == [Counts(stage="dub", done=5, waiting=1)]
    assert whole.series == Counts(stage="series", done=2, running=1) and together([]) is None


QUESTIONS: dict[str, Callable[[], Coroutine[Any, Any, Any]]] = {
    "listed": listing.listed,
    "pause": lambda: steering.pause(uuid4()),
    "start": lambda: orders.start(orders.backfill(["fr"])),
}


@pytest.mark.slow
@pytest.mark.parametrize("question", QUESTIONS)
def test_a_server_that_is_away_is_said_so_at_once(question: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    began = time.monotonic()
    with pytest.raises(ClusterError, match=rf"127\.0\.0\.1:{port}.*does not answer.*dubwright up"):
        _asked(f"http://127.0.0.1:{port}/api", QUESTIONS[question]())
    assert time.monotonic() - began < 8


def test_a_server_that_says_nothing_is_waited_for_no_longer_than_is_bearable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desk.runs.server.server.__wrapped__.__defaults__", (0.3,))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/api"
        with pytest.raises(ClusterError, match=r"nothing was heard within 0\.3 s"):
            _asked(address, listing.listed())


@pytest.mark.slow
def test_a_server_that_is_busy_for_a_moment_is_asked_again() -> None:
    asked: list[str] = []

    class Busy(BaseHTTPRequestHandler):
        """Has no time for the first question, as Prefect's server while its database is locked."""

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            asked.append(self.path)
            self.answer(503 if len(asked) == 1 else 200, [])

        def do_GET(self) -> None:
            # Such a server knows of no tokens.
            self.answer(404 if self.path.startswith("/api/csrf-token") else 200, prefect.__version__)

        def answer(self, status: int, about: object) -> None:
            self.send_response(status)
            self.send_header("Retry-After", "0")
            self.end_headers()
            self.wfile.write(json.dumps(about).encode())

        def log_message(self, *about: Any) -> None:
            """Nothing is printed."""

    async def question() -> list[Any]:
        async with server() as client:
            return await client.read_flow_runs()

    with HTTPServer(("127.0.0.1", 0), Busy) as busy:
        threading.Thread(target=busy.serve_forever, daemon=True).start()
        found = _asked(f"http://127.0.0.1:{busy.server_port}/api", question())
        busy.shutdown()
    assert found == [] and asked == ["/api/flow_runs/filter"] * 2


def test_no_server_is_started_where_none_is_named() -> None:
    with pytest.raises(ClusterError, match="no Prefect server is named"):
        _asked(None, listing.listed())


def _asked(address: str | None, question: Coroutine[Any, Any, Any]) -> Any:
    with temporary_settings({PREFECT_API_URL: address}):
        return asyncio.run(question)
