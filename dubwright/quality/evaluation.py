"""How well a translator does: a set of scenes with references goes through the translate stage itself, and is scored.

What is compared is a `Candidate`: all that decides a translation but the series. Figures are points of 100, more is
better; which runs were accepted, and what a run is held to because of that, is `evaluation_log`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from dubwright import languages, unit
from dubwright.engines import EngineInfo
from dubwright.errors import EngineMissingError, LanguageError
from dubwright.fingerprint import fingerprint
from dubwright.lake import Lake
from dubwright.lake.layout import UnitKey
from dubwright.lake.local import LocalStore
from dubwright.planning.recipes import Recipes
from dubwright.quality import scores
from dubwright.quality.evaluation_set import EvaluationSet, Scene
from dubwright.settings import Settings
from dubwright.stages import STAGES
from dubwright.translate import check, glossary
from dubwright.unit import Machine, Work

Row = Mapping[str, Any]

# What a run may not lose of; the others are told, for they depend on more than the translator.
HELD = ("chrf", "names", "translated", "language")
_FOREIGN = {"source", "script", "language"}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A translator into a language as the settings make it; `recipe` is all that decides what it answers."""

    language: str
    engine: str
    engine_version: str
    model_sha256: str | None
    recipe: Mapping[str, Any]

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.recipe)


@dataclass(frozen=True, slots=True)
class Score:
    """One figure, and the `threshold` that it may not fall below (None: it is held to nothing)."""

    metric: str
    value: float
    threshold: float | None = None

    @property
    def passed(self) -> bool | None:
        return None if self.threshold is None else self.value >= self.threshold


@dataclass(frozen=True, slots=True)
class Answer:
    """A line of the set with its reference and what came of it; `text` is empty where it could not be translated."""

    scene: str
    speaker: str | None
    source_text: str
    reference: str
    text: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How a candidate did on a set: the figures, and while they are fresh the `answers` behind them."""

    candidate: Candidate
    set_name: str
    set_digest: str
    scores: tuple[Score, ...]
    answers: tuple[Answer, ...] = field(default=(), compare=False)

    @property
    def lost(self) -> list[Score]:
        """The figures that fell below what they are held to."""
        return [score for score in self.scores if score.passed is False]

    def value(self, metric: str) -> float | None:
        """A figure by its name, where there is one."""
        return next((score.value for score in self.scores if score.metric == metric), None)

    def as_dict(self) -> dict[str, Any]:
        """As JSON-able data."""
        return {
            "language": self.candidate.language,
            "engine": self.candidate.engine,
            "engine_version": self.candidate.engine_version,
            "model_sha256": self.candidate.model_sha256,
            "candidate": self.candidate.fingerprint,
            "set": self.set_name,
            "scores": [
                {"metric": each.metric, "value": each.value, "threshold": each.threshold, "passed": each.passed}
                for each in self.scores
            ],
        }


def candidate(settings: Settings, language: str) -> Candidate:
    """The translator that these settings name for a language. Raises `LanguageError`, `SettingsError`."""
    stage = STAGES["translate"]
    info: EngineInfo = stage.module.engine(settings.translate, language)
    source = languages.parse(settings.source_language)
    if source == language:
        raise LanguageError(
            f"the set is spoken in {languages.name(source)} ({source}) already",
            field="to",
            remedy="leave this language out, or name the spoken one with --from",
        )
    recipe = Recipes(settings, source).recipe(stage, language, source=None, upstream={}, facts=None)
    # A column that was added to a table makes no other translator.
    decisive = {name: value for name, value in recipe.items() if name != "schema"}
    return Candidate(language, info.name, info.version, unit.main_model(info, settings.translate), decisive)


def evaluate(lines: EvaluationSet, language: str, settings: Settings, machine: Machine) -> Evaluation:
    """Translate a set and score it; held to nothing yet.

    Raises what the translate stage raises: an endpoint that is away says nothing of its translator.
    """
    require_scores()
    judged = candidate(settings, language)
    rows = [(scene, translated(scene, language, settings, machine)) for scene in lines.scenes]
    found = tuple(_scores(rows, language, settings))
    answers = tuple(answer for scene, of_scene in rows for answer in _answers(scene, of_scene, language))
    return Evaluation(judged, lines.name, lines.digest, found, answers)


def require_scores() -> None:
    """Raise `EngineMissingError` where the package that computes chrF and BLEU is not installed."""
    if find_spec("sacrebleu") is None:
        raise EngineMissingError(
            "scoring needs the package sacrebleu", field="sacrebleu", remedy="pip install 'dubwright[embedded]'"
        )


def translated(scene: Scene, language: str, settings: Settings, machine: Machine) -> list[dict[str, Any]]:
    """What the translate stage makes of a scene: rows of `translation`, in a lake that is gone afterwards."""
    source = languages.parse(settings.source_language)
    shared = {"language": source, "engine": "reference", "engine_version": "1"}
    spoken = [
        shared
        | {"segment": number, "start_ms": line.start_ms, "end_ms": line.end_ms, "text": line.text}
        | {"character": line.speaker, "words": [], "kind": line.kind}
        for number, line in enumerate(scene.lines, start=1)
    ]
    with TemporaryDirectory(prefix="dubwright-evaluate-") as folder:
        lake = Lake(LocalStore(Path(folder)))
        transcript = UnitKey("transcript", scene.name, "1", None, fingerprint({"scene": scene.name}))
        lake.commit(transcript, spoken, {})
        work = Work(
            stage="translate",
            series=scene.name,
            episode="1",
            language=language,
            source_language=source,
            source_uri="",
            source_digest="",
            fingerprint=fingerprint({"scene": scene.name, "language": language}),
            settings=settings.translate,
            upstream={"transcribe": transcript},
            facts=scene.facts,
        )
        return STAGES["translate"].work.run(work, lake, machine)


def _scores(rows: Sequence[tuple[Scene, Sequence[Row]]], language: str, settings: Settings) -> Iterator[Score]:
    """The figures over all scenes together: what has no answer counts as wrong wherever an answer is asked for."""
    every = [row for _, of_scene in rows for row in of_scene]
    answered = [row for row in every if row["text"]]
    pairs = [(each.text, each.reference) for scene, of_scene in rows for each in _answers(scene, of_scene, language)]
    referenced = [(text, reference) for text, reference in pairs if reference]
    if referenced:
        said, references = [text for text, _ in referenced], [reference for _, reference in referenced]
        yield Score("chrf", round(scores.chrf(said, references), 3))
        yield Score("bleu", round(scores.bleu(said, references, language), 3))
    named = [hit for scene, of_scene in rows for row in of_scene for hit in _named(scene, row, language)]
    if named:
        yield _share("names", named)
    yield _share("translated", [bool(row["text"]) for row in every])
    source = languages.parse(settings.source_language)
    own = [_own_language(scene, row, source, language) for scene, of_scene in rows for row in of_scene if row["text"]]
    if answered:
        yield _share("language", own)
        free = settings.dub.tempo_free
        yield _share("length", [row["predicted_ms"] <= row["slot_ms"] * free for row in answered])


def _share(metric: str, held: Sequence[bool]) -> Score:
    return Score(metric, round(100 * sum(held) / len(held), 3))


def _named(scene: Scene, row: Row, language: str) -> Iterator[bool]:
    """For each term of the glossary in a line, whether the answer renders it."""
    for rendering in glossary.occurring(row["source_text"], scene.facts.glossary_for(language)).values():
        yield glossary.rendered(row["text"], rendering, language)


def _own_language(scene: Scene, row: Row, source: str, language: str) -> bool:
    terms = glossary.occurring(row["source_text"], scene.facts.glossary_for(language))
    found = check.problems(row["text"], row["source_text"], source=source, target=language, terms=terms)
    return not any(problem.kind in _FOREIGN for problem in found)


def _answers(scene: Scene, rows: Sequence[Row], language: str) -> Iterator[Answer]:
    base = languages.base(language)
    for line, row in zip(scene.lines, rows, strict=True):
        reference = line.references.get(language) or line.references.get(base) or ""
        yield Answer(scene.name, line.speaker, line.text, reference, row["text"], tuple(row["notes"] or ()))
