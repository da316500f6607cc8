"""`dubwright evaluate`, and that what it finds stops `localize`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from desk.cli import app
from dubwright.errors import EvaluationError, ManifestError, SettingsError
from dubwright.lake import open_lake
from dubwright.lake.lake import ulid

LINES = [{"speaker": None, "text": "王总，你来了。", "start_ms": 0, "end_ms": 900, "references": {"en": "You came."}}]


def run(*arguments: str) -> tuple[int, str]:
    """Exit code and standard output of a command; errors that it ends with are raised."""
    ran = CliRunner().invoke(app, [*arguments, "--profile", "fake"])
    if ran.exception and not isinstance(ran.exception, SystemExit):
        raise ran.exception
    return ran.exit_code, ran.stdout


def scored(*arguments: str) -> tuple[int, Sequence[dict[str, Any]]]:
    code, said = run("evaluate", *arguments, "--json")
    return code, json.loads(said)["evaluations"]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "lines.json").write_text(json.dumps(LINES), encoding="utf-8")
    works = tmp_path / "works" / "长夜灯"
    works.mkdir(parents=True)
    (works / "1.mp4").write_bytes(b"video")


@pytest.mark.slow
def test_a_run_is_told_and_recorded() -> None:
    code, (found,) = scored("--to", "en", "--answers")
    assert (code, found["engine"], found["set"], found["accepted"]) == (0, "fake", "fixed", False)
    assert {score["metric"]: score["value"] for score in found["scores"]}["names"] == 100
    assert len(found["answers"]) == 24
    code, said = run("evaluate", "--to", "en,pt-BR", "--answers")
    assert code == 0 and "nothing accepted" in said and "pt-BR ward · 苏念: " in said


@pytest.mark.slow
def test_accepting_takes_the_last_run_and_makes_one_where_there_is_none(tmp_path: Path) -> None:
    folder = tmp_path / "lake" / "evaluation"
    for runs, arguments in ((1, ("--to", "en")), (1, ("--to", "en", "--accept")), (2, ("--to", "en,es", "--accept"))):
        code, found = scored(*arguments, "--lines", "mine")
        assert code == 0 and all(each["accepted"] is ("--accept" in arguments) for each in found)
        assert len(list(folder.rglob("*.run.parquet"))) == runs
    code, (again,) = scored("--to", "en", "--lines", "mine")
    assert code == 0
    held = {score["metric"]: score["threshold"] for score in again["scores"]}
    assert held["translated"] == 98 and held["bleu"] is None


def test_languages_are_those_of_registered_catalogues() -> None:
    with pytest.raises(SettingsError, match="no catalogue"):
        run("evaluate")
    assert run("catalog", "add", "dramas", "works", "--to", "es")[0] == 0
    assert [each["language"] for each in scored("--lines", "mine")[1]] == ["es"]


def test_a_set_that_cannot_be_read_is_named() -> None:
    with pytest.raises(ManifestError, match="nowhere"):
        run("evaluate", "--to", "en", "--lines", "nowhere")


@pytest.mark.slow
def test_what_lost_too_much_is_not_begun() -> None:
    fine, worse = ("--set", "translate.seed=1"), ("--set", "translate.seed=2")
    assert scored("--to", "en", "--lines", "mine", "--accept", *fine)[0] == 0
    # The fake translator loses nothing; an accepted one that was better than it can be makes it lose.
    lake = open_lake("lake")
    (accepted,) = [key for key in lake.evaluations("en") if key.accepted]
    rows, about = lake.read_evaluation(accepted)
    best = replace(accepted, ulid=ulid(), candidate="0" * 32)
    kept = ("episode", "engine_version", "metric", "value")
    lake.add_evaluation(best, [{name: row[name] for name in kept} | {"value": 100.0} for row in rows], about)
    code, (found,) = scored("--to", "en", "--lines", "mine", *worse)
    assert code == 3 and [score["metric"] for score in found["scores"] if score["passed"] is False] == ["chrf"]
    for command in (["localize", "works"], ["backfill", "works"]):
        with pytest.raises(EvaluationError, match="chrf"):
            run(*command, "--to", "en", *worse)
        assert run(*command, "--to", "en", *worse, "--dry-run")[0] == 0
    assert scored("--to", "en", "--lines", "mine", "--accept", *worse)[0] == 0
