"""Subtitles that lie beside videos: which of them belong to which video, and which one is taken.

`01.srt`, `01.zh.srt` and `01.txt` belong to `01.mp4`. Of those in the language that is spoken, and those that do not say
which they are in, one is taken; `01.en.srt` beside a Mandarin video is never.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from dubwright import languages, sources
from dubwright.errors import DubwrightError, InputError, LanguageError
from dubwright.lake.store import ObjectInfo

# The first are taken first: scripts have no times.
ENDINGS = (".srt", ".ass", ".ssa", ".vtt", ".txt")
FIELD = "subtitles"
# What people write for Chinese beside its tags.
_CHINESE = {
    "chs": "zh-Hans", "sc": "zh-Hans", "gb": "zh-Hans", "简": "zh-Hans", "简体": "zh-Hans", "简中": "zh-Hans",
    "cht": "zh-Hant", "tc": "zh-Hant", "big5": "zh-Hant", "繁": "zh-Hant", "繁体": "zh-Hant", "繁中": "zh-Hant",
    "chi": "zh", "zho": "zh", "cn": "zh", "中文": "zh", "中字": "zh",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sidecar:
    """Subtitles given with a video: their address, the tag in their name (None: it has none), and their digest.

    `digest` is None where it is yet to be had; `row` is where a person finds the manifest's row that names them.
    """

    address: str
    tag: str | None = None
    digest: str | None = None
    row: str | None = None


def by_video(names: Iterable[str], videos: Iterable[str]) -> dict[str, list[tuple[str, str | None]]]:
    """Of the names in one folder, those that are subtitles of its videos: video → name and tag of each, in order."""
    candidates = [name for name in names if name.lower().endswith(ENDINGS)]
    stems = {_stem(video): video for video in videos} if candidates else {}
    found: dict[str, list[tuple[str, str | None]]] = defaultdict(list)
    for name in candidates:
        stem = _stem(name)
        if video := stems.get(stem):
            found[video].append((name, None))
            continue
        stem, _, tag = stem.rpartition(".")
        if (video := stems.get(stem)) and (language := _language(tag)):
            found[video].append((name, language))
    return {video: sorted(each, key=lambda one: one[0]) for video, each in found.items()}


def choose(found: Sequence[Sidecar], language: str) -> Sidecar | None:
    """The one to take for a video in which a language is spoken, if there is one."""
    base = languages.base(language)
    own = [each for each in found if each.tag is None or languages.base(each.tag) == base]

    def rank(each: Sidecar) -> tuple[int, int, str]:
        said = 2 if each.tag is None else 0 if each.tag == language else 1
        name = sources.folder_and_name(each.address)[1]
        ending = PurePosixPath(name).suffix.lower()
        return ENDINGS.index(ending) if ending in ENDINGS else len(ENDINGS), said, name

    return min(own, key=rank, default=None)


def digest(chosen: Sidecar, listed: ObjectInfo | DubwrightError | None) -> str:
    """The digest of what was chosen; `listed` is what its store says of it, where it lies in one.

    Raises `InputError` naming the field where it is not there or cannot be read, and what its store raised.
    """
    if chosen.digest:
        return chosen.digest
    place = sources.split(chosen.address)
    if isinstance(listed, DubwrightError):
        raise listed
    if place:
        if listed is None:
            raise _missing(chosen)
        return sources.object_digest(place.connect(), listed)
    try:
        return sources.digest(Path(chosen.address))
    except FileNotFoundError:
        raise _missing(chosen) from None
    except OSError as error:
        raise InputError(
            f"{chosen.address}: {error.strerror or error}",
            where=chosen.row or chosen.address,
            field=FIELD,
            remedy="check the file's permissions",
        ) from error


def _missing(chosen: Sidecar) -> InputError:
    return InputError(
        f"no such file: {chosen.address}",
        where=chosen.row or chosen.address,
        field=FIELD,
        remedy="correct the path or address, or take it out",
    )


def _stem(name: str) -> str:
    return unicodedata.normalize("NFC", PurePosixPath(name).stem)


def _language(tag: str) -> str | None:
    if tag.lower() in _CHINESE:
        return _CHINESE[tag.lower()]
    try:
        return languages.parse(tag)
    except LanguageError:
        return None
