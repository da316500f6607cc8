"""A loopback proxy in front of an S3 server, told to fail: refuse, dawdle, cut connections, lose answers.

It hands requests on as they are, so signatures hold; one connection carries one request.
"""

from __future__ import annotations

import asyncio
import random
import threading
from collections import Counter
from dataclasses import dataclass
from types import TracebackType
from typing import Literal

Fault = Literal["slow down", "error", "delay", "cut request", "cut answer", "lose answer", "deny"]

_REFUSALS: dict[str, tuple[str, str]] = {
    "slow down": ("503 Slow Down", "SlowDown"),
    "error": ("500 Internal Server Error", "InternalError"),
    "deny": ("403 Forbidden", "AccessDenied"),
}


@dataclass(frozen=True)
class Faults:
    """How much goes wrong: shares of requests (0 to 1), and of every `burst_every` requests `burst_length` told to slow down."""

    slow_down: float = 0.0
    error: float = 0.0
    delay: float = 0.0
    delay_s: float = 2.0
    cut_request: float = 0.0
    cut_answer: float = 0.0
    lose_answer: float = 0.0
    burst_every: int = 0
    burst_length: int = 0
    deny: bool = False

    def draw(self, dice: random.Random, number: int) -> Fault | None:
        """What happens to the request of this number."""
        if self.deny:
            return "deny"
        if self.burst_every and number % self.burst_every < self.burst_length:
            return "slow down"
        shares: list[tuple[Fault, float]] = [
            ("slow down", self.slow_down),
            ("error", self.error),
            ("delay", self.delay),
            ("cut request", self.cut_request),
            ("cut answer", self.cut_answer),
            ("lose answer", self.lose_answer),
        ]
        thrown = dice.random()
        for fault, share in shares:
            if thrown < share:
                return fault
            thrown -= share
        return None


class FailingProxy:
    """Serves at `address` while its `with` block runs; `faults` may be exchanged meanwhile, `seen` counts what was done,
    and the bytes of answers."""

    def __init__(self, upstream_port: int, faults: Faults | None = None, seed: int = 7) -> None:
        self.upstream_port = upstream_port
        self.faults = faults or Faults()
        self.seen: Counter[str] = Counter()
        self._dice = random.Random(seed)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="failing-proxy")

    def __enter__(self) -> FailingProxy:
        self._thread.start()
        started = asyncio.run_coroutine_threadsafe(asyncio.start_server(self._serve, "127.0.0.1", 0), self._loop)
        self._server = started.result(10)
        self.address = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _close(self) -> None:
        self._server.close()
        serving = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._request(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            writer.transport.abort()
        finally:
            writer.close()

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        line, *fields = head[:-4].split(b"\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (each.partition(b":") for each in fields)}
        fault = self.faults.draw(self._dice, self.seen["request"])
        self.seen["request"] += 1
        self.seen[fault or "none"] += 1
        if b"100-continue" in headers.get(b"expect", b""):
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = await reader.readexactly(int(headers.get(b"content-length", b"0")))
        if fault in _REFUSALS:
            writer.write(_refusal(line, *_REFUSALS[fault]))
            await writer.drain()
            return
        if fault == "delay":
            await asyncio.sleep(self.faults.delay_s)
        # Neither field is signed: one request a connection makes the end of an answer plain.
        kept = [each for each in fields if each.split(b":")[0].lower() not in (b"connection", b"expect")]
        request = b"\r\n".join([line, *kept, b"Connection: close"]) + b"\r\n\r\n"
        answer = await self._upstream(request, body[: len(body) // 2] if fault == "cut request" else body, fault)
        self.seen["bytes"] += len(answer)
        if fault in ("cut request", "lose answer"):
            writer.transport.abort()
            return
        if fault == "cut answer":
            start = answer.index(b"\r\n\r\n") + 4
            writer.write(answer[: start + (len(answer) - start) // 2])
            await writer.drain()
            # What was written shall arrive, what follows shall not.
            writer.close()
            return
        writer.write(answer)
        await writer.drain()

    async def _upstream(self, request: bytes, body: bytes, fault: Fault | None) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.upstream_port)
        try:
            writer.write(request + body)
            await writer.drain()
            if fault == "cut request":
                return b""
            while True:
                answer = await reader.read()
                if not answer.startswith(b"HTTP/1.1 100"):
                    return answer
        finally:
            writer.close()


def _refusal(line: bytes, status: str, code: str) -> bytes:
    text = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>so it was told</Message></Error>'
    body = b"" if line.startswith(b"HEAD ") else text.encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/xml\r\nContent-Length: {len(text)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body
