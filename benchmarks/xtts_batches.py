"""How many lines a second XTTS says one by one and together.

    python -m benchmarks.xtts_batches [--model DIR] [--lines N] [--batches 1 4 16] [--rounds N] [--threads N]

DIR holds XTTS-v2 as it is published. Without it one of its size is made up (`--layers`, `--width` make it smaller), with random
weights: it never comes to an end, so every line is made some four seconds long, and is no sound in the end. That is kind to
batches, which otherwise wait for their longest line. The lines are the sample script's, over and over, with the first voices.
On a GPU where torch sees one. Each round says all lines in every way, after one line to warm up.
"""

from __future__ import annotations

import argparse
import time
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.machine import describe, spread
from dubwright.dub.coqui.xtts_model import Latents, Part, XttsModel
from dubwright.dub.coqui.xtts_voices import VOICES
from samples import script
from tests.dub import small_models

LONGEST_S = 8.0
# A third of it are spoken by a model without an end: four seconds.
CODES = 3 * 87
HEADS = 16


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--lines", type=int, default=16)
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--layers", type=int, default=30)
    parser.add_argument("--width", type=int, default=1024)
    asked = parser.parse_args()
    with TemporaryDirectory() as place:
        folder = asked.model or small_models.xtts(
            Path(place, "xtts"), endless=True, layers=asked.layers, width=asked.width, heads=HEADS, longest=CODES
        )
        model = XttsModel(folder, asked.threads)
    parts = _parts(model, asked.lines)
    print(describe("torch", "transformers", "coqui-tts"))
    print(
        f"{asked.model or f'made up, {asked.layers} layers of {asked.width}'}, on {model._device}, {len(parts)} lines"
    )
    model.speak(parts[:1])
    speeds: dict[int, list[float]] = {batch: [] for batch in asked.batches}
    for number in range(1, asked.rounds + 1):
        for batch, values in speeds.items():
            started = time.perf_counter()
            for first in range(0, len(parts), batch):
                model.speak(parts[first : first + batch])
            values.append(len(parts) / (time.perf_counter() - started))
        print(f"round {number}: " + ", ".join(f"{values[-1]:.2f}" for values in speeds.values()), flush=True)
    plain = speeds[asked.batches[0]]
    for batch, values in speeds.items():
        times = [value / other for value, other in zip(values, plain, strict=True)]
        print(f"{batch:3} at once: {spread(values, 3)} lines a second, {spread(times, 1)} times as many")


def _parts(model: XttsModel, number: int) -> list[Part]:
    said = [line.en for episode in script.read().episodes for line in episode.lines]
    voices = [found for voice in VOICES[:6] if isinstance(found := model.speaker(voice.name), Latents)]
    pairs = islice(zip(cycle(said), cycle(voices), strict=False), number)
    return [Part(text, "en", voice, LONGEST_S, seed) for seed, (text, voice) in enumerate(pairs)]


if __name__ == "__main__":
    main()
