"""Render the sample series, or that of another script: `python -m samples.render [--script FILE] --out DIR`.

    DIR/槐巷不灭灯/01.mp4 …, series.yaml        what a user's folder looks like
    DIR/truth/槐巷不灭灯/01/lines.json          who says what, from when to when (ms), with reference translations
    DIR/truth/槐巷不灭灯/01/speech.flac         the speech alone, 48 kHz mono
    DIR/truth/槐巷不灭灯/01/bed.flac            all the rest: music and effect, 48 kHz stereo
    DIR/truth/槐巷不灭灯/01/captions.json       what stands in the picture and nobody says, if the script has such
    DIR/truth/槐巷不灭灯/01/rendered.json       written last: what it was made from, its length, where the effect is

An episode whose `rendered.json` speaks of this script, this font and this `VERSION` is left as it is.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from dubwright import settings
from dubwright.dub.engine import Speech
from dubwright.media import ffmpeg
from dubwright.media.sound import read, write_flac
from dubwright.series import facts
from samples import picture, script, sound
from samples.script import Episode, Part, Script, Style

# Raised when the code here makes other episodes of the same script.
VERSION = 3

# Speaks a line of Mandarin with a voice.
Speak = Callable[[str, str], Speech]


def render(
    out: Path,
    speak: Callable[[], Speak],
    threads: int,
    tell: Callable[[str], None] = lambda _: None,
    source: Path = script.FILE,
) -> Path:
    """Render what is missing below `out`; the series' folder. `speak` loads the synthesizer, and is called if needed."""
    whole = script.read(source)
    series = out / whole.facts.title
    series.mkdir(parents=True, exist_ok=True)
    made_from = digest(source)
    voice: Speak | None = None
    for episode in whole.episodes:
        truth = out / "truth" / whole.facts.title / episode.name
        if _complete(series, truth, episode, made_from):
            continue
        voice = voice or speak()
        started = time.perf_counter()
        duration_ms = _render_episode(whole, episode, series, truth, made_from, voice, threads)
        tell(f"{series.name}/{episode.name}.mp4  {duration_ms / 1000:.1f} s in {time.perf_counter() - started:.1f} s")
    beside = series / facts.FILE
    if not beside.is_file() or beside.read_bytes() != source.read_bytes():
        _replace(source, beside)
    return series


def _render_episode(
    whole: Script, episode: Episode, series: Path, truth: Path, made_from: str, speak: Speak, threads: int
) -> int:
    spoken = [
        in_voice(whole.parts[line.speaker], speak(line.text, whole.parts[line.speaker].voice)) for line in episode.lines
    ]
    track = sound.compose(episode, [(speech.samples, speech.rate) for speech in spoken], whole.style.bed_db)
    truth.mkdir(parents=True, exist_ok=True)
    (truth / "rendered.json").unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="dubwright-sample-") as name:
        folder = Path(name)
        for stem, samples in (("speech", track.speech), ("bed", track.bed), ("mix", track.mix)):
            write_flac(folder / f"{stem}.flac", samples, sound.RATE)
        video = picture.encode(episode, whole.facts.title, track, whole.parts, folder, threads, whole.style)
        _replace(folder / "speech.flac", truth / "speech.flac")
        _replace(folder / "bed.flac", truth / "bed.flac")
        _replace(video, series / f"{episode.name}.mp4")
    lines = [
        {
            "speaker": line.speaker,
            "text": line.text,
            "start_ms": span.start_ms,
            "end_ms": span.end_ms,
            "references": line.references,
        }
        for line, span in zip(episode.lines, track.lines, strict=True)
    ]
    _write_json(lines, truth / "lines.json")
    if episode.captions:
        shown = [{"text": each.text, "start_ms": each.start_ms, "end_ms": each.end_ms} for each in episode.captions]
        _write_json(shown, truth / "captions.json")
    effect = {"kind": episode.effect.kind, "start_ms": track.effect.start_ms, "end_ms": track.effect.end_ms}
    _write_json({"digest": made_from, "duration_ms": track.duration_ms, "effect": effect}, truth / "rendered.json")
    return track.duration_ms


def in_voice(part: Part, speech: Speech) -> Speech:
    """A line in the voice of a character: higher or lower, faster or slower than the synthesizer's."""
    if part.pitch == part.tempo == 1:
        return speech
    with tempfile.TemporaryDirectory(prefix="dubwright-sample-") as name:
        spoken, other = Path(name, "spoken.flac"), Path(name, "other.flac")
        write_flac(spoken, speech.samples[:, None], speech.rate)
        # Played faster it is higher, and its timbre with it; the tempo is then what is left to change.
        raised = (
            f"asetrate={round(speech.rate * part.pitch)},aresample={speech.rate},atempo={part.tempo / part.pitch:.4f}"
        )
        ffmpeg.run(
            [*ffmpeg.trusted_input(spoken), "-af", raised, ffmpeg.address(other)], what="change a voice", timeout_s=60
        )
        samples, rate = read(other, channels=1)
    return Speech(samples[:, 0], rate)


def digest(source: Path) -> str:
    """Of all that decides what is rendered, the synthesizer aside."""
    style = script.read(source).style
    font = Path(style.font_file) if style.font_file else next(picture.FONT_FOLDER.glob("*.ttf"))
    parts = (str(VERSION).encode(), source.read_bytes(), font.read_bytes())
    return hashlib.blake2b(b"".join(hashlib.sha256(part).digest() for part in parts), digest_size=16).hexdigest()


def _complete(series: Path, truth: Path, episode: Episode, made_from: str) -> bool:
    files = [series / f"{episode.name}.mp4", *(truth / name for name in ("lines.json", "speech.flac", "bed.flac"))]
    try:
        marker = json.loads((truth / "rendered.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return marker.get("digest") == made_from and all(file.is_file() and file.stat().st_size for file in files)


def _write_json(content: object, path: Path) -> None:
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    part.replace(path)


def _replace(source: Path, target: Path) -> None:
    """Copy beside the target, then take its name: nobody sees half a file, and disks may differ."""
    part = target.with_name(target.name + ".part")
    shutil.copyfile(source, part)
    part.replace(target)


def load_kokoro(threads: int) -> Speak:
    """The synthesizer of the episodes: Kokoro's Mandarin voices, by way of dubwright's own adapter."""
    from dubwright.dub.kokoro import Kokoro
    from dubwright.models.store import ModelStore

    resolved = settings.load()
    store = ModelStore(str(resolved.models_dir), resolved.models_mirror)
    kokoro = Kokoro(resolved.dub, {name: store.ensure(name) for name in Kokoro.info.models}, threads)
    return lambda text, voice: kokoro.speak(text, "zh", voice)


def missing_font(style: Style) -> str:
    """What font of a style's cannot be had, in words; empty if all is there."""
    if style.font is None:
        return ""
    if style.font_file:
        return "" if Path(style.font_file).is_file() else f"its font {style.font_file} is missing"
    program = shutil.which("fc-list")
    families = (
        subprocess.run([program, ":", "family"], capture_output=True, text=True, timeout=30, check=False).stdout
        if program
        else ""
    )
    known = {name.strip() for line in families.splitlines() for name in line.split(",")}
    return "" if style.font in known else f"no font {style.font!r} on this machine; install it, or name another one"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m samples.render", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--script", type=Path, default=script.FILE, help="what to render, if not the sample")
    parser.add_argument("--out", type=Path, required=True, help="folder to render into")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="threads to use")
    given = parser.parse_args()
    lacking = missing_font(script.read(given.script).style)
    if lacking:
        parser.exit(4, f"{given.script} is not rendered: {lacking}\n")
    series = render(
        given.out,
        lambda: load_kokoro(given.threads),
        given.threads,
        lambda text: print(text, file=sys.stderr, flush=True),  # noqa: T201
        given.script,
    )
    print(series)  # noqa: T201


if __name__ == "__main__":
    main()
