"""`dubwright evaluate`: score translators on a fixed set, compare them with the accepted ones, accept them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from desk import show
from desk.options import From, Json, Lake, Profile, Set, split_languages, to_flags
from dubwright import languages, settings
from dubwright.catalogue import registered
from dubwright.errors import SettingsError
from dubwright.lake import Lake as ObjectLake
from dubwright.lake import open_lake
from dubwright.quality import evaluation, evaluation_log, evaluation_set
from dubwright.quality.evaluation import Evaluation
from dubwright.quality.evaluation_set import EvaluationSet
from dubwright.unit import Machine

SOME_LOST = 3
_COLUMNS = ("chrf", "bleu", "names", "translated", "language", "length")


def evaluate(
    to: Annotated[
        str | None,
        typer.Option("--to", help="Languages, with commas: en,es. Those of registered catalogues otherwise."),
    ] = None,
    lines: Annotated[
        Path | None,
        typer.Option(help="Score on this lines.json, or on all below a folder, instead of the set that is packaged."),
    ] = None,
    facts: Annotated[
        Path | None, typer.Option(help="A series.yaml for --lines; the one beside or above each file otherwise.")
    ] = None,
    accept: Annotated[
        bool,
        typer.Option("--accept", help="Accept the last run of each translator, or run it: later ones are held to it."),
    ] = False,
    answers: Annotated[bool, typer.Option("--answers", help="Also show every line with its answer.")] = False,
    source_language: From = None,
    lake: Lake = None,
    profile: Profile = None,
    assign: Set = None,
    as_json: Json = False,
) -> None:
    """Score the settings' translator on this machine, on a fixed set; exit code 3 if it lost more than `evaluate.margin`."""
    show.as_json = as_json
    resolved = settings.load(to_flags(assign, lake=lake, profile=profile, source_language=source_language))
    store = open_lake(resolved.lake)
    tags = _languages(to, store)
    chosen = evaluation_set.read(lines, facts) if lines else evaluation_set.packaged()
    done = list(_accepted(tags, chosen, resolved, store) if accept else _evaluated(tags, chosen, resolved, store))
    _tell(done, chosen, store, accept=accept, answers=answers)
    if not accept and any(each.lost for each in done):
        raise typer.Exit(SOME_LOST)


def _languages(to: str | None, store: ObjectLake) -> Sequence[str]:
    found = registered.every_language(store) if to is None else split_languages(to)
    if not found:
        raise SettingsError(
            "no catalogue is registered in any language", field="--to", remedy="name the languages: --to en,es"
        )
    return tuple(dict.fromkeys(languages.parse(tag) for tag in found))


def _evaluated(
    tags: Sequence[str], chosen: EvaluationSet, resolved: settings.Settings, store: ObjectLake
) -> Iterator[Evaluation]:
    """Run the translator into each language, and record how it did."""
    from desk import run

    evaluation.require_scores()
    run.pull(run.translators_models(tags, resolved), resolved)
    threads = resolved.cluster.threads or len(os.sched_getaffinity(0))
    machine = Machine(store.uri, str(resolved.models_dir), resolved.models_mirror, threads)
    for tag in tags:
        show.note(f"{evaluation.candidate(resolved, tag).engine} into {languages.name(tag)} on {chosen.name} …")
        with run.stdout_is_stderr():
            found = evaluation.evaluate(chosen, tag, resolved, machine)
        yield evaluation_log.settle(store, found, resolved.evaluate.margin)


def _accepted(
    tags: Sequence[str], chosen: EvaluationSet, resolved: settings.Settings, store: ObjectLake
) -> Iterator[Evaluation]:
    """Accept the last run of each language's translator, running those that have none."""
    for tag in tags:
        last = evaluation_log.newest(store, evaluation.candidate(resolved, tag), chosen)
        for found in [last] if last else _evaluated([tag], chosen, resolved, store):
            evaluation_log.accept(store, found)
            yield found


def _tell(done: Sequence[Evaluation], chosen: EvaluationSet, store: ObjectLake, *, accept: bool, answers: bool) -> None:
    if show.as_json:
        found = [
            {
                **each.as_dict(),
                "accepted": accept,
                **({"answers": [asdict(answer) for answer in each.answers]} if answers else {}),
            }
            for each in done
        ]
        show.print_json({"lake": store.uri, "set": chosen.name, "set_digest": chosen.digest, "evaluations": found})
        return
    count = sum(len(scene.lines) for scene in chosen.scenes)
    table = show.new_table(
        f"{count} lines of {chosen.name}", "language", "engine", *_COLUMNS, "verdict", right=_COLUMNS
    )
    for each in done:
        figures = (each.value(metric) for metric in _COLUMNS)
        told = ("" if value is None else f"{value:.1f}" for value in figures)
        table.add_row(*show.cells(each.candidate.language, each.candidate.engine, *told, _verdict(each, accept=accept)))
    show.console.print(table)
    if answers:
        for each in done:
            _print_answers(each)


def _verdict(found: Evaluation, *, accept: bool) -> str:
    if accept:
        return "accepted"
    if found.lost:
        return "lost: " + ", ".join(f"{each.metric} below {each.threshold:.1f}" for each in found.lost)
    return "holds" if any(score.threshold is not None for score in found.scores) else "nothing accepted to compare with"


def _print_answers(found: Evaluation) -> None:
    for answer in found.answers:
        show.console.print(
            show.escape(
                f"\n{found.candidate.language} {answer.scene} · {answer.speaker}: {answer.source_text}\n"
                f"  = {answer.reference}\n  > {answer.text}" + "".join(f"\n  ! {note}" for note in answer.notes)
            ),
            soft_wrap=True,
        )
