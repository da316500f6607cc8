"""Scenes to lines, lines to pieces that the model can take, its answers to a line's translation, judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from dubwright.errors import DubwrightError
from dubwright.settings import TranslateSettings
from dubwright.translate import check, glossary
from dubwright.translate.check import Problem
from dubwright.translate.engine import Line, Scene, Translated
from dubwright.translate.nllb import cutting, languages, terms
from dubwright.translate.nllb.decoding import Hypothesis, Model, Question, Search, Tokens
from dubwright.translate.nllb.vocabulary import Vocabulary

LONGEST_LINE = 1000  # characters
# The model was trained on sentences; of longer texts it leaves out more and more.
LONGEST_PIECE = 200  # tokens
# So many of a line's terms are made to stand, if need be, one after another.
MOST_TERMS = 4
# A line whose answer cannot stand, or not unflagged, is asked again: more widely, then sentence by sentence.
WIDER = 2
UNANSWERED = Problem("missing", "the model did not answer")
CUT = "asked for in pieces: too long for one"


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two languages: as BCP-47 has them, and their tokens."""

    source: str
    target: str
    source_token: int
    target_token: int


@dataclass(frozen=True, slots=True)
class _Piece:
    """A text that is asked for at once, and the renderings that its answer is to hold."""

    text: str
    pair: _Pair
    terms: Mapping[str, str]
    question: Question


@dataclass(frozen=True, slots=True)
class _Answer:
    """What was said of a piece or a line, what is wrong with it, and what else was said with no more wrong."""

    text: str = ""
    wrong: tuple[Problem, ...] = ()
    tokens: Tokens = ()
    others: tuple[str, ...] = ()

    @property
    def usable(self) -> bool:
        return bool(self.text) and not any(problem.fatal for problem in self.wrong)

    @property
    def rank(self) -> tuple[bool, int]:
        """The less, the better."""
        return (not self.usable, len(self.wrong))


@dataclass(frozen=True, slots=True)
class _Lack:
    """The answer to a piece, by its place among the pieces, and a term that it does not render as it should."""

    place: int
    piece: _Piece
    answer: _Answer
    term: str

    def mended_by(self, answer: _Answer) -> bool:
        """Whether another answer may stand and lacks less."""
        return answer.usable and len(_missing(self.piece, answer)) < len(_missing(self.piece, self.answer))


@dataclass(slots=True)
class _Asked:
    """A line under way: its text in its languages with its terms, the best answer so far, and its remarks."""

    text: str
    pair: _Pair
    terms: Mapping[str, str]
    best: _Answer = _Answer(wrong=(UNANSWERED,))
    notes: tuple[str, ...] = ()
    refused: str = ""

    def outcome(self, line: Line) -> Translated:
        if self.refused:
            return Translated(line.segment, None, (self.refused,))
        notes = (*(problem.message for problem in self.best.wrong), *self.notes)
        if not self.best.usable:
            return Translated(line.segment, None, notes)
        return Translated(line.segment, self.best.text, notes, self.best.others)


@dataclass(slots=True)
class Translation:
    """The lines of several scenes, each asked once however often it is spoken."""

    model: Model
    vocabulary: Vocabulary
    settings: TranslateSettings
    _asked: dict[tuple[object, ...], _Asked] = field(default_factory=dict)

    def of(self, scenes: Sequence[Scene]) -> list[list[Translated] | DubwrightError]:
        """The answers to each scene's lines, or why it cannot be asked for: a language that the model does not know."""
        found: list[list[_Asked] | DubwrightError] = []
        for scene in scenes:
            try:
                pair = self._pair(scene.source, scene.target)
            except DubwrightError as error:
                found.append(error)
                continue
            found.append([self._noted(line, pair, scene.glossary) for line in scene.lines])
        self._ask_all()
        return [
            asked
            if isinstance(asked, DubwrightError)
            else [each.outcome(line) for each, line in zip(asked, scene.lines, strict=True)]
            for asked, scene in zip(found, scenes, strict=True)
        ]

    def _pair(self, source: str, target: str) -> _Pair:
        tokens = (self.vocabulary.language(languages.code(language)) for language in (source, target))
        return _Pair(source, target, *tokens)

    def _noted(self, line: Line, pair: _Pair, renderings: Mapping[str, str]) -> _Asked:
        text = " ".join(line.text.split())
        held = glossary.occurring(text, renderings)
        key = (text, pair, *held.items())
        if key not in self._asked:
            asked = self._asked[key] = _Asked(text, pair, held)
            if not any(char.isalnum() for char in text):
                asked.refused = "nothing to translate"
            elif len(text) > LONGEST_LINE:
                asked.refused = f"too long for a line of dialogue: {len(text)} characters"
            elif unknown := self.vocabulary.unknown_in(text):
                asked.notes = (f"not in the model's vocabulary: {unknown}",)
                if not any(char.isalnum() for char in text if char not in unknown):
                    asked.refused = asked.notes[0]
        return self._asked[key]

    def _ask_all(self) -> None:
        first = Search(self.settings.beam_size, self.settings.length_penalty, self.settings.no_repeat)
        wider = replace(first, beam_size=WIDER * first.beam_size)
        ways = ((first, False), (wider, False), (wider, True))
        for search, by_sentence in ways[: self.settings.attempts]:
            lines = [each for each in self._asked.values() if each.best.wrong and not each.refused]
            pieces = [self._pieces(each, by_sentence) for each in lines]
            answers = iter(self._answers([piece for each in pieces for piece in each], search))
            for line, own in zip(lines, pieces, strict=True):
                said = _together(line, own, [next(answers) for _ in own])
                if own and (said.rank < line.best.rank or line.best.wrong == (UNANSWERED,)):
                    line.best = said

    def _pieces(self, line: _Asked, by_sentence: bool) -> list[_Piece]:
        """What of a line is asked for at once; nothing where that was asked already, or it cannot be cut."""
        texts = cutting.sentences(line.text) if by_sentence else [line.text]
        if by_sentence and len(texts) == 1:
            return []
        cut = [cutting.cut(text, self._size, LONGEST_PIECE) for text in texts]
        if any(pieces is None for pieces in cut):
            line.refused = f"too long to be asked for at once, and nowhere to be cut: {self._size(line.text)} tokens"
            return []
        whole = [piece for pieces in cut for piece in pieces or ()]
        if len(whole) > len(texts):
            line.notes = (*line.notes, CUT) if CUT not in line.notes else line.notes
        return [self._piece(text, line) for text in whole]

    def _size(self, text: str) -> int:
        return len(self.vocabulary.encode(text))

    def _piece(self, text: str, line: _Asked) -> _Piece:
        return _Piece(text, line.pair, glossary.occurring(text, line.terms), self._question(text, line.pair))

    def _question(self, text: str, pair: _Pair) -> Question:
        source = (pair.source_token, *self.vocabulary.encode(text), self.vocabulary.end)
        return Question(source, (pair.target_token,))

    def _answers(self, pieces: Sequence[_Piece], search: Search) -> list[_Answer]:
        """The best answer to each piece, with the renderings that it is to hold wherever they can be made to stand."""
        found = self.model.answers([piece.question for piece in pieces], search)
        best = [self._best(piece, hypotheses) for piece, hypotheses in zip(pieces, found, strict=True)]
        lacking: Sequence[int] = range(len(pieces))
        for _ in range(MOST_TERMS):
            mended = self._mended(
                [
                    _Lack(place, pieces[place], best[place], missing[0])
                    for place in lacking
                    if best[place].usable and (missing := _missing(pieces[place], best[place]))
                ],
                search,
            )
            for place, answer in mended.items():
                best[place] = answer
            lacking = list(mended)
        return best

    def _mended(self, lacks: Sequence[_Lack], search: Search) -> dict[int, _Answer]:
        """By their places, the answers with one rendering more (see `terms`), where they may stand."""
        if not lacks:
            return {}
        begun, whole = zip(*self._put(lacks), strict=True)
        found = {lack.place: self._judged(lack.piece, one) for lack, one in zip(lacks, whole, strict=True)}
        failed = [each for each in zip(lacks, begun, strict=True) if not each[0].mended_by(found[each[0].place])]
        gone_on = self.model.answers([question for _, question in failed], search)
        for (lack, _), hypotheses in zip(failed, gone_on, strict=True):
            found[lack.place] = self._best(lack.piece, hypotheses)
        return {lack.place: found[lack.place] for lack in lacks if lack.mended_by(found[lack.place])}

    def _put(self, lacks: Sequence[_Lack]) -> list[tuple[Question, Hypothesis]]:
        """Each lacking rendering in its answer: the question to go on from there, and the answer as it then is."""
        said = [lack.answer.tokens for lack in lacks]
        high = self.model.log_probabilities(
            [(lack.piece.question, each) for lack, each in zip(lacks, said, strict=True)]
        )
        without = [self._question(lack.piece.text.replace(lack.term, ""), lack.piece.pair) for lack in lacks]
        low = self.model.log_probabilities(list(zip(without, said, strict=True)))
        found = []
        for lack, with_term, without_term in zip(lacks, high, low, strict=True):
            tokens, target = lack.answer.tokens, lack.piece.pair.target
            losses = [one - other for one, other in zip(with_term, without_term, strict=True)]
            held = [
                lack.piece.terms[term] for term in lack.piece.terms if term not in _missing(lack.piece, lack.answer)
            ]
            rendering = lack.piece.terms[lack.term]
            start, end = terms.owed(tokens, losses, rendering, held, target, self.vocabulary)
            begun = (*tokens[:start], *terms.written(rendering, start > 0, target, self.vocabulary))
            question = lack.piece.question
            found.append(
                (Question(question.source, (*question.prefix, *begun)), Hypothesis((*begun, *tokens[end:]), ended=True))
            )
        return found

    def _best(self, piece: _Piece, hypotheses: Iterable[Hypothesis]) -> _Answer:
        """The likeliest of the answers with the least wrong."""
        ordered = sorted((self._judged(piece, each) for each in hypotheses), key=lambda answer: answer.rank)
        if not ordered:
            return _Answer(wrong=(UNANSWERED,))
        best = ordered[0]
        others = (each.text for each in ordered if each.rank == best.rank and each.text != best.text)
        return replace(best, others=tuple(dict.fromkeys(others))) if best.usable else best

    def _judged(self, piece: _Piece, said: Hypothesis) -> _Answer:
        text = check.clean(self.vocabulary.decode(said.tokens), piece.pair.target)
        wrong = _problems(text, piece.text, piece.pair, piece.terms)
        if not said.ended:
            wrong = (*wrong, Problem("length", "the answer did not end"))
        return _Answer(text, wrong, said.tokens)


def _problems(text: str, source_text: str, pair: _Pair, renderings: Mapping[str, str]) -> tuple[Problem, ...]:
    return tuple(check.problems(text, source_text, source=pair.source, target=pair.target, terms=renderings))


def _missing(piece: _Piece, answer: _Answer) -> list[str]:
    """The terms of a piece whose renderings its answer lacks."""
    target = piece.pair.target
    return [term for term, rendering in piece.terms.items() if not glossary.rendered(answer.text, rendering, target)]


def _together(line: _Asked, pieces: Sequence[_Piece], answers: Sequence[_Answer]) -> _Answer:
    """The answers to a line's pieces as the line's own. Where one is none, neither is the whole."""
    if len(answers) == 1:
        return answers[0]
    text = cutting.joined([answer.text for answer in answers], line.pair.target)
    lost = {
        problem.kind: problem for answer in answers for problem in answer.wrong if not answer.usable and problem.fatal
    }
    own = _problems(text, line.text, line.pair, line.terms)
    return _Answer(text, (*lost.values(), *(problem for problem in own if problem.kind not in lost)))
