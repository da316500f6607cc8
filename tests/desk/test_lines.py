"""`dubwright lines` and `dubwright edit`: what stands, and what a correction leaves in the lake."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from desk.cli import app
from dubwright.errors import CatalogError, EditError, LanguageError
from dubwright.lake import Lake
from dubwright.lake.layout import UnitKey
from dubwright.series import cast as casts
from dubwright.series.cast import Decision

SERIES = "槐巷 不灭灯"
MARK = "0" * 32


@pytest.fixture
def lake(lake: Lake) -> Lake:
    """An episode of two lines in English, the second not dubbed yet."""
    heard = [
        Decision("heard", "", episode="01", transcript=MARK, said=""),
        Decision("link", "c01", episode="01", transcript=MARK, speaker="S1"),
        Decision("name", "c01", name="晚晴"),
    ]
    casts.decide(lake, SERIES, heard, "dubwright")
    about = {"language": "en", "engine": "fake", "engine_version": "1"}

    def commit(table: str, language: str | None, rows: list[dict[str, object]]) -> None:
        lake.commit(UnitKey(table, SERIES, "01", language, MARK), [{**about, **row} for row in rows], {})

    times = [{"start_ms": 900, "end_ms": 2000}, {"start_ms": 2500, "end_ms": 4000}]
    commit("transcript", None, [{"segment": n, "speaker": f"S{n}", **times[n - 1]} for n in (1, 2)])
    said = [{"segment": 2, "source_text": "走吧", "text": "Go"}, {"segment": 1, "source_text": "来了", "text": "Here"}]
    commit("translation", "en", [{**row, "state": "draft", "notes": ["length: a"]} for row in said])
    commit("dub", "en", [{"segment": 1, "tempo": 1.25, "verdict": "tight", "reason": "needs tempo", "voice": "v"}])
    return lake


def run(lake: Lake, *arguments: str) -> str:
    ran = CliRunner().invoke(app, [*arguments, "--lake", lake.uri])
    if ran.exception:
        raise ran.exception
    return ran.stdout


def test_lines_stand_in_their_order_with_who_speaks_and_what_is_odd(lake: Lake) -> None:
    first, second = json.loads(run(lake, "lines", SERIES, "01", "--to", "en", "--json"))["lines"]
    assert (first["segment"], first["character"], first["text"]) == (1, "晚晴", "Here")
    assert first["flags"] == ["length: a", "needs tempo"]
    assert (second["character"], second["tempo"], second["start_ms"]) == (None, None, 2500)
    shown = run(lake, "lines", SERIES, "01", "--to", "en")
    assert "1.25" in shown and "走吧" in shown


def test_an_edit_is_kept_with_the_source_that_it_was_made_for(lake: Lake) -> None:
    printed = run(lake, "edit", SERIES, "01", "2", "  Let's \n go. ", "--to", "en", "--editor", "ana")
    assert "- Go" in printed and "+ Let's go." in printed
    (row,) = lake.read_edits([str(key) for key in lake.edit_keys("en", SERIES)])
    assert (row["segment"], row["source_text"], row["text"], row["editor"]) == (2, "走吧", "Let's go.", "ana")


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        (["edit", SERIES, "01", "3", "x", "--to", "en"], CatalogError, "its lines are 1 to 2"),
        (["edit", SERIES, "01", "1", " ", "--to", "en"], EditError, "0 characters"),
        (["edit", SERIES, "01", "1", "x" * 1001, "--to", "en"], EditError, "1001 characters"),
        (["edit", SERIES, "02", "1", "x", "--to", "en"], CatalogError, "not translated into English"),
        (["lines", SERIES, "01", "--to", "fr"], CatalogError, "not translated into French"),
        (["lines", SERIES, "01", "--to", "klingonish"], LanguageError, "klingonish"),
        (["lines", "../..", "01", "--to", "en"], CatalogError, "not translated"),
    ],
)
def test_what_is_not_there_is_named(lake: Lake, arguments: list[str], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        run(lake, *arguments)
    assert not list(lake.edit_keys("en", SERIES))
