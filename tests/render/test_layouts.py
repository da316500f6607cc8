"""A source's channels from its video to the delivered one: ingested, dubbed by the fake engine, rendered, measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from dubwright import beds, engines, sources
from dubwright.fingerprint import fingerprint
from dubwright.lake import Lake
from dubwright.lake.layout import UnitKey
from dubwright.media import layouts, limiter, sound
from dubwright.quality.gate import key_of
from dubwright.render import peaks, video
from dubwright.render.video import Film, Track
from dubwright.settings import DubSettings, IngestSettings, RenderSettings, Section
from dubwright.stages import STAGES
from dubwright.unit import Machine, Work, execute
from tests.media import clips
from tests.render.conftest import RATE, SECONDS, Episodes, beep
from tests.render.test_quality import dub, measured, voice

pytestmark = pytest.mark.slow

SPOKEN = (1000, 2000)
EVERY = [
    ("mono", "mono"),
    ("stereo", "stereo"),
    ("5.1", "5.1"),
    ("5.1(side)", "5.1"),
    ("7.1", "7.1"),
    ("quad", "stereo"),
]


def dubbed(lake: Lake, machine: Machine, clip: Path, spoken: bool = True) -> Work:
    """The unit of the render of a video of one line at `SPOKEN`, everything before it and itself computed."""
    settings: dict[str, Section] = {
        "ingest": IngestSettings(),
        "dub": DubSettings(engines=("fake",), separator="none"),
        "render": RenderSettings(),
    }
    start, end = SPOKEN
    given: dict[str, dict[str, Any]] = {
        "transcribe": {"segment": 1, "start_ms": start, "end_ms": end, "text": "将军回来了。"},
        "translate": {"segment": 1, "text": "The general is back." if spoken else "", "state": "draft"},
    }
    upstream: dict[str, UnitKey] = {}
    for name, stage in STAGES.items():
        recipe = {"stage": name, "clip": str(clip), "spoken": spoken}
        if name in given:
            partition = "en" if stage.per_language else None
            upstream[name] = UnitKey(stage.table, "长安", "01", partition, fingerprint(recipe))
            shared = {"language": partition or "zh", "engine": "test", "engine_version": "1"}
            lake.commit(upstream[name], [shared | given[name]], {})
            continue
        work = Work(
            stage=name,
            series="长安",
            episode="01",
            language="en" if stage.per_language else "zh",
            source_language="zh",
            source_uri=str(clip),
            source_digest=sources.digest(clip),
            fingerprint=fingerprint(recipe),
            settings=settings[name],
            upstream=dict(upstream),
            recipe=recipe,
        )
        assert execute(work, machine).computed
        upstream[name] = work.key
    return work


def delivered(lake: Lake, work: Work, folder: Path) -> Path:
    (row,) = (row for row in lake.read(work.key).rows() if row["kind"] == "video")
    path = folder / "delivered.mp4"
    path.write_bytes(lake.read_blob(row["blob"]))
    return path


@pytest.mark.parametrize(("layout", "kept"), EVERY)
def test_a_dub_is_delivered_in_its_sources_layout(
    tmp_path: Path, lake: Lake, machine: Machine, layout: str, kept: str
) -> None:
    work = dubbed(lake, machine, clips.make_tones(tmp_path / "a.mkv", layout, codec="flac", seconds=3))
    source = lake.read(work.upstream["ingest"]).row()
    assert source["notes"] == (
        [] if kept == layout.removesuffix("(side)") else [f"{layout} sound mixed down to stereo"]
    )
    with av.open(str(delivered(lake, work, tmp_path))) as film:
        tracks = [stream.codec_context for stream in film.streams.audio]
        assert [track.layout.name for track in tracks] == [kept, kept]
        lengths = [sum(frame.samples for frame in film.decode(audio=at)) for at in range(2) if not film.seek(0)]
    assert all(0 <= length - 3 * 48_000 <= 1024 for length in lengths)
    found = measured(lake, work)
    assert abs(found["loudness_lu", None]["value"]) <= 0.5
    assert found["true_peak_dbtp", None]["value"] <= -1
    assert found["drift_frames", None]["value"] <= 1
    assert found["level_db", 1]["value"] is not None


@pytest.mark.parametrize("layout", ["mono", "5.1", "7.1"])
def test_without_a_line_the_original_is_delivered_in_its_layout(
    tmp_path: Path, lake: Lake, machine: Machine, layout: str
) -> None:
    work = dubbed(lake, machine, clips.make_tones(tmp_path / "a.mkv", layout, codec="flac", seconds=3), spoken=False)
    track, _ = sound.read(delivered(lake, work, tmp_path))
    original = clips.channel_hertz(0) + 10 * np.arange(track.shape[1])
    spectrum = np.abs(np.fft.rfft(track[48_000:96_000], axis=0)) / 24_000
    assert spectrum.argmax(axis=0).tolist() == original.tolist()
    assert spectrum.max(axis=0) == pytest.approx(np.full(track.shape[1], 0.125), rel=0.1)
    assert measured(lake, work)["loudness_lu", None]["value"] is None


@pytest.mark.parametrize("channels", layouts.KEPT)
def test_what_an_encoder_adds_is_taken_off_in_every_channel(tmp_path: Path, clip: Path, channels: int) -> None:
    """Bursts of overdriven noise up to the ceiling, another one in each channel, a tone between them."""
    random, at = np.random.default_rng(channels), np.arange(2 * RATE)[:, np.newaxis]
    loud = np.tanh(4 * random.normal(0, 1, (2 * RATE, channels)))
    samples = np.where(at % RATE < RATE // 4, loud, 0.2 * np.sin(at / 30)).astype(np.float32)
    path, bare, out = (tmp_path / name for name in ("hard.flac", "bare.mp4", "out.mp4"))
    sound.write_flac(path, limiter.limit(samples, RATE, -1.1), RATE)
    film = Film(clip, 2000, [Track(path, "en", "English")])
    video.mux(film, bare, bitrate_kbps=128, threads=1)
    assert sound.loudness(bare).true_peak_dbtp > -1
    peaks.mux(film, out, -1.0, bitrate_kbps=128, threads=1)
    assert sound.loudness(out).true_peak_dbtp <= -1
    assert sound.channels_of(out) == channels


@pytest.mark.parametrize("left", [0.0, 0.5])
def test_what_is_left_of_the_voices_is_told_of_surround(
    episodes: Episodes, clip: Path, lake: Lake, machine: Machine, left: float
) -> None:
    """The voice is in the centre, music is all around; the low channel has what no track made mono has."""
    music = np.random.default_rng(1).normal(0, 0.02, (SECONDS * RATE, 6)).astype(np.float32)
    music[:, 3] *= 10
    actor = np.zeros_like(music)
    actor[:, 2] = beep(SECONDS)[:, 0]
    said = np.zeros_like(music)
    rows = dub(episodes)
    for number, row in enumerate(rows[:-1], start=1):
        first, length = row["start_ms"] * RATE // 1000, row["duration_ms"]
        said[first : first + length * RATE // 1000, 2] = voice(length, number)
    rows[-1]["blob"] = episodes.sound(music * 0.6 + said + left * actor)
    work = episodes.add(clip, dub=rows, dubbed_by={"separator": "deepfilternet"}, own=music + actor)
    source = lake.read(work.upstream["ingest"]).row()
    info = engines.engine_class("separate", "deepfilternet").info
    lake.store.put_if_absent(beds.entry(source["sound_blob"], info, None), episodes.sound(music).encode())
    assert execute(work, machine).computed
    assert lake.committed(key_of(work.key))
    found = measured(lake, work)["residue_db", 2]["value"]
    assert found > -10 if left else found < -20
