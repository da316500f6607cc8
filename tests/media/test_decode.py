"""A beep at every full second of the sound tells where the decoder put it on the picture's clock."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dubwright.errors import MediaError, StoreFullError
from dubwright.media import layouts, sound
from dubwright.media.decode import Decoded, decode, track_length
from dubwright.media.probe import MediaInfo, probe
from tests.media import clips

pytestmark = pytest.mark.slow

RATE = 48_000


def decoded(path: Path, rate: int = RATE) -> tuple[MediaInfo, Decoded, sound.Samples]:
    info = probe(path)
    target = path.with_name("track.flac")
    result = decode(path, info, target, rate)
    samples, found = sound.read(target)
    assert found == rate
    assert samples.shape == (track_length(info, rate), len(result.layout.channels))
    return info, result, samples


def beeps(samples: sound.Samples, rate: int = RATE) -> list[float]:
    """When each beep starts (s): the first loud sample after 0.3 s without one."""
    loud = np.flatnonzero(np.abs(samples[:, 0]) > 0.1)
    return [float(at / rate) for at in loud[np.diff(loud, prepend=-rate) > 0.3 * rate]]


def near(*times: float) -> object:
    return pytest.approx(list(times), abs=0.002)


@pytest.mark.parametrize("ending", ["mp4", "mkv", "ts", "flv", "mov"])
@pytest.mark.parametrize("delay_s", [0.0, 0.5, -0.5])
def test_sound_lies_on_the_pictures_clock(tmp_path: Path, ending: str, delay_s: float) -> None:
    path = clips.make_clip(tmp_path / f"a.{ending}", seconds=3, sound_delay_s=delay_s, rate=44_100)
    _, result, samples = decoded(path, 44_100)
    expected = {0.0: near(0, 1, 2), 0.5: near(0.5, 1.5, 2.5), -0.5: near(0.5, 1.5)}
    assert beeps(samples, 44_100) == expected[delay_s]
    assert any("ends" in note for note in result.notes) == (delay_s < 0)


@pytest.mark.parametrize(
    ("rate", "seconds"), [(8_000, 0.76), (22_050, 1.96), (32_000, 0.76), (44_100, 1.96), (48_000, 0.76), (96_000, 0.76)]
)
def test_length_is_the_pictures_to_the_sample(tmp_path: Path, rate: int, seconds: float) -> None:
    path = clips.make_clip(tmp_path / "a.mkv", seconds=seconds, sound_seconds=3, rate=rate, codec="flac")
    for target in (44_100, 48_000):
        info, result, samples = decoded(path, target)
        assert info.duration_ms == pytest.approx(1000 * seconds, abs=1)
        assert abs(len(samples) - info.duration_ms * target / 1000) <= 1
        assert beeps(samples, target) == near(*range(round(seconds + 0.5)))
        assert result.own_ms == pytest.approx(3000, abs=5)
        assert result.notes == (f"the sound runs {3 - seconds:.2f} s past the picture: left out",)


@pytest.mark.parametrize("ending", ["mp4", "mkv"])
def test_gap_is_filled_with_silence(tmp_path: Path, ending: str) -> None:
    whole = clips.make_clip(tmp_path / f"whole.{ending}", seconds=5)
    # Sound comes back just before a beep, which shows whether silence was put in at once.
    path = clips.spoil_sound(whole, tmp_path / f"gap.{ending}", 1.5, 2.95, "drop")
    _, result, samples = decoded(path)
    assert beeps(samples) == near(0, 1, 3, 4)
    assert not np.abs(samples[round(1.6 * RATE) : round(2.9 * RATE)]).any()
    assert result.own_ms == pytest.approx(3550, abs=50)
    assert [note for note in result.notes if "gaps in the sound: 1" in note]


def test_one_lost_packet_does_not_put_the_rest_out_of_step(tmp_path: Path) -> None:
    whole = clips.make_clip(tmp_path / "whole.mkv", seconds=5)
    path = clips.spoil_sound(whole, tmp_path / "gap.mkv", 1.5, 1.522, "drop")
    _, result, samples = decoded(path)
    assert beeps(samples) == near(0, 1, 2, 3, 4)
    assert result.own_ms < decoded(whole)[1].own_ms


def test_damaged_packets_are_noted_and_the_rest_delivered(tmp_path: Path) -> None:
    whole = clips.make_clip(tmp_path / "whole.mkv", seconds=5)
    path = clips.spoil_sound(whole, tmp_path / "bad.mkv", 2.4, 2.7, "garble")
    _, result, samples = decoded(path)
    assert beeps(samples) == near(0, 1, 2, 3, 4)
    assert "cannot be decoded: 14" in result.notes[0]


def test_too_much_damage_is_refused(tmp_path: Path) -> None:
    whole = clips.make_clip(tmp_path / "whole.mkv", seconds=5)
    path = clips.spoil_sound(whole, tmp_path / "bad.mkv", 2.4, 4.0, "garble")
    with pytest.raises(MediaError, match=r"only 6\d % of the sound") as caught:
        decode(path, probe(path), tmp_path / "track.flac", RATE)
    assert (caught.value.where, caught.value.field) == (str(path), "sound")


@pytest.mark.parametrize(
    ("layout", "ending", "codec", "told"),
    [
        ("mono", "mkv", "flac", "mono"),
        ("stereo", "mkv", "flac", "stereo"),
        ("5.1", "mkv", "flac", "5.1"),
        ("5.1(side)", "mkv", "flac", "5.1(side)"),
        ("5.1(side)", "mp4", "ac3", "5.1(side)"),
        ("7.1", "mkv", "flac", "7.1"),
        ("7.1", "mkv", "libopus", "7.1"),
        # PCM in Matroska says how many channels there are, not which.
        ("5.1", "mkv", "pcm_s16le", "6 channels"),
        ("7.1", "mkv", "pcm_s16le", "8 channels"),
    ],
)
def test_every_channel_stays_where_it_is_at_its_level(
    tmp_path: Path, layout: str, ending: str, codec: str, told: str
) -> None:
    info, result, samples = decoded(clips.make_tones(tmp_path / f"a.{ending}", layout, codec=codec))
    assert info.audio.layout == told
    assert result.layout.name == layout.removesuffix("(side)")
    middle = samples[RATE // 2 : 3 * RATE // 2]
    spectrum = np.abs(np.fft.rfft(middle, axis=0)) * 2 / RATE
    assert [int(hertz) for hertz in spectrum.argmax(axis=0)] == [
        clips.channel_hertz(at) for at in range(samples.shape[1])
    ]
    assert spectrum.max(axis=0) == pytest.approx(np.full(samples.shape[1], 0.125), rel=0.05)


@pytest.mark.parametrize("layout", ["quad", "4.0", "5.0", "7.1(wide)"])
def test_other_layouts_are_mixed_down_to_stereo(tmp_path: Path, layout: str) -> None:
    info, result, samples = decoded(clips.make_tones(tmp_path / "a.mkv", layout, codec="flac"))
    assert (info.audio.layout, result.layout) == (layout, layouts.STEREO)
    assert 0.01 < np.abs(samples).max() <= 1


@pytest.mark.parametrize("order", [("5.1", "stereo"), ("stereo", "5.1"), ("mono", "stereo"), ("stereo", "mono", "5.1")])
def test_what_changes_its_layout_midway_becomes_stereo(tmp_path: Path, order: tuple[str, ...]) -> None:
    info, result, samples = decoded(clips.make_changing(tmp_path / "a.mkv", *order))
    assert info.audio.channels == {"mono": 1, "stereo": 2, "5.1": 6}[order[0]]
    assert result.layout is layouts.STEREO
    # Where parts are joined an encoder's first 5 ms come in between.
    assert beeps(samples) == pytest.approx(list(range(len(order))), abs=0.02)
    # Mono is repeated, at its level.
    at = order.index("mono") if "mono" in order else 0
    first = samples[at * RATE + RATE // 50 : at * RATE + RATE // 10]
    assert np.abs(first[:, 0] - first[:, 1]).max() < 0.01
    if "mono" in order:
        assert np.abs(first).max() == pytest.approx(0.5, abs=0.05)


def test_sides_stay_where_they_are(tmp_path: Path) -> None:
    path = clips.make_clip(tmp_path / "a.mkv", sound=f"{clips.TONE}|0", layout="stereo", codec="flac")
    _, _, samples = decoded(path)
    assert np.abs(samples).max(axis=0) == pytest.approx([0.25, 0], abs=0.001)


@pytest.mark.parametrize("codec", ["ac3", "libopus", "libmp3lame", "flac", "pcm_s24le"])
def test_other_codecs(tmp_path: Path, codec: str) -> None:
    _, result, samples = decoded(clips.make_clip(tmp_path / "a.mkv", codec=codec))
    assert beeps(samples) == near(0, 1)
    assert result.notes == ()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_full_disk_is_not_taken_for_a_bad_source(tmp_path: Path) -> None:
    path = clips.make_clip(tmp_path / "a.mkv", seconds=4, sound="random(0)-0.5")
    with pytest.raises(StoreFullError):
        decode(path, probe(path), Path("/dev/full"), RATE)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1), ending=st.sampled_from(["mp4", "mkv", "ts"]), share=st.floats(0.00001, 0.01))
def test_spoilt_bytes_give_a_track_or_a_typed_error(tmp_path: Path, seed: int, ending: str, share: float) -> None:
    whole = tmp_path / f"whole.{ending}"
    if not whole.exists():
        clips.make_clip(whole, seconds=1)
    content = np.frombuffer(whole.read_bytes(), np.uint8).copy()
    numbers = np.random.default_rng(seed)
    hit = numbers.random(len(content)) < share
    content[hit] = numbers.integers(0, 256, int(hit.sum()))
    path = tmp_path / f"spoilt.{ending}"
    path.write_bytes(content.tobytes())
    try:
        info = probe(path)
        # A spoilt clock may ask for days of silence; the stage refuses such lengths before it decodes.
        if info.duration_ms < 60_000:
            decoded(path)
    except MediaError as error:
        assert error.where == str(path)
        assert error.remedy


def test_the_same_file_gives_the_same_bytes(tmp_path: Path) -> None:
    path = clips.make_clip(tmp_path / "a.mp4", seconds=1, layout="stereo", sound=f"{clips.TONE}|{clips.BEEPS}")
    contents = set()
    for _ in range(2):
        decode(path, probe(path), tmp_path / "track.flac", RATE)
        contents.add((tmp_path / "track.flac").read_bytes())
    assert len(contents) == 1
