"""A server that speaks OpenAI's speech protocol on loopback, for real: through espeak-ng; or it fails as it is told.

`answer` lines up what the next answers are, `asked` keeps what was asked.
"""

from __future__ import annotations

import io
import json
import threading
import time
import wave
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dubwright.dub.engine import Speech
from dubwright.dub.espeak import EspeakNg
from dubwright.errors import EngineOutputError
from dubwright.media import sound
from dubwright.settings import DubSettings

MODEL = "voices-large"
VOICES = ("anna:female", "otto:male", "berta:female")
_SPOKEN_BY = {"anna": "f2", "otto": "m3", "berta": "f5", "nova": "f3", "onyx": "m7"}
TYPES = {"wav": "audio/wav", "flac": "audio/flac", "pcm": "audio/pcm"}


@dataclass
class Answer:
    """An answer that is not what was asked for. Status 0 cuts the connection; of a body `sent` bytes are sent, all told of;
    a `drip` sends one byte each so many seconds."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    sent: int | None = None
    drip_s: float = 0.0


class SpeechServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, languages: dict[str, str] | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: deque[Answer] = deque()
        self.asked: list[dict[str, Any]] = []
        self.languages = languages or {}  # of texts; a model hears by itself what language one is
        self.engine = EspeakNg(DubSettings(), {}, 1)
        self.lock = threading.Lock()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients here hang up on purpose."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def spoken(self, asked: dict[str, Any]) -> bytes:
        """What the model says, in the format that was asked for."""
        text = asked["input"]
        try:
            speech = self.engine.speak(text, self.languages.get(text, "en"), _SPOKEN_BY[asked["voice"]])
        except EngineOutputError:
            speech = Speech(np.zeros(2400, np.float32), 24_000)
        return encoded(speech, asked["response_format"])


def encoded(speech: Speech, kind: str) -> bytes:
    """A sound as a server sends it."""
    if kind == "wav":
        return wav(speech.samples, speech.rate)
    if kind == "pcm":
        return integers(sound.resampled(speech.samples, speech.rate, 24_000))
    with TemporaryDirectory() as folder:
        path = Path(folder, "line.flac")
        sound.write_flac(path, speech.samples, speech.rate)
        return path.read_bytes()


def wav(samples: NDArray[np.float32], rate: int) -> bytes:
    """16-bit WAV."""
    found = io.BytesIO()
    with wave.open(found, "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes(integers(samples))
    return found.getvalue()


def integers(samples: NDArray[np.float32]) -> bytes:
    return (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()


@contextmanager
def serving(languages: dict[str, str] | None = None) -> Iterator[SpeechServer]:
    """A server for the time of the block."""
    server = SpeechServer(languages)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


class _Handler(BaseHTTPRequestHandler):
    server: SpeechServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits 40 ms between its headers and its body

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.asked.append({**asked, "path": self.path, "key": self.headers["Authorization"]})
            answer = self.server.answers.popleft() if self.server.answers else None
        if answer is None:
            kind = TYPES[asked["response_format"]]
            answer = Answer(body=self.server.spoken(asked), headers={"Content-Type": kind})
        time.sleep(answer.delay_s)
        if not answer.status:
            self.close_connection = True
            self.connection.close()
            return
        try:
            self._send(answer)
        except OSError:  # the client did not wait
            self.close_connection = True

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        headers = {"Content-Type": "application/json", "Content-Length": str(len(answer.body)), **answer.headers}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if answer.drip_s:
            for byte in answer.body:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(answer.drip_s)
        else:
            self.wfile.write(answer.body[: answer.sent])
        self.close_connection = answer.sent is not None

    def log_message(self, *_: Any) -> None:
        pass
