from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dubwright import sources, unit
from dubwright.catalogue import catalog
from dubwright.errors import MediaError, StoreError, ToolError
from dubwright.ingest import work as stage
from dubwright.lake import Lake
from dubwright.lake.schemas import TABLES
from dubwright.media import decode, sound
from dubwright.settings import IngestSettings
from dubwright.sources import digest
from dubwright.unit import Machine, Work
from tests.catalogue.conftest import Bucket
from tests.media import clips

pytestmark = pytest.mark.slow


def _digest(uri: str) -> str:
    try:
        return digest(Path(uri.removeprefix("file://")))
    except OSError:
        return "of no file"


def work(uri: str, **settings: Any) -> Work:
    return Work(
        stage="ingest",
        series="长安",
        episode="01",
        language="zh",
        source_language="zh",
        source_uri=uri,
        source_digest=_digest(uri),
        fingerprint="0" * 32,
        settings=IngestSettings(**settings),
    )


def ingest(path: Path | str, lake: Lake, **settings: Any) -> dict[str, Any]:
    (row,) = stage.run(work(str(path), **settings), lake, Machine(lake.uri, "/nowhere"))
    return row


def blob(lake: Lake, key: str) -> tuple[sound.Samples, int]:
    with lake.blob_file(key) as path:
        return sound.read(path)


def test_a_unit_is_committed_with_its_blobs(tmp_path: Path, lake: Lake) -> None:
    path = clips.make_clip(tmp_path / "01.mp4", seconds=2.04, rate=44_100, layout="stereo")
    one = work(str(path))
    assert unit.execute(one, Machine(lake.uri, "/nowhere")).computed
    row = lake.read(one.key).row()
    assert {name for name in TABLES["source"].names if row[name] is None} == {"segment", "model_sha256", "video_blob"}
    assert (row["engine"], row["language"], row["uri"], row["source_digest"]) == (
        "ffmpeg",
        "zh",
        str(path),
        digest(path),
    )
    assert (row["duration_ms"], row["width"], row["height"], row["fps"]) == (2040, 64, 112, 25.0)
    assert (row["sample_rate"], row["channels"], row["channel_layout"]) == (44_100, 2, "stereo")
    assert (row["notes"], row["shots"]) == ([], [])
    speech, speech_rate = blob(lake, row["speech_blob"])
    stereo, stereo_rate = blob(lake, row["stereo_blob"])
    assert (speech.shape, speech_rate) == ((32_640, 1), 16_000)
    assert (stereo.shape, stereo_rate) == ((89_964, 2), 44_100)
    for samples, rate in ((speech, speech_rate), (stereo, stereo_rate)):
        assert np.abs(samples[: rate // 20]).max() > 0.4  # the beep at 0
        assert np.abs(samples[rate : rate + rate // 20]).max() > 0.4  # and at 1 s
        assert np.abs(samples[rate // 5 : rate // 2]).max() < 0.01


@pytest.mark.parametrize(
    ("ending", "seconds", "rate", "delay_s"),
    [("mp4", 0.84, 44_100, 0), ("mp4", 1.48, 22_050, 0.5), ("mkv", 1.48, 44_100, -0.3), ("ts", 2.04, 48_000, 0.5)],
)
def test_both_blobs_last_as_long_as_the_picture(
    tmp_path: Path, lake: Lake, ending: str, seconds: float, rate: int, delay_s: float
) -> None:
    path = clips.make_clip(tmp_path / f"a.{ending}", seconds=seconds, rate=rate, sound_delay_s=delay_s)
    row = ingest(path, lake)
    for key in ("speech_blob", "stereo_blob"):
        samples, found = blob(lake, row[key])
        assert abs(len(samples) - row["duration_ms"] * found / 1000) <= 1
    assert row["duration_ms"] == pytest.approx(1000 * seconds, abs=2)


def test_late_sound_is_late_in_the_blobs(tmp_path: Path, lake: Lake) -> None:
    row = ingest(clips.make_clip(tmp_path / "late.mkv", sound_delay_s=0.5), lake)
    assert row["audio_start_ms"] == pytest.approx(500, abs=25)
    speech, rate = blob(lake, row["speech_blob"])
    assert int(np.argmax(np.abs(speech[:, 0]) > 0.1)) / rate == pytest.approx(0.5, abs=0.002)


def test_cuts_are_told_and_where_they_cannot_be_a_note_says_so(
    tmp_path: Path, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = clips.make_cut(tmp_path / "a.mp4", "testsrc2", "smptebars", each_s=1.2)
    assert ingest(path, lake)["shots"] == [1200]

    def broken(path: Path, duration_ms: int) -> list[int]:
        raise ToolError("FFmpeg was killed by signal 9", where=str(path))

    monkeypatch.setattr(stage, "shot_changes", broken)
    row = ingest(path, lake)
    assert row["shots"] is None
    assert row["notes"] == ["where the picture is cut is not known: FFmpeg was killed by signal 9"]


@pytest.mark.parametrize(
    ("layout", "kept"), [("mono", 1), ("stereo", 2), ("5.1", 6), ("5.1(side)", 6), ("7.1", 8), ("quad", 2), ("4.0", 2)]
)
def test_usual_layouts_are_kept_and_others_noted(tmp_path: Path, lake: Lake, layout: str, kept: int) -> None:
    row = ingest(clips.make_tones(tmp_path / "a.mkv", layout, codec="flac"), lake)
    assert row["channel_layout"] == layout
    assert row["notes"] == (
        [] if layout in ("mono", "stereo") or kept > 2 else [f"{layout} sound mixed down to stereo"]
    )
    own, speech, stereo = (blob(lake, row[name])[0] for name in ("sound_blob", "speech_blob", "stereo_blob"))
    assert (own.shape[1], speech.shape[1], stereo.shape[1]) == (kept, 1, 2)
    assert len(own) == len(stereo) == 96_000
    assert (row["sound_blob"] == row["stereo_blob"]) == (kept == 2)
    assert min(np.abs(each).max() for each in (own, speech, stereo)) > 0.03
    if kept == 1:
        assert (stereo == own).all()


def test_surround_has_its_centre_in_both_sides_of_its_stereo(tmp_path: Path, lake: Lake) -> None:
    row = ingest(clips.make_surround(tmp_path / "a.mp4"), lake)
    own, stereo, speech = (blob(lake, row[name])[0] for name in ("sound_blob", "stereo_blob", "speech_blob"))
    assert np.abs(own[:, 2]).max() > 0.4 and np.abs(np.delete(own, 2, axis=1)).max() < 0.01
    assert np.abs(stereo[:, 0]).max() > 0.05 and np.abs(stereo[:, 0] - stereo[:, 1]).max() < 0.01
    assert np.abs(speech).max() > 0.05


def test_what_is_odd_about_the_picture_is_noted(tmp_path: Path, lake: Lake) -> None:
    row = ingest(clips.make_rotated(tmp_path / "a.mp4", 60), lake)
    assert row["rotation"] == 270
    assert "300°" in row["notes"][0]
    assert ingest(clips.make_variable_rate(tmp_path / "b.mp4"), lake)["variable_frame_rate"] is True


@pytest.mark.parametrize("scheme", ["", "file://"])
@pytest.mark.parametrize("name", ['-第 1 集 it\'s "100%".mp4', "#1?a=%20\n.mp4"])
def test_names_of_every_kind(tmp_path: Path, lake: Lake, scheme: str, name: str) -> None:
    path = clips.make_clip(tmp_path / name, seconds=0.8)
    assert ingest(f"{scheme}{path}", lake)["duration_ms"] == 800


@pytest.mark.parametrize(
    ("make", "field", "problem"),
    [
        (clips.make_empty, "size", "empty"),
        (clips.make_text, "container", "no video"),
        (clips.make_sound_only, "picture", "no picture"),
        (lambda path: clips.make_clip(path, sound=None), "sound", "no sound"),
        (lambda path: clips.make_clip(path, sound_seconds=0.3), "sound", "shorter than 500 ms"),
        (lambda path: clips.make_clip(path, seconds=0.2, sound_seconds=2), "picture", "shorter than 500 ms"),
        (clips.make_truncated, "duration", "cut off"),
        (lambda path: None, None, "no such file"),
    ],
)
def test_bad_sources_leave_nothing(
    tmp_path: Path, lake: Lake, make: Callable[[Path], object], field: str | None, problem: str
) -> None:
    path = tmp_path / "01.mp4"
    make(path)
    with pytest.raises(MediaError, match=problem) as caught:
        unit.execute(work(str(path)), Machine(lake.uri, "/nowhere"))
    assert (caught.value.where, caught.value.field) == (str(path), field)
    assert caught.value.remedy
    assert not list(lake.store.list())


def test_silence_between_two_snatches_is_no_sound(tmp_path: Path, lake: Lake) -> None:
    """MP4 writes a gap down as one long packet: by its packets this sound lasts 2 s, and 0.3 s are there."""
    whole = clips.make_clip(tmp_path / "whole.mp4")
    path = clips.spoil_sound(whole, tmp_path / "01.mp4", 0.2, 1.9, "drop")
    with pytest.raises(MediaError, match="shorter than 500 ms") as caught:
        ingest(path, lake)
    assert caught.value.field == "sound"


def test_settings_decide_what_is_too_short_and_too_long(tmp_path: Path, lake: Lake) -> None:
    short = clips.make_clip(tmp_path / "short.mp4", sound_seconds=0.3)
    assert any("ends" in note for note in ingest(short, lake, shortest_ms=100)["notes"])
    with pytest.raises(MediaError, match="longer than 1 s") as caught:
        ingest(short, lake, longest_ms=1000)
    assert caught.value.field == "picture"


def test_a_source_that_changes_meanwhile_is_tried_again(
    tmp_path: Path, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = clips.make_clip(tmp_path / "a.mp4")
    original = decode.decode

    def decode_while_copied(*args: Any) -> decode.Decoded:
        with path.open("ab") as file:
            file.write(b"more")
        return original(*args)

    monkeypatch.setattr(stage, "decode", decode_while_copied)
    with pytest.raises(StoreError, match="changed while it was read") as caught:
        ingest(path, lake)
    assert caught.value.transient
    assert not list(lake.store.list())


def test_the_source_is_left_alone_and_no_file_is_left(
    tmp_path: Path, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = clips.make_clip(tmp_path / "a.mp4")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    before = path.read_bytes()
    path.chmod(0o400)
    ingest(path, lake)
    with pytest.raises(MediaError):
        ingest(clips.make_text(tmp_path / "b.mp4"), lake)
    assert path.read_bytes() == before
    assert not list(scratch.iterdir())


def test_equal_sources_have_equal_blobs(tmp_path: Path, lake: Lake) -> None:
    path = clips.make_clip(tmp_path / "a.mp4")
    copy = Path(shutil.copy(path, tmp_path / "b.mp4"))
    os.utime(copy, (0, 0))
    first, second = ingest(path, lake), ingest(copy, lake)
    assert first["stereo_blob"] == second["stereo_blob"]
    assert first["speech_blob"] == second["speech_blob"]
    assert first | {"uri": ""} == second | {"uri": ""}


@pytest.mark.parametrize(
    ("rate", "kept"), [(8_000, 48_000), (22_050, 44_100), (32_000, 48_000), (44_100, 44_100), (96_000, 48_000)]
)
def test_full_rate(rate: int, kept: int) -> None:
    assert stage.full_rate(rate) == kept


def test_another_file_than_the_plan_saw_is_not_taken_for_it(tmp_path: Path, lake: Lake) -> None:
    path = clips.make_clip(tmp_path / "01.mp4", seconds=1.0)
    planned = work(str(path))
    clips.make_clip(path, seconds=1.4)
    with pytest.raises(StoreError, match="changed"):
        stage.run(planned, lake, Machine(lake.uri, "/nowhere"))


def test_a_source_in_a_store_is_fetched_and_shared_for_a_while(
    tmp_path: Path, lake: Lake, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    bucket.put("s/01 #1?.mp4", clips.make_clip(tmp_path / "a.mp4", seconds=0.8).read_bytes())
    (episode,) = catalog.load("s3://works?region=here").episodes
    planned = replace(work(episode.uri), source_digest=episode.digest)
    (row,) = stage.run(planned, lake, Machine(lake.uri, "/nowhere"))
    assert (row["uri"], row["duration_ms"], row["source_digest"]) == (episode.uri, 800, episode.digest)
    (shared,) = scratch.iterdir()
    (kept,) = (path for path in shared.iterdir() if path.suffix != ".lock")
    assert kept.read_bytes() == bucket.read("s/01 #1?.mp4")
    bucket.put("s/01 #1?.mp4", clips.make_text(tmp_path / "b.mp4").read_bytes())
    with pytest.raises(StoreError, match="changed since it was planned"):
        stage.run(planned, lake, Machine(lake.uri, "/nowhere"))
    (episode,) = catalog.load("s3://works?region=here").episodes
    with pytest.raises(MediaError, match="no video") as caught:
        stage.run(replace(planned, source_digest=episode.digest), lake, Machine(lake.uri, "/nowhere"))
    assert caught.value.where == episode.uri


@pytest.mark.parametrize(("name", "ending"), [("01.MP4", "mp4"), ("01.m p;4", "bin"), ("01", "bin")])
def test_a_video_is_copied_where_that_is_asked_for(tmp_path: Path, lake: Lake, name: str, ending: str) -> None:
    path = clips.make_clip(tmp_path / "a.mp4", seconds=0.8).rename(tmp_path / name)
    one = work(str(path))
    assert unit.execute(one, Machine(lake.uri, "/nowhere", copy_sources=True)).computed
    copy = lake.read(one.key).row()["video_blob"]
    assert copy.endswith(f".{ending}") and lake.read_blob(copy) == path.read_bytes()
    path.unlink()
    with sources.ingested(one.source_uri, one.source_digest, copy, lake) as opened:
        assert opened.read_bytes() == lake.read_blob(copy)


def test_a_digest_that_the_owner_vouches_for_is_not_compared(tmp_path: Path, lake: Lake) -> None:
    path = clips.make_clip(tmp_path / "a.mp4", seconds=0.8)
    planned = replace(work(str(path)), source_digest="given:whatever the warehouse says")
    (row,) = stage.run(planned, lake, Machine(lake.uri, "/nowhere"))
    assert row["source_digest"] == "given:whatever the warehouse says"
