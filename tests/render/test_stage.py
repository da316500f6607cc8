"""The deliverables of whole episodes: what stands in the MP4, and that picture and sound keep together."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pysubs2
import pytest
from av.stream import Disposition

from dubwright import engines
from dubwright.errors import InputError, MediaError, StoreFullError
from dubwright.lake import Lake, open_lake
from dubwright.media import ffmpeg, probe
from dubwright.render import work as stage
from dubwright.settings import RenderSettings
from dubwright.unit import Machine, Work
from tests.render.conftest import FLASH_S, H264, LINES, Delivered, Episodes, machine_of, make_clip

pytestmark = pytest.mark.slow

Deliver = Callable[[Work], Delivered]
FRAME_MS = 40


def packets(path: Path) -> list[tuple[str, int]]:
    """Digest and duration of each packet of the picture."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return [(hashlib.sha256(bytes(p)).hexdigest(), p.duration) for p in container.demux(stream) if p.size]


def times(path: Path) -> list[float]:
    """When each frame is shown, in seconds."""
    with av.open(str(path)) as container:
        return [frame.time for frame in container.decode(video=0)]


def flash(path: Path) -> float:
    """When the picture flashes, in seconds after its first frame."""
    with av.open(str(path)) as container:
        light = [(frame.time, frame.to_ndarray(format="gray").mean()) for frame in container.decode(video=0)]
    return next(time for time, level in light if level > 200) - light[0][0]


def beep(path: Path, track: int) -> float:
    """When a sound track first gets loud, in seconds on the file's clock."""
    with av.open(str(path)) as container:
        for frame in container.decode(audio=track):
            loud = np.flatnonzero(np.abs(frame.to_ndarray()).max(axis=0) > 0.1)
            if len(loud):
                return float(frame.time + loud[0] / frame.sample_rate)
    raise AssertionError("the track is silent")


def test_tracks_stand_in_order_with_languages_titles_and_defaults(standard: Delivered) -> None:
    row, path = standard.rows["video"], standard.files["video"]
    with av.open(str(path)) as film:
        found = [
            (s.type, s.codec.name, s.metadata["language"], s.metadata.get("handler_name"), bool(s.disposition & 1))
            for s in film.streams
        ]
    assert [each[:3] for each in found] == [
        ("video", "h264", "und"),
        ("audio", "aac", "eng"),
        ("audio", "aac", "zho"),
        ("subtitle", "mov_text", "eng"),
        ("subtitle", "mov_text", "zho"),
    ]
    assert [each[3] for each in found[1:]] == ["English (dubbed)", "Chinese (original)", "English", "Chinese"]
    assert Disposition.default.value == 1
    assert [each[4] for each in found] == [True, True, False, True, False]
    assert (row["width"], row["height"], row["duration_ms"], row["mime"]) == (180, 320, 4000, "video/mp4")
    assert row["notes"] == []
    assert path.stat().st_size == row["bytes"]
    assert hashlib.sha256(path.read_bytes()).hexdigest() == row["sha256"]


def test_picture_is_copied_bit_for_bit(standard: Delivered, made_clip: Path) -> None:
    path = standard.files["video"]
    assert packets(path) == packets(made_clip)


def test_every_track_plays(standard: Delivered) -> None:
    path = standard.files["video"]
    with av.open(str(path)) as film:
        counts = [sum(1 for _ in film.decode(stream)) for stream in _rewound(film)]
    assert counts[0] == 100
    assert all(count > 150 for count in counts[1:3])
    played = ffmpeg.run(
        ["-v", "error", "-xerror", *ffmpeg.trusted_input(path), "-map", "0:v", "-map", "0:a", "-f", "null", "-"],
        what="play",
        timeout_s=60,
    )
    assert not played.stderr
    texts = ffmpeg.run([*ffmpeg.trusted_input(path), "-map", "0:s:0", "-f", "srt", "-"], what="read", timeout_s=60)
    heard = pysubs2.SSAFile.from_string(texts.stdout.decode())
    assert [event.plaintext for event in heard] == [line[3] for line in LINES]


def _rewound(film: Any) -> Any:
    for stream in film.streams:
        if stream.type != "subtitle":
            film.seek(0)
            yield stream


def test_metadata_holds_title_and_label_and_the_index_comes_first(standard: Delivered) -> None:
    row, path = standard.rows["video"], standard.files["video"]
    with av.open(str(path)) as film:
        metadata = dict(film.metadata)
    assert metadata["title"] == "长安 · 01"
    label = json.loads(metadata["AIGC"])
    assert (label["Label"], label["ContentProducer"], label["ProduceID"]) == (
        "1",
        "长安 Studio",
        standard.work.fingerprint,
    )
    assert "AI-generated" in metadata["comment"]
    assert "AI-generated" in row["label"]
    content = path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_rendering_again_gives_the_same_bytes(standard: Delivered, made_clip: Path, tmp_path: Path) -> None:
    again = open_lake(str(tmp_path / "lake"))
    work = Episodes(again, tmp_path).add(made_clip, settings=RenderSettings(producer="长安 Studio"))
    assert work.key == standard.work.key
    rows = stage.run(work, again, machine_of(again))
    assert {row["kind"]: row["blob"] for row in rows} == {kind: row["blob"] for kind, row in standard.rows.items()}


def test_licences_are_those_of_the_weights_whose_output_a_file_holds(
    episodes: Episodes, clip: Path, deliver: Deliver
) -> None:
    used = {"transcribe": "faster-whisper", "translate": "gone", "dub": "kokoro"}
    found = deliver(episodes.add(clip, engines=used))
    whisper, kokoro = (engines.engine_class(stage, used[stage]).info.weights_licence for stage in ("transcribe", "dub"))
    assert found.rows["source-srt"]["licences"] == [whisper]
    assert found.rows["vtt"]["licences"] == sorted([whisper, "unknown (gone)"])
    assert found.rows["video"]["licences"] == sorted({whisper, "unknown (gone)", kokoro})


def test_sidecars_hold_both_languages(standard: Delivered) -> None:
    assert set(standard.rows) == {"video", "srt", "vtt", "source-srt", "source-vtt"}
    for kind, column in (("srt", 3), ("vtt", 3), ("source-srt", 2), ("source-vtt", 2)):
        row, path = standard.rows[kind], standard.files[kind]
        text = path.read_text(encoding="utf-8")
        cues = pysubs2.SSAFile.from_string(text, format_=kind.removeprefix("source-"))
        assert [cue.plaintext for cue in cues] == [line[column] for line in LINES]
        assert [cue.start for cue in cues] == [line[0] for line in LINES]
        assert row["label"].startswith("AI-generated content")
        assert (row["label"] in text) == kind.endswith("vtt")


def test_a_line_is_read_as_it_was_condensed(episodes: Episodes, clip: Path, deliver: Deliver) -> None:
    found = deliver(episodes.add(clip, read={2: "I told you not to come."}))
    for kind in ("srt", "vtt"):
        cues = pysubs2.SSAFile.from_string(found.files[kind].read_text(encoding="utf-8"), format_=kind)
        assert [cue.plaintext for cue in cues] == ["Hello, world.", "I told you not to come.", "Goodbye."]
    with av.open(str(found.files["video"])) as film:
        assert sum(stream.type == "subtitle" for stream in film.streams) == 2


def test_a_line_that_was_moved_is_shown_there_and_its_source_where_it_was(
    episodes: Episodes, clip: Path, deliver: Deliver
) -> None:
    found = deliver(episodes.add(clip, moved={2: (1900, 2700)}))

    def starts(kind: str) -> list[int]:
        return [cue.start for cue in pysubs2.SSAFile.from_string(found.files[kind].read_text(encoding="utf-8"))]

    assert starts("srt") == [300, 1900, 2800] and starts("source-srt") == [300, 1600, 2800]


def test_failed_lines_have_no_subtitle_and_are_counted(episodes: Episodes, clip: Path, deliver: Deliver) -> None:
    lines = [(*line[:3], None if i == 1 else line[3]) for i, line in enumerate(LINES)]
    found = deliver(episodes.add(clip, lines))
    cues = pysubs2.SSAFile.from_string(found.files["srt"].read_text(encoding="utf-8"))
    assert [cue.plaintext for cue in cues] == ["Hello, world.", "Goodbye."]
    assert len(pysubs2.SSAFile.from_string(found.files["source-srt"].read_text(encoding="utf-8"))) == 3
    for kind in ("video", "srt", "vtt"):
        assert found.rows[kind]["notes"] == ["1 line has no usable translation, so no subtitle"]


def test_all_lines_failed_leaves_no_target_subtitle_track(episodes: Episodes, clip: Path, deliver: Deliver) -> None:
    found = deliver(episodes.add(clip, [(*line[:3], None) for line in LINES]))
    with av.open(str(found.files["video"])) as film:
        assert [stream.metadata["language"] for stream in film.streams.subtitles] == ["zho"]
    assert found.rows["vtt"]["notes"] == ["3 lines have no usable translation, so no subtitle"]


def test_no_speech_keeps_the_original_sound_and_bears_no_label(
    episodes: Episodes, clip: Path, deliver: Deliver
) -> None:
    found = deliver(episodes.add(clip, []))
    assert set(found.rows) == {"video"}
    row, path = found.rows["video"], found.files["video"]
    with av.open(str(path)) as film:
        assert [(s.type, s.metadata["language"]) for s in film.streams] == [("video", "und"), ("audio", "zho")]
        assert "AIGC" not in film.metadata
    assert row["notes"] == ["no speech: original sound kept"]
    assert row["label"] is None
    assert row["licences"] == []
    assert packets(path) == packets(clip)


def test_original_track_can_be_left_out(episodes: Episodes, clip: Path, deliver: Deliver) -> None:
    path = deliver(episodes.add(clip, settings=RenderSettings(original_track=False))).files["video"]
    with av.open(str(path)) as film:
        assert [stream.metadata["language"] for stream in film.streams.audio] == ["eng"]


AV_CLIPS = {
    "B-frames": ("a.mp4", H264, {}),
    "picture starts late": ("b.mp4", H264, {"before": ("-itsoffset", "0.7")}),
    "picture starts late, Matroska": ("c.mkv", H264, {"before": ("-itsoffset", "0.713")}),
    "picture starts early, Matroska": ("d.mkv", (*H264, "-af", "asetpts=PTS+0.4/TB"), {}),
    "clock starts at 1.4 s": ("e.ts", H264, {}),
    "open GOP": ("f.mp4", (*H264, "-x264-params", "open-gop=1"), {}),
    "fragments": ("g.mp4", (*H264, "-movflags", "frag_keyframe+empty_moov"), {}),
    "variable frame rate": ("h.mp4", (*H264, "-fps_mode", "vfr"), {"picture": "select='not(mod(n,3))+gt(t,1.9)'"}),
    "29.97 frames a second": ("i.mp4", H264, {"picture": "fps=30000/1001"}),
    "HEVC": ("j.mp4", ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error"), {}),
    "VP9 in WebM": ("k.webm", ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"), {}),
    "VP8 in WebM": ("l.webm", ("-c:v", "libvpx", "-threads", "1", "-deadline", "realtime", "-cpu-used", "8"), {}),
    "MPEG-2": ("m.mpg", ("-c:v", "mpeg2video", "-q:v", "4", "-bf", "2"), {}),
    "H.264 in AVI": ("n.avi", H264, {}),
}
ENCODED = {"VP8 in WebM", "MPEG-2", "H.264 in AVI"}
REPACKED = {"clock starts at 1.4 s"}


@pytest.mark.parametrize("kind", AV_CLIPS)
def test_picture_and_sound_keep_together(kind: str, episodes: Episodes, tmp_path: Path, deliver: Deliver) -> None:
    name, codec, options = AV_CLIPS[kind]
    clip = make_clip(tmp_path / name, *codec, **options)
    found = deliver(episodes.add(clip))
    row, path = found.rows["video"], found.files["video"]
    # The sound that `episodes` commits beeps at 2 s on the picture's clock, where the picture flashes.
    assert flash(clip) == pytest.approx(FLASH_S, abs=0.045)
    shown = times(path)
    assert shown[0] == pytest.approx(0, abs=0.001)
    original = [i / 25 for i in range(100)] if clip.suffix == ".avi" else times(clip)  # AVI keeps no such times
    assert shown == pytest.approx([time - original[0] for time in original], abs=0.002)
    for track in (0, 1):
        assert beep(path, track) == pytest.approx(FLASH_S, abs=0.005)
    with av.open(str(path)) as film:
        ends = [float(s.duration * s.time_base) for s in film.streams if s.type == "audio"]
    picture_end = probe.probe(path).duration_ms
    assert abs(picture_end - row["duration_ms"]) <= 2
    for end in ends:
        assert abs(1000 * end - picture_end) <= FRAME_MS
    assert any("encoded anew" in note for note in row["notes"]) == (kind in ENCODED)
    if kind not in ENCODED | REPACKED:
        assert [p for p, _ in packets(path)] == [p for p, _ in packets(clip)]


@pytest.mark.parametrize("degrees", [90, 180, 270, 60])
def test_rotation_is_kept(degrees: int, episodes: Episodes, tmp_path: Path, deliver: Deliver) -> None:
    upright = make_clip(tmp_path / "upright.mp4")
    turned = tmp_path / "turned.mp4"
    ffmpeg.run(
        ["-display_rotation", str(degrees), "-i", str(upright), "-c", "copy", str(turned)], what="turn", timeout_s=60
    )
    found = deliver(episodes.add(turned))
    row, path = found.rows["video"], found.files["video"]
    assert _matrix(path) == _matrix(turned) is not None
    shown = (row["width"], row["height"])
    assert shown == ((320, 180) if probe.probe(turned).video.rotation in (90, 270) else (180, 320))
    assert packets(path) == packets(turned)


def _matrix(path: Path) -> bytes | None:
    with av.open(str(path)) as film:
        frame = next(film.decode(video=0))
        matrix = frame.side_data.get("DISPLAYMATRIX")
        return None if matrix is None else bytes(matrix)


def test_cover_image_chapters_and_metadata_of_the_source_stay_behind(
    episodes: Episodes, tmp_path: Path, deliver: Deliver
) -> None:
    plain = make_clip(tmp_path / "plain.mp4")
    cover = tmp_path / "cover.png"
    ffmpeg.run(["-f", "lavfi", "-i", "color=red:s=32x32", "-frames:v", "1", str(cover)], what="cover", timeout_s=60)
    chapters = tmp_path / "chapters.txt"
    chapters.write_text(
        ";FFMETADATA1\nartist=someone\nlocation=+31.2+121.4/\n[CHAPTER]\nTIMEBASE=1/1\nSTART=0\nEND=2\n"
    )
    clip = tmp_path / "full.mp4"
    ffmpeg.run(
        [
            *("-i", str(plain), "-i", str(cover), "-i", str(chapters), "-map", "1", "-map", "0", "-map_metadata", "2"),
            *("-c", "copy", "-disposition:v:0", "attached_pic", "-disposition:v:1", "default", str(clip)),
        ],
        what="add a cover",
        timeout_s=60,
    )
    with av.open(str(clip)) as source:
        assert len(source.streams.video) == 2
        assert source.metadata["artist"] == "someone"
    path = deliver(episodes.add(clip)).files["video"]
    with av.open(str(path)) as film:
        assert [stream.type for stream in film.streams] == ["video", "audio", "audio", "subtitle", "subtitle"]
        assert set(film.metadata) <= {"title", "comment", "AIGC", "major_brand", "minor_version", "compatible_brands"}
        assert not film.chapters()
    assert packets(path) == packets(plain)


def test_hostile_names_and_lines_are_only_text(episodes: Episodes, tmp_path: Path, deliver: Deliver) -> None:
    clip = make_clip(tmp_path / "-y 'quote\" 长安%03d:[x].mp4")
    hostile = r"{\an8}{\pos(0,0)}A <b>bold</b> <script> --> \N & %s"
    work = episodes.add(clip, [(200, 3000, "嗨", hostile)], series='a="b"\n;#=c', episode="../01")
    found = deliver(work)
    path = found.files["video"]
    with av.open(str(path)) as film:
        assert film.metadata["title"] == 'a="b";#=c · ../01'
        raw = [bytes(packet) for packet in film.demux(film.streams.subtitles[0]) if packet.size > 2]
    expected = r"｛＼an8｝｛＼pos(0,0)｝A <b>bold</b> <script> --> ＼N & %s"
    (length,) = {int.from_bytes(packet[:2], "big") for packet in raw}
    assert raw[0][2 : 2 + length].decode().split() == expected.split()
    shown = pysubs2.SSAFile.from_string(
        found.files["vtt"].read_text(encoding="utf-8"), format_="vtt", keep_html_tags=True
    )
    assert shown[0].plaintext.split() == (
        expected.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").split()
    )


def test_a_picture_that_is_gone_or_replaced_is_an_input_error(
    episodes: Episodes, clip: Path, lake: Lake, machine: Machine
) -> None:
    work = episodes.add(clip)
    clip.write_text("#EXTM3U\nhttp://example.invalid/x.ts\n")
    with pytest.raises(MediaError) as replaced:
        stage.run(work, lake, machine)
    assert str(clip) in str(replaced.value)
    clip.unlink()
    with pytest.raises(MediaError):
        stage.run(work, lake, machine)


def test_the_lake_s_copy_is_used_where_there_is_one(episodes: Episodes, clip: Path, deliver: Deliver) -> None:
    work = episodes.add(clip, copied=True)
    clip.unlink()
    assert deliver(work).rows["video"]["bytes"] > 0


def test_a_dub_without_mix_is_an_input_error(
    episodes: Episodes, clip: Path, lake: Lake, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = episodes.add(clip)
    monkeypatch.setattr(stage, "MIX", "nothing is called so")
    with pytest.raises(InputError, match="mixed sound"):
        stage.run(work, lake, machine)


def test_a_full_disk_while_files_are_made_is_said_so() -> None:
    with pytest.raises(StoreFullError) as caught, stage._scratch():
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert caught.value.remedy
    with pytest.raises(PermissionError), stage._scratch():
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
