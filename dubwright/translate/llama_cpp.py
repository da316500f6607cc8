"""llama.cpp on this machine's processor with one model: evaluated openings in slots, and completions on them.

Answers do not depend on what the process did before: llama.cpp computes slightly different numbers for the same text
evaluated in other portions, enough to change a word. So each dialogue begins on its opening evaluated always in the
same way (`LlamaCpp.begin`), and continues in portions that its own lines decide.

An opening is long and the same for every process of a machine: whoever comes first evaluates it and leaves its state for
the others, bit for bit what they would have computed.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import tempfile
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from dubwright import fetched
from dubwright.errors import EngineMissingError, EngineOutputError, ModelError
from dubwright.translate.prompt import TURN_END

PACKAGE = "xllamacpp"
# Openings kept evaluated at once, one for each pair of languages; others are soon read again. A token takes 28 KiB.
SLOTS = 2
SLOT_TOKENS = 3584
# Tokens evaluated at once: memory for the results is set aside for as many.
PORTION = 128
WAIT_POLICY = "OMP_WAIT_POLICY"
# How long (s) a state may take to be written or read.
STATE_S = 60.0


class LlamaCpp:
    """One model, loaded, with an `adapter` (LoRA) where it has one, which openings take or do without."""

    def __init__(self, file: Path, threads: int, adapter: Path | None = None) -> None:
        """Raises `ModelError` if the file cannot be loaded, `EngineMissingError` if the library cannot."""
        xllamacpp = _library()
        params = xllamacpp.CommonParams()
        params.model.path = str(file)
        params.n_ctx = SLOTS * SLOT_TOKENS
        params.n_parallel = SLOTS
        params.cpuparams.n_threads = threads
        params.cpuparams_batch.n_threads = threads
        params.n_gpu_layers = 0
        # With flash attention the numbers, and so the words, would depend on the number of threads.
        params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
        params.n_batch = params.n_ubatch = PORTION
        params.warmup = False
        params.fit_params = False
        params.verbosity = -1
        # Reuse other than that of a slot's own beginning would make answers depend on earlier ones.
        params.cache_ram_mib = 0
        params.n_ctx_checkpoints = 0
        if adapter:
            params.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(str(adapter))]
        # The library also listens on a port of this machine; nobody else is to use it.
        self._key = secrets.token_hex(32)
        params.api_keys = [self._key]
        params.webui = False
        params.endpoint_slots = False
        self._states = tempfile.TemporaryDirectory(prefix="dubwright-llama-")
        params.slot_save_path = self._states.name + os.sep
        try:
            self._server = xllamacpp.Server(params)
        except Exception as error:
            raise ModelError(f"llama.cpp cannot load the model: {error}", where=str(file)) from error
        about = file.stat()
        self._identity = f"{PACKAGE} {version(PACKAGE)}, {file.name} {about.st_size} {about.st_mtime_ns}, {PORTION}"
        if adapter:
            self._identity += f", {adapter.name} {hashlib.sha256(adapter.read_bytes()).hexdigest()}"
        self._openings: OrderedDict[str, int] = OrderedDict()
        # Which slots take the adapter; empty where there is none.
        self._adapted = dict.fromkeys(range(SLOTS), False) if adapter else {}

    def begin(self, opening: str, *, adapted: bool = False) -> int:
        """The slot that stands at the end of an opening, bit for bit the same whatever it held before. What is completed
        in it is completed with the adapter if it is `adapted`: an opening is always begun as the one or the other.
        """
        if opening not in self._openings:
            used = len(self._openings)
            slot = used if used < SLOTS else self._openings.popitem(last=False)[1]
            if self._adapted:
                self._adapted[slot] = adapted
            self._read(opening, slot)
            self._openings[opening] = slot
        self._openings.move_to_end(opening)
        # Evaluates the last token once more, alone, and drops whatever came after it.
        self.complete(opening, slot=self._openings[opening], longest=0)
        return self._openings[opening]

    def complete(
        self, text: str, *, slot: int, longest: int, temperature: float = 0.0, seed: int = 0, cached: bool = True
    ) -> tuple[str, bool, int]:
        """What follows a text up to the end of the line or turn, whether it ended by itself, tokens of both.

        Raises `EngineOutputError` if llama.cpp answers with an error.
        """
        request: dict[str, Any] = {
            "prompt": text,
            "id_slot": slot,
            "max_tokens": longest,
            "temperature": temperature,
            "seed": seed,
            "cache_prompt": cached,
            "stop": ["\n", TURN_END],
        }
        if self._adapted:
            request["lora"] = [{"id": 0, "scale": float(self._adapted[slot])}]
        answer = self._server.handle_completions(request)
        try:
            (choice,) = answer["choices"]
            return choice["text"], choice["finish_reason"] == "stop", answer["usage"]["total_tokens"]
        except (KeyError, TypeError, ValueError) as error:
            raise EngineOutputError(f"llama.cpp answered {str(answer)[:200]!r}", where="llama") from error

    def _read(self, opening: str, slot: int) -> None:
        """Evaluate an opening in a slot, or take over the state that a process of this machine left of it."""
        evaluated = False

        @contextmanager
        def evaluate() -> Iterator[Path]:
            nonlocal evaluated
            self.complete(opening, slot=slot, longest=0, cached=False)
            evaluated = True
            self._state(slot, "save", "opening")
            try:
                yield Path(self._states.name, "opening")
            finally:
                Path(self._states.name, "opening").unlink(missing_ok=True)

        try:
            with fetched.shared(f"{self._identity}: {opening}", ".state", evaluate) as file:
                if not evaluated:
                    # llama.cpp drops a slot's state as soon as it is used with another adapter than what came before.
                    self.complete(opening[:1], slot=slot, longest=0, cached=False)
                    link = Path(self._states.name, "shared")
                    link.unlink(missing_ok=True)
                    link.symlink_to(file)
                    self._state(slot, "restore", link.name)
        except (OSError, HTTPException):
            # What cannot be shared is evaluated by everybody.
            if not evaluated:
                self.complete(opening, slot=slot, longest=0, cached=False)

    def _state(self, slot: int, action: Literal["save", "restore"], name: str) -> None:
        """Have a slot's state written to a file of the states' folder, or read from it. Raises `OSError`."""
        connection = HTTPConnection(urlsplit(self._server.listening_address).netloc, timeout=STATE_S)
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        with closing(connection):
            connection.request("POST", f"/slots/{slot}?action={action}", json.dumps({"filename": name}), headers)
            answer = connection.getresponse()
            if answer.status != HTTPStatus.OK:
                raise OSError(f"llama.cpp cannot {action} a state: {answer.status} {answer.read(200)!r}")


def _library() -> Any:
    """The library, loaded so that its threads sleep while they wait for each other.

    OpenMP's threads spin by default: beside any other work on the same cores, two threads are then several times
    slower than one. It reads how to wait once, while it is loaded.

    Raises `EngineMissingError` where the library is there but a part of the system that it needs is not.
    """
    before = os.environ.get(WAIT_POLICY)
    os.environ[WAIT_POLICY] = before or "PASSIVE"
    try:
        return import_module(PACKAGE)
    except ImportError as error:
        raise EngineMissingError(
            f"llama.cpp cannot be loaded: {error}",
            field="llama",
            remedy="install the missing library; libgomp is in the system package libgomp1 or libgomp",
        ) from error
    finally:
        if before is None:
            del os.environ[WAIT_POLICY]
