from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from dubwright.errors import MediaError, ToolError
from dubwright.media import ffmpeg, probe
from tests.media import clips

pytestmark = pytest.mark.slow

NAMES = [
    "two words.mp4",
    'it\'s "quoted".mp4',
    "长安第一集.mp4",
    "-leading dash.mp4",
    "100%03d.mp4",
    "concat:a|b.mp4",
    "http:nowhere.mp4",
    "new\nline.mp4",
    "back\\slash;$(id)`id`.mp4",
    "no ending",
]


def test_plain_clip(tmp_path: Path) -> None:
    path = clips.make_clip(tmp_path / "clip.mp4", seconds=2, fps=25, rate=44_100, layout="stereo")
    info = probe.probe(path)
    assert info.bytes == path.stat().st_size
    assert "mp4" in info.container
    assert info.duration_ms == 2000
    assert info.video == probe.VideoStream("h264", 64, 112, 0, 25.0, False, "yuv420p", 0)
    assert (info.audio.codec, info.audio.sample_rate, info.audio.channels, info.audio.layout) == (
        "aac",
        44_100,
        2,
        "stereo",
    )
    assert info.audio.start_ms == 0
    assert info.notes == ()


@pytest.mark.parametrize("name", NAMES)
def test_any_name_can_be_probed_and_opened(tmp_path: Path, name: str) -> None:
    path = clips.make_clip(tmp_path / name, seconds=0.6, container="mp4")
    assert probe.probe(path).duration_ms == 600
    output = ffmpeg.run([*ffmpeg.untrusted_input(path), "-f", "null", "-"], what="decode", timeout_s=60)
    assert output.stdout == b""


@pytest.mark.parametrize("name", ["-clip.mp4", "concat:clip.mp4", "clip%03d.mp4"])
def test_a_bare_name_is_a_file_of_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    clips.make_clip(tmp_path / name, seconds=0.6)
    monkeypatch.chdir(tmp_path)
    assert probe.probe(Path(name)).duration_ms == 600
    output = ffmpeg.run([*ffmpeg.untrusted_input(Path(name)), "-f", "framecrc", "-"], what="decode", timeout_s=60)
    assert output.stdout


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.mp4"))
    try:
        clips.make_clip(tmp_path / "clip.mp4", seconds=0.6).rename(path)
    except OSError:
        pytest.skip("the file system takes no such name")
    try:
        assert probe.probe(path).duration_ms == 600
    except MediaError as error:  # refused is fine; anything untyped is not
        assert "container" in str(error.field)


@pytest.mark.parametrize(
    ("make", "field", "problem"),
    [
        (clips.make_empty, "size", "empty"),
        (clips.make_text, "container", "no video"),
        (clips.make_sound_only, "picture", "no picture"),
        (clips.make_cover_only, "picture", "no picture"),
        (lambda path: clips.make_clip(path, sound=None), "sound", "no sound"),
        (clips.make_truncated, "duration", "cut off"),
        (lambda path: clips.make_truncated(path, index_first=False), "container", "no video"),
        (lambda path: path.mkdir(), None, "not a file"),
        (lambda path: os.mkfifo(path), None, "not a file"),
        (lambda path: None, None, "no such file"),
        (lambda path: path.write_bytes(os.urandom(100_000)), "container", "no video"),
    ],
)
def test_bad_files(tmp_path: Path, make: Callable[[Path], object], field: str | None, problem: str) -> None:
    path = tmp_path / "第 1 集.mp4"
    make(path)
    with pytest.raises(MediaError, match=problem) as caught:
        probe.probe(path)
    assert caught.value.where == str(path)
    assert caught.value.field == field
    assert caught.value.remedy
    assert not caught.value.transient
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301


def test_truncated_matroska(tmp_path: Path) -> None:
    path = clips.make_clip(tmp_path / "clip.mkv", seconds=4)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(MediaError, match="cut off"):
        probe.probe(path)


def test_a_little_missing_at_the_end_is_noted(tmp_path: Path) -> None:
    info = probe.probe(clips.make_truncated(tmp_path / "clip.mp4", 0.95, seconds=8))
    assert 7200 <= info.duration_ms < 8000
    assert any("announces 8.0 s" in note for note in info.notes)


def test_joined_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="starts anew") as caught:
        probe.probe(clips.make_joined(tmp_path / "joined.ts", seconds=2))
    assert caught.value.field == "picture timestamps"


@pytest.mark.parametrize(
    ("counterclockwise", "rotation", "noted"),
    [(0, 0, False), (90, 270, False), (180, 180, False), (-90, 90, False), (60, 270, True), (10, 0, True)],
)
def test_rotation(tmp_path: Path, counterclockwise: int, rotation: int, noted: bool) -> None:
    info = probe.probe(clips.make_rotated(tmp_path / "turned.mp4", counterclockwise, seconds=0.6))
    assert info.video.rotation == rotation
    assert (info.video.width, info.video.height) == (64, 112)
    assert bool(info.notes) == noted
    if noted:
        assert f"{-counterclockwise % 360}°" in info.notes[0]


@pytest.mark.parametrize("ending", ["mp4", "mkv"])
def test_variable_frame_rate(tmp_path: Path, ending: str) -> None:
    info = probe.probe(clips.make_variable_rate(tmp_path / f"uneven.{ending}", seconds=4))
    assert info.video.variable_frame_rate
    assert info.video.fps < 20
    assert info.duration_ms == pytest.approx(4000, abs=80)


def test_unsteady_frame_rate_is_called_variable(tmp_path: Path) -> None:
    """Phones' frames come some milliseconds early or late: here after 43, 43 and 34."""
    unsteady = ("-vf", r"settb=1/1000,setpts=PTS+0.003*mod(N\,3)/TB", "-fps_mode", "vfr", "-enc_time_base", "1/1000")
    assert probe.probe(clips.make_clip(tmp_path / "phone.mkv", options=unsteady)).video.variable_frame_rate


@pytest.mark.parametrize(
    ("ending", "fps"), [("mp4", 29.97), ("mkv", 23.976), ("mkv", 60), ("flv", 30), ("flv", 23.976)]
)
def test_constant_frame_rate_is_not_called_variable(tmp_path: Path, ending: str, fps: float) -> None:
    """Matroska and FLV round times to milliseconds; frames out of order are not uneven either."""
    path = clips.make_clip(tmp_path / f"even.{ending}", seconds=2, fps=fps, options=("-bf", "2"))
    info = probe.probe(path)
    assert not info.video.variable_frame_rate
    assert info.video.fps == pytest.approx(fps, rel=0.01)
    assert info.duration_ms == pytest.approx(2000, abs=1100 / fps)


@pytest.mark.parametrize("ending", ["mp4", "mkv", "ts"])
@pytest.mark.parametrize("delay_s", [0.5, -0.4])
def test_start_of_sound(tmp_path: Path, ending: str, delay_s: float) -> None:
    path = clips.make_clip(tmp_path / f"clip.{ending}", seconds=2, sound_delay_s=delay_s)
    info = probe.probe(path)
    if ending == "mp4" and delay_s < 0:
        assert info.audio.start_ms == 0  # MP4's edit list hides what comes before the picture
    else:
        # A coder's first packet, 21 ms of nothing, comes before the sound where the container cannot hide it.
        assert info.audio.start_ms == pytest.approx(1000 * delay_s, abs=25)
    assert info.video.start_ms == max(0, -info.audio.start_ms)


@pytest.mark.parametrize("kind", ["m3u8", "concat", "dash", "sdp"])
@pytest.mark.parametrize(
    ("name", "absolute"), [("episode.mp4", False), ("episode.m3u8", True), ("episode.ffconcat", False)]
)
def test_playlists_are_never_followed(tmp_path: Path, kind: str, name: str, absolute: bool) -> None:
    secret = clips.make_clip(tmp_path / "secret.ts", seconds=1)
    os.utime(secret, ns=(1, secret.stat().st_mtime_ns))  # a read would move it on, where the file system keeps it
    target = secret if absolute else Path(secret.name)
    path = clips.make_playlist(tmp_path / name, target, kind)  # type: ignore[arg-type]
    with pytest.raises(MediaError) as caught:
        probe.probe(path)
    assert caught.value.field == "container"
    with pytest.raises(ToolError):
        ffmpeg.run([*ffmpeg.untrusted_input(path), "-f", "null", "-"], what="decode", timeout_s=60)
    assert secret.stat().st_atime_ns == 1


def test_without_the_whitelist_a_playlist_is_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shows that the test above can fail: FFmpeg by itself goes where the file points."""
    secret = clips.make_clip(tmp_path / "secret.ts", seconds=1)
    path = clips.make_playlist(tmp_path / "episode.mp4", Path(secret.name), "concat")
    monkeypatch.setattr(ffmpeg, "UNTRUSTED_OPTIONS", {})
    assert probe.probe(path).container == "concat"
    assert ffmpeg.run([*ffmpeg.untrusted_input(path), "-f", "null", "-"], what="follow", timeout_s=60)


def test_a_picture_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "MAX_PIXELS", 1000)
    with pytest.raises(MediaError) as caught:
        probe.probe(clips.make_clip(tmp_path / "large.mp4", seconds=0.6))
    assert caught.value.where


def test_packets_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "MAX_PACKETS", 20)
    with pytest.raises(MediaError, match="more than 20 packets"):
        probe.probe(clips.make_clip(tmp_path / "long.mp4", seconds=2))
