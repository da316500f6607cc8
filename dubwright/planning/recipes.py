"""What decides a unit's result, and its digest: the unit's fingerprint.

A recipe is kept in the unit's file, so that a plan can say what changed. A plan of a whole catalogue needs millions of
fingerprints and hardly any recipe: a `Digester` computes the same digest from a text of which only the parts that
differ between episodes are filled in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from dubwright.fingerprint import canonical, fingerprint
from dubwright.lake import schemas
from dubwright.settings import Settings
from dubwright.stages import Ruled, Stage
from dubwright.unit import model_digests

# Stands in a recipe for what is filled in; no setting, name or digest holds a NUL.
_HOLE = "\0"
_HOLES = re.compile(r'"\\u0000(\w+)"')
# Whose effect a recipe says otherwise: under `engine`, and by the digests under `models`.
_CHOOSING = {"engine", "engines", "model", "xtts_model", "mms_models", "freevc_model", "separator_model"}
_WORDS = {
    "schema": "the tables' schema changed",
    "revision": "dubwright's own {stage} stage changed",
    "rules": "what dubwright knows of the language's market changed",
    "source": "the video changed",
    "subtitles": "the subtitles given with the video changed",
    "facts": "the series' glossary or cast list changed",
    "cast": "who speaks changed",
    "voices": "who speaks, or with which voice, changed",
    "edits": "edited by a person",
}


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
        told: str | None = None,
        edits: Sequence[str] = (),
    ) -> dict[str, Any]:
        """All that decides a unit's result. Which engines are preferred is not in it; which engine that comes to is.

        `source` is the video's digest where the stage reads the video alone, `upstream` the fingerprints of the units
        that it reads by stage, `facts` a digest of the series' facts that apply, `told` one of what the stage is told of
        the episode, `edits` the keys of the corrections.
        """
        own = {stage.told: told} if stage.told else {}
        return (
            self._constant(stage, language)
            | own
            | {
                "source": None if upstream else source,
                "upstream": dict(upstream),
                "facts": facts,
                "edits": fingerprint({"edits": list(edits)}) if edits else None,
            }
        )

    def _constant(self, stage: Stage, language: str) -> dict[str, Any]:
        """What is the same for every series and episode."""
        if (stage.name, language) not in self._known:
            section = self.settings.section(stage.name)
            engine, *others = stage.engines(section, language)
            models = [model_digests(info, section, language) for info in (engine, *others)]
            self._known[stage.name, language] = {
                "stage": stage.name,
                "schema": schemas.VERSION,
                "revision": stage.module.REVISION,
                "language": language,
                "source_language": self.source_language,
                "engine": engine.name,
                "engine_revision": engine.revision,
                "models": {name: digest for found in models for name, digest in found.items()},
                "settings": section.model_dump(mode="json", exclude=_CHOOSING),
            }
            if isinstance(stage.module, Ruled):
                self._known[stage.name, language]["rules"] = stage.module.rules(language)
        return self._known[stage.name, language]

    def digester(self, stage: Stage, language: str) -> Digester:
        """The fingerprints of a stage in a language, without corrections; to be told the facts of each series."""
        upstream = {name: _HOLE + name for name in stage.reads}
        recipe = self.recipe(
            stage, language, source=_HOLE + "source", upstream=upstream, facts=_HOLE + "facts", told=_HOLE + "told"
        )
        first, *rest = _HOLES.split(canonical(recipe).decode())
        return Digester((first, *rest[1::2]), tuple(rest[::2]))


@dataclass(frozen=True, slots=True)
class Digester:
    """Fills what differs between episodes into a recipe's canonical text, and digests it.

    Between the `pieces` of the text are its `holes`, by name, in the canonical form's order of keys.
    """

    pieces: tuple[str, ...]
    holes: tuple[str, ...]
    # The digest up to the first hole, which is most of it: taken once, gone on with for every episode.
    _begun: Any = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_begun", blake2b(self.pieces[0].encode(), digest_size=16))

    def under(self, facts: str | None, told: str | None = None) -> Digester:
        """The same under a series' facts and what the stage is told of an episode (digests; None where there is nothing)."""
        return self._filled("facts", facts)._filled("told", told)

    def _filled(self, hole: str, value: str | None) -> Digester:
        if hole not in self.holes:
            return self
        at = self.holes.index(hole)
        whole = self.pieces[at] + _json(value) + self.pieces[at + 1]
        return Digester((*self.pieces[:at], whole, *self.pieces[at + 2 :]), (*self.holes[:at], *self.holes[at + 1 :]))

    def of_source(self, digest: str) -> str:
        """The fingerprint over a video's digest, for a stage that reads the video alone."""
        _, tail = self.pieces
        return self._ended(f"{_json(digest)}{tail}")

    def over(self, above: Mapping[str, str]) -> str:
        """The fingerprint over the fingerprints of the units that the stage reads, by stage."""
        text = ""
        for name, piece in zip(self.holes, self.pieces[1:], strict=True):
            text += f'"{above[name]}"{piece}'
        return self._ended(text)

    def _ended(self, text: str) -> str:
        digest = self._begun.copy()
        digest.update(text.encode())
        found: str = digest.hexdigest()
        return found


def _json(value: str | None) -> str:
    return json.dumps(value, ensure_ascii=False)


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """In words, what a recipe has that an older one of the same stage had not."""
    if old.get("engine") != new["engine"]:
        yield f"engine changed: {old.get('engine')} → {new['engine']}"
    elif old.get("engine_revision") != new["engine_revision"] or old.get("models") != new["models"]:
        yield f"the engine {new['engine']} or its model changed"
    before = old.get("settings", {})
    for name, value in new["settings"].items():
        if before.get(name) != value:
            yield f"{new['stage']}.{name} changed: {before.get(name)} → {value}"
    for name, words in _WORDS.items():
        if old.get(name) != new.get(name):
            yield words.format(stage=new["stage"])
    for name, value in new["upstream"].items():
        if old.get("upstream", {}).get(name) != value:
            yield f"follows {name}"
