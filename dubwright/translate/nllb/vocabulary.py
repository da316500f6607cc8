"""Text to the tokens of the model's vocabulary, and back."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from dubwright.errors import ModelError

FILE = "tokenizer.json"
END, PAD, UNKNOWN = "</s>", "<pad>", "<unk>"
# What opens a word in a vocabulary of SentencePiece.
SPACE = "\u2581"


class Vocabulary:
    """The `tokenizer.json` of a model's folder. What a line says is text, also where it looks like a token of control."""

    def __init__(self, folder: Path) -> None:
        """Raises `ModelError` if the file is missing or is not that of an NLLB model."""
        file = folder / FILE
        try:
            self._tokenizer: Any = import_module("tokenizers").Tokenizer.from_file(str(file))
        except Exception as error:  # the library raises nothing narrower
            raise ModelError(
                f"cannot be read as a tokenizer: {error}",
                where=str(file),
                remedy="it stands beside the model's weights where they are published; docs/operations.md",
            ) from error
        self._tokenizer.encode_special_tokens = True
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.end, self.pad, self.unknown = (self._named(token, file) for token in (END, PAD, UNKNOWN))
        self._file = file

    def __len__(self) -> int:
        return int(self._tokenizer.get_vocab_size())

    def language(self, code: str) -> int:
        """The token of a language. Raises `ModelError` if this model was not trained on it."""
        return self._named(code, self._file)

    def encode(self, text: str) -> tuple[int, ...]:
        """The tokens of a text alone, without those of languages and ends."""
        return tuple(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of tokens; those of control say nothing."""
        return str(self._tokenizer.decode(list(tokens), skip_special_tokens=True)).strip()

    def names(self, tokens: Sequence[int]) -> list[str]:
        """The tokens as the vocabulary writes them."""
        return [self._tokenizer.id_to_token(token) for token in tokens]

    def number(self, token: str) -> int | None:
        """The number of a token that the vocabulary writes so; None if it has none."""
        found = self._tokenizer.token_to_id(token)
        return None if found is None else int(found)

    def unknown_in(self, text: str) -> str:
        """The characters of a text that the vocabulary does not know, each once, in order."""
        if self.unknown not in self.encode(text):
            return ""
        return "".join(dict.fromkeys(char for char in text if self.unknown in self.encode(char)))

    def _named(self, token: str, file: Path) -> int:
        number = self.number(token)
        if number is None:
            raise ModelError(f"it has no token {token}", where=str(file), remedy="is this a model of NLLB-200?")
        return number
