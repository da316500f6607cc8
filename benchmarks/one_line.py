"""What one corrected line costs against the whole dub of its episode, engines warm.

    python -m benchmarks.one_line [--lines 30] [--to en] [--rounds 3]

An episode of so many lines is committed up to its translation (its sound is a chord with a voice that buzzes), dubbed, and
dubbed again with another line corrected in each round. Printed: seconds and CPU seconds of both, their ratio, and how many
lines were synthesized each time, told by the entries of the speech cache.
"""

from __future__ import annotations

import argparse
import tomllib
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.machine import describe, spread
from dubwright import settings, unit
from dubwright.dub.fake import FakeSynthesizer
from dubwright.fingerprint import fingerprint
from dubwright.lake import Lake, open_lake
from dubwright.lake.layout import UnitKey
from dubwright.media import sound
from dubwright.stages import STAGES
from dubwright.translate.length import predicted_ms

LINES = Path(__file__).parent / "spoken_lines.toml"
SERIES, EPISODE = "长安", "01"
RATE = 48_000
PAUSE_MS = 400
CORRECTED = "Nobody told me."


def episode(lake: Lake, texts: list[str], language: str, folder: Path) -> dict[str, UnitKey]:
    """Commit source and transcript of an episode that has room for the texts."""
    rows: list[dict[str, Any]] = []
    at = 1000
    for segment, text in enumerate(texts, start=1):
        end = at + round(predicted_ms(text, language) / 1.05)
        rows.append(
            {
                "segment": segment,
                "start_ms": at,
                "end_ms": end,
                "text": "话",
                "speaker": f"S{segment % 3}",
                "f0_hz": 200.0,
            }
        )
        at = end + PAUSE_MS
    length = (at + 1000) * RATE // 1000
    time = np.arange(length) / RATE
    chord = np.stack([np.sin(2 * np.pi * hertz * time) for hertz in (220, 277)], axis=1).astype(np.float32) * 0.03
    voice = FakeSynthesizer(settings.load().dub, {}, 1).speak("x" * 4000, "zh", "fake-f1").samples
    for row in rows:
        start, end = (ms * RATE // 1000 for ms in (row["start_ms"], row["end_ms"]))
        piece = chord[start:end]
        piece += 0.4 * np.resize(voice, len(piece))[:, None]
    path = folder / "stereo.flac"
    sound.write_flac(path, chord, RATE)
    source = {"stereo_blob": lake.put_blob(path), "duration_ms": length * 1000 // RATE}
    return {"ingest": commit(lake, "ingest", [source]), "transcribe": commit(lake, "transcribe", rows)}


def commit(lake: Lake, name: str, rows: list[dict[str, Any]], language: str | None = None) -> UnitKey:
    """Commit a stage's rows as its unit."""
    key = UnitKey(STAGES[name].table, SERIES, EPISODE, language, fingerprint({"rows": repr(rows)}))
    shared = {"language": language or "zh", "engine": "benchmark", "engine_version": "1"}
    lake.commit(key, [shared | row for row in rows], {})
    return key


def dubbed(lake: Lake, texts: list[str], language: str, upstream: dict[str, UnitKey], machine: unit.Machine) -> Any:
    """Dub the episode as translated so: wall and CPU seconds."""
    rows = [
        {"segment": n, "text": text, "state": "draft", "predicted_ms": predicted_ms(text, language)}
        for n, text in enumerate(texts, start=1)
    ]
    found = settings.load().dub
    recipe = {"texts": texts}
    work = unit.Work(
        "dub", SERIES, EPISODE, language, "zh", "unused", "", fingerprint(recipe), found,
        upstream={**upstream, "translate": commit(lake, "translate", rows, language)}, recipe=recipe,
    )  # fmt: skip
    return unit.execute(work, machine).cost


def entries(lake: Lake) -> int:
    """Entries of the speech cache: lines, and the bed."""
    return sum(1 for _ in lake.store.list("speech/"))


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=30)
    parser.add_argument("--to", default="en")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    texts = tomllib.loads(LINES.read_text(encoding="utf-8"))[given.to][: given.lines]
    resolved = settings.load()
    print(describe("kokoro-onnx"))
    with TemporaryDirectory(prefix="dubwright-one-line-") as folder:
        machine = replace(
            unit.Machine(folder, str(resolved.models_dir), resolved.models_mirror, threads=2), lake=f"{folder}/warm"
        )
        warm = open_lake(machine.lake)
        dubbed(warm, texts[:2], given.to, episode(warm, texts[:2], given.to, Path(folder)), machine)
        machine = replace(machine, lake=f"{folder}/lake")
        lake = open_lake(machine.lake)
        upstream = episode(lake, texts, given.to, Path(folder))
        whole = dubbed(lake, texts, given.to, upstream, machine)
        made = entries(lake)
        print(f"whole dub of {len(texts)} lines: {whole['wall_s']:.1f} s, CPU {whole['cpu_s']:.1f} s, {made} entries")
        walls, cpus = [], []
        for at in range(given.rounds):
            changed = [*texts]
            changed[at * len(texts) // given.rounds] = CORRECTED[:-1] + "," * at + "."
            cost = dubbed(lake, changed, given.to, upstream, machine)
            walls.append(100 * cost["wall_s"] / whole["wall_s"])
            cpus.append(100 * cost["cpu_s"] / whole["cpu_s"])
            made, before = entries(lake), made
            print(f"one line corrected: {cost['wall_s']:.2f} s, CPU {cost['cpu_s']:.2f} s, {made - before} entries")
        print(f"% of the whole dub: wall {spread(walls)}, CPU {spread(cpus)}")


if __name__ == "__main__":
    main()
