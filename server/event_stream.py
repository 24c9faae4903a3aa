"""GraphQL over server-sent events, in the mode of distinct connections: one operation a request, answered by a stream.

Everything before it is a request as any other, and refused in the same way; from then on also refusals of the document
are events, as the protocol says. A stream ends with `complete` where there is nothing more to come; where it only
breaks off, because the token has expired or the server stops, there is none, and the client connects anew.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from functools import partial
from typing import Any

import orjson
import structlog
from starlette.types import Receive, Scope, Send

from authz.viewer import Viewer
from resolvers.engine.limits import DocumentRefused
from resolvers.gateway import MunicipalityNotHere
from resolvers.subscriber import TooSlow
from server.graphql_http import ALWAYS, Exchange, Request, RequestRefused
from server.logs import described
from server.operations import Operations, TooManyConnections, unexpected
from server.texts import refused, text
from server.tokens import IssuerUnreachable, TokenRefused

HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"x-accel-buffering", b"no"),
    *ALWAYS,
)
PULSE = 12.0
"""Seconds of silence after which a comment is sent: what lies between would end the connection."""
LOOKED_AT_AGAIN = 300.0

log = structlog.get_logger("innsyn.live")


class EventStreams:
    """Answers requests that accept `text/event-stream`."""

    def __init__(self, operations: Operations) -> None:
        self.operations = operations

    async def __call__(
        self, exchange: Exchange, request: Request, viewer: Viewer, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Raises RequestRefused as long as nothing has been sent."""
        operations = self.operations
        if operations.open_connections >= operations.limits.connections:
            raise RequestRefused(503, "TOO_MANY_CONNECTIONS", [(b"retry-after", b"30")])
        try:
            operations.arrive(viewer)
        except TooManyConnections:
            raise RequestRefused(429, "TOO_MANY_CONNECTIONS", [(b"retry-after", b"30")]) from None
        operations.open_connections += 1
        try:
            await EventStream(operations, exchange, viewer, scope, receive, send).run(request)
        finally:
            operations.open_connections -= 1
            operations.leave(viewer)


class EventStream:
    def __init__(
        self, operations: Operations, exchange: Exchange, viewer: Viewer, scope: Scope, receive: Receive, send: Send
    ) -> None:
        self.operations = operations
        self.exchange = exchange
        self.viewer = viewer
        self.connection = scope.get("innsyn.connection")
        self.code = "GONE"
        self.events = 0
        self._receive = receive
        self._send = send

    async def run(self, request: Request) -> None:
        started = time.perf_counter()
        await self._send({"type": "http.response.start", "status": 200, "headers": [*HEADERS, self._request_id()]})
        writing = asyncio.create_task(self._write(request))
        if self.connection is not None:
            self.connection.begin_stream(writing.cancel)
        watching = [asyncio.create_task(self._until_gone()), asyncio.create_task(self._until_expired())]
        try:
            await asyncio.wait([writing, *watching], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (writing, *watching):
                task.cancel()
            await asyncio.gather(writing, *watching, return_exceptions=True)
            with suppress(Exception):
                if self.code != "TOO_SLOW":
                    await self._send({"type": "http.response.body", "body": b""})
            log.info(
                "connection closed",
                transport="event stream",
                code=self.code,
                seconds=round(time.perf_counter() - started, 1),
                events=self.events,
            )

    def _request_id(self) -> tuple[bytes, bytes]:
        return b"x-request-id", self.exchange.request_id.encode()

    async def _until_gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _until_expired(self) -> None:
        """The token is looked at again every few minutes, as a websocket's is."""
        token = self.exchange.authorization[0].partition(b" ")[2].strip(b" ")
        while True:
            try:
                viewer, expires = await self.operations.tokens.session(token)
                left = expires - time.time()
            except IssuerUnreachable:
                left = LOOKED_AT_AGAIN
            except TokenRefused:
                break
            else:
                if viewer != self.viewer:
                    break
            await asyncio.sleep(max(0.0, min(left, LOOKED_AT_AGAIN)))
        self.code = "EXPIRED"

    # --- writing ----------------------------------------------------------------------------------------------------

    async def _write(self, request: Request) -> None:
        language, operations = self.exchange.language, self.operations
        try:
            prepared = operations.engine.documents.prepare(request.query, request.operation_name)
            if prepared.kind == "mutation" and self.exchange.method == "GET":
                raise RequestRefused(405, "MUTATION_NEEDS_POST")
            if prepared.kind == "subscription":
                cursor = operations.live.cursor(self.viewer) if operations.live else ""
                begin = partial(self._put, f"id: {cursor}\n:\n\n".encode())
                await self._write_all(operations.events(prepared, request.variables, self.viewer, language, begin))
            else:
                await self._event(await operations.run(prepared, request.variables, self.viewer, language))
        except DocumentRefused as refusal:
            await self._event({"errors": [refused(error, language) for error in refusal.errors]})
        except RequestRefused as refusal:
            await self._event({"errors": [self._said(refusal.code)]})
        except MunicipalityNotHere:
            await self._event({"errors": [self._said("UNAUTHENTICATED")]})
        except TooSlow:
            self._drop()
            return
        except Exception as error:  # noqa: BLE001 nothing of it may reach the client
            code = "TIMEOUT" if isinstance(error, TimeoutError) else "UNEXPECTED"
            if code == "UNEXPECTED":
                log.error("unexpected", request=self.exchange.request_id, **described(error))
            self.code = code
            await self._event({"errors": [self._said(code)] if code == "TIMEOUT" else unexpected(error, language)})
            return
        self.code = "COMPLETE"
        await self._put(b"event: complete\ndata:\n\n")

    async def _write_all(self, events: AsyncGenerator[dict[str, Any], None]) -> None:
        async with aclosing(events):
            following = asyncio.ensure_future(anext(events))
            try:
                while True:
                    done, _ = await asyncio.wait([following], timeout=PULSE)
                    if done:
                        await self._event(following.result())
                        following = asyncio.ensure_future(anext(events))
                    else:
                        await self._put(b":\n\n")
            finally:
                following.cancel()
                await asyncio.gather(following, return_exceptions=True)

    def _said(self, code: str) -> dict[str, Any]:
        return {"message": text(code, self.exchange.language), "extensions": {"code": code}}

    async def _event(self, told: dict[str, Any]) -> None:
        self.events += 1
        cursor = told.get("extensions", {}).get("cursor")
        lines = b"" if cursor is None else f"id: {cursor}\n".encode()
        await self._put(b"event: next\n" + lines + b"data: " + orjson.dumps(told) + b"\n\n")

    async def _put(self, said: bytes) -> None:
        """Sends it, and waits until it has been taken."""
        try:
            async with asyncio.timeout(self.operations.limits.seconds_to_take):
                await self._send({"type": "http.response.body", "body": said, "more_body": True})
                await self._send({"type": "http.response.body", "body": b"", "more_body": True})
        except TimeoutError:
            raise TooSlow from None

    def _drop(self) -> None:
        self.code = "TOO_SLOW"
        if self.connection is not None:
            self.connection.drop()
