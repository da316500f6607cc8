"""What a Chinese name or form of address is, by how it is made, and its rendering in other languages where that follows
from rules: Pinyin for names, tables for titles and places. What would need somebody's choice has none.

Arabic, Hindi, Korean and Thai write names by their sound in their own letters, which differs from hand to hand, and
Vietnamese reads their characters in its own way: there only surnames and titles are rendered, where a table has them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec

from dubwright.errors import EngineMissingError
from dubwright.mandarin import pinyin
from dubwright.series.facts import Sex
from dubwright.terms.chinese import HAN, Knowledge, Title, knowledge

# Languages whose readers expect Pinyin.
PINYIN = ("en", "es", "fr", "pt", "de", "id", "it", "tr")
_FAMILIAR = "小老阿"
# Characters as Japan writes them, where that is not as in traditional Chinese.
_JAPANESE = dict(
    zip(
        "晚國學澤德廣惠榮櫻淺靜黃鄉雙寶曉齊邊嶽濱圓亞溫莊賴螢禮豐鐵關瑤顏繪黑戀樂藥將歲團號嬸巖傳",
        "晩国学沢徳広恵栄桜浅静黄郷双宝暁斉辺岳浜円亜温荘頼蛍礼豊鉄関瑶顔絵黒恋楽薬将歳団号嬸巌伝",
        strict=True,
    )
)


@dataclass(frozen=True, slots=True)
class Form:
    """What a term is by its form: kind, sex, renderings by language, and in words what it was taken for."""

    kind: str
    sex: Sex = "unknown"
    renderings: Mapping[str, str] = field(default_factory=dict)
    why: str = ""


def formed(source: str, sex: Sex = "unknown", kind: str | None = None) -> Form | None:
    """What a term is by its form; None where that does not tell. `sex` is what is known of whom it names, if anybody.

    `kind` is what the lines say it is, where they do. Raises `EngineMissingError` where pypinyin is not installed.
    """
    if not HAN.fullmatch(source):
        return None
    known = knowledge()
    if word := known.words.get(source):
        return Form(
            word["kind"], "unknown", {tag: text for tag, text in word.items() if tag != "kind"}, "a word of the genre"
        )
    if title := known.titles.get(source):
        return None if title.bound else Form("address", _sex(title, sex), _alone(title, sex), "a form of address")
    if form := _titled(source, sex, known):
        return form
    for group, words in (("organisation", known.organisations), ("sect", known.sects), ("place", known.places)):
        if kind in (None, group) and (form := _suffixed(source, group, words, known)):
            return form
    if source in known.ranks:
        return Form("rank", renderings=known.ranks[source], why="a rank")
    return _person(source, sex, known) if kind in (None, "name") else None


def _sex(title: Title, sex: Sex) -> Sex:
    return sex if title.sex == "unknown" else title.sex


def _alone(title: Title, sex: Sex) -> dict[str, str]:
    """A title's renderings without a name, where it has one."""
    found = {tag: _of_sex(text.rpartition(";")[2], _sex(title, sex)) for tag, text in title.renderings.items()}
    return {tag: text for tag, text in found.items() if "{}" not in text}


def _of_sex(text: str, sex: Sex) -> str:
    """The rendering for a sex; the first, which is the male one, where nobody knows."""
    male, _, female = text.partition("|")
    return female if female and sex == "female" else male


def _titled(source: str, sex: Sex, known: Knowledge) -> Form | None:
    """Somebody's name with a title behind it: 秦师父, 沈总, 知夏姐."""
    for size in range(min(len(source) - 1, 4), 0, -1):
        title, name = known.titles.get(source[-size:]), source[:-size]
        if title is None:
            continue
        surname = known.surname(name)
        if name != surname and not _is_name(name, known):
            continue
        sex = _sex(title, sex)
        found = {}
        for tag, text in title.renderings.items():
            written = _written(name, tag, known)
            if written:
                found[tag] = _joined(_of_sex(text.partition(";")[0], sex), written, tag)
        return Form("address", sex, found, "a name and a title")
    return None


def _is_name(name: str, known: Knowledge) -> bool:
    """Whether it may be a given name or a full one, all of it."""
    if len(name) > 4 or name[0] in _FAMILIAR:
        return False
    given = name[len(known.surname(name)) :] if len(name) > 2 else name
    return 1 <= len(given) <= 2 and all(char in known.given for char in given)


def _joined(title: str, name: str, tag: str) -> str:
    if "{}" in title:
        return title.format(name)
    # Before a name an article is too much: the Empress Su is Empress Su.
    title = re.sub(r"^(?:the|el|la|le|der|die|o|a) |^l'", "", title)
    return f"{name}{title}" if tag == "ja" else f"{title} {name}"


def _suffixed(source: str, kind: str, words: Mapping[str, Mapping[str, str]], known: Knowledge) -> Form | None:
    suffix = next((each for each in sorted(words, key=len, reverse=True) if source.endswith(each)), "")
    name = source[: -len(suffix)] if suffix else ""
    if not name or (suffix == "家" and name != known.surname(name)):
        return None
    # 沈氏集团 is the Shen Group.
    name = name[:-1] if len(name) > 1 and name.endswith("氏") and name[:-1] in known.surnames else name
    found = {}
    for tag, text in words[suffix].items():
        written = _written(name, tag, known, surname_alone=True)
        if written:
            found[tag] = text.format(written)
    return Form(kind, renderings=found, why=f"a name before {suffix}")


def _person(source: str, sex: Sex, known: Knowledge) -> Form:
    if sex == "unknown":
        sex = guessed_sex(source, known)
    found = {}
    for tag in (*PINYIN, "ja"):
        written = _written(source, tag, known)
        if written:
            found[tag] = written
    return Form("name", sex, found, "a name")


def guessed_sex(name: str, known: Knowledge) -> Sex:
    """The sex that the characters of a given name are typical of; unknown where they are of none or of both."""
    given = name[len(known.surname(name)) :] if len(name) > 2 else name
    female, male = (sum(char in typical for char in given) for typical in (known.female, known.male))
    return "unknown" if bool(female) == bool(male) else "female" if female else "male"


def _written(name: str, tag: str, known: Knowledge, *, surname_alone: bool = False) -> str:
    """A name as a language writes it; empty where no rule says how."""
    if tag == "vi":
        return known.surnames.get(name, "")
    if tag == "ja":
        return japanese(name)
    return romanized(name, whole=surname_alone) if tag in PINYIN else ""


def romanized(name: str, *, whole: bool = False) -> str:
    """A name in Pinyin: surname and given name apart, each in one piece, with a capital: Lu Wanqing, Xiao Li, Ouyang Na.

    `whole` takes it for one word, as of a place. Raises `EngineMissingError`.
    """
    known = knowledge()
    if whole:
        return _piece(name, name in known.surnames)
    if len(name) == 2 and (name[0] == "阿" or (name[0] in _FAMILIAR and name[1] in known.surnames)):
        # Xiao Li, but Xiaoman.
        return f"{_piece(name[0], False)} {_piece(name[1:], name[1:] in known.surnames)}"
    surname = known.surname(name)
    if not surname or name.endswith("儿"):
        return _piece(name, False)
    given = name[len(surname) :]
    return f"{_piece(surname, True)} {_piece(given, False)}" if given else _piece(surname, True)


def _piece(part: str, surname: bool) -> str:
    syllables = [pinyin.SURNAMES[part][:-1]] if surname and part in pinyin.SURNAMES else _read(part)
    joined = syllables[0]
    for syllable in syllables[1:]:
        # Xi'an is two syllables, xian one.
        joined += f"'{syllable}" if syllable[0] in "aeo" else syllable
    return joined[:1].upper() + joined[1:]


def _read(part: str) -> list[str]:
    if find_spec("pypinyin") is None:
        raise EngineMissingError(
            "names are rendered by their sound, which needs the package pypinyin",
            field="pypinyin",
            remedy="pip install 'dubwright[embedded]'",
        )
    read: list[str] = import_module("pypinyin").lazy_pinyin(part)
    return [syllable.replace("ü", "u").replace("v", "u") for syllable in read]


def japanese(name: str) -> str:
    """A name in the characters of Japan; empty where it has one that is not among them, or OpenCC is not installed."""
    if find_spec("opencc") is None:
        return ""
    traditional = import_module("opencc").OpenCC("s2t").convert(name)
    written = "".join(_JAPANESE.get(char, char) for char in traditional)
    try:
        written.encode("euc_jis_2004")
    except UnicodeEncodeError:
        return ""
    return written
