"""Files over HTTP: POST /attachments takes one in, GET /attachments/<ticket> gives one out; `docs/records.md` says how.

Both are asked for with the viewer's own token. What comes in is sealed as it streams and lies in the storage under a
key that the database holds wrapped; what goes out was asked of the engine, as a `node`, by the same viewer, then and
there: a link is no leave.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import UUID

import orjson
import structlog
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from authz.viewer import Viewer
from resolvers import ids
from resolvers.engine.engine import Engine
from resolvers.gateway import MunicipalityNotHere, shape_of
from resolvers.uploads import (
    TooManyUploads,
    begin_upload,
    discard_upload,
    expire_uploads,
    file_of,
    finish_upload,
)
from server.clock import Clock
from server.file_types import FILE_TYPES, Examination, FileTypeRefused, file_name
from server.logs import described
from server.settings import EdgeLimits
from server.storage import Storage
from server.texts import language_of, text
from server.tokens import IssuerUnreachable, TokenRefused, Tokens
from server.uploads import IncomingFile, UploaderGone, UploadRefused
from vault.chunks import Sealing, unsealed
from vault.tickets import TicketRefused, Tickets

log = structlog.get_logger("innsyn.files")
BEARER = (b"www-authenticate", b'Bearer realm="innsyn"')
ALWAYS = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; sandbox"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
ASKED = "query ($id: ID!) { node(id: $id) { ... on Attachment { name mediaType size } } }"
SWEEP_SECONDS = 3600.0
DRAINED = 50 * 1024 * 1024
SECONDS_TO_DRAIN = 5.0
Headers = Sequence[tuple[bytes, bytes]]


class FileRequestRefused(Exception):
    """A status, a code of `texts.TEXTS`, and headers."""

    def __init__(self, status: int, code: str, headers: Headers = (), **values: Any) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.headers = headers
        self.values = values


@dataclass(frozen=True)
class Files:
    """What the two routes and the sweeping share."""

    engine: Engine
    tokens: Tokens
    clock: Clock
    limits: EdgeLimits
    storage: Storage

    def routes(self) -> list[Route]:
        return [
            Route("/attachments", Endpoint(self.upload), methods=["POST"]),
            Route("/attachments/{ticket}", Endpoint(self.download), methods=["GET"]),
        ]

    async def viewer(self, scope: Scope) -> Viewer:
        """By the bearer token and nothing else."""
        told = [value for name, value in scope["headers"] if name == b"authorization"]
        try:
            scheme, _, token = (told[0] if len(told) == 1 else b"").partition(b" ")
            if scheme.lower() != b"bearer" or len(token) > self.limits.token_bytes:
                raise TokenRefused
            return await self.tokens.viewer(token.strip(b" "))
        except TokenRefused:
            raise FileRequestRefused(401, "UNAUTHENTICATED", [BEARER]) from None
        except IssuerUnreachable:
            raise FileRequestRefused(503, "SIGN_IN_NOT_AVAILABLE", [(b"retry-after", b"30")]) from None

    # --- in ---------------------------------------------------------------------------------------------------

    async def upload(self, scope: Scope, receive: Receive, send: Send) -> None:
        viewer = await self.viewer(scope)
        headers = dict(scope["headers"])
        length = headers.get(b"content-length", b"")
        limit = self.limits.file_bytes
        incoming = IncomingFile(
            headers.get(b"content-type", b"").decode("latin-1"), receive, limit, self.limits.seconds_idle
        )
        if length.isdigit() and int(length) > limit + incoming.overhead:
            raise UploadRefused(413, "FILE_TOO_LARGE", limit=limit)
        try:
            async with asyncio.timeout(self.limits.seconds_to_upload):
                told = await self.take_in(viewer, incoming)
        except TimeoutError:
            raise UploadRefused(408, "UPLOAD_TOO_SLOW") from None
        body = orjson.dumps(told)
        await start(send, 201, [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))])
        await send({"type": "http.response.body", "body": body})

    async def take_in(self, viewer: Viewer, incoming: IncomingFile) -> dict[str, Any]:
        """The new attachment, as its uploader is told of it."""
        told = await incoming.begin()
        file_type = FILE_TYPES.get(told.media_type)
        if file_type is None:
            raise UploadRefused(415, "FILE_TYPE_NOT_TAKEN")
        name = file_name(told.name, file_type)
        gateway, vault = self.engine.gateway, self.engine.services.vault
        async with gateway.acting(viewer, self.clock.now()) as scene:
            # Whoever has no relation is told the same, known here or not.
            if not shape_of(scene.standing):
                raise FileRequestRefused(403, "UPLOAD_NOT_ALLOWED")
            begun = await begin_upload(scene.connection, vault, scene.standing, name, file_type.media_type)
        examination = Examination(file_type)
        try:
            await self.storage.write(begun.file_id, sealed(incoming, examination, Sealing(begun.key, begun.file_id)))
            async with gateway.unattended() as connection:
                await finish_upload(connection, begun.file_id, examination.size, self.clock.now())
        except BaseException:
            # Also when the client has gone or the server is told to stop: what is left is the sweeping's.
            await asyncio.shield(self.discard(begun.file_id))
            raise
        return {
            "id": ids.encode(ids.TYPE_BYTES["Attachment"], begun.file_id),
            "name": name,
            "mediaType": file_type.media_type,
            "size": examination.size,
        }

    async def discard(self, file_id: UUID) -> None:
        await self.storage.delete(file_id)
        async with self.engine.gateway.unattended() as connection:
            await discard_upload(connection, file_id, self.clock.now())

    # --- out --------------------------------------------------------------------------------------------------

    async def download(self, scope: Scope, _receive: Receive, send: Send) -> None:
        viewer = await self.viewer(scope)
        now = self.clock.now()
        vault = self.engine.services.vault
        tickets = Tickets(vault)
        not_found = FileRequestRefused(404, "ATTACHMENT_NOT_FOUND")
        try:
            holder = tickets.holder(viewer.number_hash, viewer.subject)
            attachment_id = tickets.file_of(scope["path_params"]["ticket"], holder, now)
        except TicketRefused:
            raise not_found from None
        prepared = self.engine.documents.prepare(ASKED, None)
        asked = {"id": ids.encode(ids.TYPE_BYTES["Attachment"], attachment_id)}
        answer = await self.engine.run(prepared, asked, viewer, now, downloads=True)
        node = (answer.data or {}).get("node")
        if node is None:
            raise not_found
        async with self.engine.gateway.viewer_connection(viewer, now) as (connection, standing):
            found = await file_of(connection, vault, standing, attachment_id)
        if found is None:
            raise not_found
        file_id, key = found
        await self.give_out(send, node, unsealed(key, file_id, self.storage.read(file_id)))

    async def give_out(self, send: Send, node: Mapping[str, Any], chunks: AsyncIterator[bytes]) -> None:
        """The first chunk is opened before anything is sent; a seal that is found broken later breaks off the rest."""
        async with asyncio.timeout(self.limits.seconds_to_download):
            first = await anext(chunks)
            await start(
                send,
                200,
                [
                    (b"content-type", node["mediaType"].encode()),
                    (b"content-length", b"%d" % node["size"]),
                    (b"content-disposition", disposition(node["name"])),
                ],
            )
            await send({"type": "http.response.body", "body": first, "more_body": True})
            async for chunk in chunks:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})

    # --- what is left lying -----------------------------------------------------------------------------------

    async def sweep(self) -> int:
        """Deletes uploads that nothing was done with within a day; how many."""
        async with self.engine.gateway.unattended() as connection:
            due = await expire_uploads(connection, self.clock.now())
        for file_id in due:
            await self.discard(file_id)
        return len(due)

    async def sweep_on(self) -> None:
        """For as long as the worker lives; several workers do each other no harm."""
        while True:
            try:
                if swept := await self.sweep():
                    log.info("uploads deleted", count=swept)
            except Exception as error:  # noqa: BLE001 whatever it is, the next time may go well
                log.warning("uploads not deleted", **described(error))
            await asyncio.sleep(SWEEP_SECONDS)


async def sealed(incoming: IncomingFile, examination: Examination, sealing: Sealing) -> AsyncIterator[bytes]:
    """The file as it is stored. Raises FileTypeRefused, UploadRefused and UploaderGone."""
    async for piece in incoming.pieces():
        examination.take(piece)
        if chunks := sealing.take(piece):
            yield chunks
    examination.end()
    yield sealing.end()


@dataclass
class Body:
    """A request's body, and whether there is more of it to come."""

    source: Receive
    more: bool = True

    async def receive(self) -> Any:
        message = await self.source()
        self.more = message["type"] == "http.request" and message.get("more_body", False)
        return message

    async def drain(self) -> None:
        """Lets a client that is refused finish, within bounds: most clients read no answer before they have sent all,
        and take a connection that is closed meanwhile for a failure of the network."""
        left = DRAINED
        with suppress(TimeoutError):
            async with asyncio.timeout(SECONDS_TO_DRAIN):
                while self.more and left > 0:
                    left -= len((await self.receive()).get("body", b""))


@dataclass(frozen=True)
class Endpoint:
    """A route's ASGI application, with one way to refuse and one line in the log."""

    answer: Callable[[Scope, Receive, Send], Awaitable[None]]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id, started, said = os.urandom(12).hex(), time.perf_counter(), 0

        async def sending(message: Any) -> None:
            nonlocal said
            if message["type"] == "http.response.start":
                said = message["status"]
                message = {**message, "headers": [*message["headers"], (b"x-request-id", request_id.encode())]}
            await send(message)

        body = Body(receive)
        code: str | None = None
        try:
            try:
                await self.answer(scope, body.receive, sending)
            except (FileRequestRefused, UploadRefused, FileTypeRefused, TooManyUploads) as refusal:
                if getattr(refusal, "code", "") != "UPLOAD_TOO_SLOW":
                    await body.drain()
                raise
        except (FileRequestRefused, UploadRefused) as refusal:
            code = refusal.code
            more = getattr(refusal, "headers", ()) or [(b"connection", b"close")]
            await refuse(sending, scope, refusal.status, code, more, refusal.values)
        except FileTypeRefused:
            code = "FILE_TYPE_DISAGREES"
            await refuse(sending, scope, 415, code, [(b"connection", b"close")], {})
        except TooManyUploads:
            code = "TOO_MANY_UPLOADS"
            await refuse(sending, scope, 429, code, [(b"connection", b"close")], {})
        except MunicipalityNotHere:
            code = "UNAUTHENTICATED"
            await refuse(sending, scope, 401, code, [BEARER], {})
        except UploaderGone:
            said = 499
        except Exception as error:
            log.error("unexpected", request=request_id, **described(error))
            if said:
                raise  # the answer has begun; the connection is broken off, so that nobody takes it for whole
            code = "UNEXPECTED"
            await refuse(sending, scope, 500, code, (), {"requestId": request_id})
        ms = round((time.perf_counter() - started) * 1000, 2)
        log.info("file", request=request_id, method=scope["method"], status=said, ms=ms, code=code)


async def start(send: Send, status: int, headers: Headers) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *ALWAYS]})


async def refuse(send: Send, scope: Scope, status: int, code: str, headers: Headers, values: Mapping[str, Any]) -> None:
    told = dict(scope["headers"]).get(b"accept-language", b"").decode("latin-1")
    message = text(code, language_of(told), values)
    body = orjson.dumps({"errors": [{"message": message, "extensions": {"code": code, **values}}]})
    own = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await start(send, status, [*own, *headers])
    await send({"type": "http.response.body", "body": body})


def disposition(name: str) -> bytes:
    """To be saved and never shown; the name also in letters that any client knows."""
    plain = name.encode("ascii", "replace").decode().replace("\\", "_").replace('"', "_").replace("?", "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}".encode()
