"""`dubwright market`: what a series wants otherwise, set from a file and taken back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from desk.market import app
from dubwright.errors import CatalogError, EditError, SettingsError
from dubwright.lake import Lake
from dubwright.lake.layout import UnitKey

SERIES = "槐巷 不灭灯"


def run(lake: Lake, *arguments: str) -> str:
    ran = CliRunner().invoke(app, [*arguments, "--lake", lake.uri])
    if ran.exception:
        raise ran.exception
    return ran.stdout


def test_a_series_wants_something_otherwise_and_what_that_redoes_is_said(lake: Lake, tmp_path: Path) -> None:
    row = {"segment": 1, "language": "es", "engine": "fake", "engine_version": "1"}
    lake.commit(UnitKey("translation", SERIES, "01", "es", "0" * 32), [row], {})
    file = tmp_path / "es.yaml"
    file.write_text("guidance: [Set in Mexico.]\nrelations: {friend: usted}\n", encoding="utf-8")
    said = json.loads(run(lake, "set", SERIES, str(file), "--to", "es", "--json"))
    assert said["outdated"] == {"es": ["01"]} and said["market"]["es"]["relations"] == {"friend": "usted"}
    assert "friend: usted" in run(lake, "list", SERIES)
    assert "will be redone: 01" in run(lake, "reset", SERIES, "--to", "es")
    assert json.loads(run(lake, "list", SERIES, "--json"))["market"] == {}


def test_what_cannot_be_is_refused(lake: Lake, tmp_path: Path) -> None:
    file = tmp_path / "es.yaml"
    for content, says in (("relations: {king: vos}", "king"), ("a: [", "not YAML"), ("guidance: 1", "guidance")):
        file.write_text(content, encoding="utf-8")
        with pytest.raises(SettingsError) as raised:
            run(lake, "set", SERIES, str(file), "--to", "es")
        assert says in str(raised.value) and str(file) in str(raised.value)
    with pytest.raises(SettingsError, match="No such file"):
        run(lake, "set", SERIES, str(tmp_path / "none.yaml"), "--to", "es")
    with pytest.raises((CatalogError, EditError)):
        run(lake, "list", SERIES, "--source", str(tmp_path))
