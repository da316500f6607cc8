"""`dubwright xliff`: lines out to other people's tools as XLIFF 2.1, and their work back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from desk import show
from desk.cast import Editor, Series, editor_of, known_as
from desk.lines import To
from desk.options import From, Json, Profile, lake_of
from desk.options import Lake as LakeOption
from desk.settle import SOME_FAILED
from dubwright import languages as tags
from dubwright.errors import ManifestError, SettingsError
from dubwright.review import lines as scripts
from dubwright.review import xliff

app = typer.Typer(
    help="Lines as XLIFF 2.1: export them, and import what translators made of them.", no_args_is_help=True
)


@app.command("export")
def export(
    series: Series,
    to: To,
    out: Annotated[Path, typer.Option(help="The file to write: SERIES.en.xlf.")],
    episode: Annotated[str | None, typer.Option(help="Only this episode.")] = None,
    source_language: From = None,
    lake: LakeOption = None,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Write a series' lines in a language, or an episode's: a file of XLIFF for each episode, a unit for each line."""
    show.as_json = as_json
    store = lake_of(lake, profile)
    found = list(scripts.of_series(store, known_as(series), tags.parse(to), episode and known_as(episode)))
    content = xliff.write(found, tags.parse(source_language or "zh"))
    try:
        out.write_bytes(content)
    except OSError as error:
        raise SettingsError(f"cannot be written: {error.strerror}", where=str(out), field="--out") from error
    count = sum(len(script.lines) for script in found)
    if as_json:
        show.print_json({"file": str(out), "episodes": len(found), "lines": count})
        return
    show.console.print(show.escape(f"{out}: {count} lines of {len(found)} episodes"), soft_wrap=True)


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that `export` wrote, as it came back.")],
    editor: Editor = None,
    lake: LakeOption = None,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Take changed texts as corrections, and changed states as approvals and locks.

    A line that was changed here since the export is listed and left as it is.
    """
    show.as_json = as_json
    try:
        with file.open("rb") as opened:
            content = opened.read(xliff.MAX_BYTES + 1)
    except OSError as error:
        raise ManifestError(f"cannot be read: {error.strerror}", where=str(file), remedy="name a file") from error
    found = xliff.take(lake_of(lake, profile), xliff.read(content, str(file)), editor_of(editor))
    if as_json:
        show.print_json(
            {
                "corrected": [{"episode": place.episode, "segment": segment} for place, segment in found.corrected],
                "reviewed": [
                    {"episode": place.episode, "segment": segment, "said": said}
                    for place, segment, said in found.reviewed
                ],
                "conflicts": [
                    {"episode": each.place.episode, "segment": each.segment, "reason": each.reason}
                    for each in found.conflicts
                ],
            }
        )
    else:
        for each in found.conflicts:
            told = f"{each.place.episode} line {each.segment} · left alone: {each.reason}"
            show.console.print(show.escape(told), soft_wrap=True)
        show.console.print(
            f"{len(found.corrected)} corrected, {len(found.reviewed)} reviewed, {len(found.conflicts)} left alone"
        )
    if found.conflicts:
        raise typer.Exit(SOME_FAILED)
