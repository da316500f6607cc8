"""One question over HTTP to an endpoint that speaks OpenAI's chat protocol."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from dubwright.errors import EndpointError, EngineError, EngineMissingError
from dubwright.settings import EndpointSettings

KEY = "OPENAI_API_KEY"
# What servers that know less refuse by its name, and what is sent in its place.
_INSTEAD: Mapping[str, Mapping[str, str]] = {
    "json_schema": {"response_format": "json_object"},
    "max_tokens": {"max_tokens": "max_completion_tokens"},
}
_OPTIONAL = ("response_format", "temperature", "seed")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: the text, whether it is `whole`, the model's own words where it refused, the tokens it took."""

    text: str
    whole: bool
    refusal: str
    tokens: int


class Endpoint:
    """A model at an endpoint. Safe to share between threads.

    Connections that fail, time-outs, 429 and 5xx are tried again by the client, which heeds `Retry-After`; options that
    the server does not know are left out from then on.
    """

    def __init__(self, model: str, settings: EndpointSettings) -> None:
        """Raises `EngineMissingError` without the client's package, `EngineError` without a model, `EndpointError`
        without a key."""
        try:
            self._openai = import_module("openai")
        except ModuleNotFoundError as error:
            raise EngineMissingError(
                "the engine chat needs the package openai", field="chat", remedy="pip install 'dubwright[chat]'"
            ) from error
        if not model:
            raise EngineError(
                "no model is named", field="translate.chat_model", remedy="name one as the endpoint calls it"
            )
        self.model = model
        self._settings = settings
        self._left_out: set[str] = set()
        self._turn = threading.Lock()
        self._next = 0.0
        try:
            self._client = self._openai.OpenAI(
                base_url=settings.base_url or None, timeout=settings.timeout_s, max_retries=settings.retries
            )
        except self._openai.OpenAIError as error:
            raise EndpointError(
                f"the endpoint cannot be asked: {error}",
                field=KEY,
                remedy=f"set {KEY} (any word, for a server without)",
            ) from error

    def ask(
        self,
        messages: Sequence[Mapping[str, str]],
        *,
        schema: Mapping[str, Any],
        longest: int,
        temperature: float,
        seed: int,
    ) -> Reply:
        """The model's reply to a dialogue. `longest` is in tokens.

        Raises `EndpointError` if the endpoint does not answer as one, or refuses the key or the model: that is no
        unit's fault, so the next run tries again. `EngineError` if it refuses the question.
        """
        options: dict[str, Any] = {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "translation", "strict": True, "schema": schema},
            },
            "max_tokens": longest,
            "temperature": temperature,
            "seed": seed,
        }
        while True:
            sent = self._known(options)
            self._wait()
            try:
                answer = self._client.chat.completions.create(model=self.model, messages=list(messages), **sent)
                return _reply(answer)
            except self._openai.BadRequestError as error:
                if not self._leave_out(str(error), sent):
                    raise EngineError(
                        f"the endpoint refuses the question: {_short(error)}",
                        field="translate.chat_model",
                        remedy="name a chat model of this endpoint",
                    ) from error
            except (
                self._openai.AuthenticationError,
                self._openai.PermissionDeniedError,
                self._openai.NotFoundError,
            ) as error:
                raise EndpointError(
                    f"the endpoint refuses: {_short(error)}",
                    where=self._where,
                    field=f"{KEY}, endpoint.base_url, translate.chat_model",
                    remedy="correct the key, the address or the model's name",
                ) from error
            except self._openai.APIError as error:
                raise EndpointError(f"the endpoint does not answer: {_short(error)}", where=self._where) from error
            except (ValueError, TypeError, AttributeError, LookupError) as error:
                raise EndpointError(f"the endpoint answers with no chat: {_short(error)}", where=self._where) from error

    @property
    def _where(self) -> str:
        return str(self._client.base_url)

    def _known(self, options: Mapping[str, Any]) -> dict[str, Any]:
        sent = dict(options)
        if "json_schema" in self._left_out:
            sent["response_format"] = {"type": "json_object"}
        if "max_tokens" in self._left_out:
            sent["max_completion_tokens"] = sent.pop("max_tokens")
        return {name: value for name, value in sent.items() if name not in self._left_out}

    def _leave_out(self, complaint: str, sent: Mapping[str, Any]) -> bool:
        """Note what the server complains of, if it can do without; whether it could."""
        for name in ("json_schema", "max_tokens", *_OPTIONAL):
            is_sent = name in sent or (name == "json_schema" and "json_schema" in str(sent.get("response_format")))
            if name in complaint and is_sent and name not in self._left_out:
                _log.info("%s does not take %s", self._where, name)
                self._left_out.add(name)
                return True
        return False

    def _wait(self) -> None:
        """Keep to the requests a minute that this process may make."""
        if not self._settings.per_minute:
            return
        with self._turn:
            now = time.monotonic()
            at, self._next = max(now, self._next), max(now, self._next) + 60 / self._settings.per_minute
        time.sleep(max(0.0, at - now))


def _reply(answer: Any) -> Reply:
    choice = answer.choices[0]
    used = getattr(answer, "usage", None)
    return Reply(
        text=choice.message.content or "",
        whole=choice.finish_reason in (None, "stop"),
        refusal=getattr(choice.message, "refusal", None) or "",
        tokens=int(getattr(used, "total_tokens", 0) or 0),
    )


def _short(error: Exception) -> str:
    """What an error says, on one line and not too long: an endpoint may answer with a page of anything."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 200 else text[:200] + "…"
