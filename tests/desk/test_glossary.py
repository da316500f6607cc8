"""`dubwright glossary`: what people decide on a series' terms, and what the command says of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from desk.glossary import app
from dubwright.errors import CatalogError, ManifestError, SettingsError
from dubwright.lake import Lake
from dubwright.lake.layout import UnitKey
from dubwright.series import cast as casts
from dubwright.series.cast import Decision

SERIES = "槐巷 不灭灯"
SAID = {"01": "秦师父，晚晴来了。\n师父！", "02": "晚晴，走吧。", "03": "走吧。"}


@pytest.fixture
def lake(lake: Lake) -> Lake:
    """Three episodes, linked and translated into English."""
    heard = [Decision("heard", "", episode=name, transcript=name * 16, said=text) for name, text in SAID.items()]
    casts.decide(lake, SERIES, heard, "dubwright")
    for name in SAID:
        row = {"segment": 1, "language": "en", "engine": "fake", "engine_version": "1"}
        lake.commit(UnitKey("translation", SERIES, name, "en", name * 16), [row], {})
    return lake


def run(lake: Lake, *arguments: str) -> str:
    ran = CliRunner().invoke(app, [*arguments, "--lake", lake.uri])
    if ran.exception:
        raise ran.exception
    return ran.stdout


def terms(printed: str) -> dict[str, dict[str, object]]:
    return {term["source"]: term for term in json.loads(printed)["terms"]}


def test_a_term_is_set_changed_and_dropped(lake: Lake) -> None:
    printed = run(lake, "set", SERIES, "晚晴", "--to", "en=Wanqing", "--kind", "name", "--sex", "female", "--json")
    assert json.loads(printed)["outdated"] == {"en": ["01", "02"]}
    assert terms(printed)["晚晴"]["episodes"] == ["01", "02"]
    printed = run(lake, "set", SERIES, "晚晴", "--to", "es=Wanqing", "--alias", "阿晴", "--json")
    assert terms(printed)["晚晴"]["renderings"] == {"en": "Wanqing", "es": "Wanqing"}
    assert terms(printed)["晚晴"]["kind"] == "name"
    run(lake, "set", SERIES, "秦师父", "--to", "en=Master Qin")
    shown = run(lake, "list", SERIES)
    assert "Master Qin" in shown and "晚晴 | 阿晴" in shown
    assert terms(run(lake, "drop", SERIES, "秦师父", "--json")).keys() == {"晚晴"}
    with pytest.raises(CatalogError, match="no '秦师父'"):
        run(lake, "drop", SERIES, "秦师父")
    with pytest.raises(SettingsError, match="LANGUAGE=TEXT"):
        run(lake, "set", SERIES, "晚晴", "--to", "Wanqing")
    with pytest.raises(SettingsError):
        run(lake, "set", SERIES, "晚晴", "--to", "klingonish=Wanqing")


def test_the_series_own_file_counts_where_its_catalogue_is_named(lake: Lake, tmp_path: Path) -> None:
    folder = tmp_path / "catalogue" / SERIES
    folder.mkdir(parents=True)
    (folder / "01.mp4").write_bytes(b"video")
    (folder / "series.yaml").write_text("glossary: [{source: 晚晴, renderings: {en: Wanqing}}]", encoding="utf-8")
    source = ("--source", str(folder.parent))
    assert terms(run(lake, "list", SERIES, *source, "--json"))["晚晴"]["renderings"] == {"en": "Wanqing"}
    printed = run(lake, "set", SERIES, "晚晴", "--to", "en=Wan Qing", *source)
    assert "en: finished under an older version, will be redone: 01, 02" in printed
    with pytest.raises(CatalogError, match="另一部"):
        run(lake, "list", "另一部", *source)


@pytest.mark.parametrize("ending", ["csv", "tbx"])
def test_a_glossary_goes_out_and_comes_in(ending: str, lake: Lake, tmp_path: Path) -> None:
    file = tmp_path / f"glossary.{ending}"
    run(lake, "set", SERIES, "晚晴", "--to", "en=Wanqing", "--to", "ar=وان تشينغ", "--notes", "the younger sister")
    before = terms(run(lake, "list", SERIES, "--json"))
    run(lake, "export", SERIES, str(file))
    run(lake, "drop", SERIES, "晚晴")
    assert terms(run(lake, "import", SERIES, str(file), "--json")) == before
    file.write_bytes(b"source,en\n,Nobody\n" if ending == "csv" else b"<tbx>")
    with pytest.raises(ManifestError):
        run(lake, "import", SERIES, str(file))
    assert terms(run(lake, "list", SERIES, "--json")) == before
    with pytest.raises(SettingsError, match="neither"):
        run(lake, "import", SERIES, str(tmp_path / "glossary.docx"))
    with pytest.raises(CatalogError, match="No such file"):
        run(lake, "import", SERIES, str(tmp_path / f"none.{ending}"))


@pytest.mark.slow
def test_what_is_proposed_waits_for_somebody_to_approve_it(lake: Lake) -> None:
    printed = run(lake, "propose", SERIES, "--to", "en,es", "--json")
    assert json.loads(printed)["outdated"] == {}
    found = terms(printed)
    assert {"status": "proposed"}.items() <= found["晚晴"].items()
    run(lake, "drop", SERIES, "秦师父") if "秦师父" in found else None
    printed = run(lake, "approve", SERIES, "晚晴", "--json")
    assert json.loads(printed)["outdated"] == {"en": ["01", "02"]}
    # What was dropped, or is there already, is not proposed again.
    assert terms(run(lake, "propose", SERIES, "--to", "en", "--json")).keys() <= found.keys() - {"秦师父"}
    assert all(term["status"] == "approved" for term in terms(run(lake, "approve", SERIES, "--all", "--json")).values())
