"""An endpoint that speaks OpenAI's protocols, as whatever asks one needs it: a client, its turn, typed errors.

The maker's own client does the HTTP. Connections that fail, time-outs, 429 and 5xx it tries again, heeding `Retry-After`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from dubwright.errors import EndpointError, EngineError, EngineMissingError, QuestionRefused
from dubwright.settings import EndpointSettings

KEY = "OPENAI_API_KEY"


class Endpoint:
    """A model at an endpoint, for an `engine` whose `setting` names the model. Safe to share between threads."""

    def __init__(self, model: str, settings: EndpointSettings, *, engine: str, setting: str, url: str = "") -> None:
        """Raises `EngineMissingError` without the client's package, `EngineError` without a model, `EndpointError`
        without a key."""
        try:
            self._openai = import_module("openai")
        except ModuleNotFoundError as error:
            raise EngineMissingError(
                f"the engine {engine} needs the package openai", field=engine, remedy="pip install 'dubwright[chat]'"
            ) from error
        if not model:
            raise EngineError("no model is named", field=setting, remedy="name one as the endpoint calls it")
        self.model = model
        self._setting = setting
        self._settings = settings
        self._turn = threading.Lock()
        self._next = 0.0
        try:
            self._client = self._openai.OpenAI(
                base_url=url or settings.base_url or None, timeout=settings.timeout_s, max_retries=settings.retries
            )
        except self._openai.OpenAIError as error:
            raise EndpointError(
                f"the endpoint cannot be asked: {error}",
                field=KEY,
                remedy=f"set {KEY} (any word, for a server without)",
            ) from error

    @property
    def where(self) -> str:
        """Its address."""
        return str(self._client.base_url)

    @contextmanager
    def asking(self) -> Iterator[Any]:
        """The client, for one request, when it is this one's turn.

        Raises `EndpointError` if the endpoint does not answer as one, or refuses the key or the model: that is no
        unit's fault, so the next run tries again. `QuestionRefused`, from the client's own error, if it refuses the question.
        """
        openai = self._openai
        self._wait()
        try:
            yield self._client
        except openai.BadRequestError as error:
            raise QuestionRefused(
                f"the endpoint refuses the question: {short(error)}",
                field=self._setting,
                remedy="name a model of this endpoint that does this",
            ) from error
        except (openai.AuthenticationError, openai.PermissionDeniedError, openai.NotFoundError) as error:
            raise EndpointError(
                f"the endpoint refuses: {short(error)}",
                where=self.where,
                field=f"{KEY}, endpoint.base_url, {self._setting}",
                remedy="correct the key, the address or the model's name",
            ) from error
        except openai.APIError as error:
            raise EndpointError(f"the endpoint does not answer: {short(error)}", where=self.where) from error

    def _wait(self) -> None:
        """Keep to the requests a minute that this process may make."""
        if not self._settings.per_minute:
            return
        with self._turn:
            now = time.monotonic()
            at, self._next = max(now, self._next), max(now, self._next) + 60 / self._settings.per_minute
        time.sleep(max(0.0, at - now))


def short(error: Exception) -> str:
    """What an error says, on one line and not too long: an endpoint may answer with a page of anything."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 200 else text[:200] + "…"
