"""One question over HTTP to an endpoint that speaks OpenAI's chat protocol."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dubwright.endpoint import Endpoint, short
from dubwright.errors import EndpointError, QuestionRefused
from dubwright.settings import EndpointSettings

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


class ChatEndpoint:
    """A chat model at an endpoint. Safe to share between threads. Options that the server does not know are left out from
    then on."""

    def __init__(self, model: str, settings: EndpointSettings) -> None:
        """Raises as `Endpoint`."""
        self._endpoint = Endpoint(model, settings, engine="chat", setting="translate.chat_model")
        self._left_out: set[str] = set()

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

        Raises `EndpointError` and `QuestionRefused` as `Endpoint.asking`.
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
            try:
                with self._endpoint.asking() as client:
                    answer = client.chat.completions.create(model=self._endpoint.model, messages=list(messages), **sent)
                    return _reply(answer)
            except QuestionRefused as refused:
                if not self._leave_out(str(refused.__cause__), sent):
                    raise
            except (ValueError, TypeError, AttributeError, LookupError) as error:
                raise EndpointError(
                    f"the endpoint answers with no chat: {short(error)}", where=self._endpoint.where
                ) from error

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
                _log.info("%s does not take %s", self._endpoint.where, name)
                self._left_out.add(name)
                return True
        return False


def _reply(answer: Any) -> Reply:
    choice = answer.choices[0]
    used = getattr(answer, "usage", None)
    return Reply(
        text=choice.message.content or "",
        whole=choice.finish_reason in (None, "stop"),
        refusal=getattr(choice.message, "refusal", None) or "",
        tokens=int(getattr(used, "total_tokens", 0) or 0),
    )
