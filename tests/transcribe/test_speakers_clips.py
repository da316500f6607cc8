"""A character's clearest lines, found and cut out of what the lake has."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from desk.cast import app
from dubwright.errors import CatalogError, SettingsError
from dubwright.lake import Lake
from dubwright.lake.collection import collect
from dubwright.lake.layout import SeriesKey, UnitKey
from dubwright.media import sound
from dubwright.series import cast as casts
from dubwright.series.cast import Decision
from dubwright.transcribe.speakers.clips import clips_of, keep, references_of
from dubwright.voiceprints.spectra import RATE

SERIES = "槐巷"
# Start and end (ms), label, how loud: one is louder than a recording can hold.
LINES = [(500, 3500, "S1", 0.1), (4500, 7500, "S1", 2.0), (8500, 11500, "S2", 0.1), (12500, 15500, "S1", 0.05)]
KEY = UnitKey("transcript", SERIES, "01", None, "a" * 32)


@pytest.fixture
def played(lake: Lake, tmp_path: Path) -> Lake:
    """A lake with one episode: four lines, of which one is distorted and one is somebody else's."""
    rng = np.random.default_rng(7)
    samples = rng.normal(0, 0.001, 17 * RATE).astype(np.float32)
    time = np.arange(3 * RATE) / RATE
    voice = sum(np.sin(2 * np.pi * 150 * n * time) / n for n in range(1, 20)) * (1 + np.sin(2 * np.pi * 4 * time))
    for start, end, _, loud in LINES:
        samples[start * RATE // 1000 : end * RATE // 1000] += (loud * voice).astype(np.float32)
    path = tmp_path / "speech.flac"
    sound.write_flac(path, samples[:, None], RATE)
    shared = {"language": "zh", "engine": "fake", "engine_version": "1"}
    source = UnitKey("source", SERIES, "01", None, "b" * 32)
    lake.commit(source, [{**shared, "speech_blob": lake.put_blob(path)}], {})
    rows = [
        {**shared, "segment": n, "start_ms": start, "end_ms": end, "speaker": label, "text": "…"}
        for n, (start, end, label, _) in enumerate(LINES, start=1)
    ]
    lake.commit(KEY, rows, {"upstream": {"ingest": str(source)}})
    linked = [
        Decision("link", of, sex="male", episode="01", transcript=KEY.fingerprint, speaker=label)
        for of, label in (("c01", "S1"), ("c02", "S2"))
    ]
    casts.decide(lake, SERIES, linked, "dubwright")
    return lake


def test_the_clearest_lines_of_a_character_are_cut_out(played: Lake) -> None:
    clips = clips_of(played, SERIES, casts.read(played, SERIES), "c01")
    assert [clip.choice.segment for clip in clips] == [1, 4]
    assert [len(clip.samples) for clip in clips] == [3 * RATE] * 2
    # A line that a person gave to somebody else is not this one's.
    cast = casts.read(played, SERIES)
    casts.decide(played, SERIES, [casts.assign(cast, "01", 1, 500, 3500, "c02")], "me")
    assert 1 not in [clip.choice.segment for clip in clips_of(played, SERIES, casts.read(played, SERIES), "c01")]
    # What is gone is done without.
    played.store.delete(str(KEY))
    assert clips_of(played, SERIES, casts.read(played, SERIES), "c01") == []


def test_the_best_lines_are_kept_once_and_follow_the_cast(played: Lake) -> None:
    assert (keep(played, SERIES, [KEY]), keep(played, SERIES, [KEY])) == (1, 0)

    def of(character: str) -> list[int]:
        found = references_of(played, SERIES, casts.read(played, SERIES), character)
        assert all(len(played.read_blob(each.blob)) > 1000 and 0 < each.choice.score <= 1 for each in found)
        return [each.choice.segment for each in found]

    assert (of("c01"), of("c02")) == ([1, 4], [3])
    casts.decide(played, SERIES, [casts.merge(casts.read(played, SERIES), "c02", "c01")], "me")
    assert sorted(of("c01")) == [1, 3, 4]
    # A collector leaves them alone; without the fact, nobody needs them.
    blobs = {found.key for found in played.store.list("blob/")}
    assert len(blobs) == 1 + 3
    collect(played, grace=timedelta(0), wanted=None, delete=True)
    assert {found.key for found in played.store.list("blob/")} == blobs
    played.store.delete(str(SeriesKey(SERIES, "reference", 1)))
    collect(played, grace=timedelta(0), wanted=None, delete=True)
    assert len(list(played.store.list("blob/"))) == 1


def test_a_sample_is_written_and_its_path_said(played: Lake, tmp_path: Path) -> None:
    def run(*arguments: str) -> str:
        ran = CliRunner().invoke(app, ["play", SERIES, *arguments, "--lake", played.uri])
        if ran.exception:
            raise ran.exception
        return ran.stdout

    path = tmp_path / "him.flac"
    found = json.loads(run("c01", "--out", str(path), "--json"))
    assert found["path"] == str(path) and [line["segment"] for line in found["lines"]] == [1, 4]
    samples, rate = sound.read(path)
    assert rate == RATE and len(samples) == round(6.8 * RATE)
    with pytest.raises(CatalogError, match="nobody is called"):
        run("c09")
    with pytest.raises(SettingsError, match="no FLAC"):
        run("c01", "--out", str(tmp_path / "him.mp3"))
