"""The translator on a chat endpoint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from dubwright import settings as all_settings
from dubwright.engines import EngineInfo
from dubwright.settings import TranslateSettings
from dubwright.translate import check, glossary, repair
from dubwright.translate.chat import scene as scenes
from dubwright.translate.chat import shorter
from dubwright.translate.chat.endpoint import ChatEndpoint, Reply
from dubwright.translate.engine import Line, Scene, Translated
from dubwright.translate.length import letters as count_letters

# Tokens that an answer may have for each character of what it answers, and for its frame.
TOKENS_PER_CHARACTER = 7
TOKENS_PER_LINE = 40
LONGEST_LINE = 1000  # characters
LATER_TEMPERATURE = 0.7


class ChatTranslator:
    """A large language model at the endpoint that this machine's settings name (`endpoint.…`, OPENAI_API_KEY).

    A scene is asked for in pieces of `translate.scene_lines`, each with what was answered before it, so that memory and
    cost of a question do not grow with the episode.
    """

    info: ClassVar[EngineInfo] = EngineInfo(
        name="chat",
        revision=10_000_000 * 2 + (scenes.REVISION + shorter.REVISION) % 10_000_000,
        languages=frozenset(),
        code_licence="Apache-2.0",
        weights_licence="the endpoint's",
        package="openai",
        extra="chat",
        choices=(),
    )

    def __init__(self, settings: TranslateSettings, models: dict[str, Path], threads: int) -> None:
        """Raises `EngineError` where no model is named, `EndpointError` where no key is there."""
        self._settings = settings
        self._limits = all_settings.load().endpoint
        self._endpoint = ChatEndpoint(settings.chat_model, self._limits)
        self._last: _Conversation | None = None

    def translate(self, scene: Scene) -> list[Translated]:
        """One answer per line. Raises `EndpointError` while the endpoint is away: no line is failed for that."""
        self._last = _Conversation(self._endpoint, self._settings, scene, self._limits.most_tokens)
        return self._last.translate()

    def shorten(self, scene: Scene, line: Line, text: str, letters: int) -> Translated | None:
        """Shorter renderings of a line of the scene, those within so many letters and digits first; None if there is none.

        It is asked for `translate.attempts` times at most, within what the scene's budget has left.
        """
        # What was said of the scene already goes on: its budget, and the lines before this one.
        if self._last is None or self._last.scene != scene:
            self._last = _Conversation(self._endpoint, self._settings, scene, self._limits.most_tokens)
        return self._last.shorten(line, text, letters)


@dataclass(slots=True)
class _Answer:
    """The best that was said of a line so far, what is wrong with it, and a `short` version with which nothing is."""

    text: str | None = None
    wrong: list[check.Problem] = field(default_factory=list)
    short: str = ""

    @property
    def usable(self) -> bool:
        return self.text is not None and not any(problem.fatal for problem in self.wrong)

    @property
    def misnames(self) -> bool:
        return any(problem.kind == "glossary" for problem in self.wrong)

    def better_than(self, other: _Answer) -> bool:
        return (self.usable, -len(self.wrong)) > (other.usable, -len(other.wrong))


@dataclass(slots=True)
class _Conversation:
    """The lines of one scene, asked for and checked."""

    endpoint: ChatEndpoint
    settings: TranslateSettings
    scene: Scene
    most_tokens: int
    best: dict[int, _Answer] = field(default_factory=dict)
    tokens: int = 0

    def translate(self) -> list[Translated]:
        hopeless = {line.segment: reason for line in self.scene.lines if (reason := _hopeless(line))}
        lines = [line for line in self.scene.lines if line.segment not in hopeless]
        size = self.settings.scene_lines
        for start in range(0, len(lines), size):
            piece = lines[start : start + size]
            self._ask(piece, attempt=0)
            for attempt in range(1, self.settings.attempts):
                for line in piece:
                    if self.best[line.segment].wrong:
                        self._ask([line], attempt)
        return [
            Translated(line.segment, None, (hopeless[line.segment],))
            if line.segment in hopeless
            else self._outcome(line)
            for line in self.scene.lines
        ]

    def _outcome(self, line: Line) -> Translated:
        answer = self.best[line.segment]
        return Translated(
            line.segment,
            answer.text if answer.usable else None,
            tuple(problem.message for problem in answer.wrong),
            others=(answer.short,) if answer.usable and answer.short else (),
        )

    def shorten(self, line: Line, text: str, letters: int) -> Translated | None:
        """Renderings in fewer letters than `text` has, with which nothing is wrong; as `ChatTranslator.shorten`."""
        found: list[str] = []
        wrong: list[str] = []
        before, _ = self._around([line])
        for attempt in range(self.settings.attempts):
            if self._spent:
                break
            reply = self.endpoint.ask(
                shorter.question(self.scene, line, text, letters, before, wrong),
                schema=shorter.SCHEMA,
                longest=shorter.MOST_TEXTS * (TOKENS_PER_LINE + TOKENS_PER_CHARACTER * len(line.text)),
                temperature=max(self.settings.temperature, LATER_TEMPERATURE if attempt > 1 else 0.0),
                seed=self.settings.seed + attempt,
            )
            self.tokens += reply.tokens
            found += [each for said in shorter.answers(reply.text) if (each := self._short(line, said, text))]
            if any(count_letters(each) <= letters for each in found):
                break
            wrong = [f"no text was right and within {letters} letters"]
        # Those within the letters keep the model's order; of the others the shortest comes first.
        found.sort(key=lambda each: max(count_letters(each) - letters, 0))
        return Translated(line.segment, found[0], others=tuple(dict.fromkeys(found[1:]))) if found else None

    def _short(self, line: Line, said: str, than: str) -> str:
        """What was said in fewer letters, if it may stand in the other text's place; else empty."""
        text, wrong = self._mended(line, said)
        grave = [problem for problem in wrong if problem.fatal or problem.kind != "length"]
        return text if not grave and count_letters(text) < count_letters(than) else ""

    @property
    def _spent(self) -> bool:
        return bool(self.most_tokens) and self.tokens >= self.most_tokens

    def _ask(self, lines: Sequence[Line], attempt: int) -> None:
        """Ask for some lines and keep what is better than what was had."""
        if self._spent:
            spent = check.Problem("budget", f"the budget of {self.most_tokens} tokens for an episode is used up")
            for line in lines:
                answer = self.best.setdefault(line.segment, _Answer())
                if not answer.usable and spent not in answer.wrong:
                    answer.wrong.append(spent)
            return
        before, after = self._around(lines)
        last = [problem.message for line in lines for problem in self.best.get(line.segment, _Answer()).wrong]
        reply = self.endpoint.ask(
            scenes.question(self.scene, lines, before, after, last),
            schema=scenes.SCHEMA,
            longest=sum(TOKENS_PER_LINE + TOKENS_PER_CHARACTER * len(line.text) for line in lines),
            temperature=max(self.settings.temperature, LATER_TEMPERATURE if attempt > 1 else 0.0),
            seed=self.settings.seed + attempt,
        )
        self.tokens += reply.tokens
        said = scenes.answers(reply.text, [line.segment for line in lines])
        for line in lines:
            answer = self._judged(line, said.get(line.segment), reply)
            if line.segment not in self.best or answer.better_than(self.best[line.segment]):
                self.best[line.segment] = answer

    def _around(self, lines: Sequence[Line]) -> tuple[list[tuple[Line, str | None]], list[Line]]:
        """The neighbours of some lines, those before with their translations where they have any."""
        every, context = list(self.scene.lines), self.settings.context_lines
        first, last = every.index(lines[0]), every.index(lines[-1])
        before = []
        for line in every[max(0, first - context) : first]:
            known = self.best.get(line.segment)
            # What calls somebody otherwise is no example to follow.
            before.append((line, known.text if known and known.usable and not known.misnames else None))
        return before, every[last + 1 : last + 1 + context]

    def _judged(self, line: Line, said: scenes.Said | None, reply: Reply) -> _Answer:
        if said is None:
            return _Answer(None, [_silence(reply)])
        text, wrong = self._mended(line, said.text)
        return _Answer(text, wrong, self._short(line, said.short, text) if said.short else "")

    def _mended(self, line: Line, said: str) -> tuple[str, list[check.Problem]]:
        """What was said of a line as it would stand, and what is wrong with it even so."""
        source, target = self.scene.source, self.scene.target
        terms = glossary.occurring(line.text, self.scene.glossary)
        text = repair.vocatives(check.clean(said, target, terms), line.text, terms, target)
        told = scenes.INSTRUCTIONS + shorter.INSTRUCTIONS
        return text, check.problems(text, line.text, source=source, target=target, terms=terms, told=told)


def _hopeless(line: Line) -> str:
    """Why a line need not be asked for; empty where it is worth it."""
    if not any(char.isalnum() for char in line.text):
        return "nothing to translate"
    if len(line.text) > LONGEST_LINE:
        return f"too long for a line of dialogue: {len(line.text)} characters"
    return ""


def _silence(reply: Reply) -> check.Problem:
    """Why a reply says nothing of a line."""
    if reply.refusal:
        return check.Problem("refusal", "the model refused to answer")
    if not reply.whole:
        return check.Problem("length", "the answer did not end")
    if not scenes.has_answers(reply.text):
        return check.Problem("form", "the answer has not the form that was asked for")
    return check.Problem("missing", "the answer leaves this line out, or has it twice")
