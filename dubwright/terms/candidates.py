"""What in a series' lines may be a name, a title or a place, found by how such words are made and by where they stand.

A word that everybody knows is no name, so the list of ordinary words decides first; what is left must be seen doing what
names do: called out, introduced, standing between pauses, or coming back in other company.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from dubwright.mandarin import vocabulary
from dubwright.mandarin.vocabulary import FREQUENT, ORDINARY, Reading
from dubwright.terms.chinese import HAN, Knowledge, knowledge

_PAUSES = "，。！？、：；…—“”‘’「」《》（）,.!?:;()\"' \n"
_CALLING = "，,！!？?…—"
_SPLIT = re.compile("[。！？!?；;\n]+")
_INTRODUCED = re.compile("(?:我是|叫|名叫|叫做|姓|名字是|民女|臣女|在下|属下|草民|微臣|末将|小女|犬子|小儿)$")
_TO_A_PLACE = re.compile(
    "(?:在|去|到|回|入|进|往|离开|住|上|下|从|来|守|攻打|押入|逃出|前往|逃到|送到)(?:我们?|你们?|这|那)?$"
)
# Who is called is spoken to.
_SPOKEN_TO = re.compile("^[，,！!？?…—]+.*[你您别快请]")
# What a name of an organisation or a place may have that no person's has.
_ALSO = frozenset("和三九百千大中一")
_PREFIXED = re.compile("(?:好|我的|亲爱的|我的好)$")
# The first of what looks like a place, but is a measure or a description.
_NO_PLACE = frozenset(
    "大小老新旧条座整这那哪每各个一二三两几全本王皇城乡东南西北前后左右上下里外中高低出进山深满雪江河海湖"
)
_DISTINCT = 2


@dataclass(slots=True)
class Sightings:
    """Where a candidate stands: how often, in which episodes, in which company, and what speaks for it.

    `called`: somebody is called so, and `spoken_to`, is told something then. `alone`: it stands between pauses.
    `introduced`: it is said to be a name. `placed`: it follows what leads to places. `ends`: what stands around it.
    """

    source: str
    kind: str
    count: int = 0
    episodes: dict[str, None] = field(default_factory=dict)
    example: str = ""
    called: int = 0
    spoken_to: int = 0
    alone: int = 0
    introduced: int = 0
    placed: int = 0
    ends: set[tuple[str, str]] = field(default_factory=set)

    @property
    def witnesses(self) -> int:
        """How often something around it speaks for a name."""
        return self.called + self.alone + self.introduced


class Finder:
    """The lines of a series, gone through once. Raises `EngineMissingError` where the list of words is not installed."""

    def __init__(self, said: Mapping[str, Sequence[str]]) -> None:
        self.known = knowledge()
        self.lines = [
            (episode, line, clause) for episode, lines in said.items() for line in lines for clause in _clauses(line)
        ]
        self.found: dict[str, Sightings] = {}
        self._cuts = {clause: _inside(clause) for _, _, clause in self.lines}
        for episode, line, clause in self.lines:
            for begin, end, kind in self._spans(clause):
                self._see(episode, line, clause, begin, end, kind)

    def accepted(self) -> list[Sightings]:
        """The candidates that enough speaks for, those first that stand most often."""
        chosen = {each.source: each for each in self.found.values() if self._enough(each)}
        chosen = {source: each for source, each in chosen.items() if not self._part_of(each, chosen)}
        self._add_familiar(chosen)
        self._add_titled(chosen)
        return sorted(chosen.values(), key=lambda each: (-each.count, each.source))

    def sightings(self, source: str, kind: str) -> Sightings:
        """Where a word stands that is known to be a term, from outside."""
        seen = Sightings(source, kind)
        for episode, line, clause in self.lines:
            for place in re.finditer(re.escape(source), clause):
                _note(seen, episode, line, clause, place.start(), place.end())
        return seen

    def _see(self, episode: str, line: str, clause: str, begin: int, end: int, kind: str) -> None:
        source = clause[begin:end]
        seen = self.found.setdefault(source, Sightings(source, kind))
        _note(seen, episode, line, clause, begin, end)

    def _spans(self, clause: str) -> Iterator[tuple[int, int, str]]:
        """Everything in a clause that is made like a term, by place."""
        cuts = self._cuts[clause]
        for run in HAN.finditer(clause):
            taken, titled = 0, (0, 0)
            for begin in range(run.start(), run.end()):
                if begin in cuts:
                    continue
                ends = [end for end in range(begin + 1, min(run.end(), begin + 8) + 1) if end not in cuts]
                for end in reversed(ends):
                    kind = self._title_kind(clause, begin, end) if begin >= taken else ""
                    if kind:
                        # 皇后娘娘 is no 皇后, and 秦师父 no 师父.
                        taken, titled = end, (begin, end)
                        yield begin, end, kind
                        break
                for end in ends:
                    if (begin, end) != titled and (kind := self._made_like(clause[begin:end])):
                        yield begin, end, kind

    def _title_kind(self, clause: str, begin: int, end: int) -> str:
        """Whether it is a title, alone or with a surname."""
        text, known = clause[begin:end], self.known
        title = known.titles.get(text)
        if title:
            return "" if title.bound else "address"
        surname = known.surname(text)
        title = known.titles.get(text[len(surname) :]) if surname else None
        if title is None or vocabulary.frequency(text) >= FREQUENT:
            return ""
        if (surname in known.doubtful or title.bound) and not _stands_apart(clause, begin, end, known):
            return ""
        return "address"

    def _made_like(self, text: str) -> str:
        """What a word is made like; empty where it is an ordinary one or has a character that no name has."""
        known = self.known
        if text in known.ranks or text in known.words:
            return "known"
        if text in known.both:
            return "given"
        if len(text) < 2 or len(text) > 8 or vocabulary.frequency(text) >= ORDINARY:
            return ""
        for kind, words in (("organisation", known.organisations), ("sect", known.sects), ("place", known.places)):
            if suffix := next((each for each in words if text.endswith(each) and len(text) > len(each)), ""):
                return kind if self._before_suffix(text[: -len(suffix)], kind) else ""
        surname = known.surname(text)
        given = text[len(surname) :]
        if any(char in known.never for char in given if char != "一") or given in known.titles:
            return ""
        if len(set(text)) == 1:
            # 念念, but no noise: 彭彭.
            return "given" if len(text) == 2 and text[0] in known.given else ""
        if surname and len(given) == 1:
            return "name"
        if surname and len(given) == 2 and vocabulary.frequency(given) < FREQUENT:
            # 周一见 begins with a word.
            return "name" if vocabulary.frequency(text[:2]) < ORDINARY or len(surname) == 2 else ""
        if len(text) == 2 and (all(char in known.given for char in text) or self._familiar(text)):
            return "given"
        return ""

    def _familiar(self, text: str) -> bool:
        """Whether it is what friends say: 小李, 小满, 老周, 阿明, 婉儿."""
        first, second = text[0], text[1]
        if first == "阿" or second == "儿":
            return True
        return (first in "小老" and second in self.known.surnames) or (first == "小" and second in self.known.given)

    def _before_suffix(self, name: str, kind: str) -> bool:
        known = self.known
        if kind == "organisation" and name in known.surnames:
            return True
        if any(char in known.never and char not in _ALSO for char in name):
            return False
        if kind != "place" and len(name) < 2:
            return False
        if len(name) > (4 if kind == "organisation" else 3) or name[0] in _NO_PLACE:
            return False
        if "和" in name and not vocabulary.frequency(name):
            # 仁和 is a name, 爸和 is not.
            return False
        return len(name) == 1 or vocabulary.frequency(name) < FREQUENT

    def _enough(self, seen: Sightings) -> bool:
        known, source = self.known, seen.source
        if seen.kind == "address":
            title = known.titles.get(source)
            return title is None or title.group != "called" or seen.called > 0
        if seen.kind == "known":
            return True
        if seen.kind == "given":
            # Two typical characters, once called so; or a prefix of the familiar, called or coming back.
            ordinary = source in known.both
            typical = all(char in known.given for char in source) or self._familiar(source)
            return seen.called > 0 and (seen.called == seen.count if ordinary else seen.count > 1 or typical)
        if seen.kind == "name":
            return self._enough_for_a_name(seen)
        several = len(seen.ends) >= _DISTINCT
        if len(self._suffix(source)) > 1 and seen.kind != "organisation":
            return True
        if seen.kind == "organisation":
            return several or seen.alone > 0 or not source.endswith("家")
        return several or (seen.kind == "place" and seen.placed > 0 and len(source) > 1)

    def _suffix(self, source: str) -> str:
        known = self.known
        suffixes = sorted((*known.organisations, *known.sects, *known.places), key=len, reverse=True)
        return next((each for each in suffixes if source.endswith(each)), "")

    def _enough_for_a_name(self, seen: Sightings) -> bool:
        known = self.known
        surname = known.surname(seen.source)
        given = seen.source[len(surname) :]
        typical = all(char in known.given for char in given)
        ordinary = vocabulary.frequency(given) >= ORDINARY and len(given) > 1
        if ordinary and not typical and not seen.spoken_to:
            return False
        if surname in known.doubtful and not (typical and seen.witnesses and (seen.count > 1 or len(given) > 1)):
            return False
        if seen.introduced:
            return True
        if len(given) == 1:
            return typical and (seen.spoken_to > 0 or (seen.witnesses > 0 and len(seen.ends) >= _DISTINCT))
        return seen.witnesses > 0 or (typical and len(seen.ends) >= _DISTINCT)

    def _part_of(self, seen: Sightings, chosen: Mapping[str, Sightings]) -> bool:
        """Whether a name is only ever the beginning or end of a longer one: 林小 of 林小满, 氏集团 of 沈氏集团."""
        if seen.kind in ("address", "known"):
            return False
        longer = [each for source, each in chosen.items() if seen.source in source and source != seen.source]
        return any(
            each.count >= seen.count
            or (seen.kind == "name" and each.source.startswith(seen.source) and 2 * each.count > seen.count)
            for each in longer
        )

    def _add_familiar(self, chosen: dict[str, Sightings]) -> None:
        """The given names by which somebody is called whose full name is known."""
        for full in [each.source for each in chosen.values() if each.kind == "name" and len(each.source) > 2]:
            given = full[len(self.known.surname(full)) :]
            seen = self.found.get(given)
            if (
                given not in chosen
                and seen
                and seen.count > chosen[full].count
                and vocabulary.frequency(given) < ORDINARY
            ):
                chosen[given] = seen

    def _add_titled(self, chosen: dict[str, Sightings]) -> None:
        """A given name that was found, with a title behind it: 知夏姐."""
        people = [each.source for each in chosen.values() if each.kind in ("name", "given")]
        titled: dict[str, Sightings] = {}
        for name in people:
            for _, _, clause in self.lines:
                for place in re.finditer(re.escape(name), clause):
                    rest = clause[place.end() : place.end() + 3]
                    title = next((rest[:size] for size in (3, 2, 1) if rest[:size] in self.known.titles), "")
                    if title and name + title not in chosen:
                        titled[name + title] = self.sightings(name + title, "address")
        chosen.update(titled)


def _clauses(line: str) -> list[str]:
    """A line's sentences, each with what ends it: somebody called at a line's end is called by how it ends."""
    ends = [0, *(found.end() for found in _SPLIT.finditer(line))]
    ends += [len(line)] if ends[-1] < len(line) else []
    return [line[begin:end].strip() for begin, end in pairwise(ends) if line[begin:end].strip()]


def _inside(clause: str) -> frozenset[int]:
    """The places inside of ordinary words: no term begins or ends there."""
    return frozenset(at for begin, end in Reading(clause).parts for at in range(begin + 1, end))


def _note(seen: Sightings, episode: str, line: str, clause: str, begin: int, end: int) -> None:
    before, after = clause[:begin], clause[end:]
    free, closed = _free(before), not after or after[0] in _PAUSES
    seen.count += 1
    seen.episodes[episode] = None
    if not seen.example:
        seen.example = line
    seen.ends.add((before[-1:], after[:1]))
    first, last = not before.strip(_PAUSES), not after.strip(_PAUSES)
    calling = after[:1] in tuple(_CALLING)
    called = calling and (first or _PREFIXED.fullmatch(before) is not None) and not last
    if free and closed:
        seen.alone += 1
        # At a sentence's end, behind a comma; or nothing but the call.
        called = called or (last and (not first or after[:1] in tuple("！!？?")))
    seen.called += called
    seen.spoken_to += called and (last or _SPOKEN_TO.match(after) is not None)
    seen.introduced += _INTRODUCED.search(before) is not None
    seen.placed += _TO_A_PLACE.search(before) is not None


def _free(before: str) -> bool:
    return not before or before[-1] in _PAUSES


def _stands_apart(clause: str, begin: int, end: int, known: Knowledge) -> bool:
    """Whether nothing around it goes on with it: a pause, or a character that is in no name."""
    before, after = clause[begin - 1 : begin] if begin else "", clause[end : end + 1]
    return (not before or before in _PAUSES or before in known.never) and (
        not after or after in _PAUSES or after in known.never
    )
