"""How well the spoken length of a line is told from its text, and the constants that tell it.

    python -m benchmarks.spoken [--to en,es] [--voices 8] [--measured FILE] [--write]

The lines of `spoken_lines.toml` are spoken by the engine that the dub would choose for the language, silence trimmed as
there: all by its first voice, a third by each of some others. A language's constants, and a factor for each voice, are
fitted to two thirds of the lines; printed is how far the guess is off on the rest, by published rates (before) and by
measured constants (after). `--write` puts these into `dubwright/translate/spoken.toml`; languages that were not asked for
keep what they have there. `--measured` keeps durations, so that a broken run goes on.
"""

from __future__ import annotations

import argparse
import json
import time
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import describe
from dubwright import engines, settings, unit
from dubwright.dub.engine import Synthesizer
from dubwright.dub.wording import spoken
from dubwright.engines import EngineInfo
from dubwright.translate.length import Pace, counts, letters, published_ms

LINES = Path(__file__).parent / "spoken_lines.toml"
CONSTANTS = Path(__file__).parents[1] / "dubwright" / "translate" / "spoken.toml"
HEAD = """\
# How languages are spoken, written by `python -m benchmarks.spoken --write`: milliseconds for a start, a letter, a mark
# (vowel signs and the like), a group of Latin vowels, a word, a digit, a comma and a full stop inside the line; letters
# and digits in a second of it all; what each voice takes of that.
"""
# One line in so many is held out from the fit, and spoken by each voice but the first.
THIRD = 3
ROUNDS = 5
# A constant that the lines cannot tell from noise is drawn to nothing.
RIDGE = 1e-3


@dataclass(frozen=True, slots=True)
class Take:
    """A line as spoken by a voice: how long it lasts (ms), and whether it is held out from the fit."""

    line: str
    voice: str
    ms: int
    held_out: bool


def main() -> None:
    """Measure, fit, and print each language's errors."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    lines = tomllib.loads(LINES.read_text(encoding="utf-8"))
    parser.add_argument("--to", default=",".join(lines), help="languages, with commas between them")
    parser.add_argument("--voices", type=int, default=8, help="voices of each language, at most")
    parser.add_argument("--measured", type=Path, help="file that keeps durations")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--write", action="store_true", help=f"write {CONSTANTS.name}")
    given = parser.parse_args()
    print(describe("kokoro-onnx", "espeakng-loader"))
    measured = _Measured(given.measured, given.threads)
    tables = tomllib.loads(CONSTANTS.read_text(encoding="utf-8")) if CONSTANTS.is_file() else {}
    for language in given.to.split(","):
        began = time.perf_counter()
        info, takes = measured.takes(language, lines[language], given.voices)
        pace = fit(takes, language)
        print(
            f"{language} ({info.name}, {time.perf_counter() - began:.0f} s): {_errors(takes, language, pace)}",
            flush=True,
        )
        tables[language] = {"engine": info.name, **asdict(pace)}
    if given.write:
        CONSTANTS.write_text(
            HEAD + "".join(_table(language, tables[language]) for language in sorted(tables)), encoding="utf-8"
        )


# Measuring --------------------------------------------------------------------------------------------


class _Measured:
    """Durations of lines, spoken where they are not known yet."""

    def __init__(self, file: Path | None, threads: int) -> None:
        self._file = file
        self._ms: dict[str, int] = json.loads(file.read_text(encoding="utf-8")) if file and file.is_file() else {}
        resolved = settings.load()
        self._dub = resolved.dub
        self._machine = unit.Machine(resolved.lake, str(resolved.models_dir), resolved.models_mirror, threads)

    def takes(self, language: str, lines: Sequence[str], most: int) -> tuple[EngineInfo, list[Take]]:
        """The engine that speaks a language, and every line that it spoke, by every voice that did."""
        info = engines.select("dub", self._dub.engines, language)
        voices = [voice.name for voice in engines.engine_class("dub", info.name).voices(language)][:most]
        found = []
        for place, voice in enumerate(voices):
            for index, line in enumerate(lines):
                if place == 0 or (index // THIRD + place) % THIRD == 0:
                    found.append(Take(line, voice, self._spoken(info, language, voice, line), index % THIRD == 2))
        if self._file:
            self._file.write_text(json.dumps(self._ms, ensure_ascii=False, indent=0), encoding="utf-8")
        return info, found

    def _spoken(self, info: EngineInfo, language: str, voice: str, line: str) -> int:
        key = f"{info.name} {info.version} {language} {voice} {line}"
        if key not in self._ms:
            engine = cast(Synthesizer, unit.load_engine("dub", info, self._dub, self._machine))
            self._ms[key] = engine.speak(spoken(line, language), language, voice).duration_ms
        return self._ms[key]


# Fitting ----------------------------------------------------------------------------------------------


def fit(takes: Sequence[Take], language: str) -> Pace:
    """The constants that come nearest to the lines that are not held out.

    Voices and language are fitted in turns: a factor is a median, so that a line spoken oddly does not move it.
    """
    known = [take for take in takes if not take.held_out]
    voices = dict.fromkeys((take.voice for take in known), 1.0)
    for _ in range(ROUNDS):
        pace = _constants(known, voices)
        raw = {
            voice: float(np.median([take.ms / pace.ms(counts(take.line)) for take in known if take.voice == voice]))
            for voice in voices
        }
        middle = float(np.exp(np.mean(np.log(list(raw.values())))))
        voices = {voice: factor / middle for voice, factor in raw.items()}
    pace = _constants(known, voices)
    letters_per_s = (
        1000 * sum(letters(take.line) for take in known) / sum(take.ms / voices[take.voice] for take in known)
    )
    return replace(pace, letters_per_s=letters_per_s, voices=voices)


def _constants(takes: Sequence[Take], voices: Mapping[str, float]) -> Pace:
    rows = np.array([[1, *astuple(counts(take.line))] for take in takes], float)
    wanted = np.array([take.ms / voices[take.voice] for take in takes], float)
    # What a line is off by grows with the root of its length: it is a sum of small things.
    weights = wanted**-0.5
    found = _never_negative(rows * weights[:, None], wanted * weights)
    return Pace(*found, letters_per_s=0.0)  # type: ignore[misc, arg-type]  # as many as there are kinds to count


def _never_negative(rows: NDArray[np.float64], wanted: NDArray[np.float64]) -> list[float]:
    """Least squares with no factor below 0: the lowest is left out until none is. Shapes [n, k], [n] → [k]."""
    scale = np.abs(rows).max(axis=0)
    active = [column for column in range(rows.shape[1]) if scale[column] > 0]
    while True:
        part = rows[:, active] / scale[active]
        ridge = RIDGE * len(part) * np.eye(len(active))
        found = np.linalg.solve(part.T @ part + ridge, part.T @ wanted)
        if found.min() >= 0:
            break
        del active[int(found.argmin())]
    factors = np.zeros(rows.shape[1])
    factors[active] = found / scale[active]
    return [float(factor) for factor in factors]


# Reporting --------------------------------------------------------------------------------------------


def _errors(takes: Sequence[Take], language: str, pace: Pace) -> str:
    held = [take for take in takes if take.held_out]
    real = [take.ms for take in held]
    before = _off([published_ms(take.line, language) for take in held], real)
    after = [pace.ms(counts(take.line)) for take in held]
    voiced = _off([ms * pace.voices[take.voice] for ms, take in zip(after, held, strict=True)], real)
    return (
        f"mean error on {len(held)} lines held out, {len(pace.voices)} voices:"
        f" before {before:.1f} %, after {_off(after, real):.1f} %, voice known {voiced:.1f} %"
    )


def _off(guessed: Iterable[float], real: Iterable[float]) -> float:
    return 100 * float(np.mean([abs(guess - ms) / ms for guess, ms in zip(guessed, real, strict=True)]))


def _table(language: str, table: Mapping[str, Any]) -> str:
    voices = table["voices"]
    lines = [f"{name} = {_toml(value)}" for name, value in table.items() if name != "voices"]
    factors = [f"{voice} = {round(factor, 3)}" for voice, factor in voices.items()]
    return "\n".join(["", f"[{language}]", *lines, "", f"[{language}.voices]", *factors, ""])


def _toml(value: Any) -> str:
    return json.dumps(round(value, 1) if isinstance(value, float) else value)


if __name__ == "__main__":
    main()
