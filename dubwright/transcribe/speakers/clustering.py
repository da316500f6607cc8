"""Lines put together into voices: Ward's clustering, and how many voices there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from dubwright.voiceprints.spectra import Array

Groups = list[list[int]]

MOST_VOICES = 16
# Two groups of lines are two voices where, across them, lines are less alike than this share of what they are within.
# A cast list moves the bar: up to its size one more voice is believed sooner, beyond it only on better evidence.
APART = 0.91
APART_WITHIN_CAST, APART_BEYOND_CAST = 0.92, 0.74
# How alike two lines of one voice are, as far as a small group cannot tell for itself: so many pairs of this cosine.
USUAL_LIKENESS, USUAL_PAIRS = 0.78, 3.0
# What a voice more or less than the cast list has costs in silhouette, where there is no encoder.
COST_BEYOND_CAST, COST_BELOW_CAST = 0.05, 0.02


def ward(points: Array, weights: Array) -> dict[int, Groups]:
    """Number of groups → the groups, as indices of points of shape [n, d]; from n groups down to one."""
    count = len(points)
    centres, mass = points.astype(np.float64), weights.astype(np.float64)
    groups: dict[int, list[int]] = {index: [index] for index in range(count)}
    found = {count: [list(group) for group in groups.values()]}
    cost = np.array([_cost(centres, mass, index) for index in range(count)]).reshape(count, count)
    np.fill_diagonal(cost, np.inf)
    while len(groups) > 1:
        kept, merged = divmod(int(cost.argmin()), count)
        total = mass[kept] + mass[merged]
        centres[kept] = (centres[kept] * mass[kept] + centres[merged] * mass[merged]) / total
        mass[kept] = total
        groups[kept] += groups.pop(merged)
        cost[merged], cost[:, merged] = np.inf, np.inf
        others = [index for index in groups if index != kept]
        cost[kept, others] = cost[others, kept] = _cost(centres, mass, kept)[others]
        found[len(groups)] = [list(group) for group in groups.values()]
    return found


def _cost(centres: NDArray[np.float64], mass: NDArray[np.float64], index: int) -> NDArray[np.float64]:
    """How much the spread within groups grows if one is merged with each of the others."""
    apart = ((centres - centres[index]) ** 2).sum(axis=1)
    grown: NDArray[np.float64] = apart * mass * mass[index] / (mass + mass[index])
    return grown


def voices_by_likeness(voices: Array, tree: Mapping[int, Groups], cast: int | None) -> int:
    """How many of the tree's groups are voices of their own, by unit vectors of shape [n, d]; `cast` people are listed."""
    alike = voices.astype(np.float64) @ voices.T
    chosen = 1
    for count in range(2, min(MOST_VOICES, len(voices)) + 1):
        bar = APART if not cast else APART_WITHIN_CAST if count <= cast else APART_BEYOND_CAST
        if _closest(alike, tree[count]) < bar:
            chosen = count
    return chosen


def _closest(alike: NDArray[np.float64], groups: Groups) -> float:
    """The two most similar groups: their lines' likeness across, as a share of their likeness within."""
    within = []
    for group in groups:
        pairs = len(group) * (len(group) - 1) / 2
        total = (alike[np.ix_(group, group)].sum() - alike[group, group].sum()) / 2
        within.append((total + USUAL_PAIRS * USUAL_LIKENESS) / (pairs + USUAL_PAIRS))
    return max(
        float(alike[np.ix_(one, other)].mean() / np.sqrt(max(within[at] * within[before], 1e-6)))
        for at, one in enumerate(groups)
        for before, other in enumerate(groups[:at])
    )


def voices_by_silhouette(points: Array, weights: Array, tree: Mapping[int, Groups], cast: int | None) -> int:
    """How many groups stand apart best, by features alone: two at least, since nothing tells one voice from two."""
    apart = np.sqrt(((points[:, None] - points[None]) ** 2).sum(axis=2))
    most = min(MOST_VOICES, len(points) - 1)
    if most < 2:
        return 1

    def worth(count: int) -> float:
        off = (count - cast) if cast else 0
        cost = COST_BEYOND_CAST * off if off > 0 else -COST_BELOW_CAST * off
        return float(np.average(_silhouette(apart, tree[count]), weights=weights)) - cost

    return max(range(2, most + 1), key=worth)


def _silhouette(apart: NDArray[np.floating], groups: Groups) -> NDArray[np.float64]:
    found = np.zeros(len(apart))
    sums = np.stack([apart[:, group].sum(axis=1) for group in groups], axis=1)
    sizes = np.array([len(group) for group in groups])
    for at, group in enumerate(groups):
        if len(group) == 1:
            continue
        own = sums[group, at] / (sizes[at] - 1)
        other = np.delete(sums[group] / sizes, at, axis=1).min(axis=1)
        found[group] = (other - own) / np.maximum(np.maximum(own, other), 1e-9)
    return found


def centres(points: Array, weights: Array, groups: Sequence[Sequence[int]]) -> Array:
    """The weighted mean of each group, shape [groups, d]."""
    found: Array = np.stack(
        [np.average(points[list(group)], axis=0, weights=weights[list(group)]) for group in groups]
    ).astype(np.float32)
    return found
