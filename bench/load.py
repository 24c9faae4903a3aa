"""Sends the requests: wrk where it is installed, else a small generator of our own, which takes more of the machine."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

CONNECTIONS = 16
SCRIPT = Path(__file__).with_name("rotate.lua")


@dataclass(frozen=True)
class Request:
    """A POST of a GraphQL operation; `body` is its JSON, and the header says who asks."""

    header: tuple[str, str]
    body: str


@dataclass(frozen=True)
class Run:
    requests: int
    seconds: float
    failed: int
    """Answers that were not 200, or no answers; in a checked run also wrong sizes and any with errors in it."""
    mean_bytes: float
    """Of a whole response, headers included."""
    p50_ms: float = 0.0
    p99_ms: float = 0.0

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


def has_wrk() -> bool:
    return shutil.which("wrk") is not None


def load(
    url: str, requests: Sequence[Request], seconds: float, *, sizes: tuple[int, int] | None = None, begin: int = 0
) -> Run:
    """Send the requests in turn over 16 connections.

    With `sizes` (the least and the most bytes of a body) each body is looked into, which costs the machine.
    """
    turned = [*requests[begin % len(requests) :], *requests[: begin % len(requests)]]
    if has_wrk():
        return load_with_wrk(url, turned, seconds, sizes)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(load_with_python, (url, turned, seconds, sizes or (0, 1 << 40)))


def load_with_wrk(url: str, requests: Sequence[Request], seconds: float, sizes: tuple[int, int] | None) -> Run:
    parts = urlsplit(url)
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as lines:
        lines.writelines(f"{request.header[0]}\t{request.header[1]}\t{request.body}\n" for request in requests)
        lines.flush()
        told = {"BENCH_REQUESTS": lines.name, "BENCH_PATH": parts.path}
        if sizes:
            told |= {"BENCH_LEAST": str(sizes[0]), "BENCH_MOST": str(sizes[1])}
        options = ["-t1", f"-c{CONNECTIONS}", f"-d{seconds:.0f}s", "--timeout", "20s", "-s", str(SCRIPT)]
        place = f"{parts.scheme}://{parts.netloc}"
        ran = subprocess.run(
            ["wrk", *options, place], env=os.environ | told, capture_output=True, text=True, check=True
        )
    result = json.loads(next(line for line in ran.stdout.splitlines() if line.startswith("{")))
    return Run(**result)


# --- without wrk ------------------------------------------------------------------------------------------------------


class Client(asyncio.Protocol):
    """One connection that sends the next request as soon as an answer is whole, and looks into each one."""

    def __init__(self, requests: Sequence[bytes], turn: list[int], until: float, sizes: tuple[int, int]) -> None:
        self.requests, self.turn, self.until, self.sizes = requests, turn, until, sizes
        self.answer = b""
        self.done, self.failed, self.received = 0, 0, 0
        self.times: list[float] = []
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.WriteTransport", transport)  # uvloop's is none of asyncio's classes
        self.ask()

    def ask(self) -> None:
        request = self.requests[self.turn[0] % len(self.requests)]
        self.turn[0] += 1
        self.asked = time.perf_counter()
        self.transport.write(request)

    def data_received(self, part: bytes) -> None:
        self.answer += part
        head, parted, body = self.answer.partition(b"\r\n\r\n")
        if not parted:
            return
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        if len(body) < length:
            return
        self.done += 1
        self.received += len(self.answer)
        self.times.append(time.perf_counter() - self.asked)
        if b" 200 " not in head[:20] or b'"errors"' in body or not self.sizes[0] <= length <= self.sizes[1]:
            self.failed += 1
        self.answer = b""
        if time.perf_counter() < self.until:
            self.ask()
        else:
            self.transport.close()

    def connection_lost(self, wrong: Exception | None) -> None:
        if self.answer or wrong:
            self.failed += 1
        self.closed.set_result(None)


def load_with_python(url: str, requests: Sequence[Request], seconds: float, sizes: tuple[int, int]) -> Run:
    parts = urlsplit(url)
    head = f"POST {parts.path} HTTP/1.1\r\nhost: {parts.netloc}\r\ncontent-type: application/json\r\n"
    made = []
    for request in requests:
        body = request.body.encode()
        fields = f"{request.header[0]}: {request.header[1]}\r\ncontent-length: {len(body)}\r\n\r\n"
        made.append((head + fields).encode() + body)

    async def run() -> Run:
        turn, begun = [0], time.perf_counter()
        clients = []
        for _ in range(CONNECTIONS):
            _, client = await asyncio.get_running_loop().create_connection(
                lambda: Client(made, turn, begun + seconds, sizes), "127.0.0.1", parts.port or 80
            )
            clients.append(client)
        await asyncio.gather(*(client.closed for client in clients))
        took, done = time.perf_counter() - begun, sum(client.done for client in clients)
        times = sorted(one for client in clients for one in client.times)
        failed, received = sum(client.failed for client in clients), sum(client.received for client in clients)
        middle, late = times[len(times) // 2] * 1_000, times[len(times) * 99 // 100] * 1_000
        return Run(done, took, failed, received / max(done, 1), middle, late)

    try:
        import uvloop  # noqa: PLC0415 (not on every machine)
    except ImportError:
        return asyncio.run(run())
    return uvloop.run(run())
