from __future__ import annotations

import signal
from pathlib import Path
from types import FrameType

import psutil
import pytest

from dubwright.errors import StoreFullError, ToolError, ToolTimeout
from dubwright.media import ffmpeg

# Sound in real time: it never ends by itself.
ENDLESS = ["-re", "-f", "lavfi", "-i", "sine", "-f", "null", "-"]
RAW = ["-f", "s16le", "-ar", "16000", "-ac", "1"]


def running_ffmpegs() -> list[psutil.Process]:
    name = Path(ffmpeg.executable()).name
    children = psutil.Process().children(recursive=True)
    return [child for child in children if Path(child.exe() if child.is_running() else "").name == name]


def test_version_and_binary() -> None:
    assert Path(ffmpeg.executable()).is_file()
    assert ffmpeg.version()[0] in "n0123456789N"
    assert ffmpeg.INFO.installed and ffmpeg.INFO.speaks("zh")


def test_bytes_go_in_and_out() -> None:
    # More than a pipe holds both ways: a deadlock would run into the time-out.
    sound = bytes(range(256)) * 10_000
    output = ffmpeg.run([*RAW, "-i", "pipe:0", *RAW, "pipe:1"], what="copy", timeout_s=60, stdin=sound)
    assert output.stdout == sound


def test_input_that_ffmpeg_does_not_want_is_no_error() -> None:
    sound = bytes(2_000_000)
    output = ffmpeg.run([*RAW, "-i", "pipe:0", "-t", "0.1", *RAW, "pipe:1"], what="cut", timeout_s=60, stdin=sound)
    assert len(output.stdout) == 3200


def test_time_out_leaves_no_process() -> None:
    with pytest.raises(ToolTimeout, match="wait for ever") as caught:
        ffmpeg.run(ENDLESS, what="wait for ever", timeout_s=0.3)
    assert caught.value.transient
    assert not running_ffmpegs()


def test_interruption_leaves_no_process() -> None:
    def interrupt(number: int, frame: FrameType | None) -> None:
        assert running_ffmpegs()
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        with pytest.raises(KeyboardInterrupt):
            ffmpeg.run(ENDLESS, what="wait for ever", timeout_s=60)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert not running_ffmpegs()


def test_failure_quotes_the_last_words(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="No such file") as caught:
        ffmpeg.run([*ffmpeg.trusted_input(tmp_path / "gone.mp4"), "-f", "null", "-"], what="read", timeout_s=60)
    assert caught.value.where == "read"
    assert not caught.value.transient


def test_last_words_are_short_and_steer_no_terminal(tmp_path: Path) -> None:
    name = "\x1b[31mred\x07" + "長" * 60
    with pytest.raises(ToolError) as caught:
        ffmpeg.run([*ffmpeg.trusted_input(tmp_path / name), "-f", "null", "-"], what="read", timeout_s=60)
    assert caught.value.problem.isprintable()
    assert "red" in caught.value.problem
    assert len(caught.value.problem) < 1000


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_full_disk_is_told_apart() -> None:
    with pytest.raises(StoreFullError):
        ffmpeg.run(["-f", "lavfi", "-i", "sine=d=20", "-f", "wav", "/dev/full"], what="write", timeout_s=60)


def test_output_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ffmpeg, "MAX_STDOUT", 100_000)
    with pytest.raises(ToolError, match="exceeds"):
        ffmpeg.run(["-f", "lavfi", "-i", "sine", *RAW, "pipe:1"], what="fill memory", timeout_s=60)
    assert not running_ffmpegs()


def test_messages_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ffmpeg, "MAX_STDERR", 1000)
    args = ["-v", "debug", "-f", "lavfi", "-i", "sine=d=1", "-f", "null", "-"]
    assert 0 < len(ffmpeg.run(args, what="talk", timeout_s=60).stderr) <= 1000


def test_missing_binary_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ffmpeg, "executable", lambda: "/nowhere/ffmpeg")
    with pytest.raises(ToolError, match="cannot start FFmpeg"):
        ffmpeg.run(["-version"], what="start", timeout_s=60)
