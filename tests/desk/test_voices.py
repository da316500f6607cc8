"""`dubwright cast voices`: which voice each character has: what the command lists, changes and writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from desk.voices import voices
from dubwright.dub.fake import FakeCloner, FakeSynthesizer
from dubwright.dub.wording import spoken
from dubwright.errors import CatalogError, LanguageError, SettingsError
from dubwright.lake import Lake
from dubwright.lake.layout import UnitKey
from dubwright.media import sound
from dubwright.series import cast as casts
from dubwright.series import voice_facts
from dubwright.series.cast import Decision
from dubwright.series.facts import Character, SeriesFacts
from dubwright.series_voices import cast_series
from dubwright.settings import DubSettings

SERIES = "槐巷 不灭灯"
SPEAK = {"01": ("c01", "c02"), "02": ("c02",), "03": ("c01", "c03")}
PITCHES = {"c01": 230.0, "c02": 118.0, "c03": 190.0}
SHARED = {"language": "zh", "engine": "fake", "engine_version": "1"}

# Alone: the whole command is put together anew for every call.
app = typer.Typer()
app.command()(voices)


@pytest.fixture
def lake(lake: Lake) -> Lake:
    """Three episodes, linked, translated, cast and dubbed into English."""
    keys = []
    for episode, people in SPEAK.items():
        mark = episode * 16
        rows = [
            {**SHARED, "segment": n, "start_ms": 3000 * n, "end_ms": 3000 * n + 2000, "speaker": f"S{n}", "f0_hz": PITCHES[who]}
            for n, who in enumerate(people, start=1)
        ]  # fmt: skip
        keys.append(UnitKey("transcript", SERIES, episode, None, mark))
        lake.commit(keys[-1], rows, {})
        said = [
            {**SHARED, "segment": n, "text": f"Here is {who} in {episode}."} for n, who in enumerate(people, start=1)
        ]
        about = {"upstream": {"transcribe": str(keys[-1])}}
        lake.commit(UnitKey("translation", SERIES, episode, "en", mark), said, about)
        lake.commit(UnitKey("dub", SERIES, episode, "en", mark), [{**SHARED, "segment": 1}], {})
        heard = Decision("heard", "", episode=episode, transcript=mark)
        links = [
            Decision("link", who, sex="male" if who == "c02" else "female", episode=episode, transcript=mark, speaker=f"S{n}")
            for n, who in enumerate(people, start=1)
        ]  # fmt: skip
        casts.decide(lake, SERIES, [heard, *links], "dubwright")
    casts.decide(lake, SERIES, [casts.name(casts.read(lake, SERIES), "c01", "晚晴")], "anna")
    cast_series(lake, SERIES, keys, SeriesFacts(), {"en": FakeSynthesizer.info}, DubSettings())
    return lake


def run(lake: Lake, *arguments: str) -> str:
    ran = CliRunner().invoke(app, [SERIES, *arguments, "--lake", lake.uri, "--profile", "fake"])
    if ran.exception:
        raise ran.exception
    return ran.stdout


def listed(printed: str) -> dict[str, dict[str, Any]]:
    return {row["character"]: row for row in json.loads(printed)["voices"]}


def test_the_voices_of_a_series_are_listed(lake: Lake) -> None:
    rows = listed(run(lake, "--json"))
    assert rows.keys() == PITCHES.keys()
    assert {"name": "晚晴", "sex": "female", "episodes": ["01", "03"], "speech_s": 4}.items() <= rows["c01"].items()
    assert {row["voice"][:6] for row in rows.values()} == {"fake-f", "fake-m"}
    assert all(row["editor"] == "dubwright" and not row["flags"] and not row["cloned"] for row in rows.values())
    assert "晚晴" in run(lake) and "2 s in 1" in run(lake)
    assert all(row["flags"] for row in listed(run(lake, "--to", "es", "--json")).values())
    with pytest.raises(LanguageError):
        run(lake, "--to", "klingonish")


def test_a_voice_is_changed_and_what_that_touches_is_said(lake: Lake) -> None:
    before = listed(run(lake, "--json"))["c01"]["voice"]
    change = ("--character", "晚晴", "--to", "en", "--voice")
    printed = run(lake, *change, "fake-m1", "--editor", "anna", "--json")
    assert json.loads(printed)["outdated"] == {"en": ["01", "03"]}
    row = listed(printed)["c01"]
    assert (row["voice"], row["editor"]) == ("fake-m1", "anna") and "a male voice" in row["flags"]
    # Two who meet share it: both are told so.
    run(lake, "--character", "c02", "--to", "en", "--voice", "fake-m1")
    rows = listed(run(lake, "--json"))
    assert "shared with c02, whom it meets" in rows["c01"]["flags"]
    assert "shared with c01, whom it meets" in rows["c02"]["flags"]
    # The same once more touches nothing; auto gives back what was cast.
    assert json.loads(run(lake, *change, "fake-m1", "--json"))["outdated"] == {}
    assert "en: finished with another voice, will be redone: 01, 03" in run(lake, *change, "auto")
    assert listed(run(lake, "--json"))["c01"]["voice"] == before


@pytest.mark.parametrize(
    ("arguments", "kind", "says"),
    [
        (("--character", "c09", "--to", "en", "--voice", "fake-f1"), CatalogError, "nobody is called"),
        (("--character", "c01", "--to", "en", "--voice", "af_bella"), SettingsError, "has no voice 'af_bella'"),
        (("--to", "en", "--voice", "fake-f1"), SettingsError, "names no character"),
        (("--character", "c01", "--to", "en,es", "--voice", "fake-f1"), SettingsError, "names 2 languages"),
        (("--character", "c01", "--to", "en", "--play", "x.mp3"), SettingsError, "is neither"),
        (("--character", "c01", "--to", "es", "--play", "x.wav"), CatalogError, "not cast in es yet"),
        (("--character", "c01", "--to", "en", "--play", "/dev/null/x.wav"), SettingsError, "/dev/null"),
        (("--source", "/nowhere"), CatalogError, "/nowhere"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_changes(
    arguments: tuple[str, ...], kind: type[Exception], says: str, lake: Lake
) -> None:
    with pytest.raises(kind, match=says) as raised:
        run(lake, *arguments)
    if "af_bella" in says:
        assert "fake-m3" in str(raised.value)
    assert voice_facts.log(lake, SERIES).version == 1


def test_voices_are_written_to_be_listened_to(lake: Lake, tmp_path: Path) -> None:
    who = ("--character", "c01", "--to", "en", "--json", "--play")
    files = json.loads(run(lake, *who, str(tmp_path / "all")))["files"]
    assert [Path(file).name for file in files] == ["01.fake-f1.flac", "02.fake-f2.flac", "03.fake-f3.flac"]
    assert len({Path(file).read_bytes() for file in files}) == 3
    # A line of the character's, as translated last.
    own, rate = sound.read(Path(files[0]))
    line = FakeSynthesizer.speak(FakeSynthesizer(None, {}, 1), spoken("Here is c01 in 03.", "en"), "en", "fake-f1")  # type: ignore[arg-type]
    assert (len(own), rate) == (len(line.samples), line.rate)
    (wav,) = json.loads(run(lake, *who, str(tmp_path / "one.wav"), "--voice", "fake-m2", "--say", "Hi."))["files"]
    assert len(sound.read(Path(wav))[0]) < len(own)
    assert voice_facts.log(lake, SERIES).version == 1


def test_who_consents_is_read_from_the_catalogue_and_a_clone_can_be_heard(lake: Lake, tmp_path: Path) -> None:
    folder = tmp_path / "catalogue" / SERIES
    folder.mkdir(parents=True)
    (folder / "01.mp4").write_bytes(b"video")
    (folder / "series.yaml").write_text("cast: [{name: 晚晴, sex: female, consent: {en: granted}}]", encoding="utf-8")
    speech = FakeSynthesizer.speak(FakeSynthesizer(None, {}, 1), "x" * 40, "en", "fake-f2")  # type: ignore[arg-type]
    sound.write_flac(tmp_path / "clip.flac", speech.samples, speech.rate)
    entry = voice_facts.Entry("c01", "en", FakeCloner.info.name, "fake-f1", (lake.put_blob(tmp_path / "clip.flac"),))
    voice_facts.decide(lake, SERIES, [entry])
    given = ("--to", "en", "--set", 'dub.engines=["fake-cloner"]', "--json")
    row = listed(run(lake, *given))["c01"]
    assert not row["cloned"] and "--source" in row["flags"][0]
    given = (*given, "--source", str(folder.parent))
    row = listed(run(lake, *given))["c01"]
    assert (row["cloned"], row["consent"], row["flags"]) == (True, "granted", [])
    files = json.loads(run(lake, *given, "--character", "c01", "--play", str(tmp_path / "played")))["files"]
    assert [Path(file).name for file in files][:2] == ["01.clone.flac", "02.fake-f1.flac"]


def test_the_series_own_names_are_taken(lake: Lake) -> None:
    assert SeriesFacts(cast=(Character(name="晚晴", aliases=("晴儿",)),)).listed("晴儿")
    with pytest.raises(CatalogError, match="nobody is called"):
        run(lake, "--character", "晴儿", "--to", "en", "--voice", "fake-f1")
