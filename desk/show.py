"""What commands print: tables for people, or one JSON document."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape as as_markup
from rich.table import Table

from dubwright.errors import DubwrightError
from dubwright.lake import Lake
from dubwright.planning import listing
from dubwright.planning import plan as plans
from dubwright.planning.report import Delivered
from dubwright.planning.survey import Survey
from dubwright.reports.coverage import SeriesCoverage
from dubwright.reports.failures import Failure
from dubwright.stages import STAGES

if TYPE_CHECKING:
    from desk.doctor import Finding
    from dubwright.catalogue.catalog import Catalog
    from dubwright.catalogue.registered import Registered
    from dubwright.models.store import ModelStore
    from dubwright.render.export import Exported

as_json = False
MOST_ROWS = 200

# Where nobody's terminal sets a width, tables get the room that names need.
console = Console(highlight=False, emoji=False, width=None if sys.stdout.isatty() else 140)
stderr = Console(stderr=True, highlight=False, emoji=False)


_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def escape(text: str) -> str:
    """Text as it stands: nothing in it is markup, and none of its characters tells a terminal what to do."""
    return as_markup(_CONTROL.sub("\N{REPLACEMENT CHARACTER}", text))


def print_json(content: Any) -> None:
    """The one document of a command with `--json`."""
    print(json.dumps(content, ensure_ascii=False, indent=2, default=str))  # noqa: T201


def error(problem: DubwrightError) -> None:
    """An error that ends the command."""
    if as_json:
        print_json({"error": problem.as_dict()})
    else:
        stderr.print(f"[bold red]{type(problem).__name__}[/] {escape(str(problem))}", soft_wrap=True)


def note(text: str) -> None:
    """A remark that is no result."""
    stderr.print(escape(text), soft_wrap=True)


def new_table(title: str, *columns: str, right: Sequence[str] = ()) -> Table:
    """A table to be filled; its title is printed already."""
    # Not the table's own title, which would be folded to the width of the columns.
    console.print(f"\n[italic]{escape(title)}[/]", soft_wrap=True)
    table = Table(header_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return table


def cells(*values: Any) -> list[str]:
    """Values as text in which nothing is taken for markup."""
    return ["" if value is None else escape(str(value)) for value in values]


# Plans and outcomes -----------------------------------------------------------------------------------


def plan(survey: Survey, failures: Sequence[Failure], lake: Lake) -> None:
    """Units by stage and language and how they stand, and why the wanted ones are wanted."""
    why = {where: _reasons(survey, where, lake) for where in survey.counts}
    states = ("wanted", "committed", "failed", "blocked")
    # By stage, then by language: the order in which a reader follows the work.
    counts = sorted(survey.counts.items(), key=lambda item: (list(STAGES).index(item[0][0]), item[0][1] or ""))
    if as_json:
        units = [
            {
                "stage": stage,
                "language": language,
                **{state: count[state] for state in states},
                "why": why[stage, language],
            }
            for (stage, language), count in counts
        ]
        print_json({"lake": lake.uri, "units": units, "failures": [_failure(each) for each in failures]})
        return
    episodes = sum(len(series.episodes) for series in survey.catalog.series)
    table = new_table(f"Plan for {episodes} episodes", "stage", "language", *states, "why", right=states)
    for (stage, language), count in counts:
        reasons = "\n".join(why[stage, language])
        table.add_row(*cells(stage, language or "(source)", *(count[state] for state in states), reasons))
    console.print(table)
    total = survey.total
    console.print(f"{total['wanted']} units to do, {total['committed']} of {total.total()} committed in {lake.uri}")
    _print_failures(failures)


def _reasons(survey: Survey, where: listing.Partition, lake: Lake) -> list[str]:
    """Why units are wanted, each reason with its number; of changed ones only a few are read to be explained."""
    reasons = [f"{number} × {reason}" for reason, number in survey.reasons[where].items() if reason != "changed"]
    changed = survey.reasons[where]["changed"]
    kept = survey.changed.get(where, [])
    explained: dict[str, list[str]] = {}
    for unit in kept:
        explained.setdefault(plans.explain(unit, lake), []).append(unit.work.episode)
    if len(kept) < changed:
        looked_at = (f"{reason} ({', '.join(episodes)})" for reason, episodes in explained.items())
        reasons.append(f"{changed} × changed; the {len(kept)} looked at: {' | '.join(looked_at)}")
    else:
        reasons += [f"{len(episodes)} × {reason} ({', '.join(episodes)})" for reason, episodes in explained.items()]
    return reasons


def outcome(
    after: Survey,
    rows: Sequence[Delivered],
    failures: Sequence[Failure],
    exported: Sequence[Exported],
    *,
    seconds: float,
    computed: int,
    lake: Lake,
) -> None:
    """What a run delivered: a row per episode and language, the failures, where the files are."""
    video_s = sum({(row.series, row.episode): row.video_s for row in rows}.values())
    if as_json:
        print_json(
            {
                "lake": lake.uri,
                "computed": computed,
                "seconds": round(seconds, 1),
                "delivered": [row.as_dict() for row in rows],
                "failures": [_failure(each) for each in failures],
                "below_quality": [row.complaint for row in rows if row.quality.failed],
                "files": [str(file.path) for file in exported],
            }
        )
        return
    if rows:
        names = ("series", "episode", "language")
        numbers = ("lines", "speech s", "wall s", "x real time")
        table = new_table("Delivered", *names, *numbers, "quality", "flags", right=numbers)
        for row in rows[:MOST_ROWS]:
            flags = row.as_dict()["flags"]
            verdict = {True: "passed", False: "failed", None: ""}[row.quality.passed]
            who = cells(row.series, row.episode, row.language)
            table.add_row(*who, *cells(row.lines, row.speech_s, row.wall_s, row.rtf, verdict, flags))
        console.print(table)
        if len(rows) > MOST_ROWS:
            console.print(f"… and {len(rows) - MOST_ROWS} more")
    total = after.total
    if not seconds:
        console.print(f"Nothing to do: {total['committed']} of {total.total()} units are committed in {lake.uri}")
    elif video_s:
        console.print(
            f"{computed} units in {seconds:.1f} s for {video_s:.1f} s of video in {len(after.languages)} languages: "
            f"{seconds / video_s:.2f}x real time"
        )
    else:
        console.print(f"{computed} units in {seconds:.1f} s; {total['committed']} of {total.total()} are committed")
    _print_failures(failures)
    _print_below_quality(rows)
    _print_files(exported)


def _print_below_quality(rows: Sequence[Delivered]) -> None:
    """Each delivered episode whose quality failed, whatever the policy."""
    failed = [row for row in rows if row.quality.failed]
    if failed:
        console.print(f"\n[italic]{len(failed)} below the quality asked for[/]", soft_wrap=True)
    for row in failed[:MOST_ROWS]:
        console.print(escape(row.complaint), soft_wrap=True)
    if len(failed) > MOST_ROWS:
        console.print(f"… and {len(failed) - MOST_ROWS} more: `dubwright status --quality`")


def _failure(failure: Failure) -> dict[str, Any]:
    return {
        "stage": failure.stage,
        "series": failure.series,
        "episode": failure.episode,
        "language": failure.language,
        "attempts": failure.attempts,
        "permanent": failure.permanent,
        **failure.about,
    }


def _print_failures(failures: Sequence[Failure]) -> None:
    if not failures:
        return
    table = new_table(f"{len(failures)} failed", "stage", "series", "episode", "language", "tries", "reason")
    for each in failures[:MOST_ROWS]:
        table.add_row(*cells(each.stage, each.series, each.episode, each.language, each.attempts, each.reason))
    console.print(table)
    if any(each.permanent for each in failures):
        console.print("Correct what the reason names and run again; --retry-failed tries them as they are.")


# The lake ---------------------------------------------------------------------------------------------


def status(coverage: Mapping[str, SeriesCoverage], failures: Sequence[Failure], lake: Lake) -> None:
    """Series by languages: how many of the known episodes are delivered; and what failed."""
    languages = sorted({language for series in coverage.values() for language in series.delivered})
    if as_json:
        print_json(
            {
                "lake": lake.uri,
                "series": [
                    {
                        "series": name,
                        "episodes": series.episodes,
                        "delivered": {language: series.delivered.get(language, 0) for language in languages},
                    }
                    for name, series in coverage.items()
                ],
                "failures": [_failure(each) for each in failures],
            }
        )
        return
    if not coverage:
        console.print(f"{lake.uri} holds nothing yet.")
        return
    table = new_table(
        f"Delivered episodes in {lake.uri}", "series", "episodes", *languages, right=("episodes", *languages)
    )
    for name, series in list(coverage.items())[:MOST_ROWS]:
        table.add_row(*cells(name, series.episodes, *(series.delivered.get(language, 0) for language in languages)))
    console.print(table)
    if len(coverage) > MOST_ROWS:
        console.print(f"… and {len(coverage) - MOST_ROWS} more series")
    _print_failures(failures)


def exported(files: Sequence[Exported]) -> None:
    """Files that were written."""
    if as_json:
        print_json({"files": [str(file.path) for file in files]})
    else:
        _print_files(files)


def _print_files(files: Sequence[Exported]) -> None:
    for file in files:
        if file.path.suffix == ".mp4":
            console.print(escape(str(file.path)), soft_wrap=True)
    if files:
        console.print(f"{len(files)} files: videos as above, subtitles beside them")


# Catalogues -------------------------------------------------------------------------------------------


def catalogue(entry: Registered, works: Catalog) -> None:
    """A catalogue that was registered, and what it holds."""
    episodes = sum(len(series.episodes) for series in works.series)
    if as_json:
        problems = [{"series": each.series, "episode": each.episode, **each.error.as_dict()} for each in works.problems]
        about = entry.model_dump(mode="json", exclude={"removed"})
        print_json({"catalogue": about, "series": len(works.series), "episodes": episodes, "problems": problems})
        return
    console.print(
        escape(f"{entry.address}: {len(works.series)} series, {episodes} episodes in {entry.source}"), soft_wrap=True
    )
    if works.problems:
        table = new_table(f"{len(works.problems)} cannot be worked on", "series", "episode", "reason")
        for each in works.problems[:MOST_ROWS]:
            table.add_row(*cells(each.series, each.episode, each.error))
        console.print(table)


def catalogues(entries: Sequence[Registered], lake: Lake) -> None:
    """The catalogues that are registered."""
    if as_json:
        listed = [entry.model_dump(mode="json", exclude={"removed"}) for entry in entries]
        print_json({"lake": lake.uri, "catalogues": listed})
        return
    if not entries:
        console.print(f"No catalogue is registered in {lake.uri}.")
        return
    table = new_table(f"Catalogues registered in {lake.uri}", "name", "source", "to", "priority", "since")
    for each in entries:
        table.add_row(*cells(each.name, each.source, ",".join(each.to), each.priority, f"{each.at:%Y-%m-%d %H:%M}"))
    console.print(table)


# The machine ------------------------------------------------------------------------------------------


def models(store: ModelStore, names: Sequence[str] | None = None) -> None:
    """Pinned models and whether they are here."""
    from dubwright.models import registry

    chosen = [artefact for artefact in registry.all() if names is None or artefact.name in names]
    size = {artefact.name: sum(file.bytes for file in artefact.files) for artefact in chosen}
    if as_json:
        content = [
            {
                "name": artefact.name,
                "here": store.present(artefact.name),
                "bytes": size[artefact.name],
                "licence": artefact.licence,
                "languages": sorted(artefact.languages),
                "sha256": artefact.sha256,
                "description": artefact.description,
            }
            for artefact in chosen
        ]
        print_json({"models": content})
        return
    table = new_table("Models", "name", "here", "MB", "licence", "what it is", right=("MB",))
    for artefact in chosen:
        here = "yes" if store.present(artefact.name) else "no"
        megabytes = f"{size[artefact.name] / 1e6:.1f}"
        table.add_row(*cells(artefact.name, here, megabytes, artefact.licence, artefact.description))
    console.print(table)


def verified(store: ModelStore, names: Sequence[str] | None) -> bool:
    """Compare models with their digests; whether all are what they should be."""
    from dubwright.models import registry

    chosen = names or [artefact.name for artefact in registry.all() if store.present(artefact.name)]
    found = {name: store.verify(name) for name in chosen}
    if as_json:
        print_json({"models": [{"name": name, "problems": [str(each) for each in bad]} for name, bad in found.items()]})
    for name, problems in found.items() if not as_json else ():
        console.print(
            f"{escape(name)}: {'; '.join(escape(str(each)) for each in problems) if problems else 'as pinned'}"
        )
    return not any(found.values())


def findings(found: Sequence[Finding]) -> None:
    """What a look at this machine found."""
    if as_json:
        print_json(
            {"findings": [{"what": f.what, "state": f.state, "detail": f.detail, "remedy": f.remedy} for f in found]}
        )
        return
    table = new_table("This machine", "what", "state", "detail", "what to do")
    colours = {"fine": "green", "missing": "yellow", "broken": "red"}
    for finding in found:
        state = f"[{colours[finding.state]}]{finding.state}[/]"
        table.add_row(escape(finding.what), state, *cells(finding.detail, finding.remedy))
    console.print(table)
