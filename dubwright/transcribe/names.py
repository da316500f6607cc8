"""A series' names, put right where a recognizer wrote other characters of the same or nearly the same sound.

A recognizer has never heard of 晚晴 and writes 弯琴. Names are told by their sound; ordinary words that sound alike are
left alone, and in doubt nothing is changed: a wrong name that a reader can hear is better than an ordinary word made a
name. What decides is said with each correction.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from dubwright import languages
from dubwright.mandarin import pinyin, vocabulary
from dubwright.mandarin.pinyin import Syllable
from dubwright.mandarin.vocabulary import FREQUENT, ORDINARY
from dubwright.series.facts import SeriesFacts
from dubwright.transcribe import text
from dubwright.transcribe.engine import Word

KINDS = frozenset(("name", "address", "place", "organisation"))
LONGEST = 12
# A name's share of all words of its series: one in 400.
_PRIOR = math.log(1 / 400)
# What a unit of distance is worth, as a logarithm, and each ordinary word that a name's borders would cut through.
_PER_DISTANCE, _PER_CUT = 14.0, 4.0
_LEAST_GAIN = 3.0
# The same sound, but for a tone that is not spoken.
_SAME = 0.06
# How far a name may be from what was heard (pinyin.distance, summed), by its length (4: or more) and by what speaks
# for it: nothing around it, its place in the sentence, or a title, a call, a character in common.
_FARTHEST = {2: (_SAME, 0.16, 0.45), 3: (0.2, 0.45, 0.8), 4: (0.4, 0.7, 1.1)}
# The farthest that one character may be: 是 is no 溪, whatever stands around it.
_FARTHEST_ONE = 0.56
_HAN = re.compile(r"[\u3400-\u9fff]+")
_BORDER = "，。！？、：；…—“”‘’「」《》（）,.!?:;()\"' \n"
_TITLES = (
    "师父|师傅|师兄|师姐|师弟|师妹|姐姐|妹妹|哥哥|弟弟|姐|哥|妹|叔|婶|姨|爷|总|董|小姐|先生|姑娘|公子|少爷|夫人|太太|"
    "殿下|娘娘|大人|将军|阿姨|叔叔|大夫|医生|老师|律师|警官|队长|经理|主任|院长|校长|同学"
)
_TITLED = re.compile(_TITLES)
_FAMILIAR = "小老阿"
_CALLED = re.compile("(名叫|叫做|叫|喊|姓|我是|小|阿)$")
_BEFORE = re.compile("[和跟与同对给叫让把被找替为向等救爱恨问帮陪像喊嫁娶见是比害骗信了你我他她]$")
# What people do, more than things.
_AFTER = re.compile("[你我他她您咱说去来想怎别知死走哭笑呢吗啊吧呀]")
_SPOKEN_TO = re.compile("[你您别快]")
_SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩冯邓曹彭曾萧肖田董潘袁于蔡蒋余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆"
    "汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛阎闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢安齐易乔伍庞"
    "颜倪庄聂章鲁岳翟申欧关焦柳祝纪尚毕耿芦左季管苗俞凌霍傅裴宁楚容殷慕君宫洛云墨司"
)
_LONG_SURNAMES = (
    "欧阳",
    "司马",
    "上官",
    "诸葛",
    "慕容",
    "南宫",
    "皇甫",
    "司徒",
    "东方",
    "独孤",
    "夏侯",
    "令狐",
    "公孙",
)

_SURNAME, _TITLE, _CALL = "a surname before it", "a title or a naming beside it", "a call"
_SAID = "the facts give it as another spelling"


@dataclass(frozen=True, slots=True)
class Correction:
    """`heard` at a place of the text (index of its first character) became `name`, and why, in words."""

    place: int
    heard: str
    name: str
    why: str


@dataclass(frozen=True, slots=True)
class _Name:
    """A name to look for, with each character's possible sounds; `said` where the facts themselves say that it is
    heard as another word."""

    written: str
    sounds: tuple[frozenset[Syllable], ...]
    said: bool = False


@dataclass(frozen=True, slots=True)
class _Candidate:
    begin: int
    end: int
    name: str
    why: str
    score: float


class Names:
    """The names of a series in its language. Made once per episode; other languages than Mandarin are left alone."""

    def __init__(self, facts: SeriesFacts, language: str) -> None:
        self._language = language
        given, self._said = _collect(facts) if languages.base(language) == "zh" else ({}, {})
        # A word that everybody knows is heard right; where it is not, only the facts or a name before it can tell.
        self._known = frozenset(given)
        self._names = [_Name(name, _sounds(name)) for name in given]
        self._names += [_Name(heard, _sounds(heard), said=True) for heard in self._said]
        self._lengths = sorted({len(each.written) for each in self._names})

    def correct(self, written: str) -> tuple[str, tuple[Correction, ...]]:
        """The text with its names put right, as long as before, and what was changed, in order.

        Raises `EngineMissingError` where Mandarin's sounds or words are not installed.
        """
        if not self._names or not _HAN.search(written):
            return written, ()
        found = self._candidates(_plain(written, self._language), written)
        chosen: list[_Candidate] = []
        # Names that stand there already go first, and longer ones; another may go on where it changes nothing of them.
        for each in sorted(found, key=lambda one: (-one.score, one.begin)):
            inside = any(other.begin <= each.begin and each.end <= other.end for other in chosen)
            if not inside and all(_agree(each, other) for other in chosen):
                chosen.append(each)
        chosen.sort(key=lambda one: one.begin)
        line = written
        for each in chosen:
            line = line[: each.begin] + each.name + line[each.end :]
        return line, tuple(
            Correction(each.begin, written[each.begin : each.end], each.name, each.why)
            for each in chosen
            if written[each.begin : each.end] != each.name
        )

    def correct_words(self, words: Sequence[Word]) -> tuple[list[Word], tuple[Correction, ...]]:
        """The same of words, which keep their times; a correction's place counts in their texts without spaces between."""
        line, corrections = self.correct("".join(word.text for word in words))
        rest = iter(line)
        return [replace(word, text="".join(next(rest) for _ in word.text)) for word in words], corrections

    def _candidates(self, plain: str, written: str) -> list[_Candidate]:
        """What may become a name, and names that stand there already: those win over what overlaps with them."""
        heard = pinyin.syllables(plain)
        reading: vocabulary.Reading | None = None
        found: list[_Candidate] = []
        for name in self._names:
            size = len(name.written)
            for begin in range(len(plain) - size + 1):
                end = begin + size
                span = written[begin:end]
                if name.said:
                    if span == name.written:
                        right = self._said[name.written]
                        found.append(_Candidate(begin, end, right, _SAID, 90.0 + size))
                    continue
                if span == name.written:
                    found.append(_Candidate(begin, end, span, "", 90.0 + size))
                    continue
                distance = _distance(span, heard[begin:end], name)
                if distance is None or span in self._known:
                    continue
                reading = reading or vocabulary.Reading(plain)
                if candidate := _judge(plain, begin, name.written, distance, reading, self._known):
                    found.append(candidate)
        return found


def _collect(facts: SeriesFacts) -> tuple[dict[str, None], dict[str, str]]:
    """The names, in order and each once; and what the facts themselves give as another spelling of the same sound."""
    groups = [(one.name, *one.aliases) for one in facts.cast]
    groups += [(term.source, *term.aliases) for term in facts.glossary if term.kind in KINDS]
    names: dict[str, None] = {}
    said: dict[str, str] = {}
    for first, *others in groups:
        for name in filter(_usable, (first, *others)):
            if name != first and _usable(first) and _same_sound(name, first):
                said[name] = first
            else:
                names[name] = None
    for name in list(names):
        if (given := _given(name)) and vocabulary.frequency(given) < ORDINARY:
            names[given] = None
    # Who is called both ways is called so.
    return names, {heard: name for heard, name in said.items() if heard not in names}


def _agree(one: _Candidate, other: _Candidate) -> bool:
    """Whether two have no character in common, or would write the same there."""
    begin, end = max(one.begin, other.begin), min(one.end, other.end)
    if begin >= end:
        return True
    return one.name[begin - one.begin : end - one.begin] == other.name[begin - other.begin : end - other.begin]


def _usable(name: str) -> bool:
    return 2 <= len(name) <= LONGEST and _HAN.fullmatch(name) is not None


def _given(name: str) -> str:
    """What friends call somebody of this full name: 砚舟 of 沈砚舟; nothing where it is not clear."""
    if len(name) == 3 and name[0] in _SURNAMES and not _TITLED.search(name[1:]):
        return name[1:]
    return name[2:] if len(name) == 4 and name.startswith(_LONG_SURNAMES) else ""


def _sounds(name: str) -> tuple[frozenset[Syllable], ...]:
    read = [frozenset((each,)) for each in pinyin.syllables(name)]
    if surname := pinyin.SURNAMES.get(name[0]):
        read[0] |= {pinyin.parse(surname)}
    return tuple(read)


def _same_sound(one: str, other: str) -> bool:
    if len(one) != len(other):
        return False
    pairs = zip(pinyin.syllables(one), pinyin.syllables(other), strict=True)
    return sum(pinyin.distance(*pair) for pair in pairs) <= _SAME


def _distance(span: str, heard: Sequence[Syllable], name: _Name) -> float | None:
    """How far what was heard is from a name; None where it is farther than any support would allow."""
    total, farthest = 0.0, _FARTHEST[min(len(span), 4)][2]
    for char, right, syllable, sounds in zip(span, name.written, heard, name.sounds, strict=True):
        # One character may be read in several ways; the same one is the same.
        one = 0.0 if char == right else min(pinyin.distance(syllable, each) for each in sounds)
        total += one
        if one > _FARTHEST_ONE or total > farthest:
            return None
    return total


def _judge(
    line: str, begin: int, name: str, distance: float, reading: vocabulary.Reading, known: frozenset[str]
) -> _Candidate | None:
    """Whether what stands in a line is a name heard wrong, by its sound, its place and the ordinary words it may be."""
    end = begin + len(name)
    span = line[begin:end]
    support, because = _support(line, begin, end, name, known)
    if distance > _FARTHEST[min(len(name), 4)][support]:
        return None
    # What people call a 唐 is 小唐: as good a word as any.
    ordinary = ORDINARY if len(span) == 2 and span[0] in _FAMILIAR else vocabulary.frequency(span)
    if ordinary >= ORDINARY or vocabulary.frequency(name) >= FREQUENT:
        # Where no name can be told from a word by its sound, only somebody's being named or spoken to tells.
        beside = because in (_SURNAME, _TITLE)
        spoken_to = because == _CALL and distance <= 0.2
        if max(ordinary, vocabulary.frequency(name)) >= FREQUENT:
            beside, spoken_to = beside and distance <= _SAME, False
        if not (beside or spoken_to):
            return None
    cuts = reading.cuts(begin, end)
    if cuts and len(name) < 4 and support < 2:
        return None
    gain = reading.gain(begin, end, _PRIOR) - _PER_DISTANCE * distance - _PER_CUT * cuts + support
    if gain < _LEAST_GAIN:
        return None
    why = "sounds the same" if distance <= _SAME else f"sounds alike ({distance:.2f})"
    return _Candidate(begin, end, name, f"{why}, {because}" if because else why, gain + 2 * len(name))


def _support(line: str, begin: int, end: int, name: str, known: frozenset[str]) -> tuple[int, str]:
    """What around it speaks for a name, from 0 to 2, and in words."""
    before, after = line[:begin], line[end:]
    common = sum(one == other for one, other in zip(line[begin:end], name, strict=True))
    if _TITLED.fullmatch(name) and before[-1:] in {each[0] for each in known if each[0] in _SURNAMES}:
        return 2, _SURNAME
    if _TITLED.match(after) or (_CALLED.search(before) and not _TITLED.match(name)):
        return 2, _TITLE
    if 2 * common >= len(name) and (len(name) > 2 or _TITLED.fullmatch(name[1:])):
        return 2, "characters in common"
    starts, ends = before[-1:] in _BORDER, after[:1] in _BORDER
    spoken_to = _SPOKEN_TO.match(after.lstrip(_BORDER)) is not None
    if starts and (spoken_to or (ends and not after.strip(_BORDER))):
        return 2, _CALL
    if starts and ends:
        return 2, "between pauses"
    if starts and line.count(line[begin:end]) > 1 and not vocabulary.frequency(line[begin:end]):
        return 2, "no word, and said more than once"
    if (starts or _BEFORE.search(before)) and (ends or _AFTER.match(after)):
        return 1, "where a name may stand"
    return (1, "characters in common") if common and len(name) > 2 else (0, "")


def _plain(written: str, language: str) -> str:
    """The text in Simplified characters, which ordinary words are known in, if it is as long in them."""
    plain = "".join(word.text for word in text.in_script([Word(written, 0, 1, 1.0)], "zh"))
    return plain if len(plain) == len(written) else written
