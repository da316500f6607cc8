"""Bytes to text, whatever the file was saved as: subtitles are passed on for decades and seldom say."""

from __future__ import annotations

import codecs

from dubwright import languages
from dubwright.errors import InputError

# What a file that is not Unicode is in, by its language; the first of equally likely ones.
_BEFORE_UNICODE = {
    "zh": ("gb18030", "big5"), "yue": ("big5", "gb18030"), "ja": ("cp932",), "ko": ("cp949",), "th": ("cp874",),
    "ru": ("cp1251",), "uk": ("cp1251",), "ar": ("cp1256",), "fa": ("cp1256",), "he": ("cp1255",), "el": ("cp1253",),
    "tr": ("cp1254",), "vi": ("cp1258",), "pl": ("cp1250",), "cs": ("cp1250",), "hu": ("cp1250",),
}  # fmt: skip
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# The first bytes of the characters that these sets hold because they are common.
_COMMON = {"gb18030": ("gb2312", 0xB0, 0xD7), "big5": ("big5", 0xA4, 0xC6)}
# More unreadable characters than this share, and it is no text.
_UNREADABLE = 0.02


def decode(content: bytes, name: str, language: str) -> str:
    """A file's text with `\\n` between its lines. Raises `InputError` naming the file and line if it is none."""
    found = _by_mark(content) or _wide(content) or _strictly(content, "utf-8")
    if found is None:
        read = [
            (encoding, text)
            for encoding in _BEFORE_UNICODE.get(languages.base(language), ("cp1252",))
            if (text := _strictly(content, encoding)) is not None
        ]
        found = max(read, key=lambda each: _common(*each))[1] if read else None
    if found is None:
        raise _no_text(content, name)
    unreadable = sum(char == "\ufffd" or (char < " " and char not in "\t\n\r\f\x1a\x1b") for char in found)
    if unreadable > _UNREADABLE * len(found):
        raise _no_text(content, name)
    return found.replace("\r\n", "\n").replace("\r", "\n")


def _no_text(content: bytes, name: str) -> InputError:
    try:
        content.decode("utf-8")
        at = max(0, content.find(b"\0"))
    except UnicodeDecodeError as error:
        at = error.start
    line = content.count(b"\n", 0, at) + 1
    return InputError("is no text", where=name, field=f"line {line}", remedy="save it as UTF-8 text, or take it away")


def _by_mark(content: bytes) -> str | None:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            # A file that was cut off still has its lines.
            return content[len(mark) :].decode(encoding, errors="replace")
    return None


def _wide(content: bytes) -> str | None:
    """UTF-16 that does not say so: what is ASCII in it has a zero in every other byte."""
    start = content[:4096]
    for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        zeros, others = start[first::2].count(0), start[1 - first :: 2].count(0)
        if zeros > len(start) / 20 and not others:
            return _strictly(content, encoding)
    return None


def _strictly(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return None


def _common(encoding: str, text: str) -> float:
    """The share of a text's characters beyond ASCII that are common ones of the set that they would be in."""
    others = [char for char in text[:20_000] if char > "\x7f"]
    if encoding not in _COMMON or not others:
        return 0.0
    table, first, last = _COMMON[encoding]
    found = 0
    for char in others:
        code = char.encode(table, errors="ignore")
        # Punctuation stands below the characters in both.
        found += len(code) == 2 and (first <= code[0] <= last or code[0] in (0xA1, 0xA3))
    return found / len(others)
