"""A server that speaks OpenAI's chat protocol on loopback: it answers as the fake translator would, or as it is told.

`say` lines up what the next answers are: a text in the answer's place, or a function of the question; `fail` the HTTP
errors before them. What was asked is kept in `asked`.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import langcodes

from dubwright.settings import TranslateSettings
from dubwright.translate.engine import Line, Scene
from dubwright.translate.fake import FakeTranslator

Say = str | Callable[[dict[str, Any]], str]
MODEL = "drama-large"


@dataclass
class Failure:
    """An answer that is none: a status with a body, after a delay; status 0 cuts the connection."""

    status: int
    body: str = "{}"
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0


class ChatServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.say: deque[Say] = deque()
        self.fail: deque[Failure] = deque()
        self.asked: list[dict[str, Any]] = []
        self.finish: deque[str] = deque()
        self.refusal: deque[str] = deque()
        self.unknown: set[str] = set()  # options that this server refuses
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    @property
    def questions(self) -> list[dict[str, Any]]:
        """The scenes that were asked for, as the model was told them."""
        return [json.loads(body["messages"][1]["content"]) for body in self.asked]


@contextmanager
def serving() -> Iterator[ChatServer]:
    """A server for the time of the block."""
    server = ChatServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def obedient(question: dict[str, Any]) -> str:
    """What a model that does as it is told answers."""
    target = str(langcodes.find(question["to"]))
    if "letters" in question:  # a line that is to be said in fewer
        words = question["text"].split()
        return json.dumps({"texts": [" ".join(words[: len(words) * 2 // 3 or 1])]})
    lines = [Line(line["id"], line["text"], line["speaker"], 1500) for line in question["lines"]]
    fake = FakeTranslator(TranslateSettings(engine="fake", model=""), dict[str, Path](), 1)
    found = fake.translate(Scene("zh", target, lines, question["glossary"]))
    return json.dumps({"lines": [{"id": each.segment, "text": each.text or "…"} for each in found]})


class _Handler(BaseHTTPRequestHandler):
    server: ChatServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits 40 ms between its headers and its body

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.asked.append(body)
            failure = self.server.fail.popleft() if self.server.fail else self._refused(body)
        if failure:
            self._fail(failure)
            return
        with self.server.lock:
            say = self.server.say.popleft() if self.server.say else obedient
            finish = self.server.finish.popleft() if self.server.finish else "stop"
            refusal = self.server.refusal.popleft() if self.server.refusal else None
        text = say if isinstance(say, str) else say(json.loads(body["messages"][1]["content"]))
        message = {"role": "assistant", "content": None if refusal else text, "refusal": refusal}
        choice = {"index": 0, "message": message, "finish_reason": finish}
        usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
        whole = {
            "id": "1",
            "object": "chat.completion",
            "created": 1,
            "model": MODEL,
            "choices": [choice],
            "usage": usage,
        }
        self._send(200, json.dumps(whole), {"Content-Type": "application/json"})

    def _refused(self, body: dict[str, Any]) -> Failure | None:
        for name in self.server.unknown:
            if name in body or name in json.dumps(body.get("response_format")):
                problem = {"error": {"message": f"unsupported option: {name}", "type": "invalid_request_error"}}
                return Failure(400, json.dumps(problem), {"Content-Type": "application/json"})
        return None

    def _fail(self, failure: Failure) -> None:
        time.sleep(failure.delay_s)
        if not failure.status:
            self.close_connection = True
            self.connection.close()
            return
        self._send(failure.status, failure.body, failure.headers)

    def _send(self, status: int, body: str, headers: dict[str, str]) -> None:
        content = body.encode()
        try:
            self.send_response(status)
            for name, value in {"Content-Type": "text/html", **headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)
        except OSError:  # the client did not wait
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        pass
