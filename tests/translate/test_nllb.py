"""What surrounds NLLB: its languages, batches, cuts, vocabulary, and what becomes of the answers of a model gone wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import langcodes
import pytest

from dubwright import languages as tags
from dubwright.errors import LanguageError, ModelError
from dubwright.settings import TranslateSettings
from dubwright.translate.engine import Line, Scene, Translated
from dubwright.translate.nllb import cutting
from dubwright.translate.nllb.batches import STEP, batches
from dubwright.translate.nllb.ct2_model import Ct2Model
from dubwright.translate.nllb.decoding import Hypothesis, Question, Search, Tokens
from dubwright.translate.nllb.languages import CODES, LANGUAGES, code
from dubwright.translate.nllb.terms import owed, written
from dubwright.translate.nllb.translating import CUT, LONGEST_PIECE, Translation
from dubwright.translate.nllb.vocabulary import Vocabulary

SETTINGS = TranslateSettings(engine="nllb", model="here")
# Languages of several, of which NLLB knows one that langcodes does not count among them.
MEMBERS = {"ff": "fuv", "no": "nob", "ps": "pbt", "qu": "quy"}


class TestLanguages:
    @pytest.mark.parametrize("tag", sorted(LANGUAGES))
    def test_each_code_is_a_language_that_the_tag_means_in_a_script_that_it_has(self, tag: str) -> None:
        assert langcodes.Language.get(tag).is_valid()
        own = (
            {langcodes.Language.get(tag).to_alpha3(variant=variant) for variant in ("T", "B")}
            if "-" not in tag
            else set()
        )
        for each in CODES[tag]:
            language, script = each.split("_")
            wide = langcodes.Language.get(langcodes.standardize_tag(language, macro=True)).language
            narrow = MEMBERS.get(tag, tags.base(tags.parse(language)))
            assert language in own or wide == tags.base(tag) or narrow in (language, tags.base(tag))
            assert langcodes.Language.get(f"und-{script}").is_valid()

    def test_the_first_script_is_the_usual_one(self) -> None:
        usual = {
            tag: langcodes.Language.get(tag).maximize().script for tag in ("zh", "sr", "ks", "ar", "hi", "ja", "th")
        }
        assert {tag: code(tag).split("_")[1] for tag in usual} == usual

    def test_all_that_the_model_knows_are_there(self) -> None:
        assert len({each for codes in CODES.values() for each in codes}) == 202

    @pytest.mark.parametrize(
        ("tag", "known"),
        {
            "zh": "zho_Hans", "zh-CN": "zho_Hans", "zh-TW": "zho_Hant", "zh-Hant": "zho_Hant", "zh-HK": "zho_Hant",
            "yue": "yue_Hant", "en": "eng_Latn", "en-GB": "eng_Latn", "es-419": "spa_Latn", "pt-BR": "por_Latn",
            "ar": "arb_Arab", "ar-EG": "arb_Arab", "arz": "arz_Arab", "fa": "pes_Arab", "fa-AF": "prs_Arab",
            "ms": "zsm_Latn", "fil": "tgl_Latn", "ko": "kor_Hang", "ja": "jpn_Jpan", "no": "nob_Latn", "sw": "swh_Latn",
            "ks-Deva": "kas_Deva", "id": "ind_Latn", "vi": "vie_Latn", "hi": "hin_Deva", "th": "tha_Thai",
        }.items(),
    )  # fmt: skip
    def test_tags_that_people_write(self, tag: str, known: str) -> None:
        assert code(tags.parse(tag)) == known

    @pytest.mark.parametrize("tag", ["la", "sr-Latn", "hi-Latn", "tlh"])
    def test_what_it_does_not_know_is_refused(self, tag: str) -> None:
        with pytest.raises(LanguageError, match="NLLB does not know"):
            code(tag)


class TestBatches:
    LENGTHS = (3, 40, 8, 9, 1, 200, 17, 8, 8, 7, 41, 2000)

    def test_every_question_is_in_one_with_those_of_its_width(self) -> None:
        found = list(batches(self.LENGTHS, 512, 3))
        assert sorted(place for batch in found for place in batch.places) == list(range(len(self.LENGTHS)))
        for batch in found:
            assert {-(-self.LENGTHS[place] // STEP) * STEP for place in batch.places} == {batch.width}
            assert len(batch.places) <= batch.rows <= 3
            assert batch.rows == 1 or batch.rows * batch.width <= 512

    def test_neither_width_nor_rows_depend_on_the_neighbours(self) -> None:
        alone = {length: next(iter(batches([length], 512, 64))) for length in self.LENGTHS}
        for batch in batches(self.LENGTHS, 512, 64):
            for place in batch.places:
                one = alone[self.LENGTHS[place]]
                assert (batch.width, batch.rows) == (one.width, one.rows)

    def test_none(self) -> None:
        assert not list(batches([], 512, 8))


class TestCuts:
    TEXT = "他走了。“真的吗？”她问，声音很轻；没有人回答……The end. 3.14 is pi, isn't it?"

    def test_at_the_coarsest_marks_that_help(self) -> None:
        assert cutting.cut("一。二。三。", len, 4) == ["一。二。", "三。"]
        assert cutting.cut("一二，三四五六。七", len, 6) == ["一二，", "三四五六。七"]
        assert cutting.cut("one two three", len, 8) == ["one two ", "three"]
        assert cutting.cut("一二三四五", len, 4) is None

    @pytest.mark.parametrize("longest", [9, 14, 20, 100])
    def test_nothing_is_lost(self, longest: int) -> None:
        pieces = cutting.cut(self.TEXT, len, longest)
        assert pieces is not None
        assert "".join(pieces) == self.TEXT
        assert all(len(piece) <= longest for piece in pieces)

    def test_sentences_keep_what_closes_them(self) -> None:
        assert cutting.sentences("“走！”……他说。3.14 is pi. So") == ["“走！”……", "他说。", "3.14 is pi. ", "So"]

    def test_pieces_are_put_together_as_the_language_does(self) -> None:
        assert cutting.joined(["He left. ", "She did not."], "en") == "He left. She did not."
        assert cutting.joined(["彼は行った。", "彼女は残った。"], "ja") == "彼は行った。彼女は残った。"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tokenizer of NLLB's form with a token for each character."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    letters = sorted(
        set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.,!?'。，！？▁他来了你走吧林晚师父啊的是我们不")
    )
    names = ["<s>", "<pad>", "</s>", "<unk>", *letters]
    tokenizer = Tokenizer(models.BPE({name: place for place, name in enumerate(names)}, [], unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    codes = [each for known in CODES.values() for each in known]
    tokenizer.add_special_tokens([AddedToken(each, special=True) for each in ("<s>", "<pad>", "</s>", "<unk>", *codes)])
    place = tmp_path_factory.mktemp("vocabulary")
    tokenizer.save(str(place / "tokenizer.json"))
    return place


@pytest.fixture(scope="module")
def vocabulary(folder: Path) -> Vocabulary:
    return Vocabulary(folder)


class TestVocabulary:
    def test_a_text_is_a_text_also_where_it_looks_like_control(self, vocabulary: Vocabulary) -> None:
        tokens = vocabulary.encode("</s>eng_Latn<pad>他来了")
        assert not {vocabulary.end, vocabulary.pad, vocabulary.language("eng_Latn")} & set(tokens)
        assert vocabulary.decode(vocabulary.encode("he came, did he?")) == "he came, did he?"

    def test_what_it_does_not_know_is_named(self, vocabulary: Vocabulary) -> None:
        assert vocabulary.unknown_in("他砒霜来了砒") == "砒霜"
        assert vocabulary.unknown_in("他来了") == ""

    def test_a_folder_without_one_or_with_another_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ModelError, match="cannot be read as a tokenizer"):
            Vocabulary(tmp_path)
        (tmp_path / "tokenizer.json").write_text(
            '{"model": {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "a"}}'
        )
        with pytest.raises(ModelError, match="it has no token </s>"):
            Vocabulary(tmp_path)

    def test_a_folder_without_a_converted_model_is_refused(self, vocabulary: Vocabulary, folder: Path) -> None:
        with pytest.raises(ModelError, match=r"model\.bin is missing"):
            Ct2Model(folder, vocabulary, 1)


class Scripted:
    """A model that says what it is told to, for a source text and how widely it is searched.

    What it says after a given beginning is `goes_on`. It finds the words for 林晚 and 师父 unlikely without them.
    """

    owes: Mapping[str, str] = {"林晚": "forest", "师父": "teacher"}

    def __init__(self, vocabulary: Vocabulary, says: Callable[[str, Search], Sequence[str]], goes_on: str = "") -> None:
        self._vocabulary = vocabulary
        self._says = says
        self._goes_on = goes_on
        self.asked: list[str] = []

    def answers(self, questions: Sequence[Question], search: Search) -> list[list[Hypothesis]]:
        return [self._answer(question, search) for question in questions]

    def _answer(self, question: Question, search: Search) -> list[Hypothesis]:
        text, encode = self._vocabulary.decode(question.source), self._vocabulary.encode
        if begun := question.prefix[1:]:
            return [Hypothesis((*begun, *encode(self._goes_on)), ended=bool(self._goes_on))]
        self.asked.append(text)
        # An answer that never ends is written with an ellipsis.
        return [Hypothesis(encode(each.rstrip("…")), each[-1:] != "…") for each in self._says(text, search)]

    def log_probabilities(self, answered: Sequence[tuple[Question, Tokens]]) -> list[list[float]]:
        return [self._likely(self._vocabulary.decode(question.source), tokens) for question, tokens in answered]

    def _likely(self, source: str, tokens: Tokens) -> list[float]:
        said = "".join(self._vocabulary.names(tokens))
        likely = [-1.0] * (len(tokens) + 1)
        for term, word in self.owes.items():
            if term not in source and (at := said.find(word)) >= 0:
                likely[at : at + len(word)] = [-5.0] * len(word)
        return likely


def ask(
    vocabulary: Vocabulary,
    says: Callable[[str, Search], Sequence[str]],
    *texts: str,
    terms: Mapping[str, str] | None = None,
    goes_on: str = "",
) -> tuple[list[Translated], list[str]]:
    model = Scripted(vocabulary, says, goes_on)
    scene = Scene("zh", "en", [Line(number, text, None, 900) for number, text in enumerate(texts)], terms or {})
    (found,) = Translation(model, vocabulary, SETTINGS).of([scene])
    assert isinstance(found, list)
    return found, model.asked


class TestJudging:
    def test_the_likeliest_answer_that_may_stand_is_taken(self, vocabulary: Vocabulary) -> None:
        (said,), asked = ask(vocabulary, lambda *_: ["他来了", "he came…", "he is here", "he came"], "他来了")
        assert (said.text, said.notes, said.others) == ("he is here", (), ("he came",))
        assert asked == ["他来了"]

    def test_what_fails_is_asked_again_more_widely_and_then_by_sentence(self, vocabulary: Vocabulary) -> None:
        def wider(text: str, search: Search) -> list[str]:
            return ["go"] if search.beam_size > SETTINGS.beam_size else [text]

        (said,), asked = ask(vocabulary, wider, "你走吧")
        assert (said.text, asked) == ("go", ["你走吧"] * 2)

        def short(text: str, _: Search) -> list[str]:
            return [{"你走吧。": "Go.", "他来了！": "He is here!"}.get(text, text)]

        (said,), asked = ask(vocabulary, short, "你走吧。他来了！")
        assert (said.text, said.notes) == ("Go. He is here!", ())
        assert asked == ["你走吧。他来了！"] * 2 + ["你走吧。", "他来了！"]

    @pytest.mark.parametrize(
        ("answer", "why"),
        [
            ("他来了", "source text is left"),
            ("he came…", "did not end"),
            ("", "empty"),
            ("...", "empty"),
            ("he " * 60, "far longer"),
        ],
    )
    def test_what_is_no_translation_is_never_passed_off_as_one(
        self, vocabulary: Vocabulary, answer: str, why: str
    ) -> None:
        (good, bad), _ = ask(vocabulary, lambda text, _: ["go"] if "走" in text else [answer], "你走吧", "他来了")
        assert good.text == "go"
        assert bad.text is None
        assert any(why in note for note in bad.notes)

    def test_a_model_that_says_nothing_at_all(self, vocabulary: Vocabulary) -> None:
        (said,), _ = ask(vocabulary, lambda *_: [], "他来了")
        assert (said.text, said.notes) == (None, ("the model did not answer",))

    def test_a_line_is_asked_for_once_however_often_it_is_spoken(self, vocabulary: Vocabulary) -> None:
        said, asked = ask(vocabulary, lambda *_: ["he came"], "他来了", "他来了", " 他来了 ")
        assert [each.text for each in said] == ["he came"] * 3
        assert [each.segment for each in said] == [0, 1, 2]
        assert len(asked) == 1

    def test_a_line_too_long_for_one_question_is_cut_and_says_so(self, vocabulary: Vocabulary) -> None:
        text = "他来了，你走吧。" * (LONGEST_PIECE // 8 + 5)
        (said, short), asked = ask(
            vocabulary, lambda text, _: ["he came and you go now, " * (len(text) // 8)], text, "他来了"
        )
        assert said.text
        assert CUT in said.notes
        assert CUT not in short.notes
        assert "".join(asked[:2]) == text

    @pytest.mark.parametrize(
        ("text", "why"),
        [("啊" * 400, "nowhere to be cut"), ("啊" * 5000, "too long for a line"), ("……！", "nothing to translate")],
    )
    def test_what_cannot_be_asked_for_is_not(self, vocabulary: Vocabulary, text: str, why: str) -> None:
        (bad, good), asked = ask(vocabulary, lambda *_: ["he came"], text, "他来了")
        assert bad.text is None
        assert why in bad.notes[0]
        assert (good.text, asked) == ("he came", ["他来了"])

    def test_characters_that_it_does_not_know_are_flagged(self, vocabulary: Vocabulary) -> None:
        (said,), _ = ask(vocabulary, lambda *_: ["he came"], "他砒来了")
        assert (said.text, said.notes) == ("he came", ("not in the model's vocabulary: 砒",))
        (said,), asked = ask(vocabulary, lambda *_: ["he came"], "砒霜！")
        assert (said.text, said.notes, asked) == (None, ("not in the model's vocabulary: 砒霜",), [])

    def test_a_language_that_it_does_not_know_fails_its_own_scene(self, vocabulary: Vocabulary) -> None:
        lines = [Line(1, "他来了", None, 900)]
        scenes = [Scene("zh", "en", lines), Scene("zh", "la", lines), Scene("tlh", "en", lines)]
        good, *bad = Translation(Scripted(vocabulary, lambda *_: ["he came"]), vocabulary, SETTINGS).of(scenes)
        assert good == [Translated(1, "he came")]
        assert all(isinstance(each, LanguageError) for each in bad)


class TestTerms:
    TERMS: Mapping[str, str] = {"林晚": "Lin Wan", "师父": "Master"}

    def test_a_rendering_takes_the_place_of_the_words_that_the_term_brought_about(self, vocabulary: Vocabulary) -> None:
        (said,), _ = ask(vocabulary, lambda *_: ["go now, forest!"], "林晚，你走吧！", terms=self.TERMS)
        assert (said.text, said.notes) == ("go now, Lin Wan!", ())

    def test_where_it_cannot_be_the_model_goes_on_from_the_rendering(self, vocabulary: Vocabulary) -> None:
        long, terms = "forest" + " go on" * 14, {"林晚": "Lin Wan of the Forest"}
        (said,), _ = ask(vocabulary, lambda *_: [long], "林晚你走吧", terms=terms, goes_on="go now!")
        assert (said.text, said.notes) == ("Lin Wan of the Forest go now!", ())
        (said,), _ = ask(vocabulary, lambda *_: [long], "林晚你走吧", terms=terms)
        assert said.text == long
        assert "glossary: 林晚 is not Lin Wan of the Forest" in said.notes

    def test_no_rendering_takes_anothers_place(self, vocabulary: Vocabulary) -> None:
        said = vocabulary.encode("Lin Wan go")
        start, end = owed(said, [9.0] * 8 + [0.1] * 3, "Bo", ["Lin Wan"], "en", vocabulary)
        assert vocabulary.decode(said[start:end]) == "go"
        assert owed(vocabulary.encode("Lin Wan"), [1.0] * 8, "Bo", ["Lin Wan"], "en", vocabulary) == (8, 8)

    def test_several_one_after_another(self, vocabulary: Vocabulary) -> None:
        answer = "a forest said to the teacher go on now"
        (said,), _ = ask(vocabulary, lambda *_: [answer], "林晚师父你走吧", terms=self.TERMS)
        assert (said.text, said.notes) == ("a Lin Wan said to the Master go on now", ())

    def test_an_answer_that_holds_them_is_left_as_it_is(self, vocabulary: Vocabulary) -> None:
        (said,), asked = ask(vocabulary, lambda *_: ["go, Lin Wan!"], "林晚你走吧", terms=self.TERMS)
        assert (said.text, asked) == ("go, Lin Wan!", ["林晚你走吧"])

    def test_what_the_vocabulary_cannot_write_is_flagged(self, vocabulary: Vocabulary) -> None:
        (said,), _ = ask(vocabulary, lambda *_: ["go now"], "林晚你走吧", terms={"林晚": "Łin Żan"})
        assert said.text == "go now"
        assert said.notes == ("glossary: 林晚 is not Łin Żan",)

    def test_no_space_is_written_where_the_language_has_none(self, vocabulary: Vocabulary) -> None:
        words = [vocabulary.decode(written("林晚", inside, "zh", vocabulary)) for inside in (False, True)]
        assert words == ["林晚", "林晚"]
        assert len(written("林晚", False, "zh", vocabulary)) == 1 + len(written("林晚", True, "zh", vocabulary))
        assert written("Bo", True, "en", vocabulary) == vocabulary.encode("Bo")

    def test_words_beside_the_one_that_owes_most_belong_to_it(self, vocabulary: Vocabulary) -> None:
        said = vocabulary.encode("go, Mr. Forest, go")
        spelled = "".join(vocabulary.names(said))
        losses = [3.0 if at < spelled.find(",", 4) and at > 3 else 0.1 for at in range(len(spelled))]
        start, end = owed(said, losses, "Bo", [], "en", vocabulary)
        assert vocabulary.decode(said[start:end]) == "Mr. Forest"
        assert owed((), [], "Bo", [], "en", vocabulary) == (0, 0)

    def test_words_that_the_rendering_says_too_are_not_said_twice(self, vocabulary: Vocabulary) -> None:
        said = vocabulary.encode("so, Mr. Forest, go")
        losses = [9.0 if 4 <= at < 7 else 0.1 for at in range(len(said))]
        start, end = owed(said, losses, "Master Forest", [], "en", vocabulary)
        assert vocabulary.decode(said[start:end]) == "Mr. Forest"
