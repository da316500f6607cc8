"""Small real videos with a white flash and a beep at one moment, and episodes committed up to the dub."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dubwright.fingerprint import fingerprint
from dubwright.lake import Lake, open_lake
from dubwright.lake.layout import UnitKey
from dubwright.media import ffmpeg, probe, sound
from dubwright.settings import RenderSettings
from dubwright.stages import STAGES
from dubwright.unit import Machine, Work, execute

SECONDS = 4
FLASH_S = 2.0
RATE = 44100
H264 = ("-c:v", "libx264", "-preset", "veryfast", "-bf", "3", "-g", "50", "-pix_fmt", "yuv420p")
LINES = [
    (300, 1400, "你好，世界。", "Hello, world."),
    (1600, 2600, "我告诉过你不要回来。", "I told you not to come back."),
    (2800, 3600, "再见。", "Goodbye."),
]


def make_clip(path: Path, *codec: str, picture: str = "", before: tuple[str, ...] = ()) -> Path:
    """A portrait video of 4 s, flashing at 2 s; `picture` adds filters, `before` options to the picture's input."""
    flash = f"drawbox=color=white:t=fill:enable='between(t,{FLASH_S - 0.01},{FLASH_S + 0.03})'"
    source = f"testsrc2=size=180x320:rate=25:duration={SECONDS},eq=brightness=-0.4,{flash}"
    arguments = [*before, "-f", "lavfi", "-i", ",".join(filter(None, (source, picture)))]
    arguments += ["-f", "lavfi", "-i", f"sine=frequency=300:sample_rate={RATE}:duration={SECONDS}"]
    arguments += ["-map", "0:v", "-map", "1:a", *(codec or H264), ffmpeg.address(path)]
    ffmpeg.run(arguments, what="make a clip", timeout_s=120)
    return path


def beep(seconds: float) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Stereo silence with a beep of 0.1 s where the picture flashes."""
    samples = np.zeros((round(seconds * RATE), 2), np.float32)
    first = round(FLASH_S * RATE)
    samples[first : first + RATE // 10] = 0.5 * np.sin(np.arange(RATE // 10) * 2 * np.pi * 1000 / RATE)[:, None]
    return samples


@pytest.fixture(scope="session")
def made_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clip") / "clip.mp4")


@pytest.fixture
def clip(made_clip: Path, tmp_path: Path) -> Path:
    """A video that a test may change."""
    return Path(shutil.copy(made_clip, tmp_path))


@dataclass
class Episodes:
    """Commits what the stages before render leave, as the plan would name it."""

    lake: Lake
    folder: Path

    def add(
        self,
        clip: Path,
        lines: list[tuple[int, int, str, str | None]] | None = None,
        *,
        series: str = "长安",
        episode: str = "01",
        language: str = "en",
        settings: RenderSettings | None = None,
        engines: dict[str, str] | None = None,
        copied: bool = False,
        read: dict[int, str] | None = None,
        dub: list[dict[str, Any]] | None = None,
        dubbed_by: dict[str, Any] | None = None,
        moved: dict[int, tuple[int, int]] | None = None,
        own: np.ndarray[Any, np.dtype[np.float32]] | None = None,
    ) -> Work:
        """The unit of work of an episode's render; a line whose translation is None failed, some are `read` otherwise.

        `dub` are the rows of its dub, where they matter, `dubbed_by` the settings that it was made by; some lines are `moved`
        to other times (ms). `own` is its sound where that is not stereo.
        """
        lines = LINES if lines is None else lines
        media = probe.probe(clip)
        blob = self.sound(beep(media.duration_ms / 1000))
        source = {
            "uri": str(clip),
            "duration_ms": media.duration_ms,
            "video_blob": self.lake.put_blob(clip) if copied else None,
            "stereo_blob": blob,
            "speech_blob": blob,
            "sound_blob": None if own is None else self.sound(own),
            "video_codec": media.video.codec,
            "width": media.video.width,
            "height": media.video.height,
            "rotation": media.video.rotation,
        }
        numbered = list(enumerate(lines, start=1))
        transcript = [{"segment": n, "start_ms": a, "end_ms": b, "text": text} for n, (a, b, text, _) in numbered]
        translation = [
            {
                "segment": n,
                "text": text or "",
                "subtitle_text": (read or {}).get(n),
                "state": "draft" if text else "failed",
                "start_ms": (moved or {}).get(n, (None, None))[0],
                "end_ms": (moved or {}).get(n, (None, None))[1],
            }
            for n, (*_, text) in numbered
        ]
        if dub is None:
            dub = [{"segment": n, "start_ms": a, "verdict": "fits"} for n, (a, *_) in numbered]
            dub.append({"segment": None, "verdict": "mix", "blob": blob})
        rows = {"ingest": [source], "transcribe": transcript, "translate": translation, "dub": dub}
        upstream = {}
        for name, found in rows.items():
            stage = STAGES[name]
            partition = language if stage.per_language else None
            key = UnitKey(stage.table, series, episode, partition, fingerprint({"stage": name, "clip": str(clip)}))
            shared = {
                "language": partition or "zh",
                "engine": (engines or {}).get(name, "ffmpeg" if name == "ingest" else "fake"),
                "engine_version": "1",
            }
            self.lake.commit(key, [shared | row for row in found], {"recipe": {"settings": dubbed_by or {}}})
            upstream[name] = key
        recipe = {"stage": "render", "source_language": "zh", "upstream": [str(key) for key in upstream.values()]}
        return Work(
            stage="render",
            series=series,
            episode=episode,
            language=language,
            source_language="zh",
            source_uri=str(clip),
            source_digest="",
            fingerprint=fingerprint(recipe),
            settings=settings or RenderSettings(),
            upstream=upstream,
            recipe=recipe,
        )

    def sound(self, samples: np.ndarray[Any, np.dtype[np.float32]]) -> str:
        path = self.folder / "sound.flac"
        sound.write_flac(path, samples, RATE)
        return self.lake.put_blob(path)


@pytest.fixture
def episodes(lake: Lake, tmp_path: Path) -> Episodes:
    return Episodes(lake, tmp_path)


@dataclass
class Delivered:
    """A committed unit: each kind's row, and its file."""

    work: Work
    rows: dict[str, dict[str, Any]]
    files: dict[str, Path]


def machine_of(lake: Lake) -> Machine:
    return Machine(lake=lake.uri, models_dir="no model is needed", threads=2)


def render(lake: Lake, work: Work, folder: Path) -> Delivered:
    assert execute(work, machine_of(lake)).computed
    found = Delivered(work, {}, {})
    for row in lake.read(work.key).rows():
        found.rows[row["kind"]] = row
        found.files[row["kind"]] = folder / f"{row['kind']}{Path(row['blob']).suffix}"
        found.files[row["kind"]].write_bytes(lake.read_blob(row["blob"]))
    return found


@pytest.fixture
def deliver(lake: Lake, tmp_path: Path) -> Callable[[Work], Delivered]:
    """Renders and commits a unit."""
    return lambda work: render(lake, work, tmp_path)


@pytest.fixture
def machine(lake: Lake) -> Machine:
    return machine_of(lake)


@pytest.fixture(scope="session")
def standard(made_clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Delivered:
    """An ordinary episode, rendered once; not to be changed."""
    folder = tmp_path_factory.mktemp("standard")
    lake = open_lake(str(folder / "lake"))
    work = Episodes(lake, folder).add(made_clip, settings=RenderSettings(producer="长安 Studio"))
    return render(lake, work, folder)
