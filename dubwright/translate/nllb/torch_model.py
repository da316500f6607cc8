"""NLLB as transformers has it: a folder with `config.json` and the weights; on a GPU where torch sees one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from dubwright.errors import ModelError
from dubwright.models import offline
from dubwright.translate.nllb.batches import Batch, Batched, batches
from dubwright.translate.nllb.decoding import SCORED, Hypothesis, Question, Search, Tokens, longest_answer
from dubwright.translate.nllb.vocabulary import Vocabulary

Row = TypeVar("Row")

# The log probability of a token that must stand where it cannot.
FORCED = -100.0
# In the place of a token: one that is nobody's to choose, one that is not scored.
FREE, NOT_SCORED = -1, -100


class TorchModel(Batched):
    """`M2M100ForConditionalGeneration`, with 16-bit weights on a GPU, else with 32-bit ones on the processor.

    16-bit numbers are so coarse that the number of rows computed together can change a word: batches are filled up, so
    that this number is always the same for a length.
    """

    def __init__(self, folder: Path, vocabulary: Vocabulary, threads: int) -> None:
        """Raises `ModelError` where the folder holds no such model."""
        offline.close()
        self._torch: Any = import_module("torch")
        self._library: Any = import_module("transformers")
        self._torch.set_num_threads(threads)
        self._device = "cuda" if self._torch.cuda.is_available() else "cpu"
        super().__init__(self._device)
        self._model = self._load(folder)
        if self._model.config.vocab_size < len(vocabulary):
            raise ModelError("tokenizer.json is that of another model", where=str(folder))
        self._pad, self._end, self._unknown = vocabulary.pad, vocabulary.end, vocabulary.unknown
        self.fill = self._device == "cuda"
        self.longest_answer = longest_answer

    def _load(self, folder: Path) -> Any:
        dtype = self._torch.float16 if self._device == "cuda" else self._torch.float32
        try:
            kind = json.loads((folder / "config.json").read_text(encoding="utf-8"))["model_type"]
            if kind != "m2m_100":
                raise ValueError(f"it is a model of the kind {kind}, not m2m_100")
            model = self._library.M2M100ForConditionalGeneration.from_pretrained(
                folder, local_files_only=True, dtype=dtype
            )
        except Exception as error:  # whatever is wrong with files that may hold anything
            raise ModelError(
                f"cannot be loaded as a model of NLLB: {error}",
                where=str(folder),
                remedy="it takes config.json, tokenizer.json and the weights as they are published",
            ) from error
        # What the folder says of searches is not asked: settings decide, and they are part of fingerprints.
        model.generation_config = self._library.GenerationConfig()
        return model.to(self._device).eval()

    def log_probabilities(self, answered: Sequence[tuple[Question, Tokens]]) -> list[list[float]]:
        """For each answer to a question how likely the model finds each of its tokens, and the end after them."""
        found: list[list[float]] = [[] for _ in answered]
        lengths = [max(len(question.source), len(tokens) + 2) for question, tokens in answered]
        for batch in batches(lengths, self.most_tokens // SCORED, self.most_beams):
            rows = self._filled([answered[place] for place in batch.places], batch)
            source = self._padded([question.source for question, _ in rows], batch.width, self._pad)
            said = [(question.prefix[0], *tokens, self._end) for question, tokens in rows]
            with self._torch.inference_mode():
                logits = self._model(
                    input_ids=source,
                    attention_mask=(source != self._pad).long(),
                    decoder_input_ids=self._padded([(self._end, *each[:-1]) for each in said], batch.width, self._pad),
                ).logits
                # The language's own token was no choice.
                wanted = self._padded([(NOT_SCORED, *each[1:]) for each in said], batch.width, NOT_SCORED)
                lost = self._torch.nn.functional.cross_entropy(
                    logits.float().transpose(1, 2), wanted, ignore_index=NOT_SCORED, reduction="none"
                )
            for place, row in zip(batch.places, (-lost).tolist(), strict=False):
                found[place] = row[1 : len(answered[place][1]) + 2]
        return found

    def _batch(self, asked: Sequence[Question], batch: Batch, search: Search) -> list[list[Hypothesis]]:
        rows = self._filled(asked, batch)
        source = self._padded([row.source for row in rows], batch.width, self._pad)
        prefix = self._padded([row.prefix for row in rows], max(len(row.prefix) for row in rows), FREE)
        bound = _Bound(prefix.repeat_interleave(search.beam_size, 0), self._unknown)
        with self._torch.inference_mode():
            said = self._model.generate(
                input_ids=source,
                attention_mask=(source != self._pad).long(),
                generation_config=self._generation(batch.width, search),
                logits_processor=self._library.LogitsProcessorList([bound]),
            )
        answers = said.reshape(len(rows), search.beam_size, -1).tolist()
        return [[self._hypothesis(tokens) for tokens in each] for each in answers[: len(asked)]]

    def _filled(self, rows: Sequence[Row], batch: Batch) -> Sequence[Row]:
        """As many rows as the batch is made for, where their number shows in the results."""
        return [*rows, *[rows[0]] * (batch.rows - len(rows))] if self.fill else rows

    def _generation(self, width: int, search: Search) -> Any:
        return self._library.GenerationConfig(
            decoder_start_token_id=self._end,
            eos_token_id=self._end,
            pad_token_id=self._pad,
            max_new_tokens=self.longest_answer(width),
            num_beams=search.beam_size,
            num_return_sequences=search.beam_size,
            length_penalty=search.length_penalty,
            no_repeat_ngram_size=search.no_repeat,
            early_stopping=search.beam_size > 1,
            do_sample=False,
        )

    def _padded(self, rows: Sequence[Sequence[int]], width: int, fill: int) -> Any:
        return self._torch.tensor([[*row, *[fill] * (width - len(row))] for row in rows], device=self._device)

    def _hypothesis(self, tokens: Sequence[int]) -> Hypothesis:
        """What the library returns: the token it starts from, the language, the answer, an end, padding."""
        said = tokens[2:]
        ended = self._end in said
        return Hypothesis(tuple(said[: said.index(self._end)] if ended else said), ended)


class _Bound:
    """What answers may hold: at each place of a row's prefix (of shape [beams, places], FREE where any may stand) nothing
    else, and nowhere the unknown token. To be called as a `LogitsProcessor`."""

    def __init__(self, prefix: Any, unknown: int) -> None:
        self._prefix = prefix
        self._unknown = unknown

    def __call__(self, tokens: Any, scores: Any) -> Any:
        """The log probabilities [beams, vocabulary] of what follows the tokens [beams, length]."""
        place = tokens.shape[1] - 1
        scores[:, self._unknown] = -float("inf")
        if place >= self._prefix.shape[1]:
            return scores
        rows = (self._prefix[:, place] != FREE).nonzero()[:, 0]
        forced = self._prefix[rows, place]
        own = scores[rows, forced].clamp(min=FORCED)
        scores[rows] = -float("inf")
        scores[rows, forced] = own
        return scores
