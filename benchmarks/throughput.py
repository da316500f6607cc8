"""How many lines a second NLLB translates: our batches against `transformers.generate` line by line, on one model.

    python -m benchmarks.throughput [--model DIR] [--converted DIR] [--to LANGUAGE] [--lines N] [--rounds N] [--threads N]

DIR holds a model and its tokenizer as they are published; `--converted` names the same for CTranslate2. Without a model
one of the true size of NLLB-200-distilled-600M is made up (`--layers`, `--width`, `--vocabulary` make it smaller), with
random weights: it never comes to an end, so each answer is made as long as its line, in ours as in theirs. That is kind
to batches, which otherwise wait for their longest answer. The lines are the sample script's, over and over.

All search in the same way (beam of 4), on a GPU with 16-bit weights, else on the processor with 32-bit ones; CTranslate2
with its 8 bits there. Each round asks for all lines once in every way, after one line to warm up; told are the median
and the spread of the rounds. Where the model is a real one, the share of lines whose first answer is the same is told too.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.machine import describe, spread
from dubwright.translate.nllb import languages
from dubwright.translate.nllb.ct2_model import Ct2Model
from dubwright.translate.nllb.decoding import Question, Search, Tokens, longest_answer
from dubwright.translate.nllb.torch_model import TorchModel
from dubwright.translate.nllb.vocabulary import Vocabulary
from samples import script

SEARCH = Search(beam_size=4, length_penalty=1.0, no_repeat=0)
Way = Callable[[Sequence[Question]], list[Tokens]]


class MadeUp:
    """Stands in for the vocabulary of a model without words."""

    end, pad, unknown, size = 2, 1, 3, 0

    def __len__(self) -> int:
        return self.size


def main() -> None:
    asked = _parser().parse_args()
    with TemporaryDirectory() as place:
        real = asked.model is not None
        folder = asked.model or _made_up(Path(place), asked)
        vocabulary: Any = Vocabulary(folder) if real else MadeUp()
        model = TorchModel(folder, vocabulary, asked.threads)
        if not real:
            model.longest_answer = lambda width: width
        questions = _questions(vocabulary if real else None, asked)
        ways: dict[str, Way] = {
            "transformers.generate, line by line": lambda some: [_plain(model, each, real) for each in some],
            "ours, transformers": lambda some: _first(model, some),
        }
        if asked.converted:
            converted = Ct2Model(asked.converted, vocabulary, asked.threads)
            ways["ours, CTranslate2"] = lambda some: _first(converted, some)
        tokens = sum(len(each.source) for each in questions) / len(questions)
        print(describe("torch", "transformers", "ctranslate2"))
        print(f"{asked.model or _size(asked)}, on {model._device}, {asked.threads} threads")
        print(f"{len(questions)} lines of {tokens:.1f} tokens, {asked.rounds} rounds")
        _compare(ways, questions, asked.rounds, real)


def _compare(ways: dict[str, Way], questions: Sequence[Question], rounds: int, real: bool) -> None:
    for way in ways.values():
        way(questions[:1])
    speeds: dict[str, list[float]] = {name: [] for name in ways}
    said: dict[str, list[Tokens]] = {}
    for number in range(1, rounds + 1):
        for name, way in ways.items():
            started = time.perf_counter()
            said[name] = way(questions)
            speeds[name].append(len(questions) / (time.perf_counter() - started))
        print(f"round {number}: " + ", ".join(f"{values[-1]:.2f}" for values in speeds.values()), flush=True)
    (plain, *_), first = speeds, next(iter(said.values()))
    for name, values in speeds.items():
        times = [value / other for value, other in zip(values, speeds[plain], strict=True)]
        same = sum(one == other for one, other in zip(said[name], first, strict=True)) / len(first)
        told = f"; the same first answer in {same:.1%}" if real else ""
        print(f"{name:36} {spread(values)} lines a second, {spread(times, 1)} times as many{told}")


def _plain(model: TorchModel, question: Question, real: bool) -> Tokens:
    """One line, as the library's documentation has it."""
    source = model._torch.tensor([question.source], device=model._device)
    longest = longest_answer(len(question.source)) if real else len(question.source)
    with model._torch.inference_mode():
        said = model._model.generate(
            input_ids=source,
            attention_mask=model._torch.ones_like(source),
            decoder_start_token_id=model._end,
            eos_token_id=model._end,
            pad_token_id=model._pad,
            forced_bos_token_id=question.prefix[0],
            num_beams=SEARCH.beam_size,
            early_stopping=True,
            max_new_tokens=longest,
        )
    return tuple(token for token in said[0, 2:].tolist() if token not in (model._end, model._pad))


def _first(model: TorchModel | Ct2Model, questions: Sequence[Question]) -> list[Tokens]:
    return [found[0].tokens for found in model.answers(questions, SEARCH)]


def _questions(vocabulary: Vocabulary | None, asked: argparse.Namespace) -> list[Question]:
    """The sample's lines as questions; without a vocabulary a token for each character, as NLLB has them about."""
    spoken = [line.text for episode in script.read().episodes for line in episode.lines]
    texts = list(islice(cycle(spoken), asked.lines))
    if vocabulary is None:
        return [Question((4, *(5 + ord(char) % 1000 for char in text), 2), (6,)) for text in texts]
    source, target = (vocabulary.language(languages.code(tag)) for tag in ("zh", asked.to))
    return [Question((source, *vocabulary.encode(text), vocabulary.end), (target,)) for text in texts]


def _made_up(folder: Path, asked: argparse.Namespace) -> Path:
    """A model of random weights, kept with 16 bits."""
    import torch
    from transformers import M2M100Config, M2M100ForConditionalGeneration

    torch.manual_seed(7)
    torch.set_default_dtype(torch.float16)
    M2M100ForConditionalGeneration(
        M2M100Config(
            vocab_size=asked.vocabulary,
            d_model=asked.width,
            encoder_layers=asked.layers,
            decoder_layers=asked.layers,
            encoder_attention_heads=16,
            decoder_attention_heads=16,
            encoder_ffn_dim=4 * asked.width,
            decoder_ffn_dim=4 * asked.width,
            scale_embedding=True,
        )
    ).save_pretrained(folder)
    torch.set_default_dtype(torch.float32)
    return folder


def _size(asked: argparse.Namespace) -> str:
    return f"random weights: {asked.layers}+{asked.layers} layers of {asked.width}, {asked.vocabulary} tokens"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="benchmarks.throughput", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--model", type=Path, help="folder of a model as it is published")
    parser.add_argument("--converted", type=Path, help="folder of the same, converted for CTranslate2")
    parser.add_argument("--to", default="en", help="target language")
    parser.add_argument("--lines", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    for name, true in (("layers", 12), ("width", 1024), ("vocabulary", 256206)):
        parser.add_argument(f"--{name}", type=int, default=true, help="of a model that is made up")
    return parser


if __name__ == "__main__":
    main()
