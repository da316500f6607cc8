"""`dubwright edit`, `lines --history`, `review`, `replace` and `xliff` on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from desk.cli import app
from dubwright.errors import DubwrightError, EditConflictError, EditError, LockedError, ManifestError, SettingsError
from tests.review.conftest import SERIES, World, made

AT = (SERIES, "01", "--to", "en")


@pytest.fixture
def world(lake: Any, fake_settings: Any, tmp_path: Path) -> World:
    return made(lake, fake_settings, tmp_path / "models")


def run(world: World, *arguments: str, code: int = 0) -> str:
    ran = CliRunner().invoke(app, [*arguments, "--lake", world.lake.uri])
    if isinstance(ran.exception, DubwrightError):
        raise ran.exception
    assert ran.exit_code == code, ran.output
    return ran.stdout


def of_json(world: World, *arguments: str, code: int = 0) -> Any:
    return json.loads(run(world, *arguments, "--json", code=code))


def test_a_line_is_moved_corrected_and_made_again_what_it_was(world: World) -> None:
    printed = run(world, "edit", SERIES, "01", "1", "--to", "en", "--start", "1.5", "--end", "2.9", "--editor", "ana")
    assert "- You came. (1 to 3 s)" in printed and "+ You came. (1.5 to 2.9 s)" in printed
    said = of_json(world, "edit", SERIES, "01", "1", "You're here.", "--to", "en", "--end", "3.2", "--editor", "ben")
    assert (said["number"], said["before"], said["text"]) == (2, "You came.", "You're here.")
    assert (said["start_ms"], said["end_ms"]) == (1500, 3200)
    run(world, "edit", SERIES, "01", "1", "--to", "en", "--restore", "0")
    first = of_json(world, "lines", *AT)["lines"][0]
    assert (first["text"], first["start_ms"], first["number"], first["state"]) == ("You came.", 1000, 3, "draft")
    history = of_json(world, "lines", *AT, "--history", "1")["history"]
    assert [(each["number"], each["editor"], each["text"], each["end_ms"]) for each in history][:2] == [
        (1, "ana", None, 2900),
        (2, "ben", "You're here.", 3200),
    ]
    assert "(the engine's line)" in run(world, "lines", *AT, "--history", "1")


def test_what_says_nothing_or_too_much_is_refused(world: World) -> None:
    for extra in ((), ("x", "--restore", "1")):
        with pytest.raises(SettingsError, match="says nothing, or two things"):
            run(world, "edit", SERIES, "01", "1", *extra, "--to", "en")
    for start in ("-1", "nan", "1e9"):
        with pytest.raises(SettingsError, match="is no time"):
            run(world, "edit", SERIES, "01", "1", "--to", "en", "--start", start)
    with pytest.raises(SettingsError, match="name lines, or say --all"):
        run(world, "review", "approve", *AT)
    run(world, "edit", SERIES, "01", "1", "x", "--to", "en", "--editor", "ana")
    with pytest.raises(EditConflictError, match="ana changed the line"):
        run(world, "edit", SERIES, "01", "1", "y", "--to", "en", "--after", "0")


def test_lines_are_reviewed(world: World) -> None:
    assert of_json(world, "review", "approve", *AT, "1", "2") == {"approved": [1, 2]}
    assert of_json(world, "review", "lock", *AT, "--all") == {"locked": [1, 2, 3]}
    with pytest.raises(LockedError, match="unlock it first"):
        run(world, "edit", SERIES, "01", "1", "x", "--to", "en")
    assert of_json(world, "review", "unlock", *AT, "1") == {"unlocked": [1]}
    assert of_json(world, "review", "reopen", *AT, "1") == {"reopened": [1]}
    assert "none that was not already" in run(world, "review", "reopen", *AT, "1")
    run(world, "review", "comment", SERIES, "01", "Is this right?", "--to", "en", "--line", "2", "--editor", "ben")
    run(world, "review", "assign", SERIES, "01", "ana", "--to", "en")
    found = of_json(world, "lines", *AT)["lines"]
    assert [line["state"] for line in found] == ["draft", "locked", "locked"]
    assert {line["assignee"] for line in found} == {"ana"}
    assert [(each["editor"], each["text"]) for each in found[1]["comments"]] == [("ben", "Is this right?")]
    assert of_json(world, "review", "assign", SERIES, "01", "--to", "en")["assignee"] is None


def test_remarks_are_listed_answered_and_resolved(world: World) -> None:
    run(world, "review", "comment", SERIES, "01", "Is this right?", "--to", "en", "--line", "2", "--editor", "ben")
    run(world, "review", "comment", SERIES, "01", "Yes.", "--to", "en", "--answer", "1", "--editor", "ana")
    (found,) = of_json(world, "review", "comments", SERIES, "--to", "en")["remarks"]
    assert (found["episode"], found["segment"], found["remark"], found["editor"]) == ("01", 2, 1, "ben")
    assert [(each["editor"], each["text"]) for each in found["answers"]] == [("ana", "Yes.")]
    assert "↳ ana: Yes." in run(world, "review", "comments", SERIES, "--to", "en", "--episode", "01")
    assert of_json(world, "review", "resolve", SERIES, "01", "1", "--to", "en") == {"resolved": 1}
    assert of_json(world, "review", "comments", SERIES, "--to", "en")["remarks"] == []
    assert of_json(world, "review", "comments", SERIES, "--to", "en", "--all")["remarks"][0]["resolved_by"]
    with pytest.raises(EditError, match="resolved already"):
        run(world, "review", "resolve", SERIES, "01", "1", "--to", "en")


def test_the_riskiest_lines_are_listed_with_their_reasons(world: World) -> None:
    rows = [
        {
            "segment": 2,
            "verdict": "unfit",
            "reason": "runs over",
            "language": "en",
            "engine": "t",
            "engine_version": "1",
        }
    ]
    world.commit("01", "dub", rows)
    (line,) = of_json(world, "review", "list", SERIES, "--to", "en")["lines"]
    assert (line["episode"], line["segment"], line["reasons"]) == (
        "01",
        2,
        [{"reason": "unfit: runs over", "weight": line["weight"]}],
    )
    assert "runs over" in run(world, "review", "list", "--to", "en")
    assert of_json(world, "review", "list", "--to", "en", "--assignee", "ana")["lines"] == []


def test_many_lines_are_replaced_once_they_were_shown(world: World) -> None:
    command = ("replace", SERIES, r"lamp (\w+)", r"light \1", "--to", "en", "--regex")
    assert "2 to correct, with --apply" in run(world, *command)
    assert not list(world.lake.edit_keys("en"))
    run(world, "review", "lock", SERIES, "02", "2", "--to", "en")
    done = of_json(world, *command, "--apply", code=3)
    assert done["applied"] and [line["problem"] for line in done["lines"]] == [None, "is locked"]
    assert of_json(world, "lines", *AT)["lines"][1]["text"] == "The light still burns."
    with pytest.raises(EditError, match="is no pattern"):
        run(world, "replace", SERIES, "(", "x", "--to", "en", "--regex")


def test_lines_go_out_as_xliff_and_come_back(world: World, tmp_path: Path) -> None:
    out = tmp_path / "out.xlf"
    said = of_json(world, "xliff", "export", SERIES, "--to", "en", "--episode", "01", "--out", str(out))
    assert (said["episodes"], said["lines"]) == (1, 3)
    out.write_text(out.read_text().replace("You came.", "You are here."))
    assert "1 corrected, 0 reviewed, 0 left alone" in run(world, "xliff", "import", str(out), "--editor", "eva")
    out.write_text(out.read_text().replace("You are here.", "You have come."))
    assert "left alone: it was changed here since" in run(world, "xliff", "import", str(out), code=3)
    first = of_json(world, "lines", *AT)["lines"][0]
    assert (first["text"], first["editor"]) == ("You are here.", "eva")
    with pytest.raises(ManifestError, match="cannot be read"):
        run(world, "xliff", "import", str(tmp_path / "none.xlf"))
    with pytest.raises(SettingsError, match="cannot be written"):
        run(world, "xliff", "export", SERIES, "--to", "en", "--out", str(tmp_path / "no" / "x.xlf"))
