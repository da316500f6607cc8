"""How good translations are, and how long they take, on any folder with references.

    python -m benchmarks.translate CATALOGUE [--truth DIR] [--to en,es] [--set translate.NAME=VALUE] [--lines]
    python -m benchmarks.translate samples/series.yaml benchmarks/heldout benchmarks/heldout/spoken

DIR (`CATALOGUE/truth` unless given) holds `SERIES/EPISODE/lines.json`, as `samples.render` writes them: the true source
text with its speakers and, in each language, a reference. `CATALOGUE/SERIES/series.yaml` holds cast and glossary. A
script, or a folder of scripts (`*.yaml`), stands for what would be rendered of it. The translator is asked as its stage
asks it, an episode at a time, from the true text.

`chrF` is over all lines of a series at once; a line that has no answer counts as empty. `names` is the share of the
glossary's terms in the source that stand in the answer as the glossary has them; `bare` are lines without an answer.
`CPU s a line` is that of all threads of this process, the reading of the examples included.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from benchmarks.machine import describe
from desk.options import to_flags
from dubwright import languages, settings, unit
from dubwright.quality import scores
from dubwright.series import facts
from dubwright.series.facts import SeriesFacts
from dubwright.translate import glossary, stage
from dubwright.translate.engine import Line, Scene, Translated, Translator

# How long a character is spoken where nothing was rendered, ms.
CHARACTER_MS = 190


@dataclass(frozen=True, slots=True)
class Text:
    """An episode as it is found: its series' facts, and its lines as `lines.json` has them."""

    series: str
    name: str
    about: SeriesFacts
    lines: Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Episode:
    """An episode in one language, before and after."""

    series: str
    name: str
    language: str
    scene: Scene
    references: Sequence[str]
    answers: Sequence[Translated]
    wall_s: float
    cpu_s: float

    @property
    def texts(self) -> list[str]:
        return [answer.text or "" for answer in self.answers]


def main() -> None:
    """Print a table of series and languages, or all of it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("catalogue", type=Path, nargs="+")
    parser.add_argument("--truth", type=Path, help="ground truth that lies elsewhere than in CATALOGUE/truth")
    parser.add_argument("--to", help="languages, with commas between them; all that have references unless given")
    parser.add_argument("--profile", default=None)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="any setting")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--lines", action="store_true", help="also print every line, its reference and its answer")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    resolved = settings.load(to_flags(given.set, profile=given.profile))
    machine = unit.Machine("", str(resolved.models_dir), resolved.models_mirror, given.threads)
    wanted = [languages.parse(tag) for tag in given.to.split(",")] if given.to else None
    texts = [text for place in given.catalogue for text in read(place, given.truth or place / "truth")]
    found = list(translated(texts, wanted, resolved, machine))
    if not found:
        parser.error("no lines with references there")
    rows = list(table(found))
    if given.json:
        print(json.dumps({"machine": describe(), "rows": rows}, ensure_ascii=False))
        return
    print(describe(), "\n", sep="")
    print("| " + " | ".join(rows[0]) + " |\n|" + "---|" * len(rows[0]))
    for row in rows:
        print("| " + " | ".join(str(value) for value in row.values()) + " |")
    if given.lines:
        print_lines(found)


def read(place: Path, truth: Path) -> Iterator[Text]:
    """The episodes of a catalogue with its ground truth, of a script, or of a folder of scripts."""
    for file in sorted(truth.glob("*/*/lines.json")):
        series = file.parent.parent.name
        lines = json.loads(file.read_text(encoding="utf-8"))
        yield Text(series, file.parent.name, facts.read(place / series / facts.FILE), lines)
    for script in [place] if place.is_file() else sorted(place.glob("*.yaml")):
        about = facts.read(script)
        for episode in yaml.safe_load(script.read_text(encoding="utf-8"))["episodes"]:
            yield Text(about.title, episode["name"], about, [_written(line) for line in episode["lines"]])


def _written(line: dict[str, Any]) -> dict[str, Any]:
    """A script's line as `lines.json` would have it."""
    references = {language: line[language] for language in ("en", "es") if language in line}
    spoken_ms = CHARACTER_MS * len(line["text"])
    return {
        "speaker": line["speaker"],
        "text": line["text"],
        "start_ms": 0,
        "end_ms": spoken_ms,
        "references": references,
    }


def translated(
    texts: Sequence[Text], wanted: Sequence[str] | None, resolved: settings.Settings, machine: unit.Machine
) -> Iterator[Episode]:
    """Translate every episode with references into each language wanted."""
    for text in texts:
        there = {language for line in text.lines for language in line.get("references", {})}
        for language in sorted(there) if wanted is None else wanted:
            kept = [line for line in text.lines if language in line.get("references", {})]
            if not kept:
                continue
            scene = scene_of(text.about, kept, text.about.language or resolved.source_language, language)
            info = stage.engine(resolved.translate, language)
            engine = cast(Translator, unit.load_engine("translate", info, resolved.translate, machine))
            wall, cpu = time.perf_counter(), time.process_time()
            answers = engine.translate(scene)
            wall_s, cpu_s = time.perf_counter() - wall, time.process_time() - cpu
            assert [answer.segment for answer in answers] == [line.segment for line in scene.lines]
            references = [line["references"][language] for line in kept]
            yield Episode(text.series, text.name, language, scene, references, answers, wall_s, cpu_s)


def scene_of(about: SeriesFacts, lines: Sequence[dict[str, Any]], source: str, target: str) -> Scene:
    """The lines as the stage would give them to its engine."""
    numbered = [
        Line(number, line["text"], line["speaker"], line["end_ms"] - line["start_ms"])
        for number, line in enumerate(lines, start=1)
    ]
    return Scene(source, target, numbered, about.glossary_for(target), about.cast, about.synopsis)


def table(found: Sequence[Episode]) -> Iterator[dict[str, Any]]:
    """A row for each language and series, and one for all series of a language."""
    for language in sorted({each.language for each in found}):
        of_language = [each for each in found if each.language == language]
        series = sorted({each.series for each in of_language})
        for name in [*series, *(["all"] if len(series) > 1 else [])]:
            chosen = [each for each in of_language if name in (each.series, "all")]
            lines = sum(len(each.references) for each in chosen)
            texts = [text for each in chosen for text in each.texts]
            terms = [hit for each in chosen for hit in renderings(each)]
            yield {
                "series": name,
                "language": language,
                "lines": lines,
                "chrF": f"{scores.chrf(texts, [text for each in chosen for text in each.references]):.2f}",
                "names": f"{sum(terms)} of {len(terms)}",
                "bare": sum(not text for text in texts),
                "flagged": sum(bool(answer.notes) for each in chosen for answer in each.answers),
                "s a line": f"{sum(each.wall_s for each in chosen) / lines:.2f}",
                "CPU s a line": f"{sum(each.cpu_s for each in chosen) / lines:.2f}",
            }


def renderings(episode: Episode) -> Iterator[bool]:
    """For each term of the glossary in each line, whether the answer has its rendering."""
    for line, text in zip(episode.scene.lines, episode.texts, strict=True):
        for rendering in glossary.occurring(line.text, episode.scene.glossary).values():
            yield glossary.rendered(text, rendering, episode.language)


def print_lines(found: Sequence[Episode]) -> None:
    """Every line with its reference and its answer."""
    for each in found:
        print(f"\n{each.series}/{each.name} {each.language}")
        for line, reference, answer in zip(each.scene.lines, each.references, each.answers, strict=True):
            print(f"  {line.speaker}: {line.text}\n    = {reference}\n    > {answer.text}")
            for note in answer.notes:
                print(f"    ! {note}")


if __name__ == "__main__":
    main()
