"""Whether names and forms of address stay the same over a long series, and memory with them.

    python -m benchmarks.consistency [--to en,es] [--episodes 80] [--lines 10] [--profile NAME] [--set NAME=VALUE]

Makes up a series (`consistency.yaml`: 12 characters, 22 fixed renderings, sentences that are filled in by lot, the same for
the same `--seed`) and sends it through the translate stage, an episode at a time. Every term of the glossary in every
line is looked for in its translation.

`missing` are those whose rendering is not there, `other` those beside whose rendering another one of the same term
stands; `flagged` says how many of both a note on the line tells of, so that the rest is silent. `failed` are lines
without a translation. `MiB` is the process's resident memory after the first, the middle and the last episode.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

import psutil
import yaml

from benchmarks.machine import describe
from desk.options import to_flags
from dubwright import languages, settings, unit
from dubwright.quality import evaluation
from dubwright.quality.evaluation_set import ReferenceLine, Scene
from dubwright.series.facts import SeriesFacts
from dubwright.settings import Settings
from dubwright.translate import glossary

SCRIPT = Path(__file__).with_suffix(".yaml")
# Milliseconds that a line takes for each of its characters, slowly spoken so that names need not give way to time, and
# between two lines.
PACE_MS, GAP_MS = 320, 500


@dataclass(frozen=True, slots=True)
class Violation:
    """A term in a line whose translation does not have the term's rendering, or has another one beside it."""

    episode: str
    segment: int
    term: str
    kind: Literal["missing", "other"]
    flagged: bool
    text: str


@dataclass(slots=True)
class Counted:
    """What came of a series in one language."""

    language: str
    lines: int = 0
    terms: int = 0
    failed: int = 0
    seconds: float = 0.0
    resident_mib: list[float] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)

    def row(self) -> dict[str, Any]:
        """A line of the table."""
        kinds = [each.kind for each in self.violations]
        memory = self.resident_mib
        return {
            "language": self.language,
            "episodes": len(memory),
            "lines": self.lines,
            "terms": self.terms,
            "missing": kinds.count("missing"),
            "other": kinds.count("other"),
            "flagged": sum(each.flagged for each in self.violations),
            "failed": self.failed,
            "s a line": f"{self.seconds / max(1, self.lines):.2f}",
            "MiB": ", ".join(f"{memory[at]:.0f}" for at in (0, len(memory) // 2, -1)) if memory else "",
        }


@cache
def _script() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(SCRIPT.read_text(encoding="utf-8"))
    return content


def facts() -> SeriesFacts:
    """What the series' `series.yaml` would hold."""
    return SeriesFacts.model_validate(_script())


def wrong(language: str) -> dict[str, list[str]]:
    """What each term is called by those who do not keep to its rendering."""
    return {term["source"]: term["wrong"][language] for term in _script()["glossary"]}


def series(episodes: int, lines: int = 10, seed: int = 7) -> Iterator[Scene]:
    """The episodes one after another, each with its lines and their references; a shorter series is a longer one's beginning."""
    about = facts()
    for number in range(1, episodes + 1):
        chance = random.Random(f"{seed}/{number}")
        at, made = GAP_MS, []
        for _ in range(lines):
            text, references = _line(chance, about)
            made.append(
                ReferenceLine(
                    speaker=chance.choice(about.cast).name,
                    text=text,
                    start_ms=at,
                    end_ms=at + PACE_MS * len(text),
                    references=references,
                )
            )
            at += PACE_MS * len(text) + GAP_MS
        yield Scene(f"{number:02}", about, tuple(made))


def _line(chance: random.Random, about: SeriesFacts) -> tuple[str, dict[str, str]]:
    script = _script()
    sentence = chance.choice(script["sentences"])
    called, place = chance.choice(script["called"]), chance.choice(script["places"])
    # Who is spoken to is not spoken of in the same line.
    named = chance.choice([each for each in script["named"] if each not in called and called not in each])
    filled = {}
    for language in ("zh", "en", "es"):
        known = about.glossary_for(language)
        terms = {name: known.get(term, term) for name, term in (("a", called), ("b", named), ("p", place))}
        text = sentence[language].format(**terms)
        filled[language] = text[:1].upper() + text[1:]
    return filled.pop("zh"), filled


def count(episodes: Iterator[Scene], language: str, resolved: Settings, machine: unit.Machine) -> Counted:
    """Translate a series and look for every term; only what is wrong is kept of an episode."""
    counted, others = Counted(language), wrong(language)
    process = psutil.Process()
    for scene in episodes:
        started = time.perf_counter()
        rows = evaluation.translated(scene, language, resolved, machine)
        counted.seconds += time.perf_counter() - started
        counted.lines += len(rows)
        counted.failed += sum(not row["text"] for row in rows)
        known = scene.facts.glossary_for(language)
        counted.terms += sum(len(glossary.occurring(line.text, known)) for line in scene.lines)
        counted.violations += violations(scene, rows, language, others)
        counted.resident_mib.append(process.memory_info().rss / 2**20)
    return counted


def violations(
    scene: Scene, rows: Sequence[Mapping[str, Any]], language: str, others: Mapping[str, Sequence[str]]
) -> Iterator[Violation]:
    """The terms that are not rendered as the glossary has them; a line without a translation has none."""
    known = scene.facts.glossary_for(language)
    for row in rows:
        if not row["text"]:
            continue
        terms = glossary.occurring(row["source_text"], known)
        rest = glossary.blank(row["text"], terms, language)
        for term, rendering in terms.items():
            missing = not glossary.rendered(row["text"], rendering, language)
            if missing or any(glossary.rendered(rest, other, language) for other in others.get(term, ())):
                flagged = any(term in note or rendering in note for note in row["notes"])
                kind: Literal["missing", "other"] = "missing" if missing else "other"
                yield Violation(scene.name, row["segment"], term, kind, flagged, row["text"])


def main() -> None:
    """Print a row for each language, or all of it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", default="en,es")
    parser.add_argument("--episodes", type=int, default=80)
    parser.add_argument("--lines", type=int, default=10, help="of each episode")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--profile", default=None)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="any setting")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--show", action="store_true", help="also print every violation")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    resolved = settings.load(to_flags(given.set, profile=given.profile))
    machine = unit.Machine("", str(resolved.models_dir), resolved.models_mirror, given.threads)
    found = [
        count(series(given.episodes, given.lines, given.seed), languages.parse(tag), resolved, machine)
        for tag in given.to.split(",")
    ]
    if given.json:
        print(json.dumps({"machine": describe(), "languages": [asdict(each) for each in found]}, ensure_ascii=False))
        return
    rows = [each.row() for each in found]
    print(describe(), "\n", sep="")
    print("| " + " | ".join(rows[0]) + " |\n|" + "---|" * len(rows[0]))
    for row in rows:
        print("| " + " | ".join(str(value) for value in row.values()) + " |")
    for each in found if given.show else ():
        print()
        for one in each.violations:
            print(
                f"{each.language} {one.episode}/{one.segment} {one.term} {one.kind}, flagged: {one.flagged}: {one.text}"
            )


if __name__ == "__main__":
    main()
