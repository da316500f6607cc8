"""Figures that say how good a result is, as pure functions of it and of the truth.

Times are milliseconds. What the figures are held to, and which results they are taken of, is `scorecard`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dubwright import languages
from dubwright.errors import InputError
from dubwright.numerals import in_words

# Tempos are stored as float32: 1.35 comes back as 1.35000002.
TEMPO_TOLERANCE = 1e-4
# Written without spaces between words.
UNSPACED = frozenset({"ja", "km", "lo", "my", "th", "zh"})
# Written short or out, a title is said alike.
TITLES = {
    "en": {"mr": "mister", "mrs": "missus", "ms": "miss", "dr": "doctor"},
    "es": {"sr": "señor", "sra": "señora", "srta": "señorita", "dr": "doctor", "dra": "doctora"},
}
# How a figure may have been said.
TELLINGS = ("cardinal", "year")
# Spans that share less than this much of the shorter one only touch: their ends are not that sure.
SHARED = 0.3


# Text -------------------------------------------------------------------------------------------------


def cer(references: Sequence[str], hypotheses: Sequence[str]) -> float:
    """Character error rate of Chinese over a corpus: edits that make each hypothesis its reference, per reference character.

    Both are compared as `normalized`: neither punctuation nor script nor the way of writing a number counts.
    Raises `InputError` if the references hold no character.
    """
    import jiwer

    pairs = [(normalized(a), normalized(b)) for a, b in zip(references, hypotheses, strict=True)]
    if not any(reference for reference, _ in pairs):
        raise InputError("the references hold no character, so no rate can be told", field="references")
    # jiwer refuses an empty reference: what was heard where nobody spoke counts against the corpus all the same.
    heard_in_silence = sum(len(hypothesis) for reference, hypothesis in pairs if not reference)
    spoken = [(reference, hypothesis) for reference, hypothesis in pairs if reference]
    found = jiwer.process_characters([a for a, _ in spoken], [b for _, b in spoken])
    edits = found.substitutions + found.deletions + found.insertions + heard_in_silence
    return float(edits / sum(len(reference) for reference, _ in spoken))


def normalized(text: str) -> str:
    """Chinese as it is spoken: simplified, lower case, numbers in characters, without punctuation and spaces."""
    text = _simplifier().convert(unicodedata.normalize("NFKC", text)).lower()
    text = re.sub(r"(?<=\d),(?=\d{3})", "", text)
    text = re.sub(r"([12]\d{3})(?=年)", lambda year: _digits(year[1]), text)
    text = re.sub(r"(\d+)(?:\.(\d+))?", _number, text)
    text = text.replace("〇", "零").replace("两", "二")
    return "".join(char for char in text if char.isalnum())


def words(text: str, language: str, *, numbers: str = "cardinal") -> list[str]:
    """What is said in a text: lower case, numbers in words (`cardinal`, or as a `year` is told), titles written out, without
    punctuation and apostrophes; characters where a language sets no words apart."""
    text = unicodedata.normalize("NFKC", text).casefold()
    text = re.sub(r"(?<=\d)[,.\u202f](?=\d{3}(?!\d))", "", re.sub(r"['’`]", "", text))
    if languages.base(language) == "en":
        text = re.sub(r"(\d+)(?:st|nd|rd|th)\b", lambda number: f" {_told(number[1], language, 'ordinal')} ", text)
    text = re.sub(r"\d+", lambda number: f" {_told(number[0], language, numbers)} ", text)
    # Marks are vowels and tones in many scripts.
    said = "".join(
        char if char.isalnum() or unicodedata.category(char) in ("Mn", "Mc") else " " for char in text
    ).split()
    titles = TITLES.get(languages.base(language), {})
    return list("".join(said)) if languages.base(language) in UNSPACED else [titles.get(word, word) for word in said]


def _told(digits: str, language: str, to: str) -> str:
    return in_words(int(digits), language, to) or digits


def word_errors(meant: str, heard: str, language: str) -> tuple[int, int]:
    """Words heard otherwise than meant (another, none, or one too many), and how many are meant.

    A figure does not tell how it was said: 1147 may be a number, and the words of a year or a time. The kinder holds.
    """
    return min(_word_errors(*(words(text, language, numbers=told) for text in (meant, heard))) for told in TELLINGS)


def _word_errors(wanted: Sequence[str], found: Sequence[str]) -> tuple[int, int]:
    import jiwer

    if not wanted:
        return len(found), 0
    if not found:
        return len(wanted), len(wanted)
    compared = jiwer.process_words(" ".join(wanted), " ".join(found))
    return compared.substitutions + compared.deletions + compared.insertions, len(wanted)


def chrf(hypotheses: Sequence[str], references: Sequence[str]) -> float:
    """chrF2 of a corpus, 0 to 100, one reference each; as sacrebleu computes it with `chrf_signature`.

    Raises `InputError` if there is nothing to compare.
    """
    import sacrebleu

    if not any(references):
        raise InputError("the references hold no text, so nothing can be compared", field="references")
    if len(hypotheses) != len(references):
        raise ValueError("as many hypotheses as references are needed")
    return float(sacrebleu.CHRF().corpus_score(list(hypotheses), [list(references)]).score)


def bleu(hypotheses: Sequence[str], references: Sequence[str], language: str) -> float:
    """BLEU of a corpus in a language, 0 to 100, one reference each; as sacrebleu computes it with `bleu_signature`.

    Raises `InputError` if there is nothing to compare.
    """
    if not any(references):
        raise InputError("the references hold no text, so nothing can be compared", field="references")
    return float(_bleu(language).corpus_score(list(hypotheses), [list(references)]).score)


def bleu_signature(language: str) -> str:
    """What `bleu` computes for a language, in sacrebleu's words, to be printed with the figure."""
    metric = _bleu(language)
    metric.corpus_score(["a"], [["a"]])
    return str(metric.get_signature())


def _bleu(language: str) -> Any:
    import sacrebleu

    # Where words are not set apart, a character stands for one: no dictionary decides the figure.
    return sacrebleu.BLEU(tokenize="char" if languages.base(language) in UNSPACED else "13a")


def chrf_signature() -> str:
    """What `chrf` computes, in sacrebleu's words, to be printed with the figure."""
    import sacrebleu

    metric = sacrebleu.CHRF()
    metric.corpus_score(["a"], [["a"]])
    return str(metric.get_signature())


@cache
def _simplifier() -> Any:
    import opencc

    return opencc.OpenCC("t2s")


def _number(found: re.Match[str]) -> str:
    whole, fraction = found[1], found[2]
    # A telephone number is read digit by digit.
    spoken = _digits(whole) if (len(whole) > 1 and whole[0] == "0") or len(whole) > 16 else _integer(int(whole))
    return spoken + ("点" + _digits(fraction) if fraction else "")


def _digits(text: str) -> str:
    return "".join("零一二三四五六七八九"[int(digit)] for digit in text)


def _integer(number: int) -> str:
    """A number below 10^16 as it is read: 15 → 十五, 105 → 一百零五, 12000 → 一万二千."""
    return re.sub("^一十", "十", _places(number)) or "零"


def _places(number: int) -> str:
    for unit, name in ((10**8, "亿"), (10**4, "万")):
        if number >= unit:
            rest = number % unit
            return _places(number // unit) + name + ("零" if 0 < rest < unit // 10 else "") + _places(rest)
    spoken, pending = "", ""
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // unit % 10
        if digit:
            spoken += pending + _digits(str(digit)) + name
        pending = "零" if spoken and not digit else ""
    return spoken


# Time -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Span:
    """From `start_ms` to `end_ms`."""

    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Match:
    """Segments and lines that were spoken together, by their positions; either may be empty."""

    segments: tuple[int, ...]
    lines: tuple[int, ...]


def match(segments: Sequence[Span], lines: Sequence[Span]) -> list[Match]:
    """Bring together what was spoken at one time, however differently it was cut.

    A segment and a line belong together if they share `SHARED` of the shorter one. A segment that shares so much with
    no line goes to the nearest one, so that nothing said too much goes uncounted. In order of time; every position
    appears once.
    """
    group = list(range(len(segments) + len(lines)))

    def root(item: int) -> int:
        while group[item] != item:
            item = group[item]
        return item

    for number, segment in enumerate(segments):
        near = [at for at, line in enumerate(lines) if share(segment, line) >= SHARED]
        if not near and lines:
            near = [min(range(len(lines)), key=lambda at: _distance(segment, lines[at]))]
        for at in near:
            group[root(number)] = root(len(segments) + at)
    members: dict[int, tuple[list[int], list[int]]] = {}
    for item in range(len(group)):
        found = members.setdefault(root(item), ([], []))
        if item < len(segments):
            found[0].append(item)
        else:
            found[1].append(item - len(segments))
    return sorted(
        (
            Match(
                tuple(sorted(of, key=lambda at: segments[at].start_ms)),
                tuple(sorted(to, key=lambda at: lines[at].start_ms)),
            )
            for of, to in members.values()
        ),
        key=lambda each: min(
            [segments[at].start_ms for at in each.segments] + [lines[at].start_ms for at in each.lines]
        ),
    )


def overlaps(lines: Iterable[Mapping[str, Any]]) -> int:
    """How many dub lines (`start_ms`, `duration_ms`) start while an earlier one is still spoken."""
    count, spoken_until = 0, 0
    for line in sorted(_lines(lines), key=lambda line: int(line["start_ms"])):
        count += line["start_ms"] < spoken_until
        spoken_until = max(spoken_until, line["start_ms"] + line["duration_ms"])
    return count


def outside_caps(lines: Iterable[Mapping[str, Any]], floor: float, cap: float) -> int:
    """How many dub lines have a `tempo` below `floor` or above `cap`."""
    tempos = [line["tempo"] for line in _lines(lines)]
    return sum(not floor - TEMPO_TOLERANCE <= tempo <= cap + TEMPO_TOLERANCE for tempo in tempos)


def _lines(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The rows of a dub that are lines: the mix's row is none, a line without sound has no time."""
    return [row for row in rows if row.get("verdict") != "mix" and row.get("duration_ms") is not None]


def share(a: Span, b: Span) -> float:
    """How much of the shorter of two spans both have in common: 1 if it lies inside, below 0 if they are apart."""
    common = min(a.end_ms, b.end_ms) - max(a.start_ms, b.start_ms)
    return common / max(1, min(a.end_ms - a.start_ms, b.end_ms - b.start_ms))


def _distance(a: Span, b: Span) -> int:
    return max(a.start_ms - b.end_ms, b.start_ms - a.end_ms)


# Picture against sound --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Drift:
    """How much later (ms) a sound track starts and ends than the picture, and how long (ms) a frame lasts."""

    start_ms: float
    end_ms: float
    frame_ms: float

    @property
    def worst_ms(self) -> float:
        """The larger of the two, by size."""
        return max(abs(self.start_ms), abs(self.end_ms))

    @property
    def frames(self) -> float:
        return self.worst_ms / self.frame_ms


def drift(video: Path) -> tuple[Drift, ...]:
    """Picture against each sound track of a video, as a player shows them: edit lists and encoder delay applied.

    Raises `MediaError` for a file that cannot be read or has no picture.
    """
    from av import AudioFrame

    from dubwright.errors import MediaError
    from dubwright.media.probe import open_untrusted

    with open_untrusted(video) as container:
        if not container.streams.video:
            raise MediaError("no picture", where=str(video), field="video")
        picture = container.streams.video[0]
        starts: list[float] = []
        heard: dict[int, list[float]] = {stream.index: [] for stream in container.streams.audio}
        for packet in container.demux(picture, *container.streams.audio):
            if packet.stream.type == "video":
                if packet.pts is not None and not packet.is_discard:
                    starts.append(float(packet.pts * packet.time_base))
                continue
            for frame in packet.decode():
                # A decoder drops what an encoder put before the sound and after it; packets still hold both.
                if isinstance(frame, AudioFrame) and frame.time is not None:
                    heard[packet.stream.index] += [frame.time, frame.time + frame.samples / frame.sample_rate]
        if not starts:
            raise MediaError("no picture", where=str(video), field="video")
        first, last = min(starts), max(starts)
        frame_s = (last - first) / (len(starts) - 1) if len(starts) > 1 else 1 / float(picture.average_rate or 25)
        return tuple(
            Drift(1000 * (min(times) - first), 1000 * (max(times) - last - frame_s), 1000 * frame_s)
            for times in heard.values()
            if times
        )


def lag(
    reference: NDArray[np.float32], sound: NDArray[np.float32], rate: int, within_ms: int = 500
) -> tuple[float, float]:
    """The peak of two sounds' cross-correlation: how much later (ms) than in `reference` its content is heard in `sound`,
    and how alike they then are (0 to 1).

    Both are mono at `rate` Hz; a lag beyond `within_ms` is not looked for. Raises `InputError` for silence.
    """
    size = 1 << (len(reference) + len(sound)).bit_length()
    spectrum = np.fft.rfft(sound, size) * np.conj(np.fft.rfft(reference, size))
    alike = np.fft.irfft(spectrum, size)
    reach = within_ms * rate // 1000
    near = np.concatenate([alike[-reach:], alike[: reach + 1]])
    if not near.any():
        raise InputError("silence is like no other sound", field="sound")
    energy = float(np.linalg.norm(reference)) * float(np.linalg.norm(sound))
    return float(1000 * (int(near.argmax()) - reach) / rate), float(near.max()) / energy
