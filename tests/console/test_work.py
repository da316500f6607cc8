"""The editor's and approver's work: who speaks and with which voice, remarks, assignments, markets, a line's past, the trail."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute, iter_route_contexts

from desk.console.pages import AUDITED
from desk.console.rendering import url
from desk.console.state import State
from dubwright.dub.fake import FakeSynthesizer
from dubwright.lake import Lake
from dubwright.media import sound
from dubwright.reports import coverage
from dubwright.series import cast as casts
from dubwright.series import voice_facts
from dubwright.series.cast import Decision
from dubwright.series.facts import Character, SeriesFacts
from dubwright.series.voice_facts import Entry
from tests.console.browser import Browser
from tests.console.conftest import Built
from tests.console.test_pages import API, EPISODE, PAGE, SERIES, there
from tests.console.test_words import ZH

__all__ = ["there"]

SERIES_API = f"/api{url('series', SERIES)}"
QUEUE = url("queue", SERIES, "es")
MARKET = url("markets", SERIES, "es")
# What may be asked for without a word in the trail: nothing is changed by it, or the route says so itself.
UNTOLD = {"/say", "/runs/forecast"}


@pytest.fixture
def linked(there: None, lake: Lake) -> None:
    """Two characters, one of whom speaks the first line, with voices in Spanish."""
    (key,) = coverage.newest(lake, "transcript", series=SERIES)
    heard = Decision("heard", "", episode=EPISODE, transcript=key.fingerprint, said="把灯点上。\n谁还会来？")
    people = [
        Decision("link", of, sex=sex, episode=EPISODE, transcript=key.fingerprint, speaker=label)  # type: ignore[arg-type]
        for of, sex, label in (("c01", "female", "S1"), ("c02", "male", "S2"))
    ]
    casts.decide(lake, SERIES, [heard, *people], "dubwright")
    casts.decide(lake, SERIES, [Decision("assign", "c01", episode=EPISODE, segment=1, start_ms=100, end_ms=1100)], "bo")
    voice_facts.decide(
        lake, SERIES, [Entry(of, "es", "fake", voice) for of, voice in (("c01", "fake-f1"), ("c02", "fake-m1"))]
    )


@pytest.fixture
def people(linked: None, staffed: Callable[..., Built]) -> Callable[[str], Browser]:
    """Browsers of several people at one console."""
    app, _ = staffed()

    def browser(name: str) -> Browser:
        found = Browser(app)
        assert found.log_in(name).status_code == 303
        return found

    return browser


@pytest.mark.slow
def test_a_line_is_given_to_another_character(people: Callable[[str], Browser]) -> None:
    editor = people("editor")
    shown = editor.get(API).json()
    assert [one["id"] for one in shown["cast"]] == ["c01", "c02"]
    assert [line["character_id"] for line in shown["lines"]] == ["c01", None]
    page = editor.get(PAGE).text
    assert '<select name="character" data-seen="c01"' in page and '<option value="c02">c02</option>' in page
    assert '<select name="character"' not in people("viewer").get(PAGE).text
    asked = editor.get(f"{API}/lines/2/speaker?character=c02").json()
    assert asked == {"changed": False, "outdated": {"es": [EPISODE]}, "stages": ["translate", "dub", "render"]}
    path = f"{API}/lines/2/speaker"
    line = editor.put(path, json={"character": "c02", "seen": None}).json()["line"]
    assert (line["character_id"], line["pending"], line["sound"]) == ("c02", True, None)
    told = people("approver").put(path, json={"character": "c01", "seen": None})
    assert told.status_code == 409 and (told.json()["text"], told.json()["editor"]) == ("c02", "editor")
    part = editor.put(path, json={"character": "c01", "seen": "c02"}, headers={"hx-request": "true"}).text
    assert '<option value="c01" selected>c01</option>' in part
    assert editor.put(path, json={"character": "c07", "seen": "c01"}).status_code == 404
    assert editor.put(f"{API}/lines/9/speaker", json={"character": "c01"}).status_code == 404


@pytest.mark.slow
def test_a_character_gets_another_voice_after_it_was_heard(people: Callable[[str], Browser]) -> None:
    editor, at = people("editor"), f"{SERIES_API}/cast/c01/voices/es"
    found = editor.get(at).json()
    assert (found["voice"], found["consent"], found["cloned"]) == ("fake-f1", None, False)
    # Those of her sex first, and what speaks against each.
    assert [each["voice"][:6] for each in found["choices"]] == ["fake-f"] * 3 + ["fake-m"] * 3
    assert found["choices"][3]["flags"][0] == "a male voice"
    assert "fake-f2" in editor.get(at.removeprefix("/api")).text
    said = editor.post(f"{at}/say", json={"voice": "fake-f2"}).json()
    assert editor.get(said["sound"]).content[:4] == b"fLaC"
    assert editor.post(f"{at}/say", json={"voice": "nobody"}).status_code == 422
    wanted = {"voice": "fake-f2", "seen": "fake-f1"}
    assert editor.put(at, json={**wanted, "ask": True}).json() == {
        "changed": False,
        "outdated": {"es": [EPISODE]},
        "stages": ["dub", "render"],
    }
    assert editor.get(at).json()["voice"] == "fake-f1"
    assert editor.put(at, json=wanted).json()["changed"]
    told = people("approver").put(at, json={"voice": "fake-f3", "seen": "fake-f1"})
    assert (told.status_code, told.json()["text"], told.json()["editor"]) == (409, "fake-f2", "editor")
    assert editor.put(at, json={"voice": None, "seen": "fake-f2"}).json()["changed"]
    assert editor.get(at).json()["voice"] == "fake-f1"
    assert editor.put(at, json={"voice": "af_bella", "seen": "fake-f1"}).status_code == 422
    assert people("viewer").put(at, json=wanted).status_code == 403


@pytest.mark.slow
def test_who_consented_is_shown_and_a_clone_is_heard(
    linked: None, lake: Lake, staffed: Callable[..., Built], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DUBWRIGHT_DUB__ENGINES", '["fake-cloner"]')
    listed = (Character(name="晚晴", consent={"es": "granted"}), Character(name="秦师父", consent="refused"))
    monkeypatch.setattr(State, "facts", lambda self, series: SeriesFacts(cast=listed))
    for of, called in (("c01", "晚晴"), ("c02", "秦师父")):
        casts.decide(lake, SERIES, [casts.name(casts.read(lake, SERIES), of, called)], "bo")
    speech = FakeSynthesizer.speak(FakeSynthesizer(None, {}, 1), "x" * 40, "es", "fake-f2")  # type: ignore[arg-type]
    sound.write_flac(tmp_path / "clip.flac", speech.samples, speech.rate)
    clips = (lake.put_blob(tmp_path / "clip.flac"),)
    voice_facts.decide(lake, SERIES, [Entry(of, "es", "fake-cloner", "fake-f1", clips) for of in ("c01", "c02")])
    editor = Browser(staffed()[0])
    editor.log_in("editor")
    found = [editor.get(f"{SERIES_API}/cast/{of}/voices/es").json() for of in ("c01", "c02")]
    assert [(one["consent"], one["cloned"]) for one in found] == [("granted", True), ("refused", False)]
    assert found[1]["flags"][0] == voice_facts.NO_CONSENT
    said = editor.post(f"{SERIES_API}/cast/c01/voices/es/say", json={"voice": None}).json()
    assert said["duration_ms"] > 0 and editor.get(said["sound"]).content[:4] == b"fLaC"
    other = editor.get(f"{SERIES_API}/cast/c01/voices/fr").json()
    assert (other["consent"], other["voice"]) == (None, None), "what is said of Spanish says nothing of French"
    assert editor.post(f"{SERIES_API}/cast/c01/voices/fr/say", json={"voice": None}).status_code == 404


@pytest.mark.slow
def test_a_character_is_named_after_what_that_redoes_was_said(people: Callable[[str], Browser]) -> None:
    editor, path = people("editor"), f"{SERIES_API}/cast/c01/name"
    asked = editor.post(path, json={"name": "晚晴", "ask": True}).json()
    assert (asked["changed"], asked["outdated"]) == (False, {"es": [EPISODE]})
    assert editor.post(path, json={"name": "晚晴"}).json()["changed"]
    assert [one["name"] for one in editor.get(SERIES_API).json()["cast"]] == ["晚晴", None]


@pytest.mark.slow
def test_a_voice_is_split_off_and_two_characters_are_one(people: Callable[[str], Browser]) -> None:
    editor, of = people("editor"), f"{SERIES_API}/cast/c02"
    (voice,) = editor.get(f"{of}/voiced").json()
    assert voice == {"episode": EPISODE, "speaker": "S2"}
    asked = editor.post(f"{of}/split", json={**voice, "ask": True}).json()
    assert not asked["changed"] and asked["outdated"] == {"es": [EPISODE]}
    assert editor.post(f"{of}/split", json=voice).json()["changed"]
    assert editor.get(f"{of}/voiced").json() == [] and editor.get(f"{SERIES_API}/cast/p01/voiced").json() == [voice]
    # Whoever had the page open before: the voice is not this character's any more.
    stale = editor.post(f"{of}/split", json=voice)
    assert stale.status_code == 404 and "not c02 any more" in stale.json()["error"]
    assert editor.post(f"{SERIES_API}/cast/p01/merge", json={"into": "c02"}).json()["changed"]
    assert editor.get(f"{of}/voiced").json() == [voice]
    assert [one["id"] for one in editor.get(SERIES_API).json()["cast"]] == ["c01", "c02"]
    assert people("viewer").post(f"{of}/split", json=voice).status_code == 403


@pytest.mark.slow
def test_a_remark_is_answered_and_settled(people: Callable[[str], Browser]) -> None:
    viewer, editor = people("viewer"), people("editor")
    line = viewer.post(f"{API}/lines/2/comment", json={"text": "<b>Really?</b>"}).json()["line"]
    assert line["remarks"][0]["editor"] == "viewer"
    assert "&lt;b&gt;Really?" in editor.get(PAGE).text and "<b>Really?" not in editor.get(PAGE).text
    series = editor.get(SERIES_API).json()
    assert (series["remarks"], series["episodes"][0]["cells"][0]["remarks"]) == ({"es": 1}, 1)
    (risk,) = editor.get(f"/api{QUEUE}").json()["risks"]
    assert risk["reasons"][0] == "remark of viewer: <b>Really?</b>"
    answered = editor.post(f"{API}/lines/2/comment", json={"text": "Yes.", "remark": 1}).json()["line"]
    assert [each["text"] for each in answered["remarks"][0]["answers"]] == ["Yes."]
    assert viewer.post(f"{API}/lines/2/resolve", json={"remark": 1}).status_code == 403
    settled = editor.post(f"{API}/lines/2/resolve", json={"remark": 1}).json()["line"]
    assert settled["remarks"][0]["resolved_by"] == "editor"
    assert editor.post(f"{API}/lines/2/resolve", json={"remark": 1}).status_code == 422
    assert editor.get(SERIES_API).json()["remarks"] == {}
    assert viewer.post(f"{API}/comment", json={"text": "All too formal."}).json()["changed"]
    assert editor.get(API).json()["remarks"][0]["text"] == "All too formal."
    assert editor.post(f"{API}/resolve", json={"remark": 3}).json()["changed"]


@pytest.mark.slow
def test_lines_are_given_to_people_who_find_them(people: Callable[[str], Browser]) -> None:
    editor, approver = people("editor"), people("approver")
    assert set(editor.get(f"/api{QUEUE}").json()["staff"]) == {"editor", "approver", "operator"}
    assert people("viewer").get(f"/api{QUEUE}").json()["staff"] == ["viewer"]
    spots = [{"episode": EPISODE, "segment": n} for n in (1, 2)]
    assert editor.post(f"/api{QUEUE}/assign", json={"lines": spots, "assignee": "approver"}).json()["lines"] == 2
    mine = approver.get(f"/api{QUEUE}?whose=mine").json()
    # The first has no other reason to be looked at.
    assert {(each["segment"], each["assignee"]) for each in mine["risks"]} == {(1, "approver"), (2, "approver")}
    assert editor.get(f"/api{QUEUE}?whose=mine").json()["total"] == 0
    assert editor.get(f"/api{QUEUE}?whose=nobody").json()["total"] == 0
    line = editor.post(f"{API}/lines/1/assign", json={"assignee": None}).json()["line"]
    assert line["assignee"] is None
    assert editor.post(f"{API}/assign", json={"assignee": "editor"}).json()["changed"] == [1, 2]
    assert editor.get(API).json()["assignee"] == "editor"
    refused = editor.post(f"/api{QUEUE}/assign", json={"lines": [{"episode": EPISODE, "segment": 9}], "assignee": "x"})
    assert refused.status_code == 422 and "approver" in approver.get(f"{QUEUE}?whose=mine").text


@pytest.mark.slow
def test_a_line_s_past_is_told_and_had_again(people: Callable[[str], Browser]) -> None:
    editor, approver = people("editor"), people("approver")
    editor.put(f"{API}/lines/2", json={"text": "<i>Uno.</i>", "after": 0})
    approver.put(f"{API}/lines/2", json={"text": "Dos.", "end_ms": 2500, "after": 1})
    approver.post(f"{API}/lines/2/review", json={"decide": "approve"})
    editor.put(f"{API}/lines/2/speaker", json={"character": "c02", "seen": None})
    found = editor.get(f"{API}/lines/2/past").json()
    assert [(each["what"], each["editor"], each["now"]) for each in found["events"]] == [
        ("speaker", "editor", False),
        ("approve", "approver", False),
        ("edit", "approver", True),
        ("edit", "editor", False),
        ("engine", "dubwright", False),
    ]
    assert found["events"][-1]["text"] == "¿Quién vendrá?" and found["events"][2]["end_ms"] == 2500
    part = editor.get(f"{PAGE}/lines/2/past").text
    assert "&lt;i&gt;Uno." in part and part.count('data-do="restore"') == 2
    assert editor.post(f"{API}/lines/2/restore", json={"number": 1, "after": 2}).json()["line"]["text"] == "<i>Uno.</i>"
    back = editor.post(f"{API}/lines/2/restore", json={"number": 0, "after": 3}).json()["line"]
    assert (back["text"], back["state"]) == ("¿Quién vendrá?", "draft")
    assert editor.get(f"{API}/lines/9/past").status_code == 404
    # What was approved as the engine said it is what stands.
    approver.post(f"{API}/lines/1/review", json={"decide": "approve"})
    assert [(each["what"], each["now"]) for each in editor.get(f"{API}/lines/1/past").json()["events"]] == [
        ("approve", False),
        ("speaker", False),
        ("engine", True),
    ]


@pytest.mark.slow
def test_a_market_is_changed_after_what_that_redoes_was_said(people: Callable[[str], Browser]) -> None:
    editor = people("editor")
    found = editor.get(f"/api{MARKET}").json()
    assert found["profiles"] == ["und", "es"] and found["here"] and not found["decided"]
    (row,) = editor.get(SERIES_API).json()["markets"]
    assert (row["language"], row["changes"]) == ("es", {})
    wanted = {"overrides": {"guidance": ["<u>Set in Mexico.</u>"], "severity": {"gore": "high"}}, "seen": found["seen"]}
    asked = editor.put(f"/api{MARKET}", json={**wanted, "ask": True}).json()
    assert asked == {"changed": False, "outdated": {"es": [EPISODE]}, "stages": ["translate", "dub", "render"]}
    assert editor.put(f"/api{MARKET}", json=wanted).json()["changed"]
    assert editor.put(f"/api{MARKET}", json=wanted).status_code == 409
    (row,) = editor.get(SERIES_API).json()["markets"]
    assert (row["changes"], row["editor"]) == ({"guidance": 1, "severity": 1}, "editor")
    part = editor.get(MARKET).text
    assert "&lt;u&gt;Set in Mexico." in part and '<option value="high" selected>' in part
    seen = editor.get(f"/api{MARKET}").json()["seen"]
    for wrong in ({"nonsense": 1}, {"severity": {"gore": "grave"}}, {"guidance": [""]}):
        assert editor.put(f"/api{MARKET}", json={"overrides": wrong, "seen": seen}).status_code == 422
    assert editor.put(f"/api{MARKET}", json={"overrides": None, "seen": seen}).json()["changed"]
    assert people("viewer").put(f"/api{MARKET}", json=wanted).status_code == 403


@pytest.mark.slow
def test_the_trail_says_who_did_what_and_no_line_s_text(people: Callable[[str], Browser], lake: Lake) -> None:
    editor, operator = people("editor"), people("operator")
    editor.put(f"{API}/lines/1", json={"text": "Enciende la luz.", "after": 0})
    editor.put(f"{API}/lines/1", json={"text": "Otra.", "after": 0})
    editor.post(f"{API}/lines/1/comment", json={"text": "Enciende la luz?"})
    editor.put(f"{API}/lines/2/speaker", json={"character": "c02", "seen": None})
    asking = {"source": "灯", "renderings": {"es": "lámpara"}, "ask": True}
    editor.put(f"{SERIES_API}/glossary", json=asking)
    editor.put(f"{SERIES_API}/glossary", json={**asking, "ask": False})
    editor.post(f"/api{QUEUE}/replace", json={"pattern": "Enciende la luz.", "replacement": "x"})
    editor.post(f"/api{QUEUE}/replace", json={"pattern": "Enciende la luz.", "replacement": "x", "apply": True})
    editor.post(f"{API}/lines/1/say", json={"text": "Hola."})
    lines = operator.get("/api/audit?name=editor").json()["lines"]
    place = f"{SERIES}/{EPISODE} es"
    assert [(line["what"], line["about"]) for line in reversed(lines)][1:] == [
        ("line corrected", f"{place} · line 1 · text"),
        ("remarked", f"{place} · line 1"),
        ("speaker changed", f"{place} · line 2 · nobody → c02"),
        ("glossary changed", f"{SERIES} · 灯 in es"),
        ("lines replaced", f"{SERIES} · es · by text · 1 lines"),
    ]
    found = operator.get("/api/audit?what=remarked").json()
    assert found["total"] == 1 and {"remarked", "logged in"} <= set(found["kinds"])
    assert '<option value="remarked" selected>' in operator.get("/audit?what=remarked").text


def test_all_that_changes_something_stands_in_the_trail(build: Callable[..., Built]) -> None:
    untold, told = set(), set()
    for found in iter_route_contexts(build()[0].routes):
        route: Any = found.original_route
        if isinstance(route, APIRoute) and found.path.startswith("/api/") and not (found.methods or set()) <= {"GET"}:
            if what := (route.openapi_extra or {}).get(AUDITED):
                told.add(what)
            else:
                untold.add(found.path)
    assert len(told) > 10 and told <= ZH.keys(), "the trail's page is read in Chinese too"
    # The file of XLIFF is no JSON, so its route is none of the actions: it writes the trail itself.
    assert {path for path in untold if not any(path.endswith(end) for end in UNTOLD)} == {"/api/xliff"}
