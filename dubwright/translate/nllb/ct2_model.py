"""NLLB as CTranslate2 converts it: on the processor with 8-bit weights and without torch, on a GPU with 16-bit ones."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from dubwright.errors import ModelError
from dubwright.translate.nllb.batches import Batch, Batched
from dubwright.translate.nllb.decoding import SCORED, Hypothesis, Question, Search, Tokens, longest_answer
from dubwright.translate.nllb.vocabulary import END, Vocabulary

PRECISION = {"cuda": "float16", "cpu": "int8"}
FILES = ("model.bin", "config.json", "shared_vocabulary.json")


class Ct2Model(Batched):
    """A `ctranslate2.Translator`, from a folder that `ct2-transformers-converter` wrote."""

    def __init__(self, folder: Path, vocabulary: Vocabulary, threads: int) -> None:
        """Raises `ModelError` where the folder holds no such model."""
        for name in FILES:
            if not (folder / name).is_file():
                raise ModelError(
                    f"{name} is missing",
                    where=str(folder),
                    remedy="it takes a model that ct2-transformers-converter wrote, and tokenizer.json beside it",
                )
        library: Any = import_module("ctranslate2")
        device = "cuda" if library.get_cuda_device_count() else "cpu"
        super().__init__(device)
        try:
            self._translator = library.Translator(
                str(folder), device, compute_type=PRECISION[device], inter_threads=1, intra_threads=threads
            )
        except Exception as error:  # whatever is wrong with files that may hold anything
            raise ModelError(f"CTranslate2 cannot load the model: {error}", where=str(folder)) from error
        self._vocabulary = vocabulary
        self.longest_answer = longest_answer

    def log_probabilities(self, answered: Sequence[tuple[Question, Tokens]]) -> list[list[float]]:
        """For each answer to a question how likely the model finds each of its tokens, and the end after them."""
        if not answered:
            return []
        names = self._vocabulary.names
        found = self._translator.score_batch(
            [names(question.source) for question, _ in answered],
            [names((question.prefix[0], *tokens)) for question, tokens in answered],
            max_batch_size=self.most_tokens // SCORED,
            batch_type="tokens",
            max_input_length=0,
            offset=1,
        )
        return [[float(each) for each in scored.log_probs] for scored in found]

    def _batch(self, asked: Sequence[Question], batch: Batch, search: Search) -> list[list[Hypothesis]]:
        names = self._vocabulary.names
        said = self._translator.translate_batch(
            [names(question.source) for question in asked],
            target_prefix=[names(question.prefix) for question in asked],
            beam_size=search.beam_size,
            num_hypotheses=search.beam_size,
            length_penalty=search.length_penalty,
            no_repeat_ngram_size=search.no_repeat,
            disable_unk=True,
            # It would cut what is longer without a word.
            max_input_length=0,
            max_decoding_length=self.longest_answer(batch.width),
            return_end_token=True,
        )
        return [[self._hypothesis(tokens) for tokens in result.hypotheses] for result in said]

    def _hypothesis(self, tokens: Sequence[str]) -> Hypothesis:
        """What the library returns: the prefix, the language first, the rest of the answer, an end."""
        ended = bool(tokens) and tokens[-1] == END
        said = [self._vocabulary.number(token) for token in tokens[1 : len(tokens) - ended]]
        return Hypothesis(tuple(self._vocabulary.unknown if each is None else each for each in said), ended)
