"""Translators scored on a set with references: what the set is, what a run is held to, and what that stops."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import duckdb
import langcodes
import pytest
import yaml

from dubwright import languages, unit
from dubwright import settings as all_settings
from dubwright.errors import EndpointError, EvaluationError, LanguageError, ManifestError
from dubwright.lake import Lake
from dubwright.lake.layout import EvaluationKey, known, parse_evaluation
from dubwright.lake.verification import verify
from dubwright.quality import evaluation, evaluation_log, evaluation_set, scores
from dubwright.quality.evaluation import Evaluation
from dubwright.quality.evaluation_set import EvaluationSet
from dubwright.settings import EvaluateSettings, Settings
from dubwright.translate import check, glossary
from dubwright.unit import Machine
from tests.translate.chat_server import ChatServer, Failure, serving

ROOT = Path(__file__).parents[2]
SET = evaluation_set.packaged()
ONE_SCENE = EvaluationSet(SET.name, SET.scenes[2:])
MACHINE = Machine("", "nowhere")
Change = Callable[[str], str]


def as_it_is(text: str) -> str:
    return text


def shortened(text: str) -> str:
    """A translation that leaves out half of what is said."""
    return " ".join(text.split()[::2])


class TestThePackagedSet:
    def test_every_line_has_a_reference_in_every_language(self) -> None:
        lines = [line for scene in SET.scenes for line in scene.lines]
        assert (SET.name, len(SET.scenes), len(lines)) == ("fixed", 3, 24)
        assert set(SET.languages) == {"en", "es", "fr", "ar", "th", "pt-BR", "id", "vi", "ja", "ko", "de", "hi"}
        assert all(set(line.references) == set(SET.languages) for line in lines)
        assert all(
            line.speaker in {one.name for one in scene.facts.cast} for scene in SET.scenes for line in scene.lines
        )

    @pytest.mark.parametrize("language", SET.languages)
    def test_its_references_are_what_is_asked_of_a_translator(self, language: str) -> None:
        for scene in SET.scenes:
            for line in scene.lines:
                text = line.references[language]
                terms = glossary.occurring(line.text, scene.facts.glossary_for(language))
                assert check.clean(text, language) == text
                assert not check.problems(text, line.text, source="zh", target=language, terms=terms), text

    def test_nothing_else_is_tried_on_its_lines(self) -> None:
        scripts = [ROOT / "samples" / "series.yaml", *sorted((ROOT / "benchmarks" / "heldout").glob("*.yaml"))]
        others = {
            line["text"]
            for script in scripts
            for episode in yaml.safe_load(script.read_text(encoding="utf-8"))["episodes"]
            for line in episode["lines"]
        }
        assert len(others) > 80
        assert not others & {line.text for scene in SET.scenes for line in scene.lines}


class TestOnesOwnSet:
    LINE: ClassVar[dict[str, Any]] = {
        "speaker": "王总",
        "text": "你来了。",
        "start_ms": 0,
        "end_ms": 900,
        "references": {"en": "You came."},
    }

    def write(self, folder: Path, content: Any) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / "lines.json").write_text(text, encoding="utf-8")
        return folder / "lines.json"

    def test_a_file_and_a_folder_are_read_with_the_series_they_belong_to(self, tmp_path: Path) -> None:
        first = self.write(tmp_path / "mine" / "灯" / "01", [self.LINE, {**self.LINE, "kind": "caption"}])
        self.write(tmp_path / "mine" / "灯" / "02", [self.LINE])
        about = tmp_path / "mine" / "灯" / "series.yaml"
        about.write_text("glossary: [{source: 王总, renderings: {en: President Wang}}]", encoding="utf-8")
        whole, one = evaluation_set.read(tmp_path / "mine"), evaluation_set.read(first)
        assert (whole.name, [scene.name for scene in whole.scenes]) == ("mine", ["灯/01", "灯/02"])
        assert (one.name, [scene.name for scene in one.scenes]) == ("01", ["01"])
        for scene in (*whole.scenes, *one.scenes):
            assert len(scene.lines) == 1, "what only stands in the picture is not spoken"
            assert scene.facts.glossary_for("en") == {"王总": "President Wang"}
        assert whole.digest != one.digest == evaluation_set.read(first, about).digest

    @pytest.mark.parametrize(
        ("content", "field"),
        [
            ("[{", None),
            ("[" * 100_000, None),
            ({}, None),
            ([], None),
            ([1], "0"),
            ([{**LINE, "text": 7}], "0.text"),
            ([LINE, {**LINE, "text": ""}], "1.text"),
            ([{**LINE, "end_ms": -1}], "0.end_ms"),
            ([{**LINE, "end_ms": 0}], "0.end_ms"),
            ([{**LINE, "start_ms": 1e400}], None),
            ([{**LINE, "references": {"klingonish": "nuqneH"}}], "0.references.klingonish.[key]"),
            ([LINE] * 2001, None),
        ],
    )
    def test_one_that_cannot_be_read_says_where(self, tmp_path: Path, content: Any, field: str | None) -> None:
        with pytest.raises(ManifestError) as caught:
            evaluation_set.read(self.write(tmp_path / "mine", content))
        assert str(tmp_path / "mine") in str(caught.value.where)
        assert field is None or caught.value.field == field
        assert caught.value.remedy

    def test_an_empty_folder_is_none(self, tmp_path: Path) -> None:
        with pytest.raises(ManifestError, match=r"no lines\.json"):
            evaluation_set.read(tmp_path)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[ChatServer]:
    with serving() as server, pytest.MonkeyPatch.context() as patch:
        # Engines are kept warm, each with its endpoint: this one is new.
        patch.setattr(unit, "_loaded", {})
        yield server


@pytest.fixture
def server(endpoint: ChatServer, monkeypatch: pytest.MonkeyPatch) -> ChatServer:
    """A model at an endpoint that knows the packaged set by heart, until it is told to change."""
    monkeypatch.setenv("DUBWRIGHT_ENDPOINT__BASE_URL", endpoint.url)
    monkeypatch.setenv("DUBWRIGHT_ENDPOINT__RETRIES", "0")
    monkeypatch.setenv("OPENAI_API_KEY", "any")
    answer_with(endpoint, as_it_is)
    return endpoint


def answer_with(server: ChatServer, change: Change) -> None:
    references = {line.text: line.references for scene in SET.scenes for line in scene.lines}

    def say(question: dict[str, Any]) -> str:
        if "lines" not in question:
            return "{}"  # it has no shorter words
        base = langcodes.find(question["to"]).language
        target = next(tag for tag in SET.languages if languages.base(tag) == base)
        texts = [(line["id"], change(references[line["text"]][target])) for line in question["lines"]]
        return json.dumps({"lines": [{"id": number, "text": text} for number, text in texts]}, ensure_ascii=False)

    server.say.clear()
    server.say.extend([say] * 500)


def using(model: str = "large", **others: Any) -> Settings:
    translate = {"engine": "chat", "model": "", "chat_model": model, "attempts": 1, **others}
    return all_settings.load({"translate": translate})


def evaluated(lake: Lake, resolved: Settings, language: str = "en", lines: EvaluationSet = ONE_SCENE) -> Evaluation:
    found = evaluation.evaluate(lines, language, resolved, MACHINE)
    return evaluation_log.settle(lake, found, resolved.evaluate.margin)


def values(found: Evaluation) -> dict[str, float]:
    return {score.metric: score.value for score in found.scores}


class TestScores:
    @pytest.mark.parametrize("language", ["en", "pt-BR", "ja"])
    def test_the_references_themselves_score_in_full(self, lake: Lake, server: ChatServer, language: str) -> None:
        found = evaluated(lake, using(), language, SET)
        whole = {"chrf": 100, "bleu": 100, "names": 100, "translated": 100, "language": 100}
        assert {name: value for name, value in values(found).items() if name != "length"} == pytest.approx(whole)
        assert len(found.answers) == 24

    def test_each_figure_falls_for_its_own_reason(self, lake: Lake, server: ChatServer) -> None:
        def spoilt(text: str) -> str:
            if "Su Nian" in text:
                return text.replace("Su Nian", "Sue Neon")
            return "¿Qué me estás diciendo, por qué no te vas?" if "bowl too" in text else text

        answer_with(server, spoilt)
        found = values(evaluated(lake, using(attempts=3), lines=SET))
        assert found["names"] == pytest.approx(100 * 17 / 18, abs=0.01)
        # Asked again and again, it never answers that line in English: there is no translation of it.
        assert found["translated"] == pytest.approx(100 * 23 / 24, abs=0.01)
        assert found["language"] == 100
        assert 80 < found["chrf"] < 99

    def test_bleu_counts_characters_where_words_are_not_set_apart(self) -> None:
        assert "tok:char" in scores.bleu_signature("ja") and "tok:13a" in scores.bleu_signature("pt-BR")
        assert scores.bleu(["早く行け、任せろ。"], ["早く行け、ここは任せろ。"], "ja") > 40

    def test_a_language_without_references_is_still_held_to_the_rest(self, lake: Lake) -> None:
        found = values(evaluated(lake, all_settings.load({"profile": "fake"}), "tr"))
        assert found.keys() == {"translated", "language", "length"}


class TestWhatARunIsHeldTo:
    def test_nothing_while_nothing_was_accepted(self, lake: Lake, server: ChatServer) -> None:
        answer_with(server, shortened)
        found = evaluated(lake, using())
        assert found.value("chrf") and found.value("chrf") < 80  # type: ignore[operator]
        assert not found.lost
        evaluation_log.require_standing(lake, using(), [("translate", "en")])

    def test_a_change_that_loses_more_than_the_margin_stops_what_it_would_do(
        self, lake: Lake, server: ChatServer
    ) -> None:
        evaluation_log.accept(lake, evaluated(lake, using("large")))
        answer_with(server, shortened)
        worse = evaluated(lake, using("small"))
        assert {score.metric for score in worse.lost} >= {"chrf", "names"}
        assert all(score.threshold is None for score in worse.scores if score.metric in ("bleu", "length"))
        with pytest.raises(EvaluationError, match=r"chrf is .*, not 98 or more") as caught:
            evaluation_log.require_standing(lake, using("small"), [("dub", "en"), ("translate", "en")])
        assert caught.value.exit_code == 2 and "--accept" in (caught.value.remedy or "")
        # Not what has nothing to translate into that language, nor what was accepted, nor what nobody evaluated.
        evaluation_log.require_standing(lake, using("small"), [("dub", "en"), ("translate", "es"), ("ingest", None)])
        evaluation_log.require_standing(lake, using("large"), [("translate", "en")])
        evaluation_log.require_standing(lake, using("unheard-of"), [("translate", "en")])

    def test_once_accepted_it_stands_and_later_ones_are_held_to_it(self, lake: Lake, server: ChatServer) -> None:
        evaluation_log.accept(lake, evaluated(lake, using("large")))
        answer_with(server, shortened)
        evaluation_log.accept(lake, evaluated(lake, using("small")))
        evaluation_log.require_standing(lake, using("small"), [("translate", "en")])
        assert not evaluated(lake, using("other")).lost

    def test_a_model_that_drifts_behind_its_name_is_noticed(self, lake: Lake, server: ChatServer) -> None:
        evaluation_log.accept(lake, evaluated(lake, using()))
        assert not evaluated(lake, using()).lost
        answer_with(server, shortened)
        assert evaluated(lake, using()).lost
        with pytest.raises(EvaluationError):
            evaluation_log.require_standing(lake, using(), [("translate", "en")])
        answer_with(server, as_it_is)
        assert not evaluated(lake, using()).lost
        evaluation_log.require_standing(lake, using(), [("translate", "en")])

    def test_within_the_margin_nothing_is_lost(self, lake: Lake, server: ChatServer) -> None:
        evaluation_log.accept(lake, evaluated(lake, using()))
        answer_with(server, lambda text: text.replace("The old lady", "The lady"))
        assert 98 < (evaluated(lake, using("other")).value("chrf") or 0) < 100
        strict = using("other").model_copy(update={"evaluate": EvaluateSettings(margin=0)})
        assert not evaluated(lake, using("other")).lost
        assert [score.metric for score in evaluated(lake, strict).lost] == ["chrf"]

    def test_another_engine_is_held_to_its_own_kind_first(self, lake: Lake, server: ChatServer) -> None:
        fake = all_settings.load({"profile": "fake"})
        first = evaluated(lake, fake)
        evaluation_log.accept(lake, first)
        # No chat model was accepted: the fake one is what it is held to, then the other chat model.
        answer_with(server, shortened)
        shorter = evaluated(lake, using("small"))
        assert shorter.scores[0].threshold == pytest.approx((first.value("chrf") or 0) - 2)
        assert [score.metric for score in shorter.lost] == ["names"]
        answer_with(server, as_it_is)
        evaluation_log.accept(lake, evaluated(lake, using("large")))
        answer_with(server, shortened)
        assert evaluated(lake, using("small")).lost
        assert not evaluated(lake, fake).lost

    def test_another_set_or_another_content_of_it_compares_with_nothing(self, lake: Lake, server: ChatServer) -> None:
        evaluation_log.accept(lake, evaluated(lake, using()))
        answer_with(server, shortened)
        part = EvaluationSet(SET.name, SET.scenes[:1])
        assert part.digest != ONE_SCENE.digest
        assert not evaluated(lake, using("small"), lines=part).lost
        assert not evaluated(lake, using("small"), lines=EvaluationSet("mine", ONE_SCENE.scenes)).lost
        assert evaluation_log.newest(lake, evaluation.candidate(using("small"), "en"), ONE_SCENE) is None

    def test_settings_that_decide_answers_make_another_candidate(self) -> None:
        first = evaluation.candidate(using(), "en")
        assert first.fingerprint == evaluation.candidate(using(), "en").fingerprint
        for other in (using("small"), using(temperature=0.5), using(context_lines=0)):
            assert evaluation.candidate(other, "en").fingerprint != first.fingerprint
        assert evaluation.candidate(using(), "es").fingerprint != first.fingerprint

    def test_the_language_that_is_spoken_is_none_to_translate_into(self) -> None:
        with pytest.raises(LanguageError, match="already"):
            evaluation.candidate(using(), "zh")

    def test_an_endpoint_that_is_away_says_nothing_of_its_translator(self, lake: Lake, server: ChatServer) -> None:
        server.fail.append(Failure(503))
        with pytest.raises(EndpointError):
            evaluated(lake, using())
        assert lake.evaluations("en") == []


class TestInTheLake:
    def test_a_run_is_rows_of_the_table_quality(self, lake: Lake, server: ChatServer) -> None:
        evaluation_log.accept(lake, evaluated(lake, using()))
        run, accepted = lake.evaluations("en")
        assert (run.accepted, accepted.accepted, run.set_name, run.engine) == (False, True, "fixed", "chat")
        rows, about = lake.read_evaluation(run)
        assert [row["metric"] for row in rows] == ["chrf", "bleu", "names", "translated", "language", "length"]
        assert {(row["series"], row["language"], row["fingerprint"]) for row in rows} == {
            ("fixed", "en", run.candidate)
        }
        assert about["recipe"]["settings"]["chat_model"] == "large"
        found = duckdb.sql(
            f'SELECT language, engine, "set", candidate, value FROM read_parquet('
            f"'{lake.uri}/evaluation/**/*.run.parquet', hive_partitioning = true) WHERE metric = 'names'"
        ).fetchall()
        assert found == [("en", "chat", "fixed", run.candidate, 100.0)]
        strays: list[Any] = []
        verify(lake, strays.append)
        assert strays == []

    def test_keys_come_back_and_nothing_else_is_one(self) -> None:
        for language, name in (("pt-BR", "my set/1"), ("en", ".."), ("en", "集")):
            key = EvaluationKey(language, name, "chat", "0" * 32, "0" * 26, accepted=True)
            assert parse_evaluation(str(key)) == key and known(str(key))
        for key in ("evaluation/x", str(EvaluationKey("en", "a", "b", "0" * 32, "short"))):
            assert parse_evaluation(key) is None and not known(key)
