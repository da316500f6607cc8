"""The pages over a lake that has something: what they show, what can be corrected, and that names are only names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from desk.console.access.links import Links
from desk.console.rendering import url
from desk.console.state import State
from desk.console.views import exchange, queue
from desk.console.views.exchange import Replacing
from dubwright import settings
from dubwright.errors import CatalogError
from dubwright.fingerprint import fingerprint
from dubwright.lake import Lake
from dubwright.lake.layout import UnitKey
from dubwright.media import sound
from tests.console.browser import Browser

# Each takes an application, or a process, of its own.
pytestmark = pytest.mark.slow

SERIES, EPISODE = "槐巷/<b>灯</b>", "..%2f01"
PAGE = url("series", SERIES, EPISODE, "es")
API = f"/api{PAGE}"


def commit(lake: Lake, table: str, rows: list[dict[str, Any]], language: str | None = None) -> None:
    key = UnitKey(table, SERIES, EPISODE, language, fingerprint({"rows": repr(rows)}))
    shared = {"language": language or "zh", "engine": "fake", "engine_version": "1"}
    lake.commit(key, [shared | row for row in rows], {})


@pytest.fixture
def there(lake: Lake, tmp_path: Any) -> None:
    """An episode of two lines, translated and dubbed; its sound is a tone."""
    path = tmp_path / "tone.flac"
    tone = 0.3 * np.sin(np.arange(3 * 16000) / 20).astype(np.float32)
    sound.write_flac(path, tone, 16000)
    blob = lake.put_blob(path)
    commit(
        lake, "source", [{"speech_blob": blob, "stereo_blob": blob, "duration_ms": 3000, "width": 720, "height": 1280}]
    )
    heard = [
        {"segment": 1, "start_ms": 100, "end_ms": 1100, "text": "把灯点上。", "kind": "dialogue", "evidence": "both"},
        {"segment": 2, "start_ms": 1300, "end_ms": 2600, "text": "谁还会来？", "kind": "dialogue", "evidence": "sound"},
    ]
    commit(lake, "transcript", heard)
    said = [
        {"segment": 1, "source_text": "把灯点上。", "text": "Enciende la <script>luz</script>.", "state": "draft"},
        {
            "segment": 2,
            "source_text": "谁还会来？",
            "text": "¿Quién vendrá?",
            "state": "draft",
            "notes": ["length: long"],
        },
    ]
    commit(lake, "translation", said, "es")
    dubbed = [
        {
            "segment": n,
            "start_ms": at,
            "duration_ms": 900,
            "tempo": 1.1,
            "voice": "fake-f1",
            "blob": blob,
            "verdict": "fits",
        }
        for n, at in ((1, 100), (2, 1300))
    ]
    mix = {"segment": None, "start_ms": 0, "duration_ms": 3000, "blob": blob, "verdict": "mix"}
    commit(lake, "dub", [*dubbed, mix], "es")
    commit(
        lake,
        "deliverable",
        [
            {
                "kind": "vtt",
                "blob": lake.put_blob_bytes(b"WEBVTT", "vtt"),
                "bytes": 6,
                "sha256": "0" * 64,
                "mime": "text/vtt",
            }
        ],
        "es",
    )


@pytest.fixture
def editor(there: None, entered: Callable[[str], Browser]) -> Browser:
    return entered("editor")


@pytest.fixture
def approver(there: None, entered: Callable[[str], Browser]) -> Browser:
    return entered("approver")


def test_a_series_is_covered_and_leads_to_its_episodes(editor: Browser) -> None:
    row = editor.get("/api/").json()["rows"][0]
    (cell,) = row["cells"]
    assert (row["series"], cell["language"], cell["delivered"], cell["states"]) == (SERIES, "es", 1, ["done"])
    page = editor.get("/").text
    assert "&lt;b&gt;灯&lt;/b&gt;" in page and "<b>灯</b>" not in page
    assert url("series", SERIES) in page
    assert PAGE in editor.get(url("series", SERIES)).text


def test_what_is_looked_for_is_found_and_what_is_not_there_is_said(editor: Browser) -> None:
    assert editor.get("/api/?search=槐").json()["total"] == 1
    assert editor.get("/api/?search=none").json()["total"] == 0
    assert editor.get("/api/?state=failed").json()["total"] == 0
    assert editor.get("/api/?page=99").json()["page"] == 1
    assert editor.get("/api/series/nobody").status_code == 404
    assert editor.get("/series/%2e%2e%2fetc").status_code == 404


def test_series_are_chosen_and_started_by_operators_alone(editor: Browser, entered: Callable[[str], Browser]) -> None:
    operator = entered("operator")
    assert "data-choose" in operator.get("/").text and "data-choose" not in editor.get("/").text
    wanted = {"do": "retry", "series": [SERIES], "to": []}
    assert operator.post("/api/runs/forecast", json=wanted).status_code == 404, "nothing has failed"
    assert editor.post("/api/runs/forecast", json=wanted).status_code == 403


def test_a_failed_cell_leads_to_its_failures(editor: Browser, lake: Lake, entered: Callable[[str], Browser]) -> None:
    for series, language in ((SERIES, "es"), (SERIES, "fr"), ("other", "es")):
        unit = UnitKey("dub", series, "02", language, "0" * 32)
        lake.record_failure(unit, "dub", {"error": "ModelError", "problem": f"no model for {language}"}, permanent=True)
    page = editor.get("/").text
    assert "/runs?series=%E6%A7%90%E5%B7%B7%2F%3Cb%3E%E7%81%AF%3C%2Fb%3E&amp;language=es#failures" in page
    found = editor.get("/api/runs", params={"series": SERIES, "language": "es"}).json()
    assert [cause["problem"] for cause in found["causes"]] == ["no model for es"]
    assert [unit["series"] for unit in found["causes"][0]["units"]] == [SERIES]
    assert len(editor.get("/api/runs").json()["causes"]) == 2
    assert editor.get("/runs", params={"series": SERIES, "language": "no tongue"}).status_code == 422
    # What is retried from there is of this series alone; it is in no catalogue here, and that is said.
    wanted = {"do": "retry", "cause": found["causes"][0]["id"], "series": [SERIES], "to": ["es"]}
    refused = entered("operator").post("/api/runs/forecast", json=wanted)
    assert refused.status_code in (404, 422) and refused.json()["error"]


def test_an_episode_is_shown_with_its_lines_and_nothing_in_them_is_markup(editor: Browser) -> None:
    page = editor.get(PAGE).text
    assert "&lt;script&gt;luz" in page and "<script>luz" not in page
    found = editor.get(API).json()
    assert [line["said_ms"] for line in found["lines"]] == [[100, 1000], [1300, 2200]]
    assert found["lines"][1]["flags"] == ["length: long"]
    link = found["lines"][0]["sound"]
    assert editor.get(link).content[:4] == b"fLaC"
    part = editor.get(link, headers={"range": "bytes=0-3"})
    assert (part.status_code, part.content, part.headers["content-range"].split("/")[0]) == (206, b"fLaC", "bytes 0-3")
    waves = editor.get(f"{API}/waveform").json()
    assert len(waves["original"]) == len(waves["dub"]) == 60 and 60 < max(waves["dub"]) < 90


def test_a_line_is_corrected_once_and_the_second_editor_is_told(editor: Browser) -> None:
    saved = editor.put(f"{API}/lines/1", json={"text": "Enciende la luz.", "after": 0})
    assert saved.status_code == 200 and saved.json()["line"]["pending"] and saved.json()["line"]["number"] == 1
    told = editor.put(f"{API}/lines/1", json={"text": "Otra cosa.", "after": 0})
    assert told.status_code == 409
    assert {**told.json(), "at": None} | {"error": ""} == {
        "error": "",
        "where": f"{SERIES}/{EPISODE}",
        "field": "line 1",
        "remedy": told.json()["remedy"],
        "text": "Enciende la luz.",
        "editor": "editor",
        "at": None,
        "number": 1,
    }
    part = editor.put(f"{API}/lines/1", json={"text": "Otra.", "after": 1}, headers={"hx-request": "true"})
    assert part.text.lstrip().startswith("<li") and "Otra." in part.text and "data-pending " in part.text
    assert [each["text"] for each in editor.get(f"{API}/lines/1/history").json()] == ["Enciende la luz.", "Otra."]
    back = editor.post(f"{API}/lines/1/restore", json={"after": 2}).json()["line"]
    assert (back["text"], back["number"]) == ("Enciende la luz.", 3)


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": "", "after": 0},
        {"text": "x" * 1001, "after": 0},
        {"start_ms": 500, "end_ms": 100, "after": 0},
        {"end_ms": 99_999, "after": 0},
        {"text": "a\u202eb", "after": 0},
        {"after": 0},
        {"text": "ja"},
    ],
)
def test_what_no_line_can_be_is_refused(editor: Browser, wrong: dict[str, Any]) -> None:
    answer = editor.put(f"{API}/lines/1", json=wrong)
    assert answer.status_code == 422 and answer.json()["error"]
    assert editor.get(API).json()["lines"][0]["number"] == 0


def test_a_line_that_is_not_there_is_not_corrected(editor: Browser) -> None:
    assert editor.put(f"{API}/lines/9", json={"text": "ja", "after": 0}).status_code == 404


def test_an_approved_and_locked_line_stays_as_it_is(approver: Browser) -> None:
    assert approver.post(f"{API}/lines/2/review", json={"decide": "approve"}).json()["line"]["state"] == "approved"
    assert approver.post(f"{API}/review", json={"segments": [2], "decide": "lock"}).json()["changed"] == [2]
    refused = approver.put(f"{API}/lines/2", json={"text": "Otra.", "after": 0})
    assert refused.status_code == 423 and "unlock" in refused.json()["remedy"]


def test_an_editor_approves_nothing(editor: Browser) -> None:
    assert editor.post(f"{API}/lines/2/review", json={"decide": "approve"}).status_code == 403


def test_a_line_is_said_before_it_is_saved(editor: Browser) -> None:
    said = editor.post(f"{API}/lines/1/say", json={"text": "Enciende la luz de la puerta."}).json()
    assert said["duration_ms"] > 0 and said["slot_ms"] == 1000 and said["tempo"] == said["duration_ms"] / 1000
    assert editor.get(said["sound"]).content[:4] == b"fLaC"
    assert editor.get(API).json()["lines"][0]["number"] == 0
    assert editor.post(f"{API}/lines/1/say", json={"text": "…"}).status_code == 422


def test_terms_are_decided_and_what_would_be_redone_is_said_first(editor: Browser) -> None:
    path = f"/api{url('series', SERIES)}/glossary"
    wanted = {"source": "灯", "renderings": {"es": "lámpara"}}
    asked = editor.put(path, json={**wanted, "ask": True}).json()
    assert asked == {"changed": False, "outdated": {"es": [EPISODE]}, "stages": ["translate", "dub", "render"]}
    assert editor.get(f"/api{url('series', SERIES)}").json()["terms"] == []
    assert editor.put(path, json=wanted).json()["changed"]
    (term,) = editor.get(f"/api{url('series', SERIES)}").json()["terms"]
    assert (term["renderings"], term["editor"], term["status"]) == ({"es": "lámpara"}, "editor", "approved")
    assert editor.post(path, json={"terms": ["灯"], "decide": "drop"}).json()["changed"]
    assert editor.post(path, json={"terms": ["灯"], "decide": "drop"}).status_code == 404
    assert editor.put(path, json={"source": "灯", "renderings": {"no language!": "x"}}).status_code == 422


def test_many_lines_are_replaced_after_they_were_shown(editor: Browser) -> None:
    path = f"/api{url('queue', SERIES, 'es')}/replace"
    shown = editor.post(path, json={"pattern": "luz", "replacement": "lámpara"}).json()
    assert (shown["applied"], shown["lines"][0]["segment"], shown["lines"][0]["problem"]) == (False, 1, None)
    done = editor.post(path, json={"pattern": "luz", "replacement": "lámpara", "apply": True}).json()
    assert done["applied"] and "lámpara" in editor.get(API).json()["lines"][0]["text"]
    assert editor.post(path, json={"pattern": "(", "replacement": "", "regex": True}).status_code == 422


def test_lines_go_out_to_other_tools_and_come_back(editor: Browser, approver: Browser) -> None:
    path = url("queue", SERIES, "es")
    file = editor.get(f"{path}/lines.xlf")
    assert file.headers["content-type"].startswith("application/xliff+xml")
    changed = file.content.replace("¿Quién vendrá?".encode(), "¿Y quién vendrá?".encode())
    assert editor.put("/api/xliff", content=changed).json() == {"corrected": 1, "reviewed": 0, "conflicts": []}
    assert editor.put("/api/xliff", content=b"<xliff/>").status_code == 422
    final = approver.get(f"{path}/lines.xlf").content.replace(b'state="initial"', b'state="reviewed"')
    final = final.replace(b'state="translated"', b'state="reviewed"')
    assert editor.put("/api/xliff", content=final).status_code == 403
    assert approver.put("/api/xliff", content=final).json()["reviewed"] > 0


def test_the_queue_says_why(editor: Browser) -> None:
    found = editor.get(f"/api{url('queue', SERIES, 'es')}").json()
    assert [(each["segment"], each["reasons"]) for each in found["risks"]] == [(2, ["length: long"])]
    assert "length: long" in editor.get(url("queue", SERIES, "es")).text


def test_a_process_beside_shows_the_same_and_what_was_corrected_since(there: None, lake: Lake) -> None:
    resolved = settings.load({"profile": "fake", "lake": lake.uri})
    alone = State(resolved, lake, Links("secret", 60))
    accompanied = State(resolved, lake, Links("secret", 60), accompanied=True)
    luz = Replacing(pattern="luz", replacement="lámpara")
    for _ in range(2):
        for console in (alone, accompanied):
            seen = console.aside(queue.queue, SERIES, "es", "all", "ana", ["ana"])
            assert seen == queue.queue(alone, SERIES, "es", "all", "ana", ["ana"])
            assert console.aside(exchange.preview, SERIES, "es", luz) == exchange.preview(alone, SERIES, "es", luz)
            assert console.aside(exchange.out, SERIES, "es") == exchange.out(alone, SERIES, "es")
            with pytest.raises(CatalogError, match="not translated into"):
                console.aside(exchange.out, SERIES, "fr")
        lake.add_edit(
            "es", SERIES, EPISODE, segment=2, source_text="谁还会来？", text="¿Y quién viene? ¿La luz?", editor="ana"
        )
    assert accompanied.beside and len(exchange.preview(alone, SERIES, "es", luz).lines) == 2
    accompanied.beside.close()


def test_without_prefect_failures_are_shown_all_the_same(editor: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    assert "PREFECT_API_URL" in str(editor.get("/api/runs").json()["problem"])
    assert editor.get("/runs").status_code == 200
    assert editor.get("/runs/00000000-0000-0000-0000-000000000000").status_code == 503


def test_a_page_is_chinese_where_that_is_asked_for(editor: Browser) -> None:
    assert "进度总览" in editor.get("/", headers={"accept-language": "zh-CN,en;q=0.5"}).text
