"""What decides a unit's result, and its digest: the unit's fingerprint.

A recipe is kept in the unit's file, so that a plan can say what changed. A plan of a whole catalogue needs millions of
fingerprints and hardly any recipe: a `Digester` computes the same digest from a text of which only the parts that
differ between episodes are filled in.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from dubwright.fingerprint import canonical, fingerprint
from dubwright.lake import schemas
from dubwright.models import registry
from dubwright.settings import Settings
from dubwright.stages import Stage
from dubwright.unit import artefacts

# Stands in the text for what is filled in; no setting, name or digest holds a NUL.
_HOLE = "\0hole"


@dataclass(frozen=True, slots=True)
class Recipes:
    """The recipes that a run's settings make, for a catalogue spoken in `source_language`."""

    settings: Settings
    source_language: str
    _known: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    def recipe(
        self,
        stage: Stage,
        language: str,
        *,
        source: str | None,
        upstream: Mapping[str, str],
        facts: str | None,
        edits: Sequence[str] = (),
    ) -> dict[str, Any]:
        """All that decides a unit's result. Which engines are preferred is not in it; which engine that comes to is.

        `source` is the video's digest where the stage reads the video alone, `upstream` the fingerprints of the units
        that it reads by stage, `facts` a digest of the series' facts that apply, `edits` the keys of the corrections.
        """
        return self._constant(stage, language) | {
            "source": None if upstream else source,
            "upstream": dict(upstream),
            "facts": facts,
            "edits": fingerprint({"edits": list(edits)}) if edits else None,
        }

    def _constant(self, stage: Stage, language: str) -> dict[str, Any]:
        """What is the same for every series and episode."""
        if (stage.name, language) not in self._known:
            section = self.settings.section(stage.name)
            engine = stage.module.engine(section, language)
            self._known[stage.name, language] = {
                "stage": stage.name,
                "schema": schemas.VERSION,
                "revision": stage.module.REVISION,
                "language": language,
                "source_language": self.source_language,
                "engine": engine.name,
                "engine_revision": engine.revision,
                "models": {name: registry.get(name).sha256 for name in artefacts(engine, section)},
                "settings": section.model_dump(mode="json", exclude={"engine", "engines", "model"}),
            }
        return self._known[stage.name, language]

    def digester(self, stage: Stage, language: str) -> Digester:
        """The fingerprints of a stage in a language, without corrections; to be told the facts of each series."""
        recipe = self.recipe(stage, language, source=None, upstream=dict.fromkeys(stage.reads, _HOLE), facts=_HOLE)
        if not stage.reads:
            recipe["source"] = _HOLE
        # In the canonical form's order of keys: "facts" comes before "source" and "upstream".
        return Digester(tuple(canonical(recipe).decode().split(_json(_HOLE))), tuple(sorted(stage.reads)))


@dataclass(frozen=True, slots=True)
class Digester:
    """Fills what differs between episodes into a recipe's canonical text, and digests it."""

    pieces: tuple[str, ...]
    reads: tuple[str, ...]

    def under(self, facts: str | None) -> Digester:
        """The same for a series with these facts (a digest; None where no fact applies)."""
        head, rest, *others = self.pieces
        return Digester((head + _json(facts) + rest, *others), self.reads)

    def of_source(self, digest: str) -> str:
        """The fingerprint over a video's digest, for a stage that reads the video alone."""
        head, tail = self.pieces
        return blake2b(f"{head}{_json(digest)}{tail}".encode(), digest_size=16).hexdigest()

    def over(self, above: Mapping[str, str]) -> str:
        """The fingerprint over the fingerprints of the units that the stage reads, by stage."""
        text = self.pieces[0]
        for name, piece in zip(self.reads, self.pieces[1:], strict=True):
            text += f'"{above[name]}"{piece}'
        return blake2b(text.encode(), digest_size=16).hexdigest()


def _json(value: str | None) -> str:
    return json.dumps(value, ensure_ascii=False)
