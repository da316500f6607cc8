"""Train the embedded translator's adapter on the scenes, and write it for llama.cpp.

    python -m training.adapter --model FILE.gguf --out dubwright/translate/zh-drama.gguf [--minutes 60] [--spanish 0.35]

A low-rank adapter (LoRA, https://arxiv.org/abs/2106.09685) of the upper layers of a Qwen2 model as its GGUF file has it,
quantized weights included: it learns to make good what these lost, too. Only answers are learnt, never what is asked. A
processor of 2022 with two cores takes an hour for 150,000 tokens; a GPU some minutes. Wants `pip install gguf accelerate` in the
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
from transformers import AutoModelForCausalLM, AutoTokenizer

from training import scenes
from training.scenes import Pieces

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
# Beside the examples that the translator is shown, half of what was learnt is better than all of it, by measurement.
STRENGTH = 0.5
# Of 28 layers, the lowest few are left alone: what is not adapted need not be gone back through.
FIRST_LAYER = 8
RATE, WARM_UP, SCENES_A_STEP = 4e-4, 10, 2
# Never trained on: they tell whether it learns or remembers.
HELD = 6
SEED = 7


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
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument(
        "--spanish", type=float, default=0.35, help="share of the scenes that are learnt in Spanish too"
    )
    given = parser.parse_args()
    torch.manual_seed(SEED)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    files: dict[str, Any] = {"pretrained_model_name_or_path": given.model.parent, "gguf_file": given.model.name}
    tokenizer = AutoTokenizer.from_pretrained(**files)
    model = AutoModelForCausalLM.from_pretrained(**files, dtype=torch.bfloat16).to(device)
    adapted = adapt(model)
    held, order = lessons(given.epochs, given.spanish)
    train(model, tokenizer, adapted, order, held, given.minutes * 60)
    write(adapted, given.out)


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


def lessons(epochs: int, spanish: float) -> tuple[Sequence[Pieces], Sequence[Pieces]]:
    """What is held back, and what is learnt, in that order: all scenes in English, a share of them in Spanish too."""
    dice = random.Random(SEED)
    known = list(scenes.read())
    dice.shuffle(known)
    held = [make(scene, dice) for scene in known[:HELD] for make in (scenes.to_english, scenes.to_spanish)]
    order: list[Pieces] = []
    for _ in range(epochs):
        epoch = [scenes.to_english(scene, dice) for scene in known[HELD:]]
        epoch += [scenes.to_spanish(scene, dice) for scene in known[HELD:] if dice.random() < spanish]
        dice.shuffle(epoch)
        order += epoch
    return held, order


def train(
    model: Any,
    tokenizer: Any,
    adapted: Mapping[str, Adapted],
    order: Sequence[Pieces],
    held: Sequence[Pieces],
    seconds: float,
) -> None:
    """Learn the scenes in their order; where time is short, the rate falls sooner and the last are left out."""
    parameters = [parameter for each in adapted.values() for parameter in (each.a, each.b)]
    optimizer = torch.optim.AdamW(parameters, lr=RATE, betas=(0.9, 0.98), weight_decay=0.01)
    print(f"before: {_held(model, tokenizer, held):.4f} nats a token", flush=True)
    began, lost = time.monotonic(), list[float]()
    for at, pieces in enumerate(order):
        elapsed = time.monotonic() - began
        done = max(at / len(order), elapsed / seconds)
        if done >= 1:
            break
        step = at // SCENES_A_STEP
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1, (step + 1) / WARM_UP) * (0.05 + 0.475 * (1 + math.cos(math.pi * done)))
        loss = loss_of(model, tokenizer, pieces)
        (loss / SCENES_A_STEP).backward()
        lost.append(float(loss))
        if at % SCENES_A_STEP == SCENES_A_STEP - 1:
            nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            optimizer.zero_grad()
        if at % 40 == 39:
            print(f"{at + 1} of {len(order)}, {elapsed:.0f} s: {np.mean(lost[-40:]):.4f}", flush=True)
    print(f"after {len(lost)}: {_held(model, tokenizer, held):.4f} nats a token", flush=True)


def loss_of(model: Any, tokenizer: Any, pieces: Pieces) -> torch.Tensor:
    """Mean negative log likelihood (nats) of the tokens that are to be learnt."""
    tokens, learnt = list[int](), list[bool]()
    for text, to_learn in pieces:
        found = tokenizer(text, add_special_tokens=False).input_ids
        tokens += found
        learnt += [to_learn] * len(found)
    ids = torch.tensor([tokens], device=model.device)
    at = torch.nonzero(torch.tensor(learnt[1:])).flatten().to(model.device)
    states = model.model(ids).last_hidden_state[0]
    # The vocabulary is large, and most of what is asked need not be guessed.
    return functional.cross_entropy(model.lm_head(states[at]).float(), ids[0, at + 1])


def _held(model: Any, tokenizer: Any, held: Sequence[Pieces]) -> float:
    with torch.no_grad():
        return float(np.mean([float(loss_of(model, tokenizer, pieces)) for pieces in held]))


def write(adapted: Mapping[str, Adapted], out: Path) -> None:
    """The adapter as a GGUF file, in 16 bits."""
    writer = gguf.GGUFWriter(str(out), "qwen2")
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", ALPHA * STRENGTH)
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
