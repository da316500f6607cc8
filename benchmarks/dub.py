"""How good the dubs are that were delivered, on any catalogue with ground truth.

    make demo
    python -m benchmarks.dub demo/catalogue --lake demo/lake --videos demo/videos

CATALOGUE/truth (or `--truth`) holds `SERIES/EPISODE/lines.json`, `speech.flac` and `bed.flac`, as `samples.render` writes
them. The newest units of the lake and the first sound track of each video are measured, by language over all episodes:

- `free`: lines whose tempo lies in 0.85 to 1.2; `above cap`: above 1.35; `overlaps`; `unspoken`: without a time
- `on time`: dubbed lines that start within 200 ms of the true onset
- `LUFS off` and `dBTP`: the encoded track's integrated loudness from what the settings want, and its true peak, the worst
- `bed`: correlation with the true bed where nobody speaks, the lowest
- `residue`: level (dB) of what the track has in common with the true speech, against the dub's level, the highest
- `WER`: words of the dub that a recognizer hears otherwise in the finished track (English and Spanish); `names told`: by
  the same one, told beforehand what the series' glossary calls people and things, as who watches it knows. It is told all of
  them, whatever the line says: without, it writes Gu Huai as "go why", which is how it sounds
- `voices`: characters that have more than one voice; `drift`: picture against sound, in frames, the worst
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import describe
from dubwright import settings
from dubwright.lake import open_lake
from dubwright.media import ffmpeg, sound
from dubwright.models.store import ModelStore
from dubwright.quality import scores
from dubwright.quality.scorecard import TrueLine, read_truth
from dubwright.quality.scores import Span
from dubwright.reports.coverage import newest_rows
from dubwright.series import facts

RATE = 48_000
LISTENING_HZ = 16_000
ON_TIME_MS, PAD_MS = 200, 150
# The original comes back slowly behind a dubbed line, so that nearby it is no bed alone.
CLEAR_MS = 400
RECOGNIZED = ("en", "es")

Samples = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Episode:
    """One dub: its lines' rows with times, the transcript's and translation's rows by segment, the truth and the video."""

    series: str
    name: str
    lines: Sequence[Mapping[str, Any]]
    unspoken: int
    transcript: Mapping[int, Mapping[str, Any]]
    texts: Mapping[int, str]
    true: Sequence[TrueLine]
    truth: Path
    video: Path
    names: Sequence[str]


def episodes(lake_uri: str, catalogue: Path, truth: Path, videos: Path, language: str) -> Iterator[Episode]:
    """The dubs of a lake in a language that have truth and a video."""
    lake = open_lake(lake_uri)
    for key in sorted(lake.units("source"), key=str):
        folder = truth / key.series / key.episode
        video = videos / key.series / key.episode / language / f"{key.episode}.{language}.mp4"
        rows = newest_rows(lake, "dub", key.series, key.episode, language)
        if not rows or not (folder / "lines.json").is_file() or not video.is_file():
            continue
        own = [row for row in rows if row["segment"] is not None]
        lines = sorted((row for row in own if row["duration_ms"] is not None), key=lambda row: int(row["start_ms"]))
        yield Episode(
            key.series,
            key.episode,
            lines,
            len(own) - len(lines),
            {row["segment"]: row for row in newest_rows(lake, "transcript", key.series, key.episode) or []},
            {
                row["segment"]: row["text"] or ""
                for row in newest_rows(lake, "translation", key.series, key.episode, language) or []
            },
            read_truth(folder),
            folder,
            video,
            names_of(catalogue / key.series / facts.FILE, language),
        )


def names_of(about: Path, language: str) -> list[str]:
    """What a series calls people and things in a language."""
    return sorted(set(facts.read(about).glossary_for(language).values())) if about.is_file() else []


def onset_errors(episode: Episode) -> list[int]:
    """How late (ms) each dubbed line starts after the true one that it stands for."""
    heard = [episode.transcript[row["segment"]] for row in episode.lines]
    spans = [Span(row["start_ms"], row["end_ms"]) for row in heard]
    found = []
    for match in scores.match(spans, [line.span for line in episode.true]):
        if match.segments and match.lines:
            first = min(match.segments, key=lambda at: spans[at].start_ms)
            true = min(episode.true[at].span.start_ms for at in match.lines)
            found.append(episode.lines[first]["start_ms"] - true)
            found += [episode.lines[at]["start_ms"] - spans[at].start_ms for at in match.segments if at != first]
    return found


def track(video: Path) -> Samples:
    """The first sound track as a player gives it: stereo at `RATE`, from the picture's start on, [n, 2]."""
    raw = [
        "-map",
        "0:a:0",
        "-af",
        "aresample=async=1:first_pts=0",
        "-ac",
        "2",
        "-ar",
        str(RATE),
        "-f",
        "f32le",
        "pipe:1",
    ]
    found = ffmpeg.run([*ffmpeg.untrusted_input(video), *raw], what="listen to a track", timeout_s=600)
    return np.frombuffer(found.stdout, "<f4").reshape(-1, 2)


def bed_and_residue(episode: Episode, mixed: Samples) -> tuple[float, float]:
    """Correlation with the true bed where nobody speaks, and the original speech's level against the dub's (dB)."""
    speech, bed = (sound.read(episode.truth / f"{name}.flac", rate=RATE, channels=2)[0] for name in ("speech", "bed"))
    length = min(len(mixed), len(speech), len(bed))
    clear, dubbed = np.ones(length, bool), np.zeros(length, bool)
    for start, end in [(line.span.start_ms, line.span.end_ms) for line in episode.true]:
        clear[max(0, start - CLEAR_MS) * RATE // 1000 : (end + CLEAR_MS) * RATE // 1000] = False
    for row in episode.lines:
        start, end = row["start_ms"], row["start_ms"] + row["duration_ms"]
        clear[max(0, start - CLEAR_MS) * RATE // 1000 : (end + CLEAR_MS) * RATE // 1000] = False
        dubbed[start * RATE // 1000 : end * RATE // 1000] = True
    heard, said, music = (each[:length].mean(axis=1, dtype=np.float64) for each in (mixed, speech, bed))
    correlation = float(np.corrcoef(heard[clear], music[clear])[0, 1]) if clear.sum() > RATE else float("nan")
    common = float(heard[dubbed] @ said[dubbed]) / max(float(said[dubbed] @ said[dubbed]), 1e-12)
    residue = abs(common) * np.sqrt(np.mean(np.square(said[dubbed]))) / np.sqrt(np.mean(np.square(heard[dubbed])))
    return correlation, float(20 * np.log10(residue + 1e-9))


class Listener:
    """A recognizer that hears lines in a finished track."""

    def __init__(self, models_dir: str, mirror: str | None) -> None:
        from faster_whisper import WhisperModel

        folder = ModelStore(models_dir, mirror).ensure("whisper-base")
        self._model = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=2)

    def heard(self, samples: Samples, language: str, names: Sequence[str] = ()) -> str:
        """What is said in mono samples at `LISTENING_HZ`, where names may occur."""
        parts, _ = self._model.transcribe(
            samples,
            language=language,
            beam_size=5,
            condition_on_previous_text=False,
            hotwords=", ".join(names) or None,
        )
        return " ".join(part.text.strip() for part in parts)


def words_wrong(
    episode: Episode, mixed: Samples, language: str, listener: Listener, names: Sequence[str] = ()
) -> tuple[int, int]:
    """Words of the dub heard otherwise, and words in all."""
    mono = sound.resampled(mixed.mean(axis=1, dtype=np.float32), RATE, LISTENING_HZ)
    wrong = count = 0
    for row in episode.lines:
        start, end = row["start_ms"] - PAD_MS, row["start_ms"] + row["duration_ms"] + PAD_MS
        piece = mono[max(0, start) * LISTENING_HZ // 1000 : end * LISTENING_HZ // 1000]
        meant = row["text"] or episode.texts.get(row["segment"], "")
        found = scores.word_errors(meant, listener.heard(piece, language, names), language)
        wrong, count = wrong + found[0], count + found[1]
    return wrong, count


def measured(
    found: Sequence[Episode], language: str, resolved: settings.Settings, listener: Listener | None
) -> dict[str, str]:
    """A row of the table."""
    tempos = [row["tempo"] for each in found for row in each.lines]
    errors = [error for each in found for error in onset_errors(each)]
    voices: dict[tuple[str, str], set[str]] = defaultdict(set)
    off: list[float] = []
    peaks: list[float] = []
    beds: list[float] = []
    residues: list[float] = []
    frames: list[float] = []
    wrong, wrong_told, count = 0, 0, 0
    for each in found:
        mixed = track(each.video)
        loudness = sound.loudness(mixed, RATE)
        off.append(loudness.integrated_lufs - resolved.dub.loudness_lufs)
        peaks.append(loudness.true_peak_dbtp)
        bed, residue = bed_and_residue(each, mixed)
        beds.append(bed)
        residues.append(residue)
        frames += [drift.frames for drift in scores.drift(each.video)]
        for row in each.lines:
            if character := each.transcript[row["segment"]]["character"]:
                voices[each.series, character].add(row["voice"])
        if listener and language in RECOGNIZED:
            part = words_wrong(each, mixed, language, listener)
            wrong, count = wrong + part[0], count + part[1]
            wrong_told += words_wrong(each, mixed, language, listener, each.names)[0]
    return {
        "language": language,
        "lines": f"{len(tempos)}",
        "unspoken": f"{sum(each.unspoken for each in found)}",
        "free %": f"{100 * np.mean([0.85 <= tempo <= 1.2 + 1e-6 for tempo in tempos]):.1f}",
        "above cap": f"{sum(tempo > 1.35 + 1e-6 for tempo in tempos)}",
        "overlaps": f"{sum(scores.overlaps(each.lines) for each in found)}",
        "on time %": f"{100 * np.mean([abs(error) <= ON_TIME_MS for error in errors]):.1f}",
        "LUFS off": f"{max(off, key=abs):+.2f}",
        "dBTP": f"{max(peaks):.2f}",
        "bed": f"{np.nanmin(beds):.3f}",
        "residue dB": f"{max(residues):.1f}",
        "WER %": f"{100 * wrong / count:.1f}" if count else "",
        "names told %": f"{100 * wrong_told / count:.1f}" if count else "",
        "voices": f"{sum(len(names) > 1 for names in voices.values())}",
        "drift": f"{max(frames):.2f}",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("catalogue", type=Path)
    parser.add_argument("--lake", required=True)
    parser.add_argument("--videos", type=Path, required=True)
    parser.add_argument("--truth", type=Path)
    parser.add_argument("--to", default="en,es")
    parser.add_argument("--deaf", action="store_true", help="leave out the recognizer")
    arguments = parser.parse_args()
    resolved = settings.load()
    listener = None if arguments.deaf else Listener(str(resolved.models_dir), resolved.models_mirror)
    print(describe("kokoro-onnx"), "\n")
    header = False
    for language in arguments.to.split(","):
        truth = arguments.truth or arguments.catalogue / "truth"
        found = list(episodes(arguments.lake, arguments.catalogue, truth, arguments.videos, language))
        if not found:
            parser.error(f"no dubs in {language} with truth and a video there")
        row = measured(found, language, resolved, listener)
        if not header:
            print("| " + " | ".join(row) + " |\n|" + "---|" * len(row))
            header = True
        print("| " + " | ".join(row.values()) + " |", flush=True)


if __name__ == "__main__":
    main()
