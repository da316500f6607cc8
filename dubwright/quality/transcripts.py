"""How good a transcript is: its lines, their times, the names in them and who speaks them, held against the truth.

The truth is a folder as `scorecard` describes it; a line there may have a `kind` (dialogue, if it says nothing), and a
`captions.json` beside (a list of `text`, `start_ms`, `end_ms`) says what else stands in the picture and is to be kept.
Lines that nobody found count wherever a share of lines is told: as late, as nobody's.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dubwright.errors import InputError
from dubwright.quality import scorecard, scores
from dubwright.quality.scorecard import Figure, Rows, TrueLine, read_truth
from dubwright.quality.scores import SHARED, Span
from dubwright.series.facts import SeriesFacts

# A start or an end so near (ms) to the truth's is in time: what lips and cuts forgive.
IN_TIME_MS = 120
CAPTION = "caption"
# found: by segments of its own; joined: in a segment that belongs to another line; missed: by none.
State = Literal["found", "joined", "missed"]


@dataclass(frozen=True, slots=True)
class Caption:
    """Text that stands in the picture and that nobody speaks."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Heard:
    """What a transcript has of a true line.

    `start_off_ms` and `end_off_ms` are how much later than in truth the line starts and ends, None unless it was found.
    `speaker` is the label within the episode, `character` whom it is over the series, as the transcript has them; `text`
    that of its own segments.
    """

    line: TrueLine
    state: State
    start_off_ms: int | None = None
    end_off_ms: int | None = None
    speaker: str | None = None
    character: str | None = None
    kinds: frozenset[str] = frozenset()
    text: str = ""

    @property
    def in_time(self) -> bool:
        """Whether both its start and its end are."""
        return all(off is not None and abs(off) <= IN_TIME_MS for off in (self.start_off_ms, self.end_off_ms))


@dataclass(frozen=True, slots=True)
class EpisodeScore:
    """An episode's transcript against its truth, in pieces that add up over episodes.

    `said` and `heard` are all its text as spoken and as transcribed, `spurious` counts segments where nobody speaks,
    `names` tells for each name that was said whether it stands there, `captions` for each caption whether it was kept.
    `evidence` and `kinds` count segments.
    """

    series: str
    said: str
    heard: str
    lines: tuple[Heard, ...]
    spurious: int
    names: tuple[tuple[str, bool], ...]
    captions: tuple[tuple[str, bool], ...] = ()
    evidence: Mapping[str, int] = field(default_factory=dict)
    kinds: Mapping[str, int] = field(default_factory=dict)


def score_transcripts(results: Mapping[str, Rows], truths: Mapping[str, Path], facts: SeriesFacts) -> list[Figure]:
    """The figures of one series, by episode: rows of its transcripts, folders of truth. Raises `InputError`."""
    return figures([score(rows, truths[name], facts) for name, rows in results.items()])


def score(rows: Rows, truth: Path, facts: SeriesFacts, series: str = "") -> EpisodeScore:
    """Hold an episode's transcript against its folder of truth. Raises `InputError` for a truth that cannot be read."""
    lines, captions = read_truth(truth), read_captions(truth)
    spoken = scorecard.spoken(rows)
    said = scores.normalized("".join(line.text for line in lines))
    heard = scores.normalized("".join(row["text"] or "" for row in spoken))
    matched, spurious = match_lines(spoken, lines)
    return EpisodeScore(
        series=series,
        said=said,
        heard=heard,
        lines=tuple(matched),
        spurious=spurious,
        names=tuple(names_heard(said, heard, names_of(facts))),
        captions=tuple((each.text, _kept(each, rows)) for each in captions),
        evidence=Counter(str(row.get("evidence")) for row in rows),
        kinds=Counter(_kind(row) for row in rows),
    )


def read_captions(folder: Path) -> list[Caption]:
    """The captions of an episode's truth; none where it has no such file. Raises `InputError` if it cannot be read."""
    file = folder / "captions.json"
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        return [Caption(each["text"], Span(each["start_ms"], each["end_ms"])) for each in found]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"no captions can be read: {error}", where=str(file)) from error


# Lines ------------------------------------------------------------------------------------------------


def match_lines(segments: Rows, lines: Sequence[TrueLine]) -> tuple[list[Heard], int]:
    """What was heard of each line, in the order of `lines`, and how many segments belong to none.

    A segment belongs to the line with which it shares the most time, if that is `SHARED` of the shorter one. A line's
    own segments, however many, say when it starts and ends. Who speaks it is who speaks most of its time in any segment.
    """
    spans = [Span(int(row["start_ms"]), int(row["end_ms"])) for row in segments]
    own: list[list[int]] = [[] for _ in lines]
    touching: list[list[int]] = [[] for _ in lines]
    spurious = 0
    for at, span in enumerate(spans):
        near = [number for number, line in enumerate(lines) if scores.share(span, line.span) >= SHARED]
        for number in near:
            touching[number].append(at)
        if near:
            own[max(near, key=lambda number: _common(span, lines[number].span))].append(at)
        else:
            spurious += 1
    return [
        _heard(line, [segments[at] for at in mine], [segments[at] for at in all_near])
        for line, mine, all_near in zip(lines, own, touching, strict=True)
    ], spurious


def _heard(line: TrueLine, own: Rows, near: Rows) -> Heard:
    speaker, character = (_most(line, near, column) for column in ("speaker", "character"))
    if not own:
        return Heard(line, "joined" if near else "missed", speaker=speaker, character=character)
    return Heard(
        line,
        "found",
        min(int(row["start_ms"]) for row in own) - line.span.start_ms,
        max(int(row["end_ms"]) for row in own) - line.span.end_ms,
        speaker,
        character,
        frozenset(_kind(row) for row in own),
        "".join(row["text"] or "" for row in own),
    )


def _most(line: TrueLine, rows: Rows, column: str) -> str | None:
    """The value of a column that stands over most of the line's time; None if that is nothing."""
    times: Counter[str | None] = Counter()
    for row in rows:
        times[row.get(column)] += _common(line.span, Span(int(row["start_ms"]), int(row["end_ms"])))
    return max(times, key=lambda value: times[value], default=None)


def _common(a: Span, b: Span) -> int:
    return max(0, min(a.end_ms, b.end_ms) - max(a.start_ms, b.start_ms))


def _kind(row: Mapping[str, Any]) -> str:
    return str(row.get("kind") or "dialogue")


def _kept(caption: Caption, rows: Rows) -> bool:
    """Whether a caption stands in the transcript, as one, while it is shown."""
    wanted = scores.normalized(caption.text)
    return any(
        _kind(row) == CAPTION
        and scores.normalized(row["text"] or "") == wanted
        and _common(caption.span, Span(int(row["start_ms"]), int(row["end_ms"])))
        for row in rows
    )


# Names ------------------------------------------------------------------------------------------------


def names_of(facts: SeriesFacts) -> set[str]:
    """Every name, form of address and other term that a series' cast and glossary hold."""
    cast = (name for one in facts.cast for name in (one.name, *one.aliases))
    glossary = (name for term in facts.glossary for name in (term.source, *term.aliases))
    return {*cast, *glossary}


def names_heard(said: str, heard: str, names: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """Each name in `said`, in order, the longest where several fit, and whether it stands in its place in `heard`.

    Both texts are compared as `scores.normalized`; its place is where the fewest edits put it.
    """
    import jiwer

    said, heard = scores.normalized(said), scores.normalized(heard)
    wanted = sorted({scores.normalized(name) for name in names} - {""}, key=lambda name: (-len(name), name))
    if not wanted or not said:
        return
    chunks = jiwer.process_characters(said, heard).alignments[0]
    equal = [(each.ref_start_idx, each.ref_end_idx) for each in chunks if each.type == "equal"]
    for found in re.finditer("|".join(map(re.escape, wanted)), said):
        yield found[0], any(start <= found.start() and found.end() <= end for start, end in equal)


# Speakers ---------------------------------------------------------------------------------------------


def who_is_who(speakers: Sequence[str], labels: Sequence[str | None]) -> dict[str, str]:
    """The speaker that each label stands for: one to one, so that as many lines as possible are right.

    Both go line by line; a line without a label is nobody's. Labels that stand for nobody are left out.
    """
    people, known = sorted(set(speakers)), sorted({label for label in labels if label is not None})
    agreeing = np.zeros((len(known), len(people)), np.int64)
    for speaker, label in zip(speakers, labels, strict=True):
        if label is not None:
            agreeing[known.index(label), people.index(speaker)] += 1
    return {known[row]: people[column] for row, column in _best_pairs(agreeing) if agreeing[row, column]}


def _best_pairs(gain: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Pairs (row, column), each used once at most, of the highest total gain: the Hungarian method."""
    if not gain.size:
        return []
    if len(gain) > len(gain[0]):
        return [(row, column) for column, row in _best_pairs(gain.T)]
    rows, columns = gain.shape
    cost = (gain.max() - gain).astype(np.float64)
    of_row, of_column = np.zeros(rows + 1), np.zeros(columns + 1)
    taken = np.zeros(columns + 1, np.int64)  # the row (from 1) that has each column (from 1); 0 is free
    for row in range(1, rows + 1):
        taken[0], column = row, 0
        slack, before = np.full(columns + 1, np.inf), np.zeros(columns + 1, np.int64)
        done = np.zeros(columns + 1, bool)
        while taken[column]:
            done[column] = True
            reduced = cost[taken[column] - 1] - of_row[taken[column]] - of_column[1:]
            better = ~done[1:] & (reduced < slack[1:])
            slack[1:][better], before[1:][better] = reduced[better], column
            column_next = 1 + int(np.where(done[1:], np.inf, slack[1:]).argmin())
            step = slack[column_next]
            of_row[taken[done]] += step
            of_column[done] -= step
            slack[~done] -= step
            column = column_next
        while column:
            taken[column] = taken[before[column]]
            column = int(before[column])
    return [(int(row) - 1, column) for column, row in enumerate(taken[1:]) if row]


def _right(lines: Sequence[Heard], labels: Sequence[str | None]) -> int:
    speakers = [each.line.speaker for each in lines]
    who = who_is_who(speakers, labels)
    return sum(label is not None and who.get(label) == one for one, label in zip(speakers, labels, strict=True))


# Figures ----------------------------------------------------------------------------------------------


def figures(episodes: Sequence[EpisodeScore]) -> list[Figure]:
    """The figures over some episodes; what there was nothing to tell of is left out.

    Counts: `lines`, `found`, `joined`, `missed`, `spurious`. Shares of lines: `in_time` (start and end within
    `IN_TIME_MS`), `starts_in_time`, `ends_in_time`, `kind`, `speaker` (under the best assignment within each episode),
    `character` (under the best one over each series), `named` (called by the speaker's own name). `names` and
    `captions` are shares too. `start_ms`, `start_p95_ms`, `end_ms`, `end_p95_ms`: median and 95th percentile of the
    errors' sizes, of found lines. `cer` is the share of the truth's characters, `evidence_…` shares of segments.
    """
    lines = [each for episode in episodes for each in episode.lines]
    states: Counter[str] = Counter(each.state for each in lines)
    counts: dict[str, float] = {
        "lines": len(lines),
        **{state: states[state] for state in ("found", "joined", "missed")},
    }
    counts["spurious"] = sum(episode.spurious for episode in episodes)
    found: dict[str, float | None] = {**_text(episodes), **counts, **_times(lines), **_who(episodes, lines)}
    segments = sum((Counter(episode.evidence) for episode in episodes), Counter())
    found |= {f"evidence_{name}": number / segments.total() for name, number in sorted(segments.items())}
    return [Figure(metric, None, float(value)) for metric, value in found.items() if value is not None]


def _text(episodes: Sequence[EpisodeScore]) -> dict[str, float | None]:
    names = [right for episode in episodes for _, right in episode.names]
    captions = [right for episode in episodes for _, right in episode.captions]
    said = any(episode.said for episode in episodes)
    wrong = scores.cer([each.said for each in episodes], [each.heard for each in episodes]) if said else None
    return {"cer": wrong, "names": _share(names), "captions": _share(captions)}


def _times(lines: Sequence[Heard]) -> dict[str, float | None]:
    times: dict[str, float | None] = {}
    for end, off in (("start", [x.start_off_ms for x in lines]), ("end", [x.end_off_ms for x in lines])):
        sizes = np.abs([each for each in off if each is not None])
        times[f"{end}_ms"] = float(np.median(sizes)) if len(sizes) else None
        times[f"{end}_p95_ms"] = float(np.quantile(sizes, 0.95)) if len(sizes) else None
        times[f"{end}s_in_time"] = _share([each is not None and abs(each) <= IN_TIME_MS for each in off])
    return times | {"in_time": _share([each.in_time for each in lines])}


def _who(episodes: Sequence[EpisodeScore], lines: Sequence[Heard]) -> dict[str, float | None]:
    """Only what the transcript says anything of: without diarization there are no speakers to be wrong about."""
    who: dict[str, float | None] = {"kind": _share([each.kinds == {each.line.kind} for each in lines])}
    if any(each.speaker for each in lines):
        right = sum(_right(each.lines, [line.speaker for line in each.lines]) for each in episodes)
        who["speaker"] = right / len(lines)
    if any(each.character for each in lines):
        of_series: dict[str, list[Heard]] = {}
        for episode in episodes:
            of_series.setdefault(episode.series, []).extend(episode.lines)
        right = sum(_right(each, [line.character for line in each]) for each in of_series.values())
        who["character"] = right / len(lines)
        who["named"] = _share([each.character == each.line.speaker for each in lines])
    return who


def _share(right: Sequence[bool]) -> float | None:
    return sum(right) / len(right) if right else None
