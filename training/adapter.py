"""Train the embedded translator's adapter on the scenes, and write it for llama.cpp.

    python -m training.adapter --model FILE.gguf --out dubwright/translate/zh-drama.gguf [--begin ADAPTER.gguf] [--minutes 60]

A low-rank adapter (LoRA, https://arxiv.org/abs/2106.09685) of the upper layers of a Qwen2 model as its GGUF file has it,
quantized weights included: it learns to make good what these lost, too. Only answers are learnt, never what is asked; what all
scenes of a language begin with is read now and then, and never gone back through, which halves the work. A
processor of 2022 with two cores takes an hour for 170,000 tokens; a GPU some minutes. Wants `pip install gguf accelerate` in the
environment of the extra `gpu`.
"""

from __future__ import annotations

import argparse
import math
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from torch import nn
from torch.nn import functional
from transformers import AutoModelForCausalLM, AutoTokenizer, DynamicCache

from training import scenes
from training.scenes import Lesson

# As transformers and as llama.cpp call what is adapted in a layer.
ADAPTED = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
RANK, ALPHA = 8, 16
# Of 28 layers, the lowest few are left alone: what is not adapted need not be gone back through.
FIRST_LAYER = 8
RATE, WARM_UP, SCENES_A_STEP = 3e-4, 10, 2
# Scenes between two readings of what they begin with: the adapter changes what the model makes of it.
SCENES_A_READING = 24


class Adapted(nn.Module):  # type: ignore[misc]  # where torch is not installed
    """A linear layer and what is added to it: x A' B' alpha / rank."""

    def __init__(self, base: nn.Linear) -> None:
        super().__init__()
        self.base = base
        self.a = nn.Parameter(torch.randn(RANK, base.in_features) / math.sqrt(base.in_features))
        self.b = nn.Parameter(torch.zeros(base.out_features, RANK))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        added = x @ self.a.to(x.dtype).T @ self.b.to(x.dtype).T
        return self.base(x) + added * (ALPHA / RANK)


def main() -> None:
    """Train within the time given, and write the adapter."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="the GGUF file that the embedded profile runs")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--begin", type=Path, help="an adapter to go on from")
    parser.add_argument("--strength", type=float, default=1.0, help="share of what was learnt that the file has")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument(
        "--spanish", type=float, default=0.15, help="share of the scenes that are learnt in Spanish too"
    )
    parser.add_argument("--seed", type=int, default=7, help="of the order in which the scenes are learnt")
    given = parser.parse_args()
    torch.manual_seed(given.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    files: dict[str, Any] = {"pretrained_model_name_or_path": given.model.parent, "gguf_file": given.model.name}
    tokenizer = AutoTokenizer.from_pretrained(**files)
    model = AutoModelForCausalLM.from_pretrained(**files, dtype=quickest(device)).to(device)
    adapted = adapt(model)
    if given.begin:
        begin(adapted, given.begin)
    learner = Learner(model, tokenizer)
    train(learner, adapted, lessons(given.epochs, given.spanish, given.seed), given.minutes * 60)
    write(adapted, given.out, given.strength)


def quickest(device: str) -> torch.dtype:
    """16 bits where the device computes with them: a processor that does not is six times as fast with 32."""
    sixteen = device == "cuda" or torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return torch.bfloat16 if sixteen else torch.float32


def adapt(model: Any) -> Mapping[str, Adapted]:
    """Put adapters into a model, which else stays as it is; by llama.cpp's names of the tensors."""
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    found = {}
    for number, layer in enumerate(model.model.layers):
        if number < FIRST_LAYER:
            continue
        for name, short in ADAPTED.items():
            at, _, leaf = name.rpartition(".")
            parent = layer.get_submodule(at)
            adapted = Adapted(getattr(parent, leaf)).to(model.device)
            setattr(parent, leaf, adapted)
            found[f"blk.{number}.{short}.weight"] = adapted
    return found


def begin(adapted: Mapping[str, Adapted], file: Path) -> None:
    """Take up what a file of `write` holds, at the strength that it has there."""
    reader = gguf.GGUFReader(str(file))
    share = float(reader.fields["adapter.lora.alpha"].contents()) / ALPHA
    tensors = {tensor.name: torch.tensor(np.array(tensor.data)).float() for tensor in reader.tensors}
    with torch.no_grad():
        for name, each in adapted.items():
            each.a.copy_(tensors[f"{name}.lora_a"])
            each.b.copy_(tensors[f"{name}.lora_b"] * share)


def lessons(epochs: int, spanish: float, seed: int) -> Sequence[Lesson]:
    """What is learnt, in that order: all scenes in English, a share of them in Spanish too."""
    dice = random.Random(seed)
    known = list(scenes.read())
    order: list[Lesson] = []
    for _ in range(epochs):
        epoch = [scenes.to_english(scene, dice) for scene in known]
        epoch += [scenes.to_spanish(scene) for scene in known if dice.random() < spanish]
        dice.shuffle(epoch)
        order += epoch
    return order


class Learner:
    """A model, and what it makes of the openings, each of which thousands of lines begin with."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self.model, self.tokenizer = model, tokenizer
        self._read: dict[str, list[tuple[torch.Tensor, torch.Tensor]]] = {}

    def forget(self) -> None:
        """Read the openings anew when they are next needed."""
        self._read.clear()

    def loss(self, lesson: Lesson) -> torch.Tensor:
        """Mean negative log likelihood (nats) of the tokens that are to be learnt."""
        tokens, learnt = list[int](), list[bool]()
        for text, to_learn in lesson.pieces:
            found = self._tokens(text)
            tokens += found
            learnt += [to_learn] * len(found)
        ids = torch.tensor([tokens], device=self.model.device)
        at = torch.nonzero(torch.tensor(learnt[1:])).flatten().to(self.model.device)
        states = self.model.model(ids, past_key_values=self._after(lesson.opening)).last_hidden_state[0]
        # The vocabulary is large, and most of what is asked need not be guessed.
        return functional.cross_entropy(self.model.lm_head(states[at]).float(), ids[0, at + 1])

    def _after(self, opening: str) -> DynamicCache:
        if opening not in self._read:
            ids = torch.tensor([self._tokens(opening)], device=self.model.device)
            with torch.no_grad():
                cache = self.model.model(ids, use_cache=True).past_key_values
            self._read[opening] = [(layer.keys, layer.values) for layer in cache.layers]
        # Each scene has its own: a cache grows with what is read after it.
        cache = DynamicCache()
        for number, (keys, values) in enumerate(self._read[opening]):
            cache.update(keys, values, number)
        return cache

    def _tokens(self, text: str) -> list[int]:
        return list(self.tokenizer(text, add_special_tokens=False).input_ids)


def train(learner: Learner, adapted: Mapping[str, Adapted], order: Sequence[Lesson], seconds: float) -> None:
    """Learn the scenes in their order; where time is short, the rate falls sooner and the last are left out."""
    parameters = [parameter for each in adapted.values() for parameter in (each.a, each.b)]
    optimizer = torch.optim.AdamW(parameters, lr=RATE, betas=(0.9, 0.98), weight_decay=0.01)
    print(f"before: {_held(learner)}", flush=True)
    began, lost = time.monotonic(), list[float]()
    for at, lesson in enumerate(order):
        elapsed = time.monotonic() - began
        done = max(at / len(order), elapsed / seconds)
        if done >= 1:
            break
        step = at // SCENES_A_STEP
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1, (step + 1) / WARM_UP) * (0.05 + 0.475 * (1 + math.cos(math.pi * done)))
        if at % SCENES_A_READING == 0:
            learner.forget()
        loss = learner.loss(lesson)
        (loss / SCENES_A_STEP).backward()
        lost.append(loss.item())
        if at % SCENES_A_STEP == SCENES_A_STEP - 1:
            nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            optimizer.zero_grad()
        if at % 20 == 19:
            print(f"{at + 1} of {len(order)}, {elapsed:.0f} s: {np.mean(lost[-40:]):.4f}", flush=True)
    learner.forget()
    print(f"after {len(lost)}: {_held(learner)}", flush=True)


def _held(learner: Learner) -> str:
    """How well the scenes are foretold that are not learnt from."""
    known = list(scenes.held())
    dice = random.Random(0)
    with torch.no_grad():
        english = np.mean([learner.loss(scenes.to_english(scene, dice)).item() for scene in known])
        spanish = np.mean([learner.loss(scenes.to_spanish(scene)).item() for scene in known[::3]])
    return f"{english:.4f} nats a token of English, {spanish:.4f} of Spanish"


def write(adapted: Mapping[str, Adapted], out: Path, strength: float) -> None:
    """The adapter as a GGUF file, in 16 bits."""
    writer = gguf.GGUFWriter(str(out), "qwen2")
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", ALPHA * strength)
    for name, tensor in _tensors(adapted):
        writer.add_tensor(name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _tensors(adapted: Mapping[str, Adapted]) -> Iterator[tuple[str, Any]]:
    for name, each in adapted.items():
        for side, tensor in (("a", each.a), ("b", each.b)):
            yield f"{name}.lora_{side}", tensor.detach().float().cpu().numpy().astype(np.float16)


if __name__ == "__main__":
    main()
