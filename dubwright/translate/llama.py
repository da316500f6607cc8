"""Translation by a language model on this machine's processor: any GGUF of Qwen's chat form, through llama.cpp.

A scene is one dialogue with the model, a turn a line, so that each line costs its own words only and has what was
said before it as context.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import ClassVar

from dubwright.engines import EngineInfo
from dubwright.errors import ModelError
from dubwright.settings import TranslateSettings
from dubwright.translate import adapter, bridge, check, glossary, lexicon, numbers, prompt, repair, shorter
from dubwright.translate.check import Problem
from dubwright.translate.engine import Line, Scene, Translated
from dubwright.translate.length import letters as count
from dubwright.translate.llama_cpp import PACKAGE, LlamaCpp

# Beyond this a dialogue starts anew, with the last lines carried over; the rest holds the longest line and answer.
DIALOGUE_TOKENS = 2560
LONGEST_ANSWER = 400  # tokens
# Two answers alike are no use: from the third attempt on the likeliest word is not always taken.
LATER_TEMPERATURE = 0.7


class Llama:
    """A translator on llama.cpp."""

    info: ClassVar[EngineInfo] = EngineInfo(
        name="llama",
        revision=1000 * shorter.REVISION + 100 * 8 + prompt.PROMPT_VERSION,
        languages=frozenset(),
        code_licence="MIT",
        weights_licence="Apache-2.0",
        package=PACKAGE,
        extra="embedded",
    )

    def __init__(self, settings: TranslateSettings, models: dict[str, Path], threads: int) -> None:
        """Raises `ModelError` if the model's folder does not hold one GGUF file, or it cannot be loaded."""
        self._settings = settings
        self._model = LlamaCpp(_gguf(models[settings.model]), threads, adapter.of(settings.model))

    def translate(self, scene: Scene) -> list[Translated]:
        dialogue = _Dialogue(self._model, self._settings, scene.source, scene.target, scene.synopsis)
        found = []
        for line in scene.lines:
            text, notes = dialogue.translate(line.text, glossary.occurring(line.text, scene.glossary))
            found.append(Translated(line.segment, text, notes))
        return found

    def shorten(self, scene: Scene, line: Line, text: str, letters: int) -> Translated | None:
        """`text`, a translation of the line, in about so many letters; None where what is said is no shorter, or says
        something else."""
        opening = shorter.opening(scene.target)
        if opening is None:
            return None
        terms = glossary.occurring(line.text, scene.glossary)

        def ask(part: str, words: int) -> str | None:
            slot = self._model.begin(opening)
            asked = opening + shorter.question(part, words)
            said, whole, _ = self._model.complete(asked, slot=slot, longest=_longest_answer(part))
            found = repair.written(check.clean(said, scene.target, terms), scene.target, [*terms.values()])
            return found if whole and shorter.same_sense(part, found, scene.target, terms) else None

        short = shorter.shortened(text, letters, terms, ask)
        if short is None or count(short) > letters:
            # What a line is without those before it is another translation, and no worse a one where it is shorter.
            alone, notes = _Dialogue(self._model, self._settings, scene.source, scene.target).translate(
                line.text, terms
            )
            if alone is not None and not notes:
                still = count(alone) > letters
                shorter_still = shorter.shortened(alone, letters, terms, ask) if still else None
                short = shorter.first_of(text, letters, short, alone, shorter_still)
        if short is None:
            return None
        told = prompt.instructions(scene.source, scene.target)
        wrong = check.problems(short, line.text, source=scene.source, target=scene.target, terms=terms, told=told)
        return None if any(problem.fatal for problem in wrong) else Translated(line.segment, short)


@dataclass(slots=True)
class _Dialogue:
    """The lines of a scene asked one after another."""

    model: LlamaCpp
    settings: TranslateSettings
    source: str
    target: str
    synopsis: str = ""
    said: list[str] = field(default_factory=list)
    text: str = ""
    slot: int = 0
    tokens: int = 0

    def translate(self, line: str, terms: Mapping[str, str]) -> tuple[str | None, tuple[str, ...]]:
        """Ask until an answer passes or the attempts are used up; the best answer had, None where none is usable, and
        what is to be noted of it.
        """
        if not any(char.isalnum() for char in line):
            return None, ("nothing to translate",)
        if _longest_answer(line) > LONGEST_ANSWER:
            return None, (f"too long for a line of dialogue: {len(line)} characters",)
        if known := lexicon.whole(line, terms, self.source, self.target):
            known = repair.written(known, self.target, [*terms.values()])
            if not self._wrong(known, line, terms):
                # Worth no reading as context either.
                return known, ()
        self._make_room()
        led = self._led(line, terms)
        usable, text, wrong = False, "", list[Problem]()
        reminder = ""
        for attempt in range(self.settings.attempts):
            answer, now_wrong = self._ask(led, line, terms, attempt, reminder)
            now_usable = not any(problem.fatal for problem in now_wrong)
            if not attempt or (now_usable, -len(now_wrong)) > (usable, -len(wrong)):
                usable, text, wrong = now_usable, answer, now_wrong
            if not wrong or (attempt and usable):
                # One reminder of a name is enough: rules put it in for less.
                break
            reminder = prompt.reminder([problem.kind for problem in now_wrong], self.target, terms)
        if text and wrong:
            text, wrong = self._mended(text, line, terms, wrong)
        if any(problem.fatal for problem in wrong):
            # An unusable answer is not kept: the next lines would follow its example.
            return None, tuple(problem.message for problem in wrong)
        self.said.append(led("") + prompt.label(self.target) + self.form.reply(text))
        self.text += self.said[-1]
        return text, tuple(problem.message for problem in wrong)

    @property
    def form(self) -> prompt.Form:
        return prompt.form(self.source, self.target)

    def _led(self, line: str, terms: Mapping[str, str]) -> Callable[[str], str]:
        """What stands before the answer to a line, given a reminder to put beside it: the line, or the line and its
        translation into a language between, from which the answer is written.
        """
        between = prompt.by_way_of(self.source, self.target)
        if between is None:
            return partial(self._straight, line, terms)
        by = bridge.stand_ins(terms)
        asked = self.form.asked(line, prompt.hints(line, self.source, between, by)) + prompt.label(between)
        said, _, self.tokens = self.model.complete(self.text + asked, slot=self.slot, longest=_longest_answer(line))
        way = bridge.crossed(check.clean(said, between, by), terms, by)
        return lambda reminder: asked + self.form.passage(way, reminder)

    def _straight(self, line: str, terms: Mapping[str, str], reminder: str) -> str:
        return self.form.asked(line, prompt.hints(line, self.source, self.target, terms), reminder)

    def _ask(
        self, led: Callable[[str], str], line: str, terms: Mapping[str, str], attempt: int, reminder: str
    ) -> tuple[str, list[Problem]]:
        later = attempt > 1
        # What twice did not come of the language between may come without it.
        before = self._straight(line, terms, reminder) if later else led(reminder)
        said, whole, self.tokens = self.model.complete(
            self.text + before + prompt.label(self.target),
            slot=self.slot,
            longest=_longest_answer(line),
            temperature=max(self.settings.temperature, LATER_TEMPERATURE if later else 0.0),
            seed=self.settings.seed + attempt,
        )
        text = check.clean(prompt.without_reminder(said, line, reminder), self.target, terms)
        if not whole:
            text = repair.ended(text, line)
        text = repair.written(repair.vocatives(text, line, terms, self.target), self.target, [*terms.values()])
        text = numbers.corrected(text, line, self.source, self.target)
        wrong = self._wrong(text, line, terms)
        return text, wrong if whole else [*wrong, Problem("length", "the answer did not end: cut", fatal=False)]

    def _mended(
        self, text: str, line: str, terms: Mapping[str, str], wrong: list[Problem]
    ) -> tuple[str, list[Problem]]:
        """The best answer had with what rules can put right, and what is wrong with it then."""
        notes = []
        if any(problem.fatal for problem in wrong):
            text, note = repair.sounded(text, self.target)
            if not note:
                return text, wrong
            notes.append(note)
        missing = [rendering for rendering in terms.values() if not glossary.rendered(text, rendering, self.target)]
        if missing:
            text = repair.written(repair.enforced(text, line, terms, self.target), self.target, missing)
            notes.append(f"put in: {', '.join(missing)}")
        found = self._wrong(text, line, terms) if notes else wrong
        return text, [*found, *(Problem("mended", note, fatal=False) for note in notes)]

    def _wrong(self, text: str, line: str, terms: Mapping[str, str]) -> list[Problem]:
        told = prompt.instructions(self.source, self.target)
        return check.problems(text, line, source=self.source, target=self.target, terms=terms, told=told)

    def _make_room(self) -> None:
        """Begin, or begin anew with the last lines carried over."""
        context = self.settings.context_lines
        if self.text and self.tokens <= DIALOGUE_TOKENS and context:
            return
        self.text = prompt.opening(self.source, self.target)
        self.slot = self.model.begin(self.text, adapted=adapter.knows(self.source, self.target))
        self.said = self.said[len(self.said) - context :] if context else []
        self.text += prompt.story(self.synopsis, self.source, self.target) + "".join(self.said)
        self.tokens = 0


def _longest_answer(line: str) -> int:
    """Tokens that an answer may have: about three times what a good one needs."""
    return 24 + sum(3 if ord(char) >= 0x2E80 else 1 for char in line)


def _gguf(place: Path) -> Path:
    """The model's file: the place itself, or the only GGUF in it."""
    files = [place] if place.is_file() else sorted(place.glob("*.gguf"))
    if len(files) != 1:
        raise ModelError(f"{len(files)} GGUF files instead of one", where=str(place), remedy="dubwright models verify")
    return files[0]
