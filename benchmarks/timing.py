"""How the dub's lines are placed, against the strategies of the field's open tools, on the same durations.

    python -m benchmarks.timing LAKE … [--made-up 20]

A LAKE's dubs give their lines: when the originals sound, and how long each dub is at tempo 1. `--made-up` adds so many
episodes of 40 lines at random, each of a density of its own, and one of twenty minutes. The cost is `dub.schedule`'s; a
line that overlaps the next costs what a cut one does. `plan ms` is the time of the whole set's placing.

The strategies, each as far as its description goes, and, but for chunk's own gaps, with the dub's guard between lines:

- squeeze: each line at its onset, as fast as the time up to the next one takes;
- chunk: up to five lines with gaps under 1.5 s share one tempo, gaps shrink with it;
- push: one tempo for the video (0.8 to 1.2) times the line's own (0.75 to 1.25); who is late pushes the next;
- cap and overlap: up to 1.3 into the time to the next line, then lines overlap;
- smart fit: the time to the next line, up to 1.2, then the tail is trimmed.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import numpy as np

from benchmarks.machine import describe
from dubwright.dub import timing
from dubwright.dub.schedule import CUT, CUT_MS, Episode, Schedule, duration_ms
from dubwright.dub.timing import Line
from dubwright.lake import open_lake
from dubwright.reports.coverage import newest, newest_rows
from dubwright.settings import DubSettings

SETTINGS = DubSettings()
GAP_MS, CHUNK = 1500, 5

Lines = Sequence[Line]
# Of each line its start (ms), its tempo, and what of it (ms) is trimmed.
Placed = list[tuple[int, float, int]]
Strategy = Callable[[Lines, int], Placed]


def ours(lines: Lines, episode_ms: int) -> Placed:
    """What the dub does."""
    return [
        (place.start_ms, place.tempo, duration_ms(line.natural_ms, place.tempo) - place.duration_ms)
        for line, place in zip(lines, timing.plan(lines, episode_ms, SETTINGS), strict=True)
    ]


def squeeze(lines: Lines, episode_ms: int) -> Placed:
    return [(line.start_ms, max(1.0, line.natural_ms / room), 0) for line, room in _rooms(lines, episode_ms)]


def chunk(lines: Lines, episode_ms: int) -> Placed:
    found: Placed = []
    rooms = list(_rooms(lines, episode_ms))
    for first, last in _chunks(lines):
        members = lines[first:last]
        gaps = [after.start_ms - before.end_ms for before, after in pairwise(members)] + [0]
        until = members[-1].start_ms + rooms[last - 1][1]
        tempo = max(
            1.0,
            sum(line.natural_ms + gap for line, gap in zip(members, gaps, strict=True)) / (until - members[0].start_ms),
        )
        at = float(members[0].start_ms)
        for line, gap in zip(members, gaps, strict=True):
            found.append((round(at), tempo, 0))
            at += (line.natural_ms + max(gap, 0)) / tempo
    return found


def push(lines: Lines, episode_ms: int) -> Placed:
    slots = [max(line.end_ms - line.start_ms, 1) for line in lines]
    base = float(np.clip(sum(line.natural_ms for line in lines) / sum(slots), 0.8, 1.2))
    found: Placed = []
    free_from = 0
    for line, slot in zip(lines, slots, strict=True):
        tempo = base * float(np.clip(line.natural_ms / base / slot, 0.75, 1.25))
        start = max(line.start_ms, free_from)
        found.append((start, tempo, 0))
        free_from = start + duration_ms(line.natural_ms, tempo) + SETTINGS.guard_ms
    return found


def cap_and_overlap(lines: Lines, episode_ms: int) -> Placed:
    return [(line.start_ms, min(max(1.0, line.natural_ms / room), 1.3), 0) for line, room in _rooms(lines, episode_ms)]


def smart_fit(lines: Lines, episode_ms: int) -> Placed:
    found: Placed = []
    for line, room in _rooms(lines, episode_ms):
        tempo = min(max(1.0, line.natural_ms / room), 1.2)
        found.append((line.start_ms, tempo, max(duration_ms(line.natural_ms, tempo) - room, 0)))
    return found


STRATEGIES: dict[str, Strategy] = {
    "dubwright": ours,
    "squeeze": squeeze,
    "chunk": chunk,
    "push": push,
    "cap and overlap": cap_and_overlap,
    "smart fit": smart_fit,
}


def _rooms(lines: Lines, episode_ms: int) -> Iterator[tuple[Line, int]]:
    """Each line with the time (ms) up to the guard before the next one's onset, or to the end."""
    ends = [line.start_ms - SETTINGS.guard_ms for line in lines[1:]] + [episode_ms]
    return ((line, max(end - line.start_ms, 1)) for line, end in zip(lines, ends, strict=True))


def _chunks(lines: Lines) -> Iterator[tuple[int, int]]:
    first = 0
    for n in range(1, len(lines) + 1):
        if n == len(lines) or n - first == CHUNK or lines[n].start_ms - lines[n - 1].end_ms >= GAP_MS:
            yield first, n
            first = n


def score(lines: Lines, episode_ms: int, placed: Placed) -> dict[str, float]:
    """The cost of a placing, and what a listener would count."""
    slots = timing.slots(lines, episode_ms, SETTINGS)
    episode = Episode(slots, episode_ms, (), SETTINGS)
    ends = [
        start + duration_ms(line.natural_ms, tempo) - cut
        for line, (start, tempo, cut) in zip(lines, placed, strict=True)
    ]
    overlaps = sum(end > after for end, (after, _, _) in zip(ends, placed[1:], strict=False))
    trimmed = [cut for _, _, cut in placed if cut > 0]
    schedule = Schedule(np.array([start for start, _, _ in placed]), np.array([tempo for _, tempo, _ in placed]))
    return {
        "cost": episode.cost(schedule, apart=False) + CUT * (overlaps + len(trimmed)) + sum(trimmed) / CUT_MS,
        "lines": len(lines),
        "late": sum(start - line.start_ms > 200 for line, (start, _, _) in zip(lines, placed, strict=True)),
        "above 1.2": sum(tempo > 1.2 + 1e-6 for _, tempo, _ in placed),
        "above 1.35": sum(tempo > 1.35 + 1e-6 for _, tempo, _ in placed),
        "below 0.85": sum(tempo < 0.85 for _, tempo, _ in placed),
        "overlap": overlaps,
        "trimmed": len(trimmed),
    }


def of_lake(uri: str) -> Iterator[tuple[str, Lines, int]]:
    """The newest dubs of a lake, by series and language: lines and the episode's length (ms)."""
    lake = open_lake(uri)
    for key in newest(lake, "dub"):
        rows = lake.read(key).rows()
        natural = {
            row["segment"]: round(row["duration_ms"] * row["tempo"])
            for row in rows
            if row["segment"] is not None and row["duration_ms"]
        }
        whole = next(row for row in rows if row["segment"] is None)
        transcript = newest_rows(lake, "transcript", key.series, key.episode) or []
        lines = [
            Line(row["segment"], row["start_ms"], row["end_ms"], natural[row["segment"]])
            for row in transcript
            if row["segment"] in natural
        ]
        yield f"{key.series} {key.language}", sorted(lines, key=lambda line: line.start_ms), whole["duration_ms"]


def made_up(episodes: int, seed: int = 7) -> Iterator[tuple[str, Lines, int]]:
    """Episodes at random, from roomy to crowded, and one of twenty minutes."""
    rng = random.Random(seed)
    for number in range(episodes):
        yield (
            f"made up, {'roomy' if number < episodes // 2 else 'crowded'}",
            *_episode(rng, 40, 0.9 + number / episodes),
        )
    yield "twenty minutes", *_episode(rng, 440, 1.3)


def _episode(rng: random.Random, lines: int, load: float) -> tuple[Lines, int]:
    found, at = [], 500
    for number in range(1, lines + 1):
        length = rng.randint(800, 3500)
        found.append(Line(number, at, at + length, int(length * rng.uniform(0.6, load))))
        at += length + rng.choice((60, 120, 250, 500, 1000, 1600))
    return found, at + 500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lakes", nargs="*", metavar="LAKE")
    parser.add_argument("--made-up", type=int, default=20)
    arguments = parser.parse_args()
    sets: dict[str, list[tuple[Lines, int]]] = {}
    for name, lines, episode_ms in [
        *(each for uri in arguments.lakes for each in of_lake(uri)),
        *made_up(arguments.made_up),
    ]:
        sets.setdefault(name, []).append((lines, episode_ms))
    print(describe("numpy"))
    counts = ["lines", "late", "above 1.2", "above 1.35", "below 0.85", "overlap", "trimmed"]
    header = ["set", "strategy", "cost", *counts, "plan ms"]
    print("\n| " + " | ".join(header) + " |\n|" + "---|" * len(header))
    for name, episodes in sets.items():
        for strategy, place in STRATEGIES.items():
            begun = time.perf_counter()
            placed = [place(lines, episode_ms) for lines, episode_ms in episodes]
            plan_ms = 1000 * (time.perf_counter() - begun)
            scores = [score(*episode, each) for episode, each in zip(episodes, placed, strict=True)]
            total = {what: sum(each[what] for each in scores) for what in scores[0]}
            cells = [f"{total['cost']:.1f}", *(f"{total[what]:g}" for what in counts), f"{plan_ms:.0f}"]
            print(f"| {name} | {strategy} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
