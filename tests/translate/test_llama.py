"""The embedded language model's own machinery: openings that processes share."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest

from dubwright.errors import ModelError
from dubwright.models.store import ModelStore
from dubwright.settings import Settings, TranslateSettings
from dubwright.translate import adapter, prompt
from dubwright.translate.llama import Llama
from dubwright.translate.llama_cpp import LlamaCpp

pytestmark = pytest.mark.models

OPENING = "".join(
    prompt.TURNS.asked(line, {}) + prompt.label("en") + prompt.TURNS.reply(answer)
    for line, answer in (("你好。", "Hello."), ("谢谢你来看我。", "Thank you for coming to see me."))
)
# Tokens that are evaluated in a slot whatever it holds.
SEVERAL = 3
ASKED = OPENING + prompt.TURNS.asked("他昨天晚上没有回家，你知道他去哪儿了吗？", {}) + prompt.label("en")


@pytest.fixture(scope="module")
def weights() -> Path:
    folder = ModelStore(str(Settings().models_dir), None).ensure(TranslateSettings().model)
    (file,) = folder.glob("*.gguf")
    return file


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine on which nobody has left anything."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


class _Counting:
    """llama.cpp's server, and how many tokens it evaluated before it began to answer."""

    def __init__(self, server: Any) -> None:
        self._server, self.evaluated = server, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._server, name)

    def handle_completions(self, request: dict[str, Any]) -> Any:
        answer = self._server.handle_completions(request)
        self.evaluated += answer["timings"]["prompt_n"]
        return answer


def _begun(weights: Path, threads: int, lora: Path | None, *, adapted: bool) -> tuple[tuple[str, bool, int], int]:
    """What a new process of so many threads answers, and how many tokens it evaluated for the opening."""
    model = LlamaCpp(weights, threads, lora)
    model._server = counting = _Counting(model._server)
    slot = model.begin(OPENING, adapted=adapted)
    evaluated = counting.evaluated
    return model.complete(ASKED, slot=slot, longest=40), evaluated


@pytest.mark.parametrize(
    ("lora", "adapted"), [(None, False), (adapter.of(adapter.MODEL), True), (adapter.of(adapter.MODEL), False)]
)
def test_an_opening_is_evaluated_once_a_machine_and_answers_stay_the_same(
    weights: Path, machine: Path, lora: Path | None, adapted: bool
) -> None:
    answer, evaluated = _begun(weights, 1, lora, adapted=adapted)
    assert evaluated > SEVERAL
    assert answer[1]
    again, few = _begun(weights, 2, lora, adapted=adapted)
    assert again == answer
    assert few <= SEVERAL
    (state,) = machine.glob("dubwright-fetched-*/" + "[0-9a-f]" * 32)
    state.write_bytes(b"no state")
    again, many = _begun(weights, 1, lora, adapted=adapted)
    assert again == answer
    assert many >= evaluated


def test_openings_that_take_turns_in_a_slot_change_no_answer(weights: Path, machine: Path) -> None:
    model = LlamaCpp(weights, 1)
    first = model.complete(ASKED, slot=model.begin(OPENING), longest=40)
    for number in range(4):
        model.begin(f"{OPENING}{number}")
    assert model.complete(ASKED, slot=model.begin(OPENING), longest=40) == first


def test_a_folder_without_one_model_is_named(tmp_path: Path) -> None:
    settings = TranslateSettings()
    with pytest.raises(ModelError, match="0 GGUF files"):
        Llama(settings, {settings.model: tmp_path}, 1)


def test_the_adapter_counts_only_where_it_is_wanted(weights: Path, machine: Path) -> None:
    plain, both = LlamaCpp(weights, 1), LlamaCpp(weights, 2, adapter.of(adapter.MODEL))
    opening = OPENING + OPENING
    asked = OPENING + ASKED
    without = plain.complete(ASKED, slot=plain.begin(OPENING), longest=40)
    assert both.complete(ASKED, slot=both.begin(OPENING), longest=40) == without
    adapted = both.complete(asked, slot=both.begin(opening, adapted=True), longest=40)
    assert adapted != plain.complete(asked, slot=plain.begin(opening), longest=40)
    assert both.complete(ASKED, slot=both.begin(OPENING), longest=40) == without
    assert both.complete(asked, slot=both.begin(opening, adapted=True), longest=40) == adapted
    assert adapter.of("another") is None
