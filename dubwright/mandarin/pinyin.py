"""How alike Mandarin syllables sound: what recognizers and speakers mix up is near, the rest is far."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from typing import NamedTuple

from dubwright.errors import EngineMissingError

# What one difference costs; 1 and more is another syllable altogether.
TONE, NEUTRAL_TONE = 0.15, 0.05
NASAL, NEAR_FINAL, OTHER_FINAL = 0.2, 0.4, 0.9
NEAR_INITIAL, HALF_INITIAL, OTHER_INITIAL = 0.2, 0.5, 1.0
FAR = 2.0

# Readings that characters have as surnames, where they are not those that they have elsewhere.
SURNAMES = {
    "单": "shan4", "曾": "zeng1", "解": "xie4", "仇": "qiu2", "查": "zha1", "任": "ren2", "区": "ou1", "朴": "piao2",
    "翟": "zhai2", "乐": "yue4", "缪": "miao4", "华": "hua4", "盖": "ge3", "尉": "yu4", "宁": "ning4", "繁": "po2",
    "單": "shan4", "樂": "yue4", "繆": "miao4", "華": "hua4", "蓋": "ge3", "寧": "ning4", "區": "ou1",
}  # fmt: skip
_INITIALS = ("zh", "ch", "sh", *"bpmfdtnlgkhjqxrzcsyw")
_NEAR = frozenset(map(frozenset, (("z", "zh"), ("c", "ch"), ("s", "sh"), ("n", "l"), ("f", "h"), ("r", "l"))))
_HALF = frozenset(
    map(frozenset, (("b", "p"), ("d", "t"), ("g", "k"), ("j", "q"), ("zh", "ch"), ("z", "c"), ("x", "sh"), ("x", "s")))
)
_NEAR_FINALS = frozenset(
    map(
        frozenset,
        (
            ("e", "o"),
            ("uo", "ou"),
            ("uo", "o"),
            ("ei", "uei"),
            ("en", "uen"),
            ("ong", "eng"),
            ("an", "uan"),
            ("ie", "ve"),
        ),
    )
)
# How finals sound that are written short.
_FULL = {"iu": "iou", "ui": "uei", "un": "uen"}


class Syllable(NamedTuple):
    """One character's sound: `zh`, `ou`, 1. What is no Chinese character has an empty final."""

    initial: str
    final: str
    tone: int


def syllables(line: str) -> list[Syllable]:
    """A syllable per character. Raises `EngineMissingError` where the package that knows the readings is not there."""
    if find_spec("pypinyin") is None:
        raise EngineMissingError(
            "names are told by their sound, which needs the package pypinyin",
            field="pypinyin",
            remedy="pip install 'dubwright[embedded]'",
        )
    from pypinyin import Style, lazy_pinyin

    # What is no Chinese character comes back as itself, one by one, so that places stay places.
    read = lazy_pinyin(line, style=Style.TONE3, neutral_tone_with_five=True, v_to_u=False, errors=list)  # type: ignore[arg-type]
    return [parse(each) for each in read] if len(read) == len(line) else [parse(each) for each in _singly(line)]


def _singly(line: str) -> list[str]:
    from pypinyin import Style, lazy_pinyin

    return [
        lazy_pinyin(char, style=Style.TONE3, neutral_tone_with_five=True, v_to_u=False, errors="default")[0] or char
        for char in line
    ]


@lru_cache(maxsize=4096)
def parse(written: str) -> Syllable:
    """`zhou1` in its parts; `yan4` as `ian`, `wan3` as `uan`, so that finals compare as they sound."""
    if len(written) < 2 or not written[-1].isdigit() or not written[:-1].isascii() or not written[:-1].isalpha():
        return Syllable("", "", 0)
    sound, tone = written[:-1].lower(), int(written[-1])
    initial = next((each for each in _INITIALS if sound.startswith(each)), "")
    final = sound[len(initial) :]
    if initial == "w":
        return Syllable("", final if final.startswith("u") else "u" + final, tone)
    if initial == "y":
        rounded = final.startswith("u")
        return Syllable("", "v" + final[1:] if rounded else final if final.startswith("i") else "i" + final, tone)
    if initial in ("j", "q", "x") and final.startswith("u"):
        final = "v" + final[1:]
    return Syllable(initial, _FULL.get(final, final), tone)


@lru_cache(maxsize=1 << 16)
def distance(one: Syllable, other: Syllable) -> float:
    """0 for the same sound, tone and all; at most `FAR`."""
    if one == other and one.final:
        return 0.0
    if not one.final or not other.final:
        return FAR
    cost = _initials(one.initial, other.initial) + _finals(one.final, other.final)
    if one.tone != other.tone:
        cost += NEUTRAL_TONE if 5 in (one.tone, other.tone) else TONE
    return min(cost, FAR)


def _initials(one: str, other: str) -> float:
    pair = frozenset((one, other))
    if one == other:
        return 0.0
    if pair in _NEAR:
        return NEAR_INITIAL
    return HALF_INITIAL if pair in _HALF else OTHER_INITIAL


def _finals(one: str, other: str) -> float:
    if one == other:
        return 0.0
    if one.removesuffix("g") == other.removesuffix("g") and one[-1] in "ng" and other[-1] in "ng":
        return NASAL
    return NEAR_FINAL if frozenset((one, other)) in _NEAR_FINALS else OTHER_FINAL
