"""NLLB through its own tokenizer, its own generation code, CTranslate2's own converter: on a small model that knows a few
lines by heart (`small_models`), and on one that knows nothing.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dubwright import unit
from dubwright.engines import engine_class
from dubwright.errors import LanguageError, ModelError
from dubwright.lake import Lake
from dubwright.models import registry
from dubwright.series.facts import SeriesFacts
from dubwright.settings import TranslateSettings
from dubwright.translate import check, glossary
from dubwright.translate.engine import Line, Scene, Translator
from dubwright.translate.nllb import languages
from dubwright.translate.nllb.decoding import Question, Search
from dubwright.translate.nllb.translating import CUT
from dubwright.translate.nllb.vocabulary import Vocabulary
from tests.transcribe.small_models import entry
from tests.translate import small_models
from tests.translate.small_models import LESSONS
from tests.translate.test_stage import work

pytestmark = pytest.mark.models

ENGINES = ("nllb", "nllb-ct2")
SEARCH = Search(beam_size=4, length_penalty=1.0, no_repeat=6)
TERMS = {
    "en": {"王总": "President Wang", "林晚": "Lin Wan", "师父": "Master", "阿东": "Ah Dong"},
    "es": {"王总": "presidente Wang", "林晚": "Lin Wan", "师父": "Maestro", "阿东": "Ah Dong"},
    "th": {"林晚": "หลินหว่าน"},
    "ar": {"林晚": "لين وان"},
}
Folders = dict[str, Path]


@pytest.fixture(params=ENGINES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def load(folder: Path, name: str, **settings: Any) -> Any:
    return engine_class("translate", name)(TranslateSettings(engine=name, model="m", **settings), {"m": folder}, 1)


def scene(texts: Sequence[str], target: str, terms: dict[str, str] | None = None) -> Scene:
    return Scene("zh", target, [Line(number, text, None, 1500) for number, text in enumerate(texts)], terms or {})


def made_up(count: int, shortest: int = 1, longest: int = 28) -> list[str]:
    """Lines of many lengths from the lessons' characters but for punctuation, the same every time."""
    dice, letters = random.Random(7), sorted({char for char in "".join(LESSONS) if char.isalnum()})
    return ["".join(dice.choices(letters, k=dice.randint(shortest, longest))) for _ in range(count)]


def questions(folder: Path, texts: Sequence[str], target: str = "en") -> list[Question]:
    vocabulary = Vocabulary(folder)
    source, wanted = (vocabulary.language(languages.code(tag)) for tag in ("zh", target))
    return [Question((source, *vocabulary.encode(text), vocabulary.end), (wanted,)) for text in texts]


def test_it_says_what_it_was_taught(name: str, small_nllb: Folders) -> None:
    engine = load(small_nllb[name], name)
    for target in ("en", "es"):
        lines = list(LESSONS)
        for text, said in zip(lines, engine.translate(scene(lines, target)), strict=True):
            assert (said.text, said.notes) == (check.clean(LESSONS[text][target], target), ())


def test_its_tokens_are_those_of_the_librarys_own_tokenizer(small_nllb: Folders) -> None:
    from transformers import NllbTokenizerFast

    folder = small_nllb["nllb"]
    own, library = Vocabulary(folder), NllbTokenizerFast.from_pretrained(folder, src_lang="zho_Hans")
    for text, question in zip(made_up(40), questions(folder, made_up(40)), strict=True):
        assert list(question.source) == library(text).input_ids
        assert own.decode(question.source) == library.decode(question.source, skip_special_tokens=True).strip()
    for code in (each for known in languages.CODES.values() for each in known):
        assert own.language(code) == library.convert_tokens_to_ids(code)


def test_its_answers_are_those_of_the_librarys_own_search(small_nllb: Folders) -> None:
    from transformers import M2M100ForConditionalGeneration, NllbTokenizerFast

    folder = small_nllb["nllb"]
    tokenizer = NllbTokenizerFast.from_pretrained(folder, src_lang="zho_Hans")
    model = M2M100ForConditionalGeneration.from_pretrained(folder)
    lines = [*LESSONS, *made_up(8)]
    engine = load(folder, "nllb")
    for text, found in zip(lines, engine._model.answers(questions(folder, lines), SEARCH), strict=True):
        plain = model.generate(
            **tokenizer(text, return_tensors="pt"),
            forced_bos_token_id=tokenizer.convert_tokens_to_ids("eng_Latn"),
            num_beams=4,
            no_repeat_ngram_size=6,
            early_stopping=True,
            suppress_tokens=[tokenizer.unk_token_id],
            max_new_tokens=24 + 3 * (-(-len(tokenizer(text).input_ids) // 8) * 8),
        )[0].tolist()
        ids = [token for token in plain[2:] if token not in (tokenizer.pad_token_id, tokenizer.eos_token_id)]
        assert list(found[0].tokens) == ids, text
        assert found[0].ended == (tokenizer.eos_token_id in plain[2:])


@pytest.mark.parametrize("weights", ["", "-random"])
def test_company_changes_no_answer(name: str, weights: str, small_nllb: Folders) -> None:
    """Each line alone, in batches of several sizes, in any order, with beginnings of several lengths beside it."""
    folder = small_nllb[name + weights]
    asked = [*questions(folder, made_up(14)), *questions(folder, [*LESSONS], "es")]
    begun = asked[0].source[1:6]
    asked += [replace(question, prefix=(*question.prefix, *begun)) for question in asked[:6]]
    model = load(folder, name)._model
    alone = [model.answers([question], SEARCH)[0] for question in asked]
    order = random.Random(7).sample(range(len(asked)), len(asked))
    for tokens, beams in ((32, 8), (256, 64), (4096, 512)):
        model.most_tokens, model.most_beams = tokens, beams
        assert model.answers(asked, SEARCH) == alone
        assert model.answers([asked[place] for place in order], SEARCH) == [alone[place] for place in order]


def test_filled_batches_make_company_harmless_with_coarse_numbers(small_nllb: Folders) -> None:
    """As on a GPU, with 16 bits: every batch of a width has the same number of rows."""
    import torch

    folder = small_nllb["nllb-random"]
    model = load(folder, "nllb")._model
    model._model, model.fill = model._model.to(torch.bfloat16), True
    model.most_tokens, model.most_beams = 256, 32
    asked = questions(folder, made_up(10))
    together = model.answers(asked, SEARCH)
    assert [model.answers([question], SEARCH)[0] for question in asked] == together
    assert model.answers(asked[::-1], SEARCH) == together[::-1]


@pytest.mark.parametrize("target", TERMS)
def test_a_glossarys_renderings_stand_though_it_was_taught_others(name: str, target: str, small_nllb: Folders) -> None:
    engine, terms = load(small_nllb[name], name), TERMS[target]
    lines = [text for text in LESSONS if glossary.occurring(text, terms) and target in LESSONS[text]]
    before, after = engine.translate(scene(lines, target)), engine.translate(scene(lines, target, terms))
    assert lines
    for text, was, said in zip(lines, before, after, strict=True):
        renderings = glossary.occurring(text, terms).values()
        assert was.text
        assert not all(glossary.rendered(was.text, each, target) for each in renderings)
        assert said.text
        assert all(glossary.rendered(said.text, each, target) for each in renderings), said
        assert not [note for note in said.notes if note.startswith("glossary")]


def test_what_a_model_says_that_knows_nothing_is_never_passed_off(name: str, small_nllb: Folders) -> None:
    lines = made_up(6)
    for text, said in zip(lines, load(small_nllb[f"{name}-random"], name).translate(scene(lines, "en")), strict=True):
        wrong = check.problems(said.text or "", text, source="zh", target="en", terms={})
        assert said.notes if said.text is None else not any(problem.fatal for problem in wrong)


def test_how_likely_answers_are_is_the_same_in_both_forms(small_nllb: Folders) -> None:
    asked = questions(small_nllb["nllb"], list(LESSONS))
    models = [load(small_nllb[name], name)._model for name in ENGINES]
    answered = [(each, found[0].tokens) for each, found in zip(asked, models[0].answers(asked, SEARCH), strict=True)]
    one, other = (model.log_probabilities(answered) for model in models)
    for (_, tokens), first, second in zip(answered, one, other, strict=True):
        assert len(first) == len(tokens) + 1
        # Eight bits are not thirty-two.
        assert first == pytest.approx(second, abs=0.5)


def test_no_part_of_a_long_line_is_left_out_unsaid(name: str, small_nllb: Folders) -> None:
    sentences = made_up(3, 110, 130)
    cut, endless = load(small_nllb[name], name).translate(scene(["。".join(sentences), "".join(sentences)], "en"))
    assert CUT in cut.notes
    assert endless.text is None
    assert "nowhere to be cut" in endless.notes[0]


def test_no_hub_is_asked(name: str, small_nllb: Folders, offline: None) -> None:
    (said,) = load(small_nllb[name], name).translate(scene(["你好。"], "en"))
    assert said.text == "Hello."


def test_folders_that_hold_something_else_are_refused(small_nllb: Folders, tmp_path: Path) -> None:
    other = shutil.copytree(small_nllb["nllb"], tmp_path / "other")
    (other / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(ModelError, match="of the kind bert"):
        load(other, "nllb")
    empty = shutil.copytree(small_nllb["nllb"], tmp_path / "empty")
    (empty / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(ModelError, match="cannot be loaded as a model of NLLB"):
        load(empty, "nllb")
    torn = shutil.copytree(small_nllb["nllb-ct2"], tmp_path / "torn")
    (torn / "model.bin").write_bytes(b"no weights")
    with pytest.raises(ModelError, match="CTranslate2 cannot load"):
        load(torn, "nllb-ct2")


def test_a_language_that_it_does_not_know_is_refused(name: str, small_nllb: Folders) -> None:
    engine: Translator = load(small_nllb[name], name)
    with pytest.raises(LanguageError, match="Latin"):
        engine.translate(scene(["你好。"], "la"))


def test_several_episodes_through_the_stage_with_a_model_of_the_operators_own(
    name: str, small_nllb: Folders, lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the file of artefacts to committed rows; together as alone."""
    folder = shutil.copytree(small_nllb[name], tmp_path / "models" / "small-nllb")
    main = "model.bin" if name == "nllb-ct2" else "model.safetensors"
    artefacts = tmp_path / "artefacts.toml"
    artefacts.write_text(entry("small-nllb", folder, ["mul"], main), encoding="utf-8")
    monkeypatch.setenv(registry.ADDED, str(artefacts))
    monkeypatch.setattr(unit, "_loaded", {})
    machine = unit.Machine(lake=lake.uri, models_dir=str(tmp_path / "models"))
    settings = TranslateSettings(engine=name, model="small-nllb")
    facts = SeriesFacts.model_validate({"glossary": [{"source": "林晚", "renderings": {"en": "Lin Wan"}}]})
    lines = list(LESSONS)
    episodes = [lines[:4], lines[4:7], [*made_up(1, 400, 400), *lines[7:9]]]
    works = [replace(work(lake, texts, (None,) * len(texts)), settings=settings, facts=facts) for texts in episodes]
    assert all(isinstance(receipt, unit.Receipt) for receipt in unit.execute_all(works, machine))
    rows = [lake.read(job.key).rows() for job in works]
    (engine,) = unit._loaded.values()
    for texts, found in zip(episodes, rows, strict=True):
        alone = engine.translate(scene(texts, "en", {"林晚": "Lin Wan"}))
        assert [row["text"] for row in found] == [said.text or "" for said in alone]
    assert rows[2][0]["state"] == "failed"
    assert {row["model_sha256"] for found in rows for row in found} == {registry.get("small-nllb").sha256}


def test_the_licence_of_its_weights_is_told() -> None:
    for name in ENGINES:
        assert engine_class("translate", name).info.weights_licence == "CC-BY-NC-4.0"


def test_small_models_are_the_same_every_time(small_nllb: Folders, tmp_path: Path) -> None:
    again = small_models.nllb(tmp_path / "again", trained=False)
    for path in ("model.safetensors", "tokenizer.json"):
        assert (again / path).read_bytes() == (small_nllb["nllb-random"] / path).read_bytes()
