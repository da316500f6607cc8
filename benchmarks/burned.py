"""How well and how fast burned-in subtitles are read, on videos with ground truth.

    python -m benchmarks.burned FOLDER

FOLDER holds `SERIES/EPISODE.mp4` and `truth/SERIES/EPISODE/lines.json`, as `samples.render` writes them. A line's
subtitle is meant to stand from its `start_ms` to its `end_ms`.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from benchmarks.machine import describe
from dubwright.media import frames
from dubwright.quality import scores
from dubwright.transcribe import burned
from dubwright.transcribe.burned.rapidocr import RapidOcr


@dataclass(frozen=True, slots=True)
class Episode:
    """One episode's outcome: texts side by side, errors of starts and ends (ms), seconds spent and shown."""

    name: str
    wanted: list[str]
    got: list[str]
    unmatched: int
    off_ms: list[int]
    frame_ms: float
    wall_s: float
    cpu_s: float
    shown_s: float


def measure(video: Path, truth: Path, reader: RapidOcr, language: str) -> Episode:
    """Read a video and hold it against its truth: each true line takes the readings that begin and end inside it."""
    lines = json.loads(truth.read_text(encoding="utf-8"))
    when = frames.clock(video)
    wall, cpu = time.perf_counter(), time.process_time()
    result = burned.read(video, reader, language)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    with av.open(str(video)) as container:
        frame_ms = 1000 / float(container.streams.video[0].average_rate or 25)
    wanted, got, off, used = [], [], [], set()
    for line in lines:
        start, end = line["start_ms"], line["end_ms"]
        mine = [
            each
            for each in result.lines
            if min(each.end_ms, end) - max(each.start_ms, start) > (each.end_ms - each.start_ms) / 2
        ]
        used |= {id(each) for each in mine}
        wanted.append(line["text"])
        got.append("".join(each.text for each in mine))
        if mine:
            off += [mine[0].start_ms - start, mine[-1].end_ms - end]
        if got[-1] != wanted[-1]:
            print(f"  {start:>7} {wanted[-1]}  |  {got[-1] or '(missed)'}")
    for each in result.lines:
        if id(each) not in used:
            print(f"  {each.start_ms:>7} (nothing)  |  {each.text}")
    print(f"  band {result.band}; {result.why or f'{len(result.lines)} lines, {len(result.others)} others'}")
    for each in result.captions:
        print(f"  {each.start_ms:>7} to {each.end_ms} (caption)  |  {each.text}")
    name = f"{video.parent.name}/{video.stem}"
    unmatched = len(result.lines) - len(used)
    return Episode(name, wanted, got, unmatched, off, frame_ms, wall, cpu, when.duration_s)


def main() -> None:
    """Print each episode's figures, then all of them together."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--language", default="zh")
    parser.add_argument("--threads", type=int, default=1, help="of the reader; a second one mostly waits")
    arguments = parser.parse_args()
    print(describe("rapidocr-onnxruntime", "onnxruntime", "av"))
    reader = RapidOcr(arguments.threads)
    found = []
    for video in sorted(arguments.folder.glob("*/*.mp4")):
        truth = arguments.folder / "truth" / video.parent.name / video.stem / "lines.json"
        if truth.is_file():
            found.append(measure(video, truth, reader, arguments.language))
            print(_figures([found[-1]], found[-1].name))
    if found:
        print(_figures(found, "all"))
    print(f"peak memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10:.0f} MiB")


def _figures(episodes: list[Episode], name: str) -> str:
    off = np.abs([each for episode in episodes for each in episode.off_ms] or [0])
    in_frames = np.concatenate([np.abs(episode.off_ms or [0]) / episode.frame_ms for episode in episodes])
    wanted = [text for episode in episodes for text in episode.wanted]
    got = [text for episode in episodes for text in episode.got]
    shown = sum(episode.shown_s for episode in episodes)
    return (
        f"{name}: CER {100 * scores.cer(wanted, got):.2f} %, lines missed {got.count('')} of {len(got)},"
        f" too many {sum(episode.unmatched for episode in episodes)};"
        f" starts and ends off by {np.median(off):.0f} ms median, {np.quantile(off, 0.95):.0f} ms p95, {off.max()} ms"
        f" at most, within 2 frames {100 * np.mean(in_frames <= 2):.1f} %;"
        f" {sum(episode.wall_s for episode in episodes) / shown:.2f} x real time by the clock,"
        f" {sum(episode.cpu_s for episode in episodes) / shown:.2f} of one core"
    )


if __name__ == "__main__":
    main()
