"""`dubwright status --quality`: how good what was delivered is, and the pictures of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from desk import show
from dubwright.lake import Lake
from dubwright.lake.layout import UnitKey
from dubwright.quality import standing
from dubwright.quality.dub_metrics import VERDICTS
from dubwright.quality.gate import LINE_RULES, Finding
from dubwright.quality.standing import Standing
from dubwright.reports import coverage
from dubwright.settings import QualitySettings


def status(
    lake: Lake, settings: QualitySettings, series: str | None, episode: str | None, pictures: Path | None
) -> None:
    """Show the newest deliverables under the bounds of the settings, of one episode line by line; write their pictures.

    Raises `KeyMissingError` for a picture that is gone.
    """
    newest = [
        key
        for language in coverage.languages(lake, "deliverable")
        for key in coverage.newest(lake, "deliverable", language, series)
        if episode in (None, key.episode)
    ]
    found = list(standing.of_units(lake, newest, settings))
    written = [_write(lake, each, pictures) for each in found if pictures and each.picture]
    if show.as_json:
        rows = [_as_dict(each, with_lines=episode is not None) for each in found]
        show.print_json({"lake": lake.uri, "quality": rows, "pictures": [str(path) for path in written]})
        return
    if not found:
        show.console.print(f"{lake.uri} has nothing delivered{' of that' if series or episode else ''} yet.")
        return
    _table(found, lake)
    for each in found if episode is not None else ():
        _lines(each)
    for path in written:
        show.console.print(show.escape(str(path)), soft_wrap=True)


def deliverable(lake: Lake, keys: Sequence[UnitKey], settings: QualitySettings) -> list[UnitKey]:
    """The units whose files the policy lets go; of each other one it says what is wrong with it."""
    held = standing.withheld(lake, keys, settings)
    for key, each in held.items():
        show.note(
            f"{key.series}/{key.episode} {key.language}: {each.quality}; its files are withheld (quality.deliver)"
        )
    return [key for key in keys if key not in held]


def _table(found: Sequence[Standing], lake: Lake) -> None:
    columns = ("series", "episode", "language", "quality", "worst", "flagged lines")
    table = show.new_table(f"Quality of what is delivered in {lake.uri}", *columns, right=("flagged lines",))
    for each in islice(found, show.MOST_ROWS):
        quality = each.quality
        verdict = {True: "passed", False: "[red]failed[/]", None: "not measured"}[quality.passed]
        flagged = f"{len(quality.flags)} of {quality.lines}" if quality.measured else ""
        names = show.cells(each.key.series, each.key.episode, each.key.language)
        table.add_row(*names, verdict, *show.cells(quality.worst, flagged))
    show.console.print(table)
    if len(found) > show.MOST_ROWS:
        show.console.print(f"… and {len(found) - show.MOST_ROWS} more")


def _lines(each: Standing) -> None:
    """The figures of every line of an episode, and of the episode itself."""
    lines = _by_line(each)
    metrics = [metric for metric in LINE_RULES if any(metric in figures for figures in lines.values())]
    if lines:
        table = show.new_table(f"Lines in {each.key.language}", "line", *metrics, "flags", right=("line", *metrics))
        for segment, figures in lines.items():
            flags = ", ".join(str(finding) for finding in each.quality.flags.get(segment, ()))
            table.add_row(*show.cells(segment, *(_said(metric, figures.get(metric)) for metric in metrics), flags))
        show.console.print(table)
    own = {row["metric"]: row for row in each.rows if row["segment"] is None and row["metric"] != "picture"}
    said = [f"{name} {_figure(row['value']) or row['reason']}" for name, row in own.items()]
    show.console.print(show.escape(f"Episode in {each.key.language}: {', '.join(said)}"), soft_wrap=True)


def _by_line(each: Standing) -> dict[int, dict[str, float | None]]:
    found: dict[int, dict[str, float | None]] = {}
    for row in each.rows:
        if row["segment"] is not None:
            found.setdefault(row["segment"], {})[row["metric"]] = row["value"]
    return dict(sorted(found.items()))


def _said(metric: str, value: float | None) -> str:
    return VERDICTS[int(value)] if metric == "fit" and value is not None else _figure(value)


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}".removesuffix(".00")


def _as_dict(each: Standing, *, with_lines: bool) -> dict[str, Any]:
    quality = each.quality
    content: dict[str, Any] = {
        "series": each.key.series,
        "episode": each.key.episode,
        "language": each.key.language,
        "passed": quality.passed,
        "worst": quality.worst and _finding(quality.worst),
        "failed": _findings(quality.failed),
        "lines": quality.lines,
        "flagged": {str(segment): _findings(found) for segment, found in quality.flags.items()},
        "figures": {row["metric"]: row["value"] for row in each.rows if row["segment"] is None},
        "picture": each.picture,
    }
    if with_lines:
        content["figures_of_lines"] = {str(segment): figures for segment, figures in _by_line(each).items()}
    return content


def _findings(found: Iterable[Finding]) -> list[dict[str, Any]]:
    return [_finding(each) for each in found]


def _finding(each: Finding) -> dict[str, Any]:
    return {"metric": each.metric, "value": each.value, "threshold": each.threshold}


def _write(lake: Lake, each: Standing, folder: Path) -> Path:
    from dubwright.render.export import safe_name

    path = folder / safe_name(each.key.series) / f"{safe_name(each.key.episode)}.{each.key.language}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(lake.read_blob(str(each.picture)))
    return path
