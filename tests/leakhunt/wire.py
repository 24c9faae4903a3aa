"""The three roads over which bytes come back: HTTP, websockets and server-sent events, each as its raw bytes."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from server.tokens import issue_development_token
from tests.key_server import issued
from tests.leakhunt.book import Book
from tests.leakhunt.outsiders import MACHINE, claims_of

SECONDS = 150.0
"""For an answer; long, since a hunt shares its machine with others."""
LIFE = dt.timedelta(hours=12)
"""Of a token."""
TRANSPORTS = ("http", "websocket", "sse")
TYPED = {"content-type": "application/json"}
SOCKETS = 8


@dataclass(frozen=True)
class Asker:
    """Who asks, and how they signed in."""

    book: Book = field(repr=False, compare=False, hash=False)
    municipality: str
    who: str
    login: str


@dataclass
class Operation:
    text: str
    variables: dict[str, Any] = field(default_factory=dict)
    kinds: frozenset[str] = frozenset()
    """Of the values that it asks for."""
    act: str = ""
    """The mutation that it is, if it is one."""
    by_url: bool | None = None
    """Whether HTTP has it in the address; null where that may be as it comes."""


@dataclass
class Told:
    """What came back, status and headers too."""

    transport: str
    status: int
    raw: bytes
    body: bytes

    @property
    def payload(self) -> dict[str, Any]:
        """The first payload, or nothing."""
        with suppress(ValueError):
            told = json.loads(self.body)
            if isinstance(told, dict):
                return told
        return {}


def of_response(transport: str, response: httpx.Response, body: bytes) -> Told:
    head = b"\r\n".join(name + b": " + value for name, value in response.headers.raw)
    return Told(transport, response.status_code, head + b"\r\n\r\n" + body, body)


def of_events(response: httpx.Response, raw: bytes) -> Told:
    """The first event of a stream, or the refusal of one."""
    told = of_response("sse", response, raw)
    if response.headers["content-type"].startswith("text/event-stream"):
        data = [line[5:].strip() for line in raw.split(b"\n") if line.startswith(b"data:") and len(line) > 8]
        told.body = data[0] if data else b""
    return told


def body_of(operation: Operation) -> bytes:
    """As a request's body; letters that are none by themselves can be said by JSON, and not by UTF-8."""
    return json.dumps({"query": operation.text, "variables": operation.variables}).encode()


def body_of_frame(told: dict[str, Any]) -> bytes:
    inner = told.get("payload")
    return json.dumps(inner if isinstance(inner, dict) else {"errors": inner}).encode()


class Wire:
    """A server at an address, and its clients."""

    def __init__(self, url: str, folder: Path, client: httpx.AsyncClient) -> None:
        self.url = url
        self.folder = folder
        self.client = client
        self.tokens: dict[Asker, str] = {}
        self.sockets: OrderedDict[Asker, ClientConnection] = OrderedDict()
        self.names = 0

    def token(self, asker: Asker) -> str:
        if asker not in self.tokens:
            self.tokens[asker] = self.issued(asker)
        return self.tokens[asker]

    def issued(self, asker: Asker) -> str:
        if asker.login == MACHINE:
            return issued(claims_of(asker.municipality, asker.book.outsiders[asker.who], LIFE))
        number = asker.book.number_of(asker.who)
        assert number
        return issue_development_token(self.folder, number, asker.municipality, asker.login, LIFE)

    def bearer(self, asker: Asker) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token(asker)}"}

    async def ask(self, transport: str, asker: Asker, operation: Operation) -> Told:
        return await {"http": self.http, "websocket": self.websocket, "sse": self.sse}[transport](asker, operation)

    async def http(self, asker: Asker, operation: Operation) -> Told:
        headers = {**self.bearer(asker), "accept": "application/graphql-response+json"}
        self.names += 1
        by_url = self.names % 4 == 0 and operation.text.startswith("query") and len(operation.text) < 3_000
        if by_url if operation.by_url is None else operation.by_url:
            parameters = {"query": operation.text, "variables": json.dumps(operation.variables)}
            response = await self.client.get("/graphql", params=parameters, headers=headers)
        else:
            response = await self.client.post("/graphql", content=body_of(operation), headers={**headers, **TYPED})
        return of_response("http", response, response.content)

    async def request(self, method: str, path: str, **more: Any) -> Told:
        """Any request at all, as it stands."""
        body = b""
        with suppress(httpx.TransportError):  # a body that is too large is answered, and then not taken
            async with self.client.stream(method, path, **more) as response:
                with suppress(httpx.TransportError):
                    async for piece in response.aiter_raw():
                        body += piece
            return of_response("http", response, body)
        return Told("http", 0, b"", b"")

    async def sse(self, asker: Asker, operation: Operation) -> Told:
        headers = {**self.bearer(asker), **TYPED, "accept": "text/event-stream"}
        async with self.client.stream("POST", "/graphql", content=body_of(operation), headers=headers) as response:
            raw = await asyncio.wait_for(response.aread(), SECONDS)
        return of_events(response, raw)

    async def first_event(self, transport: str, asker: Asker, operation: Operation, seconds: float) -> Told:
        """What a subscription says first, or nothing, where it has not said anything after so long."""
        if transport == "websocket":
            return await self._first_frame(asker, operation, seconds)
        headers, raw = {**self.bearer(asker), **TYPED, "accept": "text/event-stream"}, b""
        async with self.client.stream("POST", "/graphql", content=body_of(operation), headers=headers) as response:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    async for piece in response.aiter_raw():
                        raw += piece
                        if b"data: " in raw and raw.endswith(b"\n\n"):
                            break
        return of_events(response, raw)

    async def _first_frame(self, asker: Asker, operation: Operation, seconds: float) -> Told:
        socket = await self.opened(asker)
        payload = {"query": operation.text, "variables": operation.variables}
        frame = b""
        try:
            await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": payload}))
            with suppress(TimeoutError):
                frame = (await asyncio.wait_for(socket.recv(), seconds)).encode()
        except ConnectionClosed as closed:
            return Told("websocket", 200, repr(closed).encode(), b"")
        finally:
            await socket.close()
        return Told("websocket", 200, frame, body_of_frame(json.loads(frame)) if frame else b"")

    async def websocket(self, asker: Asker, operation: Operation) -> Told:
        socket = await self.socket(asker)
        self.names += 1
        name = f"n{self.names}"
        payload = {"query": operation.text, "variables": operation.variables}
        frames: list[bytes] = []
        body = b""
        try:
            await socket.send(json.dumps({"type": "subscribe", "id": name, "payload": payload}))
            while True:
                frame = (await asyncio.wait_for(socket.recv(), SECONDS)).encode()
                frames.append(frame)
                told = json.loads(frame)
                if told.get("id") == name and told["type"] in ("next", "error"):
                    body = body_of_frame(told)
                if told.get("id") == name and told["type"] in ("complete", "error"):
                    break
        except ConnectionClosed as closed:
            self.sockets.pop(asker, None)
            frames.append(repr(closed).encode())
        return Told("websocket", 200, b"\n".join(frames), body)

    async def socket(self, asker: Asker) -> ClientConnection:
        if asker in self.sockets and self.sockets[asker].close_code is None:
            self.sockets.move_to_end(asker)
            return self.sockets[asker]
        socket = await self.opened(asker)
        self.sockets[asker] = socket
        while len(self.sockets) > SOCKETS:
            await self.sockets.popitem(last=False)[1].close()
        return socket

    async def opened(self, asker: Asker) -> ClientConnection:
        """A websocket that has been acknowledged."""
        url = self.url.replace("http", "ws", 1) + "/graphql"
        socket = await connect(url, subprotocols=["graphql-transport-ws"], compression=None, max_size=None)
        init = {"type": "connection_init", "payload": {"authorization": f"Bearer {self.token(asker)}"}}
        await socket.send(json.dumps(init))
        assert json.loads(await asyncio.wait_for(socket.recv(), SECONDS))["type"] == "connection_ack"
        return socket

    async def close(self) -> None:
        for socket in self.sockets.values():
            await socket.close()
        self.sockets.clear()


@asynccontextmanager
async def wired(url: str, folder: Path) -> AsyncIterator[Wire]:
    async with httpx.AsyncClient(base_url=url, timeout=SECONDS) as client:
        wire = Wire(url, folder, client)
        try:
            yield wire
        finally:
            await wire.close()


class Listener:
    """Somebody who listens: every frame or line of a stream, kept until it is judged."""

    def __init__(self, asker: Asker, transport: str, operation: Operation) -> None:
        self.asker = asker
        self.transport = transport
        self.operation = operation
        self.waiting: list[bytes] = []
        self._task: asyncio.Task[None] | None = None

    async def begin(self, wire: Wire) -> None:
        run = self._by_websocket(wire) if self.transport == "websocket" else self._by_events(wire)
        self._task = asyncio.create_task(run)

    def drain(self) -> list[bytes]:
        taken, self.waiting = self.waiting, []
        return taken

    async def end(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _by_websocket(self, wire: Wire) -> None:
        socket = await wire.opened(self.asker)
        payload = {"query": self.operation.text, "variables": self.operation.variables}
        try:
            await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": payload}))
            async for frame in socket:
                self.waiting.append(frame.encode() if isinstance(frame, str) else frame)
        finally:
            await socket.close()

    async def _by_events(self, wire: Wire) -> None:
        asked = {"query": self.operation.text, "variables": self.operation.variables}
        headers = {**wire.bearer(self.asker), "accept": "text/event-stream"}
        async with wire.client.stream("POST", "/graphql", json=asked, headers=headers, timeout=None) as response:
            async for line in response.aiter_lines():
                self.waiting.append(line.encode())
