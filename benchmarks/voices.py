"""What stock voices sound like: the pitch and the print of each, by which a series is cast.

    python -m benchmarks.voices [--engines kokoro,espeak-ng,fake] [--threads 2] [--write]

Each voice speaks a few of the lines of `spoken_lines.toml`, in the language in whose list it stands highest. Measured
are its median pitch, as transcripts measure it, and the direction that the voice encoder gives it, a byte a number.
Printed are how far apart an engine's voices of a sex lie; `--write` puts the constants of these engines into
`dubwright/dub/voices.toml`, and leaves those of the others as they are.
"""

from __future__ import annotations

import argparse
import time
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import describe, spread
from dubwright import engines, settings, unit
from dubwright.dub import timbre
from dubwright.dub.engine import Speech, Synthesizer, Voice
from dubwright.dub.timbre import Sound
from dubwright.media.sound import resampled
from dubwright.transcribe.speakers import features
from dubwright.voiceprints.encoder import VoiceEncoder
from dubwright.voiceprints.spectra import RATE
from dubwright.voiceprints.warm import voice_encoder

LINES = Path(__file__).parent / "spoken_lines.toml"
# Lines that each voice speaks, of those that take some seconds.
SPOKEN, LEAST_LETTERS = 3, 30
# Nobody dubs into what is spoken already, but the voices can be taken elsewhere.
MANDARIN = ["那年冬天，是他把我从雪地里背回来的。", "你以为有钱就能买到一切吗？", "医生说她还有三个月的时间。"]
HEAD = """\
# What stock voices sound like, written by `python -m benchmarks.voices --write`: median pitch (Hz), and the direction that
# the voice encoder gives each, 256 signed bytes in base64.
"""


def main() -> None:
    """Measure the voices of some engines, and print how they lie."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engines", default="kokoro,espeak-ng,fake", help="synthesizers, with commas between them")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--write", action="store_true", help=f"write {timbre.FILE.name}")
    given = parser.parse_args()
    print(describe("kokoro-onnx", "espeakng-loader"))
    found = dict(timbre.everyone())
    resolved = settings.load()
    encoder = voice_encoder(str(resolved.models_dir), resolved.models_mirror)
    for name in given.engines.split(","):
        began = time.perf_counter()
        found[name] = _measured(name, given.threads, encoder)
        print(f"{name}: {len(found[name])} voices, {time.perf_counter() - began:.0f} s", flush=True)
        for sex in ("female", "male"):
            _report(name, sex, found[name])
    if given.write:
        timbre.FILE.write_text(HEAD + "".join(_table(*each) for each in sorted(found.items())), "utf-8")


def _measured(name: str, threads: int, encoder: VoiceEncoder) -> dict[str, Sound]:
    resolved = settings.load()
    machine = unit.Machine(resolved.lake, str(resolved.models_dir), resolved.models_mirror, threads)
    kind = engines.engine_class("dub", name)
    loaded = cast(Synthesizer, unit.load_engine("dub", kind.info, resolved.dub, machine))
    lines = {**tomllib.loads(LINES.read_text(encoding="utf-8")), "zh": MANDARIN}
    own: dict[str, tuple[int, str]] = {}
    for language in (tag for tag in lines if kind.info.speaks(tag)):
        for rank, voice in enumerate(kind.voices(language)):
            own[voice.name] = min(own.get(voice.name, (rank, language)), (rank, language), key=lambda pair: pair[0])
    found = {}
    for voice, (_, language) in sorted(own.items()):
        long = [line for line in lines[language] if len(line) >= LEAST_LETTERS] or lines[language]
        takes = [_heard(loaded.speak(line, language, voice)) for line in long[:SPOKEN]]
        found[voice] = _sound(takes, encoder)
    return found


def _heard(speech: Speech) -> NDArray[np.float32]:
    """Speech as a transcript would hear it: [n] at 16 kHz."""
    return resampled(speech.samples, speech.rate, RATE)


def _sound(takes: Sequence[NDArray[np.float32]], encoder: VoiceEncoder) -> Sound:
    pitches = [features.measure(take, [(0, len(take) * 1000 // RATE)]).f0_hz[0] for take in takes]
    voice = encoder.embed(takes).sum(axis=0)
    return Sound(round(float(np.nanmedian(pitches)), 1), voice / np.linalg.norm(voice))


def _report(name: str, sex: str, found: Mapping[str, Sound]) -> None:
    kind = engines.engine_class("dub", name)
    languages = kind.info.languages or {"en"}
    there: dict[str, Voice] = {voice.name: voice for language in languages for voice in kind.voices(language)}
    of_sex = sorted((each.f0_hz, voice) for voice, each in found.items() if there[voice].sex == sex)
    alike = [
        timbre.alike(found[one], found[other]) for n, (_, one) in enumerate(of_sex) for _, other in of_sex[n + 1 :]
    ]
    print(f"  {sex}: {' '.join(f'{voice} {f0_hz:.0f}' for f0_hz, voice in of_sex)} Hz")
    if alike:
        print(f"    alike (0 to 1, of pairs): {spread(alike)}")


def _table(name: str, voices: Mapping[str, Sound]) -> str:
    lines = [f"[{name}]"]
    for voice, each in sorted(voices.items()):
        lines.append(f'{voice} = {{ f0_hz = {each.f0_hz}, print = "{each.packed()}" }}')
    return "\n".join(["", *lines, ""])


if __name__ == "__main__":
    main()
