"""Scenes of short dramas with their translations, written for training: `dialogues/*.txt`.

    ## genre | what the series is about, in a sentence
    = 顾总|Mr. Gu|señor Gu            a term with its English and its Spanish rendering
    你凭什么替她做主？<TAB>Who are you to decide for her?<TAB>¿Quién eres tú para decidir por ella?

What checks every file, and looks for lines of the benchmarks among them; and what writes the scenes of `held.txt`, which are
never trained on, as series that a benchmark can score:

    python -m training.scenes
    python -m training.scenes --held DIR && python -m benchmarks.translate DIR --to en
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from dubwright.errors import InputError
from dubwright.translate import bridge, glossary, prompt

FOLDER = Path(__file__).parent / "dialogues"
HELD = "held.txt"
# As a series' language, the first is what is spoken, the others what it is dubbed into.
SOURCE, BETWEEN, TARGET = LANGUAGES = ("zh", "en", "es")
# As often the model is told what the story is: not every series has a synopsis.
STORY_SHARE = 0.8

# Letters that a phrase may have to be anybody's.
LONGEST_STOCK = 6

# Pieces of a text, each with whether the model is to learn to write it.
Pieces = list[tuple[str, bool]]


@dataclass(frozen=True, slots=True)
class Lesson:
    """What the model reads before any scene, and the scene as it is asked for."""

    opening: str
    pieces: Pieces


@dataclass(frozen=True, slots=True)
class Scene:
    """Lines in the order spoken, each in `LANGUAGES`; terms with their renderings in all but the first."""

    story: str
    terms: dict[str, tuple[str, str]] = field(default_factory=dict)
    lines: list[tuple[str, str, str]] = field(default_factory=list)


def read(folder: Path = FOLDER) -> Iterator[Scene]:
    """The scenes of a folder that are learnt from. Raises `InputError` that names the file and quotes the line."""
    yield from _read(path for path in sorted(folder.glob("*.txt")) if path.name != HELD)


def held(folder: Path = FOLDER) -> Iterator[Scene]:
    """Those that tell whether it learns or remembers."""
    yield from _read([folder / HELD])


def _read(paths: Iterable[Path]) -> Iterator[Scene]:
    for path in paths:
        for block in re.split(r"^## ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
            head, *rows = block.rstrip().split("\n")
            genre, bar, story = head.partition("|")
            if not bar:
                raise InputError(f"a scene without genre and story: {genre!r}", where=str(path))
            scene = Scene(story.strip())
            for row in filter(None, map(str.strip, rows)):
                _add(scene, row, path)
            yield scene


def _add(scene: Scene, row: str, path: Path) -> None:
    is_term = row.startswith("= ")
    fields = tuple(each.strip() for each in (row[2:].split("|") if is_term else row.split("\t")))
    if len(fields) != len(LANGUAGES) or not all(fields):
        raise InputError(f"{len(fields)} fields instead of three: {row!r}", where=str(path))
    source, english, spanish = fields
    if is_term:
        scene.terms[source] = (english, spanish)
    else:
        scene.lines.append((source, english, spanish))


def to_english(scene: Scene, dice: random.Random) -> Lesson:
    """A scene as the translator asks for its English."""
    set_as = prompt.form(SOURCE, BETWEEN)
    story = prompt.story(scene.story, SOURCE, BETWEEN) if dice.random() < STORY_SHARE else ""
    pieces: Pieces = [(story, False)] if story else []
    for line, english, _ in scene.lines:
        terms = glossary.occurring(line, {term: rendering for term, (rendering, _) in scene.terms.items()})
        asked = set_as.asked(line, prompt.hints(line, SOURCE, BETWEEN, terms)) + prompt.label(BETWEEN)
        pieces += [(asked, False), (set_as.reply(english), True)]
    return Lesson(prompt.opening(SOURCE, BETWEEN), pieces)


def to_spanish(scene: Scene) -> Lesson:
    """A scene as the translator asks for its Spanish: by way of English, terms as they sound until they are behind it."""
    set_as = prompt.form(SOURCE, TARGET)
    pieces: Pieces = []
    for line, english, spanish in scene.lines:
        terms = glossary.occurring(line, {term: rendering for term, (_, rendering) in scene.terms.items()})
        by = bridge.stand_ins(terms)
        way = english
        for term in sorted(terms, key=len, reverse=True):
            theirs, ours = scene.terms[term]
            way = re.sub(rf"\b{re.escape(theirs)}", ours.replace("\\", ""), way, flags=re.IGNORECASE)
        asked = (
            set_as.asked(line, prompt.hints(line, SOURCE, BETWEEN, by)) + prompt.label(BETWEEN) + set_as.passage(way)
        )
        pieces += [(asked + prompt.label(TARGET), False), (set_as.reply(spanish), True)]
    return Lesson(prompt.opening(SOURCE, TARGET), pieces)


def leaked(scenes: Sequence[Scene], scripts: Sequence[Path]) -> list[str]:
    """Lines of benchmarks' scripts that stand in the scenes, but for stock phrases."""
    known = {_letters(line) for scene in scenes for line, _, _ in scene.lines}
    known = {letters for letters in known if len(letters) > LONGEST_STOCK}
    return [
        f"{script.name}: {line['text']}"
        for script in scripts
        for episode in yaml.safe_load(script.read_text(encoding="utf-8"))["episodes"]
        for line in episode["lines"]
        if _letters(line["text"]) in known
    ]


def _letters(line: str) -> str:
    return re.sub(r"\W", "", line)


def unlike(scene: Scene) -> list[str]:
    """What of a scene the translator would be told to do otherwise: terms that are not rendered as the scene says."""
    found = []
    for texts in scene.lines:
        for at, language in enumerate(LANGUAGES[1:]):
            terms = glossary.occurring(texts[0], {term: both[at] for term, both in scene.terms.items()})
            missing = [told for told in terms.values() if not glossary.rendered(texts[at + 1], told, language)]
            found += [f"{told} is missing in {texts[at + 1]}" for told in missing]
    return found


def as_series(scene: Scene, title: str) -> dict[str, Any]:
    """The scene as a series' script (`samples/render.py`)."""
    spoken = [dict(zip(("text", *LANGUAGES[1:]), texts, strict=True), speaker="?") for texts in scene.lines]
    return {
        "title": title,
        "language": SOURCE,
        "synopsis": scene.story,
        "cast": [{"name": "?"}],
        "glossary": [
            {"source": term, "renderings": dict(zip(LANGUAGES[1:], both, strict=True))}
            for term, both in scene.terms.items()
        ],
        "episodes": [{"name": "01", "lines": spoken}],
    }


def main() -> int:
    """Check the files, or write those held back as series."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--held", type=Path, help="an empty folder for the series")
    if folder := parser.parse_args().held:
        folder.mkdir(parents=True)
        for number, scene in enumerate(held(), 1):
            script = yaml.safe_dump(as_series(scene, f"held {number}"), allow_unicode=True, sort_keys=False)
            (folder / f"{number:02}.yaml").write_text(script, encoding="utf-8")
        return 0
    learnt, kept = list(read()), list(held())
    scenes = [*learnt, *kept]
    root = FOLDER.parent.parent
    scripts = [root / "samples/series.yaml", *sorted((root / "benchmarks/heldout").rglob("*.yaml"))]
    odd = [each for scene in scenes for each in unlike(scene)] + leaked(scenes, scripts)
    lines = sum(len(scene.lines) for scene in scenes)
    print(*odd, f"{len(learnt)} scenes and {len(kept)} held back, {lines} lines, {len(odd)} odd", sep="\n")
    return bool(odd)


if __name__ == "__main__":
    sys.exit(main())
