"""What both adapters of Whisper share: which answers are believed, and what is asked after those that are not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from dubwright.errors import LanguageError, ModelError
from dubwright.transcribe.engine import Passage, Word
from dubwright.transcribe.whisper import (
    FILES,
    PROMPTS,
    Heard,
    Hearing,
    Question,
    hear,
    hear_all,
    name,
    require_files,
    unbelievable,
)
from dubwright.transcribe.windows import Stretch, pack

STRETCHES = [Stretch(1, 2), Stretch(3, 4), Stretch(7, 8), Stretch(9, 10)]


@pytest.mark.parametrize(
    ("heard", "speech_s"),
    [
        ("请问" + "问" * 200, 28),
        ("你怎么还不走？我在等一个人。", 0.3),
        ("作词 作曲 李宗盛", 10),
        ("字幕由 Amara.org 社区提供", 10),
        ("请不吝点赞 订阅 转发 打赏支持明镜与点点栏目", 10),
        (PROMPTS["zh"], 10),
    ],
    ids=["repeats", "too fast", "music credits", "credits", "more credits", "the prompt"],
)
def test_what_nobody_said_is_not_believed(heard: str, speech_s: float) -> None:
    assert unbelievable(heard, speech_s, PROMPTS["zh"])


@pytest.mark.parametrize("heard", ["你怎么还不走？", "站住！站住！站住！", "对不起对不起对不起，我错了。", "OK."])
def test_what_people_say_is_believed(heard: str) -> None:
    assert not unbelievable(heard, 2.0, PROMPTS["zh"])


class Scripted:
    """Answers by what it is given: invents as long as the stretch at `bad_s` is in the window, and leaves out all but
    the first `most` stretches."""

    def __init__(self, bad_s: float, *, hears_without_prompt: bool = False, most: int = 99) -> None:
        self.bad_s, self.hears_without_prompt, self.most = bad_s, hears_without_prompt, most
        self.prompts: list[str | None] = []
        self.rounds: list[int] = []

    def __call__(self, questions: Sequence[Question]) -> list[Heard]:
        self.rounds.append(len(questions))
        return [self._answer(question) for question in questions]

    def _answer(self, question: Question) -> Heard:
        self.prompts.append(question.prompt)
        bad = any(stretch.start_s == self.bad_s for stretch in question.window.stretches)
        if question.prompt is None and self.hears_without_prompt:
            bad = False
        heard = question.window.stretches[: self.most]
        words = tuple(Word("好", round(1000 * each.start_s), round(1000 * each.end_s), 0.9) for each in heard)
        return Heard(Passage(words), log_probability=-0.3, invented=bad)


def _starts(engine: Scripted) -> list[int]:
    (heard,) = hear_all([_hearing()], engine)
    return [word.start_ms for passage in heard for word in passage.words]


def _hearing() -> Hearing:
    (window,) = pack(STRETCHES, 11, 28)
    return hear(window, np.zeros(11 * 16000, np.float32), "zh")


def test_only_the_stretch_that_is_not_understood_is_lost() -> None:
    assert _starts(Scripted(7)) == [1000, 3000, 9000]


def test_a_good_answer_is_taken_at_once() -> None:
    engine = Scripted(-1)
    assert _starts(engine) == [1000, 3000, 7000, 9000]
    assert engine.prompts == [PROMPTS["zh"]]


def test_without_the_prompt_it_is_asked_again() -> None:
    engine = Scripted(7, hears_without_prompt=True)
    assert _starts(engine) == [1000, 3000, 7000, 9000]
    assert engine.prompts == [PROMPTS["zh"], None]


@pytest.mark.parametrize("most", [1, 2, 3])
def test_speech_that_is_left_out_is_asked_for_again(most: int) -> None:
    assert _starts(Scripted(-1, most=most)) == [1000, 3000, 7000, 9000]


def test_of_an_answer_without_words_nothing_is_left() -> None:
    assert _starts(Scripted(-1, most=0)) == []


def test_an_unsure_answer_counts_where_somebody_spoke() -> None:
    word = (Word("好", 0, 100, 0.3),)
    assert not Heard(Passage(word, no_speech=0.1), log_probability=-1.5, invented=False).silent
    assert not Heard(Passage(word, no_speech=0.9), log_probability=-0.5, invented=False).silent
    assert Heard(Passage(word, no_speech=0.9), log_probability=-1.5, invented=False).silent


def test_several_sounds_are_heard_in_the_rounds_of_the_longest() -> None:
    engine = Scripted(7)
    together = hear_all([_hearing() for _ in range(5)], engine)
    alone = Scripted(7)
    assert together == [hear_all([_hearing()], alone)[0]] * 5
    assert engine.rounds == [5 * asked for asked in alone.rounds]


def test_of_no_sound_nothing_is_asked() -> None:
    assert hear_all([], Scripted(-1)) == []


@pytest.mark.parametrize("missing", FILES)
def test_a_file_that_a_model_lacks_is_named(tmp_path: Path, missing: str) -> None:
    for file in set(FILES) - {missing}:
        (tmp_path / file).write_bytes(b"")
    with pytest.raises(ModelError, match=f"{missing} is missing"):
        require_files(tmp_path)


def test_the_vocabulary_of_newer_models_is_json(tmp_path: Path) -> None:
    for file in FILES:
        (tmp_path / file.replace("vocabulary.txt", "vocabulary.json")).write_bytes(b"")
    require_files(tmp_path)


def test_what_whisper_calls_a_language() -> None:
    assert [name(tag) for tag in ("zh-TW", "fil", "jv", "nb", "pt-BR")] == ["zh", "tl", "jw", "no", "pt"]
    with pytest.raises(LanguageError, match="Tok Pisin"):
        name("tpi")
