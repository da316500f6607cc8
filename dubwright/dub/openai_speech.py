"""Speech from an endpoint that speaks OpenAI's protocol (`POST /v1/audio/speech`): a commercial one, or one's own.

What it answers is judged as what came from outside: bounded in size and time, decoded by its own first bytes, whatever it
says it is. An endpoint that is away, or refuses key or model, fails the unit, which the next run tries again; an answer
that is no speech is one line's fault, and said again.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from dubwright import settings as all_settings
from dubwright.dub import sound_bytes
from dubwright.dub.engine import Speech, Voice
from dubwright.dub.silence import fade_ends, trim
from dubwright.endpoint import Endpoint, short
from dubwright.engines import EngineInfo
from dubwright.errors import EndpointError, EngineOutputError, QuestionRefused, SettingsError, VoiceError
from dubwright.settings import DubSettings

# Those of OpenAI's that are clearly one or the other.
_OWN = (
    "nova:female",
    "onyx:male",
    "shimmer:female",
    "echo:male",
    "coral:female",
    "ash:male",
    "sage:female",
    "ballad:male",
)
_SEXES = ("female", "male")
MOST_BYTES = 32 * 2**20


class OpenAISpeech:
    """A speech model at the endpoint that this machine's settings name (`endpoint.…`, OPENAI_API_KEY)."""

    info: ClassVar[EngineInfo] = EngineInfo(
        name="openai-speech",
        revision=1,
        languages=frozenset(),
        code_licence="Apache-2.0",
        weights_licence="the endpoint's",
        package="openai",
        extra="chat",
        choices=(),
        bounds_itself=True,
    )

    def __init__(self, settings: DubSettings, models: dict[str, Path], threads: int) -> None:
        """Raises `EngineError` where no model is named, `EndpointError` where no key is there, `SettingsError`."""
        self._format = settings.speech_format
        self._names = {voice.name for voice in self.voices_in(settings, "")}
        self._limits = all_settings.load().endpoint
        self._endpoint = Endpoint(
            settings.speech_model,
            self._limits,
            engine=self.info.name,
            setting="dub.speech_model",
            url=self._limits.speech_url,
        )

    @classmethod
    def voices(cls, language: str) -> Sequence[Voice]:
        """OpenAI's own voices; they speak every language that the model does."""
        return cls.voices_in(DubSettings(), language)

    @classmethod
    def voices_in(cls, settings: DubSettings, language: str) -> Sequence[Voice]:
        """The voices that the settings name, else OpenAI's own. Raises `SettingsError` for what names none."""
        found: list[Voice] = []
        for named in settings.speech_voices or _OWN:
            name, _, sex = named.rpartition(":")
            if not name.strip() or sex not in _SEXES:
                raise SettingsError(
                    f"{named!r} is no voice", field="dub.speech_voices", remedy="write name:female or name:male"
                )
            found.append(Voice(name.strip(), "female" if sex == "female" else "male"))
        return found

    @classmethod
    def decides(cls, settings: DubSettings) -> str:
        """The model's name; where it stands is not part of it."""
        return settings.speech_model

    def speak(self, text: str, language: str, voice: str) -> Speech:
        """Speak a line at the rate that the endpoint gives, without silence at its ends.

        Raises `EngineOutputError` for an answer that is no speech, `EndpointError` while the endpoint is away, `VoiceError`.
        """
        if voice not in self._names:
            raise VoiceError(f"no voice of the endpoint is called {voice!r}", where=self.info.name, field="voice")
        if not any(map(str.isalnum, text)):
            raise EngineOutputError("the text has nothing that can be spoken", where=self.info.name, field=text[:80])
        try:
            content, kind = self._asked(text, voice)
        except QuestionRefused as refused:
            raise EngineOutputError(refused.problem, where=self.info.name, field=text[:80]) from refused
        given = sound_bytes.decoded(content, kind, pcm=self._format == "pcm", where=self.info.name)
        speech = trim(given.samples, given.rate)
        if not len(speech):
            raise EngineOutputError("the endpoint gave silence", where=self.info.name, field=text[:80])
        return Speech(fade_ends(speech, given.rate), given.rate)

    def _asked(self, text: str, voice: str) -> tuple[bytes, str]:
        """The answer's bytes and what it says that they are."""
        with (
            self._endpoint.asking() as client,
            client.audio.speech.with_streaming_response.create(
                model=self._endpoint.model, voice=voice, input=text, response_format=self._format, speed=1.0
            ) as answer,
        ):
            return self._content(answer), answer.headers.get("content-type", "")

    def _content(self, answer: Any) -> bytes:
        until = time.monotonic() + self._limits.timeout_s
        found = bytearray()
        pieces = answer.iter_bytes()
        piece: bytes | None = b""
        while True:
            try:
                piece = next(pieces, None)
            except Exception as error:  # of whichever HTTP library the client is made on
                if time.monotonic() < until:
                    raise EngineOutputError(f"the answer is cut off: {short(error)}", where=self.info.name) from error
            if time.monotonic() >= until:
                raise EndpointError("the answer does not come to an end", where=self._endpoint.where)
            if piece is None:
                return bytes(found)
            found += piece
            if len(found) > MOST_BYTES:
                raise EngineOutputError(f"the answer is larger than {MOST_BYTES} bytes", where=self.info.name)
