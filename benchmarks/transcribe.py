"""How good transcripts are, how fast and in how much memory, on any folder with ground truth.

    python -m benchmarks.transcribe CATALOGUE [--truth DIR] [--sound-only] [--set transcribe.NAME=VALUE] [--runs N]

CATALOGUE holds `SERIES/EPISODE.mp4` and DIR (`CATALOGUE/truth` unless given) `SERIES/EPISODE/lines.json`, as
`samples.render` writes them. Episodes are ingested and transcribed by the stages themselves, one after another in this
process, into an empty lake; first from sound alone, then with the picture. The engines are loaded by the beginning of
the first episode, which is told apart: what it takes more the first time than the second. Costs are the median of the
runs; figures are the first run's, and a run that differs from it is told. A pass's memory holds what passes before it
have loaded.

`joined` lines stand in a segment that belongs to their neighbour; `in time` is the share of all lines whose start and
end are both within 120 ms. `speaker` is the share of lines right under the best pairing of labels with speakers in each
episode, `character` the same over the whole series after linking, `named` the share called by the speaker's own name.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.machine import describe
from desk.options import to_flags
from dubwright import languages, settings, sources, unit
from dubwright.catalogue import catalog
from dubwright.catalogue.catalog import Catalog, Series
from dubwright.lake import Lake, open_lake
from dubwright.lake.layout import UnitKey
from dubwright.media import ffmpeg
from dubwright.planning import plan
from dubwright.quality import scores, transcripts
from dubwright.quality.transcripts import EpisodeScore
from dubwright.series import cast
from dubwright.settings import TranscribeSettings
from dubwright.transcribe.speakers.series import link_series

WARM_UP_S = 10

Rows = list[dict[str, Any]]
# What each stage of an episode cost: wall and CPU s, peak MiB.
Costs = dict[str, Mapping[str, float]]

# Heading, metric, how it is written.
TEXT = (
    ("lines", "lines", "{:.0f}"),
    ("CER %", "cer", "{:.2%}"),
    ("names %", "names", "{:.1%}"),
    ("found", "found", "{:.0f}"),
    ("joined", "joined", "{:.0f}"),
    ("missed", "missed", "{:.0f}"),
    ("spurious", "spurious", "{:.0f}"),
    ("captions %", "captions", "{:.1%}"),
)
TIMES = (
    ("start off, median ms", "start_ms", "{:.0f}"),
    ("p95", "start_p95_ms", "{:.0f}"),
    ("end off, median ms", "end_ms", "{:.0f}"),
    ("p95", "end_p95_ms", "{:.0f}"),
    ("starts in time %", "starts_in_time", "{:.1%}"),
    ("ends in time %", "ends_in_time", "{:.1%}"),
    ("in time %", "in_time", "{:.1%}"),
)
WHO = (
    ("speaker %", "speaker", "{:.1%}"),
    ("character %", "character", "{:.1%}"),
    ("named %", "named", "{:.1%}"),
    ("kind %", "kind", "{:.1%}"),
    *((f"{name} %", f"evidence_{name}", "{:.1%}") for name in ("sound", "picture", "both", "given")),
)
COSTS = (
    ("× real time by the clock", "rtf", "{:.2f}"),
    ("CPU s per s", "cpu_rtf", "{:.2f}"),
    ("of it ingest", "ingest_cpu_rtf", "{:.2f}"),
    ("peak MiB", "peak_mib", "{:.0f}"),
)


@dataclass(slots=True)
class Episode:
    """One episode's outcome: its transcript, its length (s), and what it cost in each run."""

    series: str
    name: str
    rows: Rows
    seconds: float
    costs: list[Costs]
    score: EpisodeScore | None = None


@dataclass(frozen=True, slots=True)
class Pass:
    """All episodes under one choice of settings; `loading_s` is what it took to load the engines (wall, CPU)."""

    name: str
    episodes: list[Episode]
    loading_s: tuple[float, float]


def main() -> None:
    """Print each pass's tables, or all of it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("catalogue", type=Path)
    parser.add_argument("--truth", type=Path, help="ground truth that lies elsewhere than in CATALOGUE/truth")
    parser.add_argument("--profile", default=None)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="any setting")
    parser.add_argument("--sound-only", action="store_true", help="leave the pass with the picture out")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--lines", action="store_true", help="also print every line that is not as it was spoken")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    truth = given.truth or given.catalogue / "truth"
    whole = catalog.load(str(given.catalogue))
    found = with_truth(whole, truth)
    if not found.series:
        parser.error(f"no episode of {given.catalogue} has its truth in {truth}")
    left_out = len(list(whole.episodes)) - len(list(found.episodes))
    if left_out:
        print(f"{left_out} episodes without truth are left out", file=sys.stderr)
    machine = describe("faster-whisper", "rapidocr-onnxruntime", "onnxruntime")
    if not given.json:
        print(machine)
    passes = []
    for name, extra in wanted_passes(given.sound_only):
        flags = to_flags([*given.set, *extra], profile=given.profile)
        passes.append(measure(name, found, truth, flags, given.threads, given.runs))
        if not given.json:
            print_pass(passes[-1], given.lines)
    if given.json:
        print(json.dumps({"machine": machine, "passes": [as_data(each) for each in passes]}, ensure_ascii=False))


def wanted_passes(sound_only: bool) -> Iterator[tuple[str, list[str]]]:
    """Name of each pass and its further settings, sound alone first: its memory is its own."""
    if "picture" not in TranscribeSettings.model_fields:
        yield "sound alone: there is no other witness", []
        return
    yield "sound alone", ["transcribe.picture=false"]
    if not sound_only:
        yield "all witnesses", []


def with_truth(found: Catalog, truth: Path) -> Catalog:
    """The episodes whose truth is there."""
    there = {
        series.name: [
            each.episode for each in series.episodes if (truth / series.name / each.episode / "lines.json").is_file()
        ]
        for series in found.series
    }
    return found.narrowed({name: episodes for name, episodes in there.items() if episodes})


# Measuring --------------------------------------------------------------------------------------------


def measure(name: str, found: Catalog, truth: Path, flags: Mapping[str, Any], threads: int, runs: int) -> Pass:
    """Transcribe everything `runs` times and hold it against its truth; raises what a stage raises."""
    loading_s = warm_up(found, flags, threads)
    episodes = transcribed(found, flags, threads)
    for _ in range(1, runs):
        for each, again in zip(episodes, transcribed(found, flags, threads), strict=True):
            each.costs += again.costs
            if spelt(each.rows) != spelt(again.rows):
                print(f"{each.series}/{each.name}: another run gave another transcript", file=sys.stderr)
    for series in found.series:
        for each in episodes:
            if each.series == series.name:
                each.score = transcripts.score(each.rows, truth / series.name / each.name, series.facts, series.name)
    return Pass(name, episodes, loading_s)


def warm_up(found: Catalog, flags: Mapping[str, Any], threads: int) -> tuple[float, float]:
    """Load the engines, on the beginning of the first episode; how long that took (wall, CPU s)."""
    first = next(iter(found.episodes))
    with TemporaryDirectory(prefix="dubwright-bench-") as folder, sources.opened(first.uri, first.digest) as whole:
        beginning = Path(folder, "beginning", "01.mkv")
        beginning.parent.mkdir()
        cut = [*ffmpeg.untrusted_input(whole), "-t", str(WARM_UP_S), "-c", "copy", ffmpeg.address(beginning)]
        ffmpeg.run(cut, what="cut the beginning of an episode", timeout_s=60)
        (cold,), (warm,) = (transcribed(catalog.load(folder), flags, threads) for _ in range(2))
    (before,), (after,) = cold.costs, warm.costs
    wall, cpu = (max(0.0, before["transcribe"][of] - after["transcribe"][of]) for of in ("wall_s", "cpu_s"))
    return wall, cpu


def transcribed(found: Catalog, flags: Mapping[str, Any], threads: int) -> list[Episode]:
    """Ingest and transcribe episodes one after another into an empty lake."""
    with TemporaryDirectory(prefix="dubwright-bench-") as folder:
        resolved = settings.load({**flags, "lake": folder})
        lake = open_lake(folder)
        machine = unit.Machine(lake.uri, str(resolved.models_dir), resolved.models_mirror, threads)
        # Nothing is translated, but a plan has a language to bring episodes into.
        target = "zh" if languages.base(resolved.source_language) == "en" else "en"
        episodes: list[Episode] = []
        keys: dict[str, list[UnitKey]] = {}
        costs: Costs = {}
        seconds = 0.0
        for planned in plan.build(found, [target], resolved, lake, until="transcribe"):
            receipt = unit.execute(planned.work, machine)
            costs[planned.work.stage] = receipt.cost
            rows = lake.read(receipt.key).rows()
            if planned.work.stage == "ingest":
                seconds = rows[0]["duration_ms"] / 1000
            else:
                episodes.append(Episode(planned.work.series, planned.work.episode, rows, seconds, [costs]))
                keys.setdefault(planned.work.series, []).append(receipt.key)
                costs = {}
        for series in found.series:
            mine = [each for each in episodes if each.series == series.name]
            name_speakers(series, keys[series.name], lake, mine)
        return episodes


def name_speakers(series: Series, keys: Sequence[UnitKey], lake: Lake, episodes: Sequence[Episode]) -> None:
    """Link the voices of a series as a run does, and write into each row who speaks: by name if that is known, else by id."""
    link_series(lake, series.name, keys, series.facts.cast)
    known = cast.read(lake, series.name)
    for each in episodes:
        for row in each.rows:
            person = known.who(each.name, row["speaker"], row["start_ms"], row["end_ms"])
            row["character"] = person.called if person else None


def spelt(rows: Rows) -> list[tuple[Any, ...]]:
    """What two runs must agree on."""
    return [(row["start_ms"], row["end_ms"], row["speaker"], row["text"]) for row in rows]


# Telling ----------------------------------------------------------------------------------------------


def figures(episodes: Sequence[Episode]) -> dict[str, float]:
    """All figures over some episodes, those of time and memory too."""
    found = {each.metric: each.value for each in transcripts.figures([each.score for each in episodes if each.score])}
    shown_s = sum(each.seconds for each in episodes)

    def cost(name: str, *stages: str) -> float:
        return sum(median(sum(run[of][name] for of in stages) for run in each.costs) for each in episodes) / shown_s

    return found | {
        "seconds": shown_s,
        "rtf": cost("wall_s", "ingest", "transcribe"),
        "cpu_rtf": cost("cpu_s", "ingest", "transcribe"),
        "ingest_cpu_rtf": cost("cpu_s", "ingest"),
        "peak_mib": max(of["peak_mib"] for each in episodes for run in each.costs for of in run.values()),
    }


def groups(episodes: Sequence[Episode]) -> dict[str, list[Episode]]:
    """Each episode, each series where there are several, and all."""
    found = {f"{each.series}/{each.name}": [each] for each in episodes}
    series = dict.fromkeys(each.series for each in episodes)
    if len(series) > 1:
        found |= {name: [each for each in episodes if each.series == name] for name in series}
    return found | {"all": list(episodes)}


def print_pass(done: Pass, lines: bool) -> None:
    """A pass as tables."""
    print(f"\n## {done.name}\n\nLoading the engines: {done.loading_s[0]:.1f} s, {done.loading_s[1]:.1f} CPU s")
    rows = {name: figures(group) for name, group in groups(done.episodes).items()}
    for columns in (TEXT, TIMES, WHO, COSTS):
        kept = [column for column in columns if any(column[1] in row for row in rows.values())]
        print(f"\n| | {' | '.join(heading for heading, _, _ in kept)} |\n|{'---|' * (len(kept) + 1)}")
        for name, row in rows.items():
            cells = (form.format(row[metric]) if metric in row else "" for _, metric, form in kept)
            print(f"| {name} | {' | '.join(cells)} |")
    kinds = sum((Counter(each.score.kinds) for each in done.episodes if each.score), Counter[str]())
    print(f"\nSegments by kind: {', '.join(f'{name} {number}' for name, number in kinds.most_common()) or 'none'}")
    if lines:
        for each in done.episodes:
            print_lines(each)


def print_lines(episode: Episode) -> None:
    """Every line that is not as it was spoken, or not given to who spoke it; names and captions that are wrong."""
    print(f"\n{episode.series}/{episode.name}")
    score = episode.score
    if score is None:
        return
    who = transcripts.who_is_who([each.line.speaker for each in score.lines], [each.speaker for each in score.lines])
    for each in score.lines:
        as_spoken = scores.normalized(each.text) == scores.normalized(each.line.text) and each.in_time
        if not (as_spoken and each.kinds == {each.line.kind} and who.get(each.speaker or "") == each.line.speaker):
            off = f"{each.start_off_ms:+} {each.end_off_ms:+} ms" if each.state == "found" else each.state
            said = f"{each.line.speaker} ({each.speaker}, {each.character})"
            print(f"  {each.line.span.start_ms:>7} {off:>14}  {said}: {each.line.text}  |  {each.text}")
    for what, all_of in (("names", score.names), ("captions", score.captions)):
        wrong = [text for text, right in all_of if not right]
        if wrong:
            print(f"  {what} wrong: {', '.join(wrong)}")


def as_data(done: Pass) -> dict[str, Any]:
    """A pass as JSON has it."""
    return {
        "name": done.name,
        "loading_s": {"wall": done.loading_s[0], "cpu": done.loading_s[1]},
        "figures": {name: figures(group) for name, group in groups(done.episodes).items()},
        "kinds": {f"{each.series}/{each.name}": dict(each.score.kinds) for each in done.episodes if each.score},
    }


if __name__ == "__main__":
    main()
