"""Every evaluation that a lake has seen, which of them people accepted, and what follows from that.

Runs and acceptances are only ever added, as rows of the table `quality` under keys of their own (decision 14). A run is
held to the last one that was accepted of its language, set and engine, else of any engine: it may lose `evaluate.margin`
points of what is held. The newest word on a candidate counts: where that is a run that lost more, nobody having accepted
it since, its translations are not begun.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from dubwright.errors import EvaluationError
from dubwright.lake import Lake
from dubwright.lake.lake import ulid
from dubwright.lake.layout import EvaluationKey
from dubwright.planning.listing import Partition
from dubwright.quality.evaluation import HELD, Candidate, Evaluation, Score, candidate
from dubwright.quality.evaluation_set import EvaluationSet
from dubwright.settings import Settings

# Rows are of the set as a whole.
WHOLE = "all"


def record(lake: Lake, evaluation: Evaluation, *, accepted: bool = False) -> EvaluationKey:
    """Add a run, or that it was accepted; its key."""
    judged = evaluation.candidate
    key = EvaluationKey(
        judged.language, evaluation.set_name, judged.engine, judged.fingerprint, ulid(), accepted=accepted
    )
    rows = [
        {
            "episode": WHOLE,
            "engine_version": judged.engine_version,
            "model_sha256": judged.model_sha256,
            "metric": score.metric,
            "value": score.value,
            "threshold": score.threshold,
            "passed": score.passed,
        }
        for score in evaluation.scores
    ]
    lake.add_evaluation(key, rows, {"set_digest": evaluation.set_digest, "recipe": dict(judged.recipe)})
    return key


def settle(lake: Lake, evaluation: Evaluation, margin: float) -> Evaluation:
    """Hold a fresh run to what was accepted, and record it; the run with its thresholds."""
    held = compared(evaluation, accepted(lake, evaluation), margin)
    record(lake, held)
    return held


def accept(lake: Lake, evaluation: Evaluation) -> None:
    """Make a run what later ones are held to."""
    record(lake, evaluation, accepted=True)


def newest(lake: Lake, judged: Candidate, lines: EvaluationSet) -> Evaluation | None:
    """The last run, or acceptance of one, of a candidate on a set as it is today."""
    keys = [key for key in lake.evaluations(judged.language) if key.candidate == judged.fingerprint]
    return _last(lake, keys, lines.name, lines.digest)


def accepted(lake: Lake, evaluation: Evaluation) -> Evaluation | None:
    """What a run is held to: the last acceptance of its language, set and engine, else of any engine; None without one."""
    judged = evaluation.candidate
    keys = [key for key in lake.evaluations(judged.language) if key.accepted]
    own = [key for key in keys if key.engine == judged.engine]
    return _last(lake, own, evaluation.set_name, evaluation.set_digest) or _last(
        lake, keys, evaluation.set_name, evaluation.set_digest
    )


def compared(evaluation: Evaluation, to: Evaluation | None, margin: float) -> Evaluation:
    """A run with the thresholds that an accepted one and the margin (points of 100) make."""

    def held(score: Score) -> Score:
        was = to.value(score.metric) if to and score.metric in HELD else None
        return replace(score, threshold=None if was is None else round(was - margin, 3))

    return replace(evaluation, scores=tuple(held(score) for score in evaluation.scores))


def require_standing(lake: Lake, settings: Settings, wanted: Iterable[Partition]) -> None:
    """Raise `EvaluationError` if a translator that is about to work lost more than the margin, and nobody accepted that.

    `wanted` is what is to be done, by stage and language. One that was never evaluated stands.
    """
    for language in sorted({language for stage, language in wanted if stage == "translate" and language}):
        judged = candidate(settings, language)
        keys = [key for key in lake.evaluations(language) if key.candidate == judged.fingerprint]
        # Of each set the last word.
        for key in {key.set_name: key for key in keys}.values():
            if key.accepted:
                continue
            lost = _read(lake, key)[0].lost
            if lost:
                raise EvaluationError(
                    "; ".join(f"{each.metric} is {each.value:g}, not {each.threshold:g} or more" for each in lost),
                    where=f"{judged.engine} into {language}, evaluated on {key.set_name}",
                    field="translate",
                    remedy="go back to the translator that was accepted, or accept this one: "
                    f"dubwright evaluate --to {language} --accept",
                )


def _last(lake: Lake, keys: Iterable[EvaluationKey], set_name: str, digest: str) -> Evaluation | None:
    """The newest of some evaluations of a set that was the same then."""
    for key in reversed([key for key in keys if key.set_name == set_name]):
        found, of_set = _read(lake, key)
        if of_set == digest:
            return found
    return None


def _read(lake: Lake, key: EvaluationKey) -> tuple[Evaluation, str]:
    rows, about = lake.read_evaluation(key)
    found = tuple(Score(row["metric"], row["value"], row["threshold"]) for row in rows if row["value"] is not None)
    version = rows[0]["engine_version"] if rows else ""
    model = rows[0]["model_sha256"] if rows else None
    judged = Candidate(key.language, key.engine, version, model, about.get("recipe", {}))
    digest = str(about.get("set_digest", ""))
    return Evaluation(judged, key.set_name, digest, found), digest
