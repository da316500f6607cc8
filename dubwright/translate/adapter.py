"""What the embedded model was trained on besides: an adapter (LoRA) that knows how short dramas are dubbed.

The published model is small, and translates drama by the word: who does what to whom is often wrong, and a line reads like a
manual. The adapter was trained on the scenes of `training/dialogues`, written for it; what it is worth is in docs/figures.md,
how it is made in training/README.md.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from dubwright import languages

# The model that it was trained on, and between which languages.
MODEL = "qwen2.5-coder-1.5b-instruct-q4"
FILE = "zh-drama.gguf"
LANGUAGES = {"zh": frozenset({"en", "es"})}


def of(model: str) -> Path | None:
    """The adapter of an artefact of the model store; None for any other."""
    return Path(str(resources.files(__package__) / FILE)) if model == MODEL else None


def knows(source: str, target: str) -> bool:
    """Whether it was trained for translating from the one language into the other."""
    return languages.base(target) in LANGUAGES.get(languages.base(source), frozenset())
