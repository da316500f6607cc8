"""Makers of small videos, sound and broken ones, for tests of anything that reads media."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import av

from dubwright.media import ffmpeg

# A beep of 1 kHz and 0.1 s at every full second: where it is found tells how far sound and picture are apart.
BEEPS = r"0.5*sin(2*PI*1000*t)*lt(mod(t\,1)\,0.1)"
TONE = "0.25*sin(2*PI*440*t)"


def make_clip(
    path: Path,
    *,
    seconds: float = 2.0,
    fps: float = 25,
    size: str = "64x112",
    sound: str | None = BEEPS,
    sound_seconds: float | None = None,
    sound_delay_s: float = 0.0,
    rate: int = 48_000,
    layout: str = "mono",
    codec: str = "aac",
    options: tuple[str, ...] = (),
    container: str | None = None,
) -> Path:
    """A video with a moving test picture and a sound given as an FFmpeg expression per channel (`|` between).

    `sound=None` leaves the sound stream out. `container` names the format where the file's ending must not.
    A delay moves the sound against the picture; it may be negative.
    """
    picture = ["-f", "lavfi", "-i", f"testsrc2=s={size}:r={fps}:d={seconds}"]
    audio: list[str] = []
    if sound is not None:
        source = f"aevalsrc=exprs='{sound}':s={rate}:c={layout}:d={sound_seconds or seconds}"
        audio = ["-itsoffset", str(sound_delay_s), "-f", "lavfi", "-i", source]
    streams = ["-map", "0:v"] + (["-map", "1:a", "-c:a", codec] if sound is not None else [])
    _ffmpeg(
        [*picture, *audio, *streams, "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", *options],
        path,
        container,
    )
    return path


def make_cut(path: Path, *shots: str, each_s: float = 1.0) -> Path:
    """A video of several of FFmpeg's pictures, one behind the other, at 25 frames a second, with a tone."""
    pictures = [word for shot in shots for word in ("-f", "lavfi", "-i", f"{shot}=s=64x112:r=25")]
    cut = "".join(f"[{n}:v]trim=duration={each_s}[v{n}];" for n in range(len(shots)))
    joined = "".join(f"[v{n}]" for n in range(len(shots))) + f"concat=n={len(shots)}:v=1[v]"
    tone = ["-f", "lavfi", "-i", f"aevalsrc='{TONE}':s=48000:d={each_s * len(shots)}"]
    streams = ["-filter_complex", cut + joined, "-map", "[v]", "-map", f"{len(shots)}:a"]
    _ffmpeg([*pictures, *tone, *streams, "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"], path)
    return path


def make_delayed_picture(path: Path, source: Path, delay_s: float) -> Path:
    """A copy of a video whose picture begins so much later than its sound."""
    later = ["-itsoffset", str(delay_s), *ffmpeg.trusted_input(source)]
    _ffmpeg([*ffmpeg.trusted_input(source), *later, "-map", "1:v", "-map", "0:a", "-c", "copy"], path)
    return path


def make_rotated(path: Path, counterclockwise: int, **clip: Any) -> Path:
    """A video whose metadata ask for a turn by so many degrees."""
    return turned(path, make_clip(path.with_name("upright.mp4"), **clip), counterclockwise)


def turned(path: Path, upright: Path, counterclockwise: int) -> Path:
    """A copy of a video whose metadata ask for a turn by so many degrees."""
    _ffmpeg(["-display_rotation", str(counterclockwise), *ffmpeg.trusted_input(upright), "-c", "copy"], path)
    return path


def make_variable_rate(path: Path, **clip: Any) -> Path:
    """A video from which frames are missing at uneven distances, as screen recorders and phones write them."""
    dropped = ("-vf", r"select=not(eq(mod(n\,7)\,3)+eq(mod(n\,5)\,2))", "-fps_mode", "vfr")
    return make_clip(path, options=dropped, **clip)


def make_surround(path: Path, **clip: Any) -> Path:
    """A video with 5.1 sound in which only the centre beeps."""
    return make_clip(path, sound="|".join(["0", "0", BEEPS, "0", "0", "0"]), layout="5.1", **clip)


def channel_hertz(at: int) -> int:
    """The pitch of a channel's tone in `make_tones`: low enough for any to carry it."""
    return 40 + 10 * at


def make_tones(path: Path, layout: str, **clip: Any) -> Path:
    """A video whose channels sound a tone each, an eighth of full scale."""
    names = av.AudioLayout(layout).channels
    tones = "|".join(f"0.125*sin(2*PI*{channel_hertz(at)}*t)" for at in range(len(names)))
    return make_clip(path, sound=tones, layout=layout, **clip)


def make_changing(path: Path, *layouts: str, each_s: float = 1.0) -> Path:
    """A Matroska video whose sound, beeping in every channel, comes in one layout after the other."""
    parts = [path.with_name(f"part{at}.mkv") for at in range(len(layouts))]
    for part, layout in zip(parts, layouts, strict=True):
        beeps = "|".join([BEEPS] * len(av.AudioLayout(layout).channels))
        make_clip(part, sound=beeps, layout=layout, codec="ac3", seconds=each_s)
    with av.open(str(path), "w") as joined:
        streams: list[Any] = []
        for at, part in enumerate(parts):
            with av.open(str(part)) as opened:
                streams = streams or [joined.add_stream_from_template(stream) for stream in opened.streams]
                for packet in opened.demux():
                    if packet.dts is not None:
                        later = round(at * each_s / packet.time_base)
                        packet.pts, packet.dts = (packet.pts or 0) + later, packet.dts + later
                        packet.stream = streams[packet.stream_index]
                        joined.mux(packet)
    return path


def make_sound_only(path: Path, seconds: float = 2.0) -> Path:
    """An MP4 without a picture."""
    _ffmpeg(["-f", "lavfi", "-i", f"aevalsrc='{TONE}':s=48000:d={seconds}", "-c:a", "aac"], path)
    return path


def make_cover_only(path: Path, seconds: float = 2.0) -> Path:
    """An M4A whose only picture is its cover."""
    cover = path.with_name("cover.png")
    _ffmpeg(["-f", "lavfi", "-i", "testsrc2=s=64x64:d=1", "-frames:v", "1", "-update", "1"], cover)
    sound = ["-f", "lavfi", "-i", f"aevalsrc='{TONE}':s=48000:d={seconds}"]
    streams = ["-map", "0:a", "-map", "1:v", "-c:a", "aac", "-c:v", "copy", "-disposition:v", "attached_pic"]
    _ffmpeg([*sound, "-i", ffmpeg.address(cover), *streams], path, "mp4")
    return path


def make_empty(path: Path) -> Path:
    path.write_bytes(b"")
    return path


def make_text(path: Path) -> Path:
    path.write_text("This was meant to be an episode.\n" * 200, encoding="utf-8")
    return path


def make_truncated(path: Path, share: float = 0.5, *, index_first: bool = True, **clip: Any) -> Path:
    """An MP4 that ends after this share of its bytes; its index comes first, as on the web, or is lost."""
    make_clip(path, options=("-movflags", "+faststart") if index_first else (), **clip)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


def make_playlist(path: Path, target: Path, kind: Literal["m3u8", "concat", "dash", "sdp"]) -> Path:
    """A text that asks its reader to open another file, whatever its own name ends in."""
    text = {
        "m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n{target}\n#EXT-X-ENDLIST\n",
        "concat": f"ffconcat version 1.0\nfile '{target}'\n",
        "dash": (
            '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
            'mediaPresentationDuration="PT3S" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period>'
            '<AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1">'
            f"<BaseURL>{target}</BaseURL></Representation></AdaptationSet></Period></MPD>"
        ),
        "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n"
        "a=rtpmap:96 H264/90000\n",
    }[kind]
    path.write_text(text, encoding="utf-8")
    return path


def spoil_sound(
    source: Path, target: Path, from_s: float, to_s: float, how: Literal["drop", "garble"], container: str | None = None
) -> Path:
    """A copy in which the sound's packets between two times are missing, or hold bytes that no decoder takes."""
    with av.open(str(source)) as before, av.open(str(target), "w", format=container) as after:
        streams = {stream.index: after.add_stream_from_template(stream) for stream in before.streams}
        for packet in before.demux():
            if packet.dts is None:
                continue
            spoilt = packet.stream.type == "audio" and from_s <= float(packet.dts * packet.time_base) < to_s
            if spoilt and how == "drop":
                continue
            copy = _garbled(packet) if spoilt else packet
            copy.stream = streams[packet.stream_index]
            after.mux(copy)
    return target


def make_joined(path: Path, **clip: Any) -> Path:
    """Two MPEG transport streams put together byte by byte: every clock in it starts anew midway."""
    part = make_clip(path.with_name("part.ts"), **clip).read_bytes()
    path.write_bytes(part + part)
    return path


def _garbled(packet: Any) -> Any:
    copy = av.Packet(b"\xff" * packet.size)
    copy.pts, copy.dts, copy.duration, copy.time_base = packet.pts, packet.dts, packet.duration, packet.time_base
    return copy


def _ffmpeg(args: list[str], target: Path, container: str | None = None) -> None:
    ending = ["-f", container] if container else []
    ffmpeg.run([*args, *ending, ffmpeg.address(target)], what="make a clip", timeout_s=120)
