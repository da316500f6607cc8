"""The cast of a series from its transcripts in the lake: who was heard before and who is new, once for each transcript."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from dubwright.errors import KeyMissingError, StoreError
from dubwright.lake import Lake
from dubwright.lake.layout import UnitKey
from dubwright.lake.reading import columns
from dubwright.lake.spreading import spread
from dubwright.series import cast as casts
from dubwright.series.cast import Cast, Decision, resolve
from dubwright.series.facts import Character, said
from dubwright.transcribe.speakers.features import Span
from dubwright.transcribe.speakers.linking import EpisodePrint, decisions
from dubwright.transcribe.speakers.prints import COLUMNS, VoicePrint, lines_of, prints_of

EDITOR = "dubwright"
# A voice of a redone transcript is who spoke at these times before, if this much of it is that one's lines.
SAME_VOICE = 0.5
# How often somebody else may decide something while this listens.
ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class _Heard:
    """The voices of a transcript, when each speaks (ms), and what is said."""

    prints: tuple[VoicePrint, ...]
    spans: Mapping[str, Sequence[Span]]
    said: str = ""


def link_series(lake: Lake, series: str, transcripts: Sequence[UnitKey], listed: Sequence[Character] = ()) -> bool:
    """Link the voices of these transcripts, one of each episode in the series' order; False if all of them were before.

    Then no transcript is read. `listed` is the series' own cast list. Of several that link one series at once each
    builds upon what the others have decided. Raises `StoreError`.
    """

    @cache
    def listen(key: UnitKey) -> _Heard:
        try:
            return _listen(lake, key)
        except KeyMissingError:
            if key in transcripts:
                raise
            # Redone long ago, and collected since: its voices are known from other episodes, if at all.
            return _Heard((), {})

    for _ in range(ATTEMPTS):
        log = casts.log(lake, series)
        cast = resolve(log.decisions)
        new = [key for key in transcripts if cast.newest.get(key.episode) != key.fingerprint]
        if not new:
            return False
        # Also what this run does not want, or another one has linked: by their voices there the known are known.
        known = [UnitKey("transcript", series, episode, None, mark) for episode, mark in cast.newest.items() if mark]
        heard = dict(zip([*transcripts, *known], spread(listen, [*transcripts, *known]), strict=True))
        found = [decision for key in new for decision in _carried(key, cast, heard)]
        there = resolve([*log.decisions, *found])
        episodes = {key.episode for key in transcripts}
        every = [*transcripts, *(key for key in known if key.episode not in episodes)]
        found += _linked(every, heard, there, listed)
        if casts.append(lake, series, found, EDITOR, after=log.version):
            return True
    raise StoreError(
        f"{ATTEMPTS} times somebody else decided on the cast meanwhile",
        where=lake.uri,
        field=series,
        remedy="run again",
    )


def _listen(lake: Lake, key: UnitKey) -> _Heard:
    """Read of a transcript what tells of its voices, and its text."""
    rows = columns(lake, str(key), [*COLUMNS, "character", "text"]).to_pylist()
    spans = {label: [(line["start_ms"], line["end_ms"]) for line in lines] for label, lines in lines_of(rows).items()}
    return _Heard(tuple(prints_of(rows)), spans, said(rows))


def _former(key: UnitKey, cast: Cast) -> UnitKey | None:
    """The transcript of the same episode that was linked last."""
    mark = cast.newest.get(key.episode)
    return UnitKey(key.table, key.series, key.episode, key.language, mark) if mark else None


def _carried(key: UnitKey, cast: Cast, heard: Mapping[UnitKey, _Heard]) -> Iterator[Decision]:
    """That a transcript was listened to, and which of its voices are those of the transcript that it replaces."""
    yield Decision("heard", "", episode=key.episode, transcript=key.fingerprint, said=heard[key].said)
    former = _former(key, cast)
    if former is None:
        return
    before = cast.heard.get((key.episode, former.fingerprint), {})
    already = cast.heard.get((key.episode, key.fingerprint), {})
    for label, old in same_voices(heard[key].spans, heard[former].spans).items():
        if old in before and label not in already:
            character = cast.people[before[old]]
            yield Decision(
                "link",
                character.id,
                sex=character.sex,
                episode=key.episode,
                transcript=key.fingerprint,
                speaker=label,
            )


def same_voices(new: Mapping[str, Sequence[Span]], old: Mapping[str, Sequence[Span]]) -> dict[str, str]:
    """Which voice of a new transcript is which of an old one, by when they speak (ms): each the other's most.

    Where the new one tells two apart that were one, only the one that spoke more stays who it was.
    """
    shared = {
        (label, other): sum(_overlap(span, before) for span in spans for before in old[other])
        for label, spans in new.items()
        for other in old
    }
    found: dict[str, str] = {}
    for (label, other), common in sorted(shared.items(), key=lambda pair: (-pair[1], pair[0])):
        length = sum(end - start for start, end in new[label])
        if common > SAME_VOICE * length and label not in found and other not in found.values():
            found[label] = other
    return found


def _overlap(one: Span, other: Span) -> int:
    return max(0, min(one[1], other[1]) - max(one[0], other[0]))


def _linked(
    transcripts: Sequence[UnitKey], heard: Mapping[UnitKey, _Heard], cast: Cast, listed: Sequence[Character]
) -> Iterator[Decision]:
    """The links of voices that nobody has linked yet, by what they sound like."""
    prints = [
        EpisodePrint(position, key.episode, each)
        for position, key in enumerate(transcripts)
        for each in heard[key].prints
    ]
    marks = {key.episode: key.fingerprint for key in transcripts}
    return (replace(link, transcript=marks[link.episode or ""]) for link in decisions(prints, cast, listed))
