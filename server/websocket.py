"""GraphQL over a websocket: the protocol `graphql-transport-ws`, at the path of everything else.

Queries and mutations may be sent as well. Who asks is in `connection_init`, as a bearer token, and nowhere else; the
token is looked at again every few minutes, and the connection ends when it does. Close codes are those of the protocol,
and some of our own where it has none (`docs/live.md`).
"""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing, suppress
from typing import Any

import orjson
import structlog
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.utils import ClientDisconnected

from authz.viewer import Viewer
from resolvers.engine.limits import DocumentRefused
from resolvers.gateway import MunicipalityNotHere
from resolvers.subscriber import TooSlow
from server.graphql_http import RequestRefused, checked
from server.logs import described
from server.operations import Operations, TooManyConnections, unexpected
from server.texts import Language, language_of, refused, text
from server.tokens import IssuerUnreachable, TokenRefused

PROTOCOL = "graphql-transport-ws"
GOOD = 1000
TRY_AGAIN = 1013
BAD_MESSAGE = 4400
UNAUTHORIZED = 4401
FORBIDDEN = 4403
WRONG_PROTOCOL = 4406
NOT_BEGUN = 4408
TOO_SLOW = 4410
ID_TAKEN = 4409
BEGUN_TWICE = 4429
TOO_MANY = 4430
LOOKED_AT_AGAIN = 300.0
"""Seconds between two looks at a token: its issuer may have withdrawn the key."""
MESSAGES = {"connection_init", "ping", "pong", "subscribe", "complete"}

log = structlog.get_logger("innsyn.live")


class MessageRefused(Exception):
    """What the client said ends the connection."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


class GraphQLOverWebSocket:
    """An ASGI application for one path, to be put under a Starlette `WebSocketRoute`."""

    def __init__(self, operations: Operations) -> None:
        self.operations = operations

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        operations = self.operations
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        await receive()
        full = operations.open_connections >= operations.limits.connections
        if full or not operations.may_come_from(headers.get(b"origin"), headers.get(b"host", "")):
            log.info("connection refused", reason="full" if full else "origin")
            await send({"type": "websocket.close", "code": TRY_AGAIN if full else FORBIDDEN})
            return
        if PROTOCOL not in scope["subprotocols"]:
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": WRONG_PROTOCOL, "reason": "Subprotocol not acceptable"})
            return
        language = language_of(headers.get(b"accept-language", ""))
        operations.open_connections += 1
        try:
            await Connection(operations, receive, send, language).run()
        finally:
            operations.open_connections -= 1


class Connection:
    """One websocket, from its acceptance to its end."""

    def __init__(self, operations: Operations, receive: Receive, send: Send, language: Language) -> None:
        self.operations = operations
        self.language = language
        self.viewer: Viewer | None = None
        self.begun = False
        self.ended: tuple[int, str] | None = None
        self.events = 0
        self._receive = receive
        self._send = send
        self._running: dict[str, asyncio.Task[None]] = {}
        self._ending: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()

    async def run(self) -> None:
        started = time.perf_counter()
        code = GOOD
        try:
            await self._send({"type": "websocket.accept", "subprotocol": PROTOCOL})
            seconds = self.operations.limits.seconds_to_begin
            self._timer = self._loop.call_later(seconds, self.end, NOT_BEGUN, "Connection initialisation timeout")
            while (message := await self._receive())["type"] != "websocket.disconnect":
                try:
                    await self._take(message.get("text"))
                except MessageRefused as refusal:
                    self.end(refusal.code, refusal.reason)
            code = message.get("code", GOOD)
        except ClientDisconnected:
            pass
        finally:
            await self._clear()
            log.info(
                "connection closed",
                transport="websocket",
                code=self.ended[0] if self.ended else code,
                seconds=round(time.perf_counter() - started, 1),
                events=self.events,
            )

    def end(self, code: int, reason: str) -> None:
        """Nothing is sent after this."""
        if self.ended is None:
            self.ended = code, reason
            for task in self._running.values():
                task.cancel()
            self._ending = self._loop.create_task(self._close(code, reason))

    async def _close(self, code: int, reason: str) -> None:
        with suppress(ClientDisconnected, RuntimeError):  # gone already
            await self._send({"type": "websocket.close", "code": code, "reason": reason})

    async def _clear(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        tasks = [*self._running.values(), *([self._ending] if self._ending else [])]
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self.viewer is not None:
            self.operations.leave(self.viewer)

    async def _say(self, message: dict[str, Any]) -> None:
        """Sends it, and waits until it has been taken."""
        if self.ended is not None:
            return
        try:
            async with asyncio.timeout(self.operations.limits.seconds_to_take):
                await self._send({"type": "websocket.send", "text": orjson.dumps(message).decode()})
        except TimeoutError:
            self.end(TOO_SLOW, "Too slow")

    # --- what the client says ---------------------------------------------------------------------------------------

    async def _take(self, told: str | None) -> None:
        if self.ended is not None:
            return
        message = read_message(told)
        kind, payload = message["type"], message.get("payload")
        if kind == "ping":
            await self._say({"type": "pong"} | ({} if payload is None else {"payload": payload}))
        elif kind == "connection_init":
            await self._begin(payload)
        elif kind == "subscribe":
            await self._subscribe(message.get("id"), payload)
        elif kind == "complete" and (task := self._running.get(message.get("id") or "")) is not None:
            task.cancel()

    async def _begin(self, payload: Any) -> None:
        if self.begun:
            raise MessageRefused(BEGUN_TWICE, "Too many initialisation requests")
        self.begun = True
        token = token_of(payload)
        if token is None or len(token) > self.operations.limits.token_bytes:
            raise MessageRefused(FORBIDDEN, "Forbidden")
        try:
            viewer, expires = await self.operations.tokens.session(token)
            self.operations.arrive(viewer)
        except TokenRefused:
            raise MessageRefused(FORBIDDEN, "Forbidden") from None
        except IssuerUnreachable:
            raise MessageRefused(TRY_AGAIN, "The sign-in cannot be checked just now") from None
        except TooManyConnections:
            raise MessageRefused(TOO_MANY, "Too many connections") from None
        self.viewer = viewer
        self._watch(token, expires)
        live = self.operations.live
        await self._say({"type": "connection_ack"} | ({"payload": {"cursor": live.cursor(viewer)}} if live else {}))
        log.info("connection opened", transport="websocket", open=self.operations.open_connections)

    def _watch(self, token: bytes, expires: float) -> None:
        """Ends the connection when the token does, and looks at it again before."""
        if self._timer is not None:
            self._timer.cancel()
        left = expires - time.time()
        if left <= LOOKED_AT_AGAIN:
            self._timer = self._loop.call_later(max(0.0, left), self.end, FORBIDDEN, "Token expired")
        else:
            self._timer = self._loop.call_later(LOOKED_AT_AGAIN, self._look_again, token, expires)

    def _look_again(self, token: bytes, expires: float) -> None:
        async def look() -> None:
            try:
                viewer, until = await self.operations.tokens.session(token)
            except TokenRefused:
                self.end(FORBIDDEN, "Token expired")
            except IssuerUnreachable:
                self._watch(token, expires)
            else:
                self._watch(token, until) if viewer == self.viewer else self.end(FORBIDDEN, "Forbidden")

        key = "\0token"
        task = self._running[key] = self._loop.create_task(look())
        task.add_done_callback(lambda _: self._running.pop(key, None))

    async def _subscribe(self, name: Any, payload: Any) -> None:
        if self.viewer is None:
            raise MessageRefused(UNAUTHORIZED, "Unauthorized")
        if not isinstance(name, str) or not name or len(name) > 256 or name.startswith("\0"):
            raise MessageRefused(BAD_MESSAGE, "An operation needs an id")
        if name in self._running:
            raise MessageRefused(ID_TAKEN, "Subscriber for this id already exists")
        try:
            request = checked(payload)
        except RequestRefused:
            raise MessageRefused(BAD_MESSAGE, "The payload is no GraphQL request") from None
        limit = self.operations.limits.operations_a_connection
        if len(self._running) >= limit:
            code = "TOO_MANY_OPERATIONS"
            told = {
                "message": text(code, self.language, {"limit": limit}),
                "extensions": {"code": code, "limit": limit},
            }
            await self._say({"id": name, "type": "error", "payload": [told]})
            return
        task = self._loop.create_task(self._operate(name, request.query, request.operation_name, request.variables))
        self._running[name] = task
        task.add_done_callback(lambda done: self._done(name, done))

    def _done(self, name: str, task: asyncio.Task[None]) -> None:
        if self._running.get(name) is task:
            del self._running[name]

    # --- operations -------------------------------------------------------------------------------------------------

    async def _operate(self, name: str, query: str, operation_name: str | None, variables: dict[str, Any]) -> None:
        operations = self.operations
        assert self.viewer is not None  # noqa: S101 who has not begun was sent away
        streams = False
        try:
            prepared = operations.engine.documents.prepare(query, operation_name)
            streams = prepared.kind == "subscription"
            if streams:
                events = operations.events(prepared, variables, self.viewer, self.language)
                async with aclosing(events):
                    async for event in events:
                        self.events += 1
                        await self._say({"id": name, "type": "next", "payload": event})
            else:
                answer = await operations.run(prepared, variables, self.viewer, self.language)
                await self._say({"id": name, "type": "next", "payload": answer})
                self._running.pop(name, None)
                await self._say({"id": name, "type": "complete"})
        except DocumentRefused as refusal:
            self._running.pop(name, None)
            errors = [refused(error, self.language) for error in refusal.errors]
            await self._say({"id": name, "type": "error", "payload": errors})
        except MunicipalityNotHere:
            self.end(FORBIDDEN, "Forbidden")
        except TooSlow:
            self.end(TOO_SLOW, "Too slow")
        except ClientDisconnected:
            pass
        except Exception as error:  # noqa: BLE001 nothing of it may reach the client
            if streams:
                # The client connects anew and asks for what it missed.
                log.error("unexpected", **described(error))
                self.end(TRY_AGAIN, "Try again later")
            else:
                self._running.pop(name, None)
                await self._say({"id": name, "type": "next", "payload": self._failed(error)})
                await self._say({"id": name, "type": "complete"})

    def _failed(self, error: Exception) -> dict[str, Any]:
        if isinstance(error, TimeoutError):
            code = "TIMEOUT"
            return {"errors": [{"message": text(code, self.language), "extensions": {"code": code}}], "data": None}
        return {"errors": unexpected(error, self.language), "data": None}


def read_message(told: str | None) -> dict[str, Any]:
    """Raises MessageRefused for what is no message of the protocol."""
    if told is not None:
        try:
            message = orjson.loads(told)
        except orjson.JSONDecodeError:
            message = None
        if isinstance(message, dict) and message.get("type") in MESSAGES:
            payload = message.get("payload")
            if message["type"] == "subscribe" or payload is None or isinstance(payload, dict):
                return message
    raise MessageRefused(BAD_MESSAGE, "Invalid message")


def token_of(payload: Any) -> bytes | None:
    """The bearer token of `{"authorization": "Bearer …"}` or `{"token": "…"}`, whatever the case of the keys."""
    if not isinstance(payload, dict):
        return None
    named = {key.lower(): value for key, value in payload.items() if isinstance(value, str)}
    told = named.get("authorization")
    if told is not None:
        scheme, _, token = told.partition(" ")
        return token.strip().encode() if scheme.lower() == "bearer" else None
    return named["token"].encode() if "token" in named else None
