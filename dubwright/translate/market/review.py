"""All that a market has to say of an episode's translation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from dubwright.translate.engine import Line, Scene
from dubwright.translate.market import amounts, formality, loading, punctuation, sensitive, wording
from dubwright.translate.market.finding import Finding, parse


def review(scene: Scene, texts: Mapping[int, str]) -> dict[int, list[Finding]]:
    """Findings by segment, for the translations `texts` of a scene's lines; nothing of a line without a translation."""
    found: dict[int, list[Finding]] = defaultdict(list)
    for line in scene.lines:
        if text := texts.get(line.segment, "").strip():
            found[line.segment] += _of_line(line, text, scene)
    for segment, finding in formality.findings(scene, texts, loading.source_words(scene.source)):
        found[segment].append(finding)
    return {segment: each for segment, each in found.items() if each}


def _of_line(line: Line, text: str, scene: Scene) -> Iterator[Finding]:
    market, words = scene.market, loading.source_words(scene.source)
    yield from sensitive.findings(text, line.text, market, words)
    yield from amounts.findings(text, line.text, scene.source, market, words)
    yield from wording.findings(text, line.text, market, scene.glossary)
    yield from punctuation.findings(text, line.text, market, words.ends)


def noted(notes: Sequence[str], findings: Sequence[Finding]) -> list[str]:
    """The notes of a line with these findings, instead of those that an earlier review left."""
    return [*(note for note in notes if parse(note) is None), *map(str, findings)]
