"""The translator on a chat endpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from dubwright import settings as all_settings
from dubwright.engines import EngineInfo
from dubwright.settings import TranslateSettings
from dubwright.translate import check, glossary, repair
from dubwright.translate.chat import scene as scenes
from dubwright.translate.chat.endpoint import Endpoint, Reply
from dubwright.translate.engine import Line, Scene, Translated

# Tokens that an answer may have for each character of what it answers, and for its frame.
TOKENS_PER_CHARACTER = 4
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
        revision=10_000_000 * 1 + scenes.REVISION,
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
        self._endpoint = Endpoint(settings.chat_model, self._limits)

    def translate(self, scene: Scene) -> list[Translated]:
        """One answer per line. Raises `EndpointError` while the endpoint is away: no line is failed for that."""
        return _Conversation(self._endpoint, self._settings, scene, self._limits.most_tokens).translate()


@dataclass(slots=True)
class _Answer:
    """The best that was said of a line so far, and what is wrong with it."""

    text: str | None = None
    wrong: list[check.Problem] = field(default_factory=list)

    @property
    def usable(self) -> bool:
        return self.text is not None and not any(problem.fatal for problem in self.wrong)

    def better_than(self, other: _Answer) -> bool:
        return (self.usable, -len(self.wrong)) > (other.usable, -len(other.wrong))


@dataclass(slots=True)
class _Conversation:
    """The lines of one scene, asked for and checked."""

    endpoint: Endpoint
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
            line.segment, answer.text if answer.usable else None, tuple(problem.message for problem in answer.wrong)
        )

    def _ask(self, lines: Sequence[Line], attempt: int) -> None:
        """Ask for some lines and keep what is better than what was had."""
        if self.most_tokens and self.tokens >= self.most_tokens:
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
            before.append((line, known.text if known and known.usable else None))
        return before, every[last + 1 : last + 1 + context]

    def _judged(self, line: Line, said: str | None, reply: Reply) -> _Answer:
        if said is None:
            return _Answer(None, [_silence(reply)])
        terms = glossary.occurring(line.text, self.scene.glossary)
        text = repair.vocatives(check.clean(said, self.scene.target), line.text, terms, self.scene.target)
        return _Answer(text, self._wrong(text, line, terms))

    def _wrong(self, text: str, line: Line, terms: Mapping[str, str]) -> list[check.Problem]:
        source, target = self.scene.source, self.scene.target
        return check.problems(text, line.text, source=source, target=target, terms=terms, told=scenes.INSTRUCTIONS)


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
