"""Translation by a language model on this machine's processor: any GGUF of Qwen's chat form, through llama.cpp.

A scene is one dialogue with the model, a turn a line, so that each line costs its own words only and has what was
said before it as context.

Answers do not depend on what the process did before: llama.cpp computes slightly different numbers for the same text
evaluated in other portions, enough to change a word. So each dialogue begins on its opening evaluated always in the
same way (`_Model.begin`), and continues in portions that its own lines decide.
"""

from __future__ import annotations

import os
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

from dubwright.engines import EngineInfo
from dubwright.errors import EngineMissingError, EngineOutputError, ModelError
from dubwright.settings import TranslateSettings
from dubwright.translate import check, glossary, prompt, repair
from dubwright.translate.check import Problem
from dubwright.translate.engine import Scene, Translated

# Openings kept evaluated at once, one for each pair of languages. A token takes 28 KiB in each.
SLOTS = 3
SLOT_TOKENS = 2560
# Beyond this a dialogue starts anew, with the last lines carried over; the rest holds the longest line and answer.
DIALOGUE_TOKENS = 1792
LONGEST_ANSWER = 400  # tokens
# Tokens evaluated at once: memory for the results is set aside for as many.
PORTION = 128
# Two answers alike are no use: from the third attempt on the likeliest word is not always taken.
LATER_TEMPERATURE = 0.7
WAIT_POLICY = "OMP_WAIT_POLICY"


class Llama:
    """A translator on llama.cpp."""

    info: ClassVar[EngineInfo] = EngineInfo(
        name="llama",
        revision=100 * 1 + prompt.PROMPT_VERSION,
        languages=frozenset(),
        code_licence="MIT",
        weights_licence="Apache-2.0",
        package="xllamacpp",
        extra="embedded",
    )

    def __init__(self, settings: TranslateSettings, models: dict[str, Path], threads: int) -> None:
        """Raises `ModelError` if the model's folder does not hold one GGUF file, or it cannot be loaded."""
        self._settings = settings
        self._model = _Model(_gguf(models[settings.model]), threads)

    def translate(self, scene: Scene) -> list[Translated]:
        dialogue = _Dialogue(self._model, self._settings, scene.source, scene.target)
        found = []
        for line in scene.lines:
            text, notes = dialogue.translate(line.text, glossary.occurring(line.text, scene.glossary))
            found.append(Translated(line.segment, text, notes))
        return found


@dataclass(slots=True)
class _Dialogue:
    """The lines of a scene asked one after another."""

    model: _Model
    settings: TranslateSettings
    source: str
    target: str
    said: list[str] = field(default_factory=list)
    text: str = ""
    tokens: int = 0

    def translate(self, line: str, terms: Mapping[str, str]) -> tuple[str | None, tuple[str, ...]]:
        """Ask until an answer passes or the attempts are used up; the best answer had, None where none is usable, and
        what is to be noted of it.
        """
        if not any(char.isalnum() for char in line):
            return None, ("nothing to translate",)
        if _longest_answer(line) > LONGEST_ANSWER:
            return None, (f"too long for a line of dialogue: {len(line)} characters",)
        self._make_room()
        usable, text, wrong = False, "", list[Problem]()
        reminder = ""
        for attempt in range(self.settings.attempts):
            answer, now_wrong = self._ask(line, terms, attempt, reminder)
            now_usable = not any(problem.fatal for problem in now_wrong)
            if not attempt or (now_usable, -len(now_wrong)) > (usable, -len(wrong)):
                usable, text, wrong = now_usable, answer, now_wrong
            if not wrong:
                break
            reminder = prompt.reminder([problem.kind for problem in now_wrong], self.target, terms)
        if text and not usable:
            text, note = repair.sounded(text, self.target)
            wrong = [*self._wrong(text, line, terms), *([Problem("source", note, fatal=False)] if note else wrong)]
            usable = not any(problem.fatal for problem in wrong)
        if usable:
            # An unusable answer is not kept: the next lines would follow its example.
            self.said.append(self._question(line, terms) + prompt.reply(text))
            self.text += self.said[-1]
        return text if usable else None, tuple(problem.message for problem in wrong)

    def _question(self, line: str, terms: Mapping[str, str], reminder: str = "") -> str:
        return prompt.question(line, prompt.hints(line, self.source, self.target, terms), self.target, reminder)

    def _ask(self, line: str, terms: Mapping[str, str], attempt: int, reminder: str) -> tuple[str, list[Problem]]:
        later = attempt > 1
        said, whole, self.tokens = self.model.complete(
            self.text + self._question(line, terms, reminder),
            slot=self.model.slot(self.source, self.target),
            longest=_longest_answer(line),
            temperature=max(self.settings.temperature, LATER_TEMPERATURE if later else 0.0),
            seed=self.settings.seed + attempt,
        )
        text = check.clean(prompt.without_reminder(said, reminder), self.target)
        text = repair.vocatives(text, line, terms, self.target)
        wrong = self._wrong(text, line, terms)
        return text, wrong if whole else [*wrong, Problem("length", "the answer did not end")]

    def _wrong(self, text: str, line: str, terms: Mapping[str, str]) -> list[Problem]:
        told = prompt.instructions(self.source, self.target)
        return check.problems(text, line, source=self.source, target=self.target, terms=terms, told=told)

    def _make_room(self) -> None:
        """Begin, or begin anew with the last lines carried over."""
        context = self.settings.context_lines
        if self.text and self.tokens <= DIALOGUE_TOKENS and context:
            return
        self.text = self.model.begin(self.source, self.target)
        self.said = self.said[len(self.said) - context :] if context else []
        self.text += "".join(self.said)
        self.tokens = 0


def _longest_answer(line: str) -> int:
    """Tokens that an answer may have: about three times what a good one needs."""
    return 24 + sum(3 if ord(char) >= 0x2E80 else 1 for char in line)


class _Model:
    """llama.cpp with one model: evaluated openings in slots, and completions on them."""

    def __init__(self, file: Path, threads: int) -> None:
        xllamacpp = _llama_cpp()
        params = xllamacpp.CommonParams()
        params.model.path = str(file)
        params.n_ctx = SLOTS * SLOT_TOKENS
        params.n_parallel = SLOTS
        params.cpuparams.n_threads = threads
        params.cpuparams_batch.n_threads = threads
        params.n_gpu_layers = 0
        # With flash attention the numbers, and so the words, would depend on the number of threads.
        params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
        params.n_batch = params.n_ubatch = PORTION
        params.warmup = False
        params.fit_params = False
        params.verbosity = -1
        # Reuse other than that of a slot's own beginning would make answers depend on earlier ones.
        params.cache_ram_mib = 0
        params.n_ctx_checkpoints = 0
        # The library also listens on a port of this machine; nobody else is to use it.
        params.api_keys = [secrets.token_hex(32)]
        params.webui = False
        params.endpoint_slots = False
        try:
            self._server = xllamacpp.Server(params)
        except Exception as error:
            raise ModelError(f"llama.cpp cannot load the model: {error}", where=str(file)) from error
        self._openings: OrderedDict[tuple[str, str], int] = OrderedDict()

    def slot(self, source: str, target: str) -> int:
        return self._openings[source, target]

    def begin(self, source: str, target: str) -> str:
        """Bring a slot to an opening, bit for bit the same whatever it held before; the opening."""
        text = prompt.opening(source, target)
        key = (source, target)
        if key not in self._openings:
            used = len(self._openings)
            self._openings[key] = used if used < SLOTS else self._openings.popitem(last=False)[1]
            self.complete(text, slot=self.slot(*key), longest=0, cached=False)
        self._openings.move_to_end(key)
        # Evaluates the last token once more, alone, and drops whatever came after it.
        self.complete(text, slot=self.slot(*key), longest=0)
        return text

    def complete(
        self, text: str, *, slot: int, longest: int, temperature: float = 0.0, seed: int = 0, cached: bool = True
    ) -> tuple[str, bool, int]:
        """What follows a text up to the end of the line or turn, whether it ended by itself, tokens of both.

        Raises `EngineOutputError` if llama.cpp answers with an error.
        """
        request: dict[str, Any] = {
            "prompt": text,
            "id_slot": slot,
            "max_tokens": longest,
            "temperature": temperature,
            "seed": seed,
            "cache_prompt": cached,
            "stop": ["\n", prompt.TURN_END],
        }
        answer = self._server.handle_completions(request)
        try:
            (choice,) = answer["choices"]
            return choice["text"], choice["finish_reason"] == "stop", answer["usage"]["total_tokens"]
        except (KeyError, TypeError, ValueError) as error:
            raise EngineOutputError(f"llama.cpp answered {str(answer)[:200]!r}", where="llama") from error


def _llama_cpp() -> Any:
    """The library, loaded so that its threads sleep while they wait for each other.

    OpenMP's threads spin by default: beside any other work on the same cores, two threads are then several times
    slower than one. It reads how to wait once, while it is loaded.

    Raises `EngineMissingError` where the library is there but a part of the system that it needs is not.
    """
    before = os.environ.get(WAIT_POLICY)
    os.environ[WAIT_POLICY] = before or "PASSIVE"
    try:
        return import_module("xllamacpp")
    except ImportError as error:
        raise EngineMissingError(
            f"llama.cpp cannot be loaded: {error}",
            field=Llama.info.name,
            remedy="install the missing library; libgomp is in the system package libgomp1 or libgomp",
        ) from error
    finally:
        if before is None:
            del os.environ[WAIT_POLICY]


def _gguf(place: Path) -> Path:
    """The model's file: the place itself, or the only GGUF in it."""
    files = [place] if place.is_file() else sorted(place.glob("*.gguf"))
    if len(files) != 1:
        raise ModelError(f"{len(files)} GGUF files instead of one", where=str(place), remedy="dubwright models verify")
    return files[0]
