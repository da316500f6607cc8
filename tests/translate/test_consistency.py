"""A whole series by a model that keeps changing its mind: names and forms of address stay what the glossary says.

The model is at an endpoint on loopback. It knows every line, but every few questions it calls people otherwise: another
spelling, the name's meaning, another title, or nobody at all. What `benchmarks.consistency` counts is what is promised.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import langcodes
import pytest

from benchmarks import consistency
from benchmarks.consistency import Counted
from dubwright import settings as all_settings
from dubwright import unit
from dubwright.quality.evaluation_set import Scene
from dubwright.unit import Machine
from tests.translate.chat_server import MODEL, ChatServer

EPISODES, LINES = 80, 2
# So many questions are answered in one manner, then the next one has its turn.
MOODS, MOOD_LASTS = 5, 2


def moody(text: str, language: str, mood: int) -> str:
    """The text with everybody called by the wrong name of this mood; as it should be in the first, by none in the last."""
    known = consistency.facts().glossary_for(language)
    if mood == MOODS - 1:
        called = "|".join(map(re.escape, known.values()))
        return re.sub(rf"^(?:{called}), |, (?:{called})(?=, )", "", text, flags=re.IGNORECASE)
    for term in sorted(known, key=len, reverse=True):
        wrong = consistency.wrong(language)[term]
        if mood:
            text = text.replace(known[term], wrong[(mood - 1) % len(wrong)])
    return text


class Moody:
    """What the model says of a question, by its mood; where it is asked again, it `obeys` or does not."""

    def __init__(self, episodes: list[Scene], *, obeys: bool) -> None:
        self.references = {line.text: line.references for scene in episodes for line in scene.lines}
        self.obeys = obeys
        self.questions = 0

    def __call__(self, question: dict[str, Any]) -> str:
        if "lines" not in question:
            return "{}"  # it has no shorter words
        target = str(langcodes.find(question["to"]))
        again = "last answer was wrong" in question
        self.questions += not again
        mood = 0 if again and self.obeys else self.questions // MOOD_LASTS % MOODS
        texts = [
            {"id": line["id"], "text": moody(self.references[line["text"]][target], target, mood)}
            for line in question["lines"]
        ]
        return json.dumps({"lines": texts}, ensure_ascii=False)


@pytest.fixture
def carried(server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Counted]:
    """A series through the translate stage with the chat engine, against a model of such moods."""
    monkeypatch.setattr(unit, "_loaded", {})

    def carry(*, obeys: bool, language: str = "en", episodes: int = EPISODES) -> Counted:
        every = list(consistency.series(episodes, LINES))
        server.say.extend([Moody(every, obeys=obeys)] * 5000)
        # One mind for all questions.
        translate = {"engine": "chat", "model": "", "chat_model": MODEL}
        return consistency.count(iter(every), language, all_settings.load({"translate": translate}), Machine("", ""))

    return carry


def sizes(server: ChatServer) -> Iterator[int]:
    """How long the questions for whole episodes were."""
    for body in server.asked:
        content = body["messages"][1]["content"]
        if len(json.loads(content).get("lines", ())) == LINES:
            yield len(content)


def test_the_series_is_the_same_for_everyone_and_a_shorter_one_its_beginning() -> None:
    whole = list(consistency.series(12, LINES))
    assert list(consistency.series(5, LINES)) == whole[:5]
    assert len({line.text for scene in consistency.series(80) for line in scene.lines}) > 250
    for scene in whole:
        for line in scene.lines:
            for language, text in line.references.items():
                row = {"segment": 1, "text": text, "source_text": line.text, "notes": []}
                assert not list(consistency.violations(scene, [row], language, consistency.wrong(language))), text


def test_what_is_counted_is_what_is_wrong() -> None:
    (scene,) = consistency.series(1, 1)
    texts = {
        "President Gu, Beichen is here.": [],
        "Mr. Gu, Beichen is here.": ["missing"],
        "President Gu, it's me, Mr. Gu! Beichen is here.": ["other"],
        "He is here.": ["missing", "missing"],
        "": [],
    }
    for text, kinds in texts.items():
        row = {"segment": 1, "text": text, "source_text": "顾总，北辰来了。", "notes": ["北辰 is not Beichen"]}
        found = list(consistency.violations(scene, [row], "en", consistency.wrong("en")))
        assert [each.kind for each in found] == kinds, text
        assert [each.term for each in found if each.flagged] in ([], ["北辰"])


@pytest.mark.slow
def test_over_eighty_episodes_nobody_is_called_otherwise(carried: Callable[..., Counted], server: ChatServer) -> None:
    counted = carried(obeys=True)
    assert (counted.lines, len(counted.resident_mib)) == (EPISODES * LINES, EPISODES)
    assert counted.terms > EPISODES * LINES * 0.8
    assert len(server.asked) > 1.5 * EPISODES, "it had to be asked again"
    assert counted.violations == []
    assert counted.failed == 0
    # What a question holds does not grow with the series.
    asked = list(sizes(server))
    assert max(asked[-20:]) < 1.3 * max(asked[:20])


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_model_that_never_obeys_is_put_right_or_told_of(carried: Callable[..., Counted], language: str) -> None:
    counted = carried(obeys=False, language=language, episodes=MOODS * MOOD_LASTS)
    assert [each for each in counted.violations if not each.flagged] == []
