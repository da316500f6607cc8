"""Running FFmpeg: argument lists and never a shell, time-outs that bite, typed errors.

The binary is the one that `imageio-ffmpeg` brings; where it brings none, the system's.
"""

from __future__ import annotations

import math
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, cast

from dubwright.engines import EngineInfo
from dubwright.errors import StoreFullError, ToolError, ToolTimeout

INFO = EngineInfo(
    name="ffmpeg",
    revision=1,
    languages=frozenset(),
    code_licence="GPL-3.0-or-later",
    weights_licence="",
    package="imageio-ffmpeg",
)

# What a source may be: containers that hold their own sound and picture. A playlist or a list of files
# (HLS, DASH, SDP, concat, ...) names other files, which a stranger's file has no business doing.
CONTAINERS = (
    *("mov", "mp4", "m4a", "3gp", "3g2", "mj2", "matroska", "webm", "mpegts", "mpeg", "avi", "flv", "asf", "mxf"),
    *("ogg", "wav", "w64", "mp3", "flac", "aac"),  # sound alone: opened only to be told that it has no picture
)
UNTRUSTED_OPTIONS = {"protocol_whitelist": "file", "format_whitelist": ",".join(CONTAINERS)}

MAX_STDOUT = 1 << 30
MAX_STDERR = 256 << 10
_CHUNK = 1 << 16
_QUOTED_LINES = 6
_QUOTED_CHARACTERS = 800


@dataclass(frozen=True, slots=True)
class Output:
    """What a finished FFmpeg left: its standard output whole, and the last `MAX_STDERR` bytes of its messages."""

    stdout: bytes
    stderr: str


@cache
def executable() -> str:
    """Path of the FFmpeg binary. Raises `ToolError` if this machine has none."""
    import imageio_ffmpeg

    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise ToolError(
            "this machine has no FFmpeg", where="ffmpeg", remedy="reinstall imageio-ffmpeg, or put ffmpeg on the PATH"
        ) from error


@cache
def version() -> str:
    """FFmpeg's version as it prints it, such as `7.1` or `n9.0.2-17-g2a571b6068`."""
    words = run(["-version"], what="ask FFmpeg for its version", timeout_s=60).stdout.decode(errors="replace").split()
    return words[2] if words[:2] == ["ffmpeg", "version"] and len(words) > 2 else "unknown"


def address(path: Path) -> str:
    """A path as FFmpeg takes it literally: neither a leading dash nor `:` nor another protocol's name is special."""
    return f"file:{path.absolute()}"


def untrusted_input(path: Path) -> list[str]:
    """Arguments that open a stranger's file as input: from the disk only, and only as a self-contained container."""
    restrictions = [word for key, value in UNTRUSTED_OPTIONS.items() for word in (f"-{key}", value)]
    return [*restrictions, "-i", address(path)]


def trusted_input(path: Path) -> list[str]:
    """Arguments that open a file of our own making as input."""
    return ["-i", address(path)]


def run(args: Sequence[str], *, what: str, timeout_s: float, stdin: bytes | None = None) -> Output:
    """Run FFmpeg to its end. `what` says in a few words what it is for, and stands in every error.

    Messages below warnings are left out unless `args` asks for them (`-v info`). Raises `ToolTimeout` after
    `timeout_s` seconds, `StoreFullError` where the disk is full, `ToolError` with FFmpeg's last words otherwise.
    However this ends, no process of FFmpeg's is left.
    """
    # Should this process be killed outright, nobody minds the clock; the kernel then ends FFmpeg by its CPU time.
    cpu_limit = math.ceil(timeout_s * (os.cpu_count() or 1)) + 1
    command = [executable(), "-hide_banner", "-nostdin", "-y", "-v", "warning", "-timelimit", str(cpu_limit), *args]
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env={**os.environ, "AV_LOG_FORCE_NOCOLOR": "1"},
            start_new_session=True,  # a process group of its own, so that its children can be killed with it
        )
    except (OSError, ValueError) as error:
        raise ToolError(f"cannot start FFmpeg: {error}", where=what) from error
    try:
        stdout, stderr = _converse(process, what, timeout_s, stdin or b"")
    finally:
        _end(process)
    text = stderr.decode("utf-8", errors="replace")
    if process.returncode == -signal.SIGXCPU:
        raise _timeout(what, timeout_s)
    if process.returncode != 0:
        raise _failure(what, process.returncode, text)
    return Output(stdout, text)


def _converse(process: subprocess.Popen[bytes], what: str, timeout_s: float, stdin: bytes) -> tuple[bytes, bytes]:
    """Feed standard input and gather both outputs, within bounds, until FFmpeg has closed them and ended."""
    deadline = time.monotonic() + timeout_s
    stdout, stderr, rest = bytearray(), bytearray(), memoryview(stdin)
    with selectors.DefaultSelector() as selector:
        for stream, events in (
            (process.stdin, selectors.EVENT_WRITE),
            (process.stdout, selectors.EVENT_READ),
            (process.stderr, selectors.EVENT_READ),
        ):
            if stream:
                os.set_blocking(stream.fileno(), False)
                selector.register(stream, events)
        while selector.get_map():
            ready = selector.select(max(0.0, deadline - time.monotonic()))
            if not ready and time.monotonic() >= deadline:
                raise _timeout(what, timeout_s)
            for key, _ in ready:
                stream = cast("IO[bytes]", key.fileobj)
                if stream is process.stdin:
                    rest = _feed(stream, rest)
                    open_still = bool(rest)
                else:
                    chunk = os.read(key.fd, _CHUNK)
                    (stdout if stream is process.stdout else stderr).extend(chunk)
                    open_still = bool(chunk)
                if not open_still:
                    selector.unregister(stream)
                    stream.close()
            del stderr[:-MAX_STDERR]
            if len(stdout) > MAX_STDOUT:
                raise ToolError(f"FFmpeg's output exceeds {MAX_STDOUT} bytes", where=what)
    try:
        process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise _timeout(what, timeout_s) from None
    return bytes(stdout), bytes(stderr)


def _feed(stream: IO[bytes], rest: memoryview) -> memoryview:
    """Write what the pipe takes; what remains. A reader that wants no more is told nothing more."""
    try:
        return rest[os.write(stream.fileno(), rest[:_CHUNK]) :]
    except BlockingIOError:
        return rest
    except BrokenPipeError:
        return rest[:0]


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill what may be left of FFmpeg and its children, and close our ends of its pipes."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream:
            stream.close()


def _timeout(what: str, timeout_s: float) -> ToolTimeout:
    return ToolTimeout(f"FFmpeg did not finish within {timeout_s:g} s", where=what, remedy="is the machine overloaded?")


def _failure(what: str, code: int, stderr: str) -> ToolError | StoreFullError:
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    quoted = " | ".join(lines[-_QUOTED_LINES:])[-_QUOTED_CHARACTERS:]
    # What FFmpeg prints may quote a stranger's file: nothing in it may steer a terminal.
    quoted = "".join(char if char.isprintable() else "?" for char in quoted)
    if "No space left on device" in stderr or "Disk quota exceeded" in stderr:
        return StoreFullError("no space left for FFmpeg's output", where=what, remedy="free space, then run again")
    ended = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
    return ToolError(f"FFmpeg {ended}: {quoted or 'it said nothing'}", where=what)
