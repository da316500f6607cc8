"""How much of what the voices say a recognizer understands: words heard otherwise than written.

    python -m benchmarks.understood FILE.yaml… [--to en] [--voices 26] [--every 1] [--misheard]

The reference translations in series files (of the sample's format) are spoken by the engine that a dub would choose for the
language, line by line by its voices in turn, and heard by Whisper base, without anything around them. Names count too.
"""

from __future__ import annotations

import argparse
from itertools import cycle
from pathlib import Path
from typing import cast

import numpy as np
import yaml

from benchmarks.dub import LISTENING_HZ, RECOGNIZED, Listener
from benchmarks.machine import describe
from dubwright import engines, settings, unit
from dubwright.dub.engine import Synthesizer
from dubwright.dub.wording import spoken
from dubwright.media import sound
from dubwright.quality import scores

# The recognizer wants a little quiet around what it hears.
QUIET_S = 0.15


def references(file: Path, language: str) -> list[str]:
    """The lines of a series in a language, those that are there."""
    series = yaml.safe_load(file.read_text(encoding="utf-8"))
    return [line[language] for episode in series["episodes"] for line in episode["lines"] if line.get(language)]


def main() -> None:
    """Speak, listen, and print the errors of each language."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--to", default="en", help=f"languages, with commas between them, of {', '.join(RECOGNIZED)}")
    parser.add_argument("--voices", type=int, default=26, help="voices of each language, at most")
    parser.add_argument("--every", type=int, default=1, help="one line in so many")
    parser.add_argument("--misheard", action="store_true", help="print the lines that were heard otherwise")
    given = parser.parse_args()
    print(describe("kokoro-onnx", "faster-whisper"))
    resolved = settings.load()
    machine = unit.Machine(resolved.lake, str(resolved.models_dir), resolved.models_mirror, 2)
    listener = Listener(str(resolved.models_dir), resolved.models_mirror)
    for language in given.to.split(","):
        lines = list(dict.fromkeys(line for file in given.files for line in references(file, language)))[:: given.every]
        info = engines.select("dub", resolved.dub.engines, language)
        engine = cast(Synthesizer, unit.load_engine("dub", info, resolved.dub, machine))
        voices = [voice.name for voice in engines.engine_class("dub", info.name).voices(language)][: given.voices]
        wrong = words = 0
        for line, voice in zip(lines, cycle(voices), strict=False):
            speech = engine.speak(spoken(line, language), language, voice)
            quiet = round(QUIET_S * LISTENING_HZ)
            heard = listener.heard(np.pad(sound.resampled(speech.samples, speech.rate, LISTENING_HZ), quiet), language)
            errors, count = scores.word_errors(line, heard, language)
            wrong, words = wrong + errors, words + count
            if errors and given.misheard:
                print(f"{errors} {voice}: {line} | {heard}", flush=True)
        print(f"{language} ({info.name}): {wrong} of {words} words of {len(lines)} lines, {100 * wrong / words:.2f} %")


if __name__ == "__main__":
    main()
