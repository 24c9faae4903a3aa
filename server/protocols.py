"""What this server asks of uvicorn's connections beyond the usual, for streams that stay open.

A frame or event counts as sent when the operating system has taken it, so that nothing waits in this process that was
read before a relation ended; a client that takes nothing can be left at once; and when the server stops, streams end at
once too, websockets with 1001 (going away).
"""

from __future__ import annotations

import logging
from asyncio import BaseTransport
from collections.abc import Callable
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

GOING_AWAY = 1001
LAST_WORD = 2.0
"""Seconds in which a client that takes nothing may still take the reason why it is left."""


QUIET = logging.getLogger("uvicorn.error.websocket")
"""Uvicorn would log the address of whoever connects, and what is said where debugging is on."""
QUIET.setLevel(logging.WARNING)


class WebSocketConnection(WebSocketsSansIOProtocol):
    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.logger = QUIET
        self.conn.logger, self.conn.debug = QUIET, False

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)
        self.transport.set_write_buffer_limits(high=0)

    async def send(self, message: Any) -> None:
        if message["type"] == "websocket.close" and not self.writable.is_set():
            # Uvicorn would wait until all that was sent before has been taken.
            self.writable.set()
            self.loop.call_later(LAST_WORD, self.transport.abort)
        await super().send(message)
        await self.writable.wait()

    def shutdown(self) -> None:
        if not self.handshake_complete or self.close_sent:
            super().shutdown()
            return
        self.stop_keepalive()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": GOING_AWAY})
        self.conn.send_close(GOING_AWAY)
        self.close_sent = True
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.loop.call_later(LAST_WORD, self.transport.abort)
        self.transport.close()


class HttpConnection(HttpToolsProtocol):
    """The request's scope holds it as `innsyn.connection`, for an answer that is a stream."""

    end_stream: Callable[[], None] | None = None

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.end_stream = None
        cast("dict[str, Any]", self.scope)["innsyn.connection"] = self

    def begin_stream(self, end: Callable[[], None]) -> None:
        """`end` is called when the server stops."""
        self.end_stream = end
        self.transport.set_write_buffer_limits(high=0)

    def drop(self) -> None:
        self.transport.abort()

    def shutdown(self) -> None:
        super().shutdown()
        if self.end_stream is not None:
            self.end_stream()
