"""What a line of subtitles says of itself: that it is sung, that a crowd calls it, whose it is, or that nobody speaks it.

`♪ 月亮代表我的心 ♪`, `众人：恭喜恭喜！`, `沈砚舟（OS）：她变了。`, `【三年后】`, `（门铃响）`, `- 你来了 - 来了`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["dialogue", "caption", "song", "crowd", "offscreen", "overlap"]
# What one person says; of songs, crowds and people at once nobody can be told.
ONE_VOICE: frozenset[Kind] = frozenset(("dialogue", "offscreen"))

LONGEST_SPEAKER = 24
_NOTES = "♪♫♬♩🎵🎶🎼"
_OPENING, _CLOSING = "(（[【〔{｛", ")）]】〕}｝"
_BRACKETED = re.compile(f"[{re.escape(_OPENING)}]([^{re.escape(_OPENING + _CLOSING)}]{{0,80}})[{re.escape(_CLOSING)}]")
# Not that of 3：2 and 12:30.
_COLON = re.compile(r"[:：](?!\d)|(?<!\d)[:：]")
_DASH = "-–—－‐‑"
# A dash of a speaker's: not the double one of a broken sentence, nor a minus.
_TURN = re.compile(rf"(?:^|\n|(?<=\s))[{_DASH}](?![{_DASH}\d])\s*")
_FIRST_TURN = re.compile(rf"\s*[{_DASH}](?![{_DASH}\d])")
_UNREADABLE = re.compile(r"[\ufffd\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")

_SONG = re.compile(
    "(歌曲|歌词|歌声|唱|唱歌|哼唱|合唱|轻唱|片头曲|片尾曲|插曲|主题曲|主题歌|插入曲|singing|sings|song|lyrics)",
    re.IGNORECASE,
)
_CROWD = re.compile(
    "(众|众人|众.{1,3}|人群|群众|大家|所有人|全体|齐声|异口同声|围观.{0,3}|crowd|everyone|everybody|all|together|both)",
    re.IGNORECASE,
)
_OFFSCREEN = re.compile(
    r"(内心|心里|心中)?(o\.?s\.?|v\.?o\.?)|画外音?|旁白|解说|(内心)?独白|内心|内心戏|内心活动|心声|心想|心里话|回忆|"
    r"(电话|手机|广播|电视|录音|对讲机|门外|屋外|窗外|远处)(里|中|内|那头|声|音)?|off|off-?screen|voice-?\s?over|narrator|narration|"
    r"(on|over|through) (the )?(phone|radio|tv|speaker)|phone|radio|thinking",
    re.IGNORECASE,
)
_CAPTION = re.compile("(字幕|片名|标题|屏幕|短信|信件|牌匾|招牌|caption|title|sign|text|on ?-?screen)", re.IGNORECASE)
# What is heard and no word: door bells, sobs, music.
_SOUND = re.compile(
    "(声|响|铃|音乐|音效|鼓掌|掌声|敲门|咳|喘|叹|哭|笑|啜泣|抽泣|尖叫|呻吟|沉默|静音|无声|无对白|歌曲|bgm|music|applau|laugh|chuckl|"
    "giggl|sob|cry|cries|sigh|gasp|groan|scream|cough|bell|ring|knock|beep|door|footstep|thunder|noise|sound|silence|bang|inaudible)",
    re.IGNORECASE,
)
_MUSIC = re.compile(
    r"(轻|背景|片头|片尾|悬疑|欢快|悲伤)?(音乐|歌曲|配乐)声?|[\w ]{0,20}(music|song)( playing)?", re.IGNORECASE
)
# How it is said: an instruction to whoever speaks.
_MANNER = re.compile(
    "(地$|状$|着$|低声|小声|大声|高声|轻声|冷笑|苦笑|怒|惊|哽咽|激动|严肃|温柔|沉思|转身|起身|点头|摇头|对.{1,6}$|向.{1,6}$|"
    "whisper|shout|yell|angr|soft|quiet|nervous|sarcas|laughing|crying|in [A-Z]?[a-z]+$)",
    re.IGNORECASE,
)
# Before a colon, and nobody's name: 记住：, 他说：, 时间：, Note:.
_NO_NAME = re.compile(
    "(我|你|您|他|她|它|咱|这|那|谁|哪|什么|怎么|因为|所以|但|可是|如果|就|不|没|请|别|只|第|一|两|三|还|再|最|有|是)|"
    "(注意|记住|听着|听好|例如|比如|总之|其实|时间|地点|结果|问题|答案|原因|内容|备注|标准|方向|方法|于是|任何|全部|全文|常言|俗话|"
    "note|ps|warning|attention|remember|listen|look|re|http|https|time|place|date|answer|question|example|first|second|the|a|an|i|you|he|she|we|"
    "they|it|this|that|and|but|so|if|one thing)(?![a-z])",
    re.IGNORECASE,
)
_SAYING = re.compile("(说|道|问|答|喊|叫|写|着|是|有|到|住|了|过|的|地|得|吗|呢|吧|曰|云)$")
_HAN_NAME = re.compile("[\u3400-\u9fff]{2,4}(·[\u3400-\u9fff]{1,6})?[甲乙丙丁0-9]?")
_LATIN_NAME = re.compile(r"[A-Z][\w'’.-]*( [A-Z0-9][\w'’.-]*){0,2}")


@dataclass(frozen=True, slots=True)
class Marked:
    """A line without its marks, of what kind it is, and who is named as its speaker."""

    text: str
    kind: Kind = "dialogue"
    speaker: str | None = None


def read(written: str, cast: Collection[str] = ()) -> Marked | None:
    """A line that one person says, or None where there is nothing to say. `cast` are names that may stand before it.

    Rows of it become one, with spaces between.
    """
    line = Marked(" ".join(_UNREADABLE.sub("", written).split()))
    sung = any(char in _NOTES for char in line.text)
    if sung:
        line = Marked(line.text.translate(dict.fromkeys(map(ord, _NOTES), " ")).strip(), "song")
        if _MUSIC.fullmatch(line.text):
            return None
    line = _without_hash(line)
    if whole := _BRACKETED.fullmatch(line.text):
        return _aside(whole[1].strip(), line.kind)
    line = _prefix(_leading(line, cast), cast)
    line = _trailing(_leading(line, cast))
    return replace(line, text=line.text.strip()) if _says(line.text) else None


def turns(written: str, cast: Collection[str] = ()) -> tuple[Marked, ...]:
    """The lines of a subtitle, each as `read` has it: one, or one for each dash that begins somebody's words."""
    written = _UNREADABLE.sub("", written)
    if not _FIRST_TURN.match(written):
        return tuple(_read_each((written,), cast))
    return tuple(_read_each(_TURN.split(written), cast))


def _read_each(parts: Collection[str], cast: Collection[str]) -> Iterator[Marked]:
    for part in parts:
        if part.strip() and (line := read(part, cast)):
            yield line


def _says(line: str) -> bool:
    return any(char.isalnum() for char in line)


def _without_hash(line: Marked) -> Marked:
    """`# la la #` is sung too."""
    if len(line.text) > 2 and line.text[0] in "#＃" and line.text[-1] in "#＃" and line.text[1] not in "#＃":
        return Marked(line.text.strip("#＃ "), "song")
    return line


def _aside(inside: str, kind: Kind) -> Marked | None:
    """What stands in brackets as a whole: a sound that nobody says, or something to be read."""
    tag = kind if kind != "dialogue" else _kind_of(inside)
    if not _says(inside) or tag or _SOUND.search(inside) or _MANNER.fullmatch(inside):
        return Marked(inside, kind) if kind == "song" and _says(inside) and not _SOUND.search(inside) else None
    return Marked(inside, "caption")


def _kind_of(tag: str) -> Kind | None:
    """What a tag says of its line, where it is one."""
    tag = tag.strip().strip("，,。.- ") if not _OFFSCREEN.fullmatch(tag.strip()) else tag.strip()
    if _SONG.fullmatch(tag):
        return "song"
    if _CROWD.fullmatch(tag):
        return "crowd"
    if _OFFSCREEN.fullmatch(tag):
        return "offscreen"
    return "caption" if _CAPTION.fullmatch(tag) else None


def _leading(line: Marked, cast: Collection[str]) -> Marked:
    """The line without the brackets that it begins with, as far as they are tags, speakers or instructions."""
    for _ in range(3):
        found = _BRACKETED.match(line.text)
        if not found or not _says(line.text[found.end() :]):
            break
        inside, rest = found[1].strip(), line.text[found.end() :].lstrip(" :：")
        kind = _kind_of(inside)
        if kind:
            line = Marked(rest, kind if line.kind == "dialogue" else line.kind, line.speaker)
        elif inside in cast:
            line = Marked(rest, line.kind, line.speaker or inside)
        elif _SOUND.search(inside) or _MANNER.search(inside):
            line = replace(line, text=rest)
        else:
            break
    return line


def _trailing(line: Marked) -> Marked:
    """The line without sounds and instructions in brackets, wherever they stand."""

    def kept(found: re.Match[str]) -> str:
        inside = found[1].strip()
        told = not inside or _kind_of(inside) or _SOUND.search(inside) or _MANNER.search(inside)
        return "" if told else found[0]

    return replace(line, text=_BRACKETED.sub(kept, line.text))


def _prefix(line: Marked, cast: Collection[str]) -> Marked:
    """The line without a speaker or a tag that stands before its first colon."""
    found = _COLON.search(line.text, 0, LONGEST_SPEAKER + 16)
    if found and line.text[: found.start()] in cast and not _says(line.text[found.end() :]):
        return Marked("")
    if not found or not _says(line.text[found.end() :]) or line.text[found.end() :].startswith("//"):
        return line
    before, rest = line.text[: found.start()].strip(), line.text[found.end() :].strip()
    kind: Kind | None = None
    for inside in _BRACKETED.findall(before):
        kind = kind or _kind_of(inside)
    name = _BRACKETED.sub("", before).strip()
    if tag := _kind_of(name):
        return Marked(rest, tag if line.kind == "dialogue" else line.kind, line.speaker)
    name, own = _own_tag(name)
    kind = kind or own
    if name not in cast and not (looks_like_name(name) or (kind and 0 < len(name) <= LONGEST_SPEAKER)):
        return line
    return Marked(rest, kind if kind and line.kind == "dialogue" else line.kind, name)


def _own_tag(name: str) -> tuple[str, Kind | None]:
    """`沈砚舟 OS` as name and tag."""
    found = re.fullmatch(
        r"(.*?[^A-Za-z\s])\s*(OS|VO|O\.S\.?|V\.O\.?)|(.+?)\s+(OS|VO|O\.S\.?|V\.O\.?|画外音|旁白|独白)", name
    )
    if not found:
        return name, None
    return (found[1] or found[3]).strip(), "offscreen"


def may_speak(before: str) -> bool:
    """Whether what stands before colons again and again may be a speaker: neither a tag nor the likes of 记住."""
    return before != "" and not _NO_NAME.match(before) and _kind_of(before) is None


def looks_like_name(before: str) -> bool:
    """Whether what stands before a colon may be somebody's name, though nobody knows it."""
    if len(before) > LONGEST_SPEAKER or _NO_NAME.match(before):
        return False
    if _HAN_NAME.fullmatch(before):
        return not _SAYING.search(before)
    return _LATIN_NAME.fullmatch(before) is not None
