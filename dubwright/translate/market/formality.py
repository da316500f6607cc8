"""Whether two people stay with one form of "you", or one level of speech, through an episode."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from dubwright.market import MarketProfile, SourceWords
from dubwright.translate.engine import Scene
from dubwright.translate.market import addressees, matching
from dubwright.translate.market.finding import Finding, about

Form = Literal["familiar", "formal"]
# Levels of speech, unlike words for "you", shift a little in good dialogue: only a clear habit can be broken.
CLEAR_HABIT = 3
_SENTENCES = re.compile(r"[^.!?…。！？\n]+")
_OPENS_SENTENCE = re.compile(r"(?:^|[.!?…:。！？»”\"])[\s\"“„«»¿¡'’—-]*$")
_NAME_FOLLOWS = re.compile(r"\s+[A-ZÀ-ÖØ-Þ]")


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The form that a line chose, and the words that show it."""

    segment: int
    form: Form
    span: str


def findings(scene: Scene, texts: Mapping[int, str], source: SourceWords) -> Iterator[tuple[int, Finding]]:
    """Segment and finding for lines that say "you" in two ways, or in another way than their speaker does to the same
    person elsewhere in the scene. `texts` are the translations by segment.
    """
    whom = addressees.of(scene.lines, scene.cast)
    pairs: dict[tuple[str | None, str], list[_Chosen]] = defaultdict(list)
    for line in scene.lines:
        if any(word in line.text for word in source.several) and scene.market.formality.plural:
            continue
        forms = _forms(texts.get(line.segment, ""), scene.market)
        if len(forms) > 1:
            span = " … ".join(forms.values())
            yield line.segment, about("formality", "medium", span, "familiar and formal in one line")
        elif forms and line.segment in whom:
            ((form, span),) = forms.items()
            pairs[line.speaker, whom[line.segment]].append(_Chosen(line.segment, form, span))
    by_ending = bool(scene.market.formality.formal_endings)
    for (speaker, other), chosen in pairs.items():
        yield from _strays(speaker, other, chosen, CLEAR_HABIT if by_ending else 1)


def _strays(speaker: str | None, other: str, chosen: Sequence[_Chosen], habit: int) -> Iterator[tuple[int, Finding]]:
    """The lines of one person to another that are not in the form of most of them, or of the first where none leads."""
    forms = [each.form for each in chosen]
    usual = max(dict.fromkeys(forms), key=forms.count)
    strays = [each for each in chosen if each.form != usual]
    kept = len(chosen) - len(strays)
    if kept < habit * len(strays):
        return
    example = next(each.span for each in chosen if each.form == usual)
    for each in strays:
        reason = f"{each.form}, while {speaker} is {usual} with {other} elsewhere in the episode, as in {example}"
        yield each.segment, about("formality", "medium" if kept > len(strays) else "low", each.span, reason)


def _forms(text: str, market: MarketProfile) -> dict[Form, str]:
    """The forms that a line shows, each with the first word that shows it."""
    rules = market.formality
    text = matching.plain(text)
    for at, word in reversed(matching.every(text, rules.neither, market.words)):
        text = text[:at] + " " * len(word) + text[at + len(word) :]
    found: dict[Form, str] = {}
    for _, word in matching.every(text, rules.familiar, market.words):
        found.setdefault("familiar", word)
    for at, word in matching.every(text, rules.formal, market.words, ignore_case=not rules.capital):
        if rules.capital and _OPENS_SENTENCE.search(text[:at]):
            continue
        if not _NAME_FOLLOWS.match(text, at + len(word)):
            found.setdefault("formal", word)
    if not found and (ending := _level(text, rules.familiar_endings, rules.formal_endings)):
        found[ending[0]] = ending[1]
    return found


def _level(text: str, familiar: tuple[str, ...], formal: tuple[str, ...]) -> tuple[Form, str] | None:
    """The level of speech that a line's sentences end in, where all that show one agree."""
    found: dict[Form, str] = {}
    # The longest ending decides: 습니다 is formal, 다 is not.
    endings = _endings(familiar, formal)
    for sentence in _SENTENCES.findall(text):
        # Decomposed, so that an ending may begin within a syllable: ㅂ니다.
        decomposed = unicodedata.normalize("NFD", sentence.strip(" \"'“”‘’「」『』,，、~～"))
        form = next((form for ending, form in endings if decomposed.endswith(ending)), None)
        if form and form not in found:
            found[form] = sentence.split()[-1]
    return next(iter(found.items())) if len(found) == 1 else None


@cache
def _endings(familiar: tuple[str, ...], formal: tuple[str, ...]) -> list[tuple[str, Form]]:
    both: list[tuple[str, Form]] = [(unicodedata.normalize("NFD", each), "familiar") for each in familiar]
    both += [(unicodedata.normalize("NFD", each), "formal") for each in formal]
    return sorted(both, key=lambda each: -len(each[0]))
