"""GraphQL over HTTP: one raw ASGI object that takes a request to the engine and its answer back.

It keeps the draft "GraphQL over HTTP" (media types, status codes, GET and POST), decides who asks by the bearer token
alone, holds the limits of time and size, and lets no error through but those of `texts.TEXTS`. Starlette's request and
response classes are not used here: they cost more than everything else at the edge together.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol, TypeAlias
from urllib.parse import parse_qsl

import asyncpg
import orjson
import structlog
from sqlalchemy.exc import DBAPIError
from starlette.types import Receive, Scope, Send

from authz.viewer import Viewer
from resolvers.engine.documents import Documents, Prepared
from resolvers.engine.limits import DocumentRefused
from resolvers.gateway import MunicipalityNotHere
from server.clock import Clock
from server.logs import described
from server.settings import EdgeLimits
from server.texts import Language, language_of, met, quality, refused, text
from server.tokens import IssuerUnreachable, TokenRefused, Tokens

log = structlog.get_logger("innsyn.graphql")

JSON = b"application/json"
GRAPHQL = b"application/graphql-response+json"
EVENTS = b"text/event-stream"
TYPED = {JSON: b"application/json; charset=utf-8", GRAPHQL: b"application/graphql-response+json; charset=utf-8"}
ALWAYS = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)
REFUSED = b'Bearer realm="innsyn", error="invalid_token"'
PATIENCE = 0.1
"""Seconds after which it is worth a task to notice that the client has gone."""
QUERY_CANCELED = "57014"
PARAMETERS = {"query", "operationName", "variables", "extensions"}

Headers: TypeAlias = Sequence[tuple[bytes, bytes]]


class Answer(Protocol):
    """What the engine answers."""

    @property
    def data(self) -> Mapping[str, Any] | None: ...
    @property
    def errors(self) -> Sequence[Mapping[str, Any]]:
        """As in a response, with `path`, `locations` and `extensions.code`; an `exception` is logged and not sent."""

    @property
    def hidden(self) -> Mapping[str, int]: ...


class Executes(Protocol):
    """What the edge needs of the engine."""

    @property
    def documents(self) -> Documents: ...
    async def run(
        self,
        prepared: Prepared,
        variables: Mapping[str, Any],
        viewer: Viewer,
        now: dt.datetime,
        language: str = "en",
    ) -> Answer:
        """Carries out an operation with the variables as they were sent. May raise DocumentRefused."""


class RequestRefused(Exception):
    """A request that is no GraphQL request, or not from somebody: a status, a code, and headers."""

    def __init__(self, status: int, code: str, headers: Headers = (), **values: Any) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.headers = headers
        self.values = values


class StreamWanted(Exception):
    """The answer is to be a stream of events."""

    def __init__(self, request: Request, viewer: Viewer) -> None:
        super().__init__()
        self.request = request
        self.viewer = viewer


class Streams(Protocol):
    """What answers with a stream; raises RequestRefused as long as nothing has been sent."""

    async def __call__(
        self, exchange: Exchange, request: Request, viewer: Viewer, scope: Scope, receive: Receive, send: Send
    ) -> None: ...


class ClientGone(Exception):
    """Nobody waits for the answer any more."""


@dataclass(slots=True)
class Exchange:
    """One request, as far as it has come: what is answered and what is logged."""

    request_id: str
    method: str
    query_string: bytes
    authorization: list[bytes]
    accept: bytes | None = None
    accept_language: bytes = b""
    content_type: bytes = b""
    content_length: bytes = b""
    content_encoding: bytes = b""
    media_type: bytes = JSON
    prepared: Prepared | None = None
    cost: int | None = None
    bytes_in: int = 0
    code: str | None = None

    @classmethod
    def of(cls, scope: Scope) -> Exchange:
        exchange = cls(os.urandom(12).hex(), scope["method"], scope["query_string"], [])
        for name, value in scope["headers"]:
            if name == b"authorization":
                exchange.authorization.append(value)
            elif name == b"accept":
                # Several lines of it are one list.
                exchange.accept = value if exchange.accept is None else exchange.accept + b"," + value
            elif name == b"accept-language":
                exchange.accept_language = value
            elif name == b"content-type":
                exchange.content_type = value
            elif name == b"content-length":
                exchange.content_length = value
            elif name == b"content-encoding":
                exchange.content_encoding = value
        return exchange

    @property
    def language(self) -> Language:
        return language_of(self.accept_language.decode("latin-1"))


@dataclass(frozen=True, slots=True)
class Request:
    """The parameters of a GraphQL request."""

    query: str
    operation_name: str | None
    variables: dict[str, Any]


class GraphQLOverHTTP:
    """An ASGI application for one path, to be put under a Starlette `Route`."""

    def __init__(
        self, engine: Executes, tokens: Tokens, clock: Clock, limits: EdgeLimits, streams: Streams | None = None
    ) -> None:
        self.engine = engine
        self.streams = streams
        self.tokens = tokens
        self.clock = clock
        self.limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        exchange = Exchange.of(scope)
        headers: Headers = ()
        try:
            try:
                status, told = await self._answer(exchange, receive)
            except StreamWanted as wanted:
                assert self.streams is not None  # noqa: S101 asked before
                await self.streams(exchange, wanted.request, wanted.viewer, scope, receive, send)
                return
            body = orjson.dumps(told)
        except RequestRefused as refusal:
            status, headers = refusal.status, refusal.headers
            body = self._refusal(exchange, refusal.code, refusal.values)
        except DocumentRefused as refusal:
            # As application/json an answer of GraphQL is a success of HTTP, whatever it says; clients rely on it.
            status = 400 if exchange.media_type is GRAPHQL else 200
            exchange.code = str(refusal.errors[0]["extensions"]["code"])
            body = orjson.dumps({"errors": [refused(error, exchange.language) for error in refusal.errors]})
        except TimeoutError:
            status, body = 503, self._refusal(exchange, "TIMEOUT", {})
        except ClientGone:
            self._log(exchange, 499, started, 0)
            return
        except Exception as error:  # noqa: BLE001 nothing of it may reach the client
            status, body = 500, self._refusal(exchange, "UNEXPECTED", {"requestId": exchange.request_id})
            log.error("unexpected", request=exchange.request_id, **described(error))
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [
                    (b"content-type", TYPED[exchange.media_type]),
                    (b"content-length", b"%d" % len(body)),
                    (b"x-request-id", exchange.request_id.encode()),
                    *ALWAYS,
                    *headers,
                ],
            }
        )
        await send({"type": "http.response.body", "body": body})
        self._log(exchange, status, started, len(body))

    async def _answer(self, exchange: Exchange, receive: Receive) -> tuple[int, dict[str, Any]]:
        if exchange.method not in {"POST", "GET"}:
            raise RequestRefused(405, "METHOD_NOT_ALLOWED", [(b"allow", b"GET, POST")])
        media_type = negotiated(exchange.accept)
        streams = self.streams is not None and exchange.accept is not None and EVENTS in exchange.accept
        if media_type is None and not streams:
            raise RequestRefused(406, "NOT_ACCEPTABLE")
        exchange.media_type = media_type or JSON
        viewer = await self._viewer(exchange)
        if exchange.method == "POST":
            request = from_body(await self._body(exchange, receive))
        else:
            request = self._from_url(exchange)
        if streams and (media_type is None or self._subscribes(request)):
            raise StreamWanted(request, viewer)
        documents = self.engine.documents
        prepared = exchange.prepared = documents.prepare(request.query, request.operation_name)
        if prepared.kind == "subscription":
            raise RequestRefused(400, "SUBSCRIPTION_NEEDS_WEBSOCKET")
        if prepared.kind == "mutation" and exchange.method == "GET":
            raise RequestRefused(405, "MUTATION_NEEDS_POST", [(b"allow", b"POST")])
        cost = exchange.cost = prepared.cost(request.variables)
        answer = await self._run(exchange, prepared, request.variables, viewer, receive)
        extensions: dict[str, Any] = {"cost": cost}
        if answer.hidden:
            extensions["hidden"] = answer.hidden
        if answer.errors:
            return 200, {"errors": self._met(exchange, answer.errors), "data": answer.data, "extensions": extensions}
        return 200, {"data": answer.data, "extensions": extensions}

    def _subscribes(self, request: Request) -> bool:
        try:
            return self.engine.documents.prepare(request.query, request.operation_name).kind == "subscription"
        except DocumentRefused:
            return False

    async def _viewer(self, exchange: Exchange) -> Viewer:
        if not exchange.authorization:
            raise RequestRefused(401, "UNAUTHENTICATED", [(b"www-authenticate", b'Bearer realm="innsyn"')])
        try:
            if len(exchange.authorization) > 1:
                raise TokenRefused
            scheme, _, token = exchange.authorization[0].partition(b" ")
            if scheme.lower() != b"bearer" or len(token) > self.limits.token_bytes:
                raise TokenRefused
            return await self.tokens.viewer(token.strip(b" "))
        except TokenRefused:
            raise RequestRefused(401, "UNAUTHENTICATED", [(b"www-authenticate", REFUSED)]) from None
        except IssuerUnreachable:
            raise RequestRefused(503, "SIGN_IN_NOT_AVAILABLE", [(b"retry-after", b"30")]) from None

    async def _body(self, exchange: Exchange, receive: Receive) -> bytes:
        if not is_json(exchange.content_type) or exchange.content_encoding not in {b"", b"identity"}:
            raise RequestRefused(415, "UNSUPPORTED_MEDIA_TYPE", [(b"accept-post", JSON)])
        limit = self.limits.body_bytes
        # What is not read would stay in the connection, before the next request.
        too_large = RequestRefused(413, "BODY_TOO_LARGE", [(b"connection", b"close")], limit=limit)
        if exchange.content_length.isdigit() and int(exchange.content_length) > limit:
            raise too_large
        parts: list[bytes] = []
        try:
            async with asyncio.timeout(self.limits.seconds_to_send):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise ClientGone
                    part = message.get("body", b"")
                    exchange.bytes_in += len(part)
                    if exchange.bytes_in > limit:
                        raise too_large
                    parts.append(part)
                    if not message.get("more_body", False):
                        return b"".join(parts)
        except TimeoutError:
            raise RequestRefused(408, "BODY_TOO_SLOW", [(b"connection", b"close")]) from None

    def _from_url(self, exchange: Exchange) -> Request:
        if len(exchange.query_string) > self.limits.url_bytes:
            raise RequestRefused(414, "URL_TOO_LONG", limit=self.limits.url_bytes)
        try:
            pairs = parse_qsl(
                exchange.query_string.decode("ascii"),
                keep_blank_values=True,
                strict_parsing=True,
                errors="strict",
                max_num_fields=20,
            )
        except ValueError:
            raise RequestRefused(400, "BAD_REQUEST") from None
        named = [(name, value) for name, value in pairs if name in PARAMETERS]
        parameters: dict[str, Any] = dict(named)
        if len(parameters) != len(named):
            raise RequestRefused(400, "BAD_REQUEST")
        for name in ("variables", "extensions"):
            if name in parameters:
                parameters[name] = from_json(parameters[name]) if parameters[name] else None
        return checked(parameters)

    async def _run(
        self, exchange: Exchange, prepared: Prepared, variables: dict[str, Any], viewer: Viewer, receive: Receive
    ) -> Answer:
        """Runs within the time limit, and not for a client that has gone; either way the database's work ends too,
        because the engine is cancelled where it waits for it."""
        watch: Watch | None = None
        try:
            async with asyncio.timeout(self.limits.seconds) as timer:
                watch = Watch(receive, timer)
                return await self.engine.run(prepared, variables, viewer, self.clock.now(), exchange.language)
        except MunicipalityNotHere:
            # The token is good, but opens nothing here; that it is good is not told.
            raise RequestRefused(401, "UNAUTHENTICATED", [(b"www-authenticate", REFUSED)]) from None
        except (asyncpg.QueryCanceledError, DBAPIError) as wrong:
            if isinstance(wrong, DBAPIError) and getattr(wrong.orig, "sqlstate", None) != QUERY_CANCELED:
                raise
            # The database's own time limit was first.
            raise TimeoutError from None
        except TimeoutError:
            if watch is not None and watch.gone:
                raise ClientGone from None
            raise
        finally:
            if watch is not None:
                watch.end()

    def _refusal(self, exchange: Exchange, code: str, values: Mapping[str, Any]) -> bytes:
        exchange.code = code
        message = text(code, exchange.language, values)
        return orjson.dumps({"errors": [{"message": message, "extensions": {"code": code, **values}}]})

    def _met(self, exchange: Exchange, errors: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        language = exchange.language
        told = [met(error, language, exchange.request_id) for error in errors]
        exchange.code = str(told[0]["extensions"]["code"])
        for error in errors:
            if isinstance(cause := error.get("exception"), BaseException):
                log.error("unexpected", request=exchange.request_id, **described(cause))
        return told

    def _log(self, exchange: Exchange, status: int, started: float, bytes_out: int) -> None:
        prepared = exchange.prepared
        log.info(
            "request",
            request=exchange.request_id,
            status=status,
            ms=round((time.perf_counter() - started) * 1000, 2),
            operation=prepared.digest[:16] if prepared is not None else None,
            kind=prepared.kind if prepared is not None else None,
            cost=exchange.cost,
            bytes_in=exchange.bytes_in,
            bytes_out=bytes_out,
            code=exchange.code,
        )


class Watch:
    """Notices that the client has gone, and then ends the time it was given.

    A task for each request would cost more than many a request, so that it begins only when one takes long.
    """

    __slots__ = ("_handle", "_receive", "_task", "_timer", "gone")

    def __init__(self, receive: Receive, timer: asyncio.Timeout) -> None:
        self.gone = False
        self._receive = receive
        self._timer = timer
        self._task: asyncio.Task[None] | None = None
        self._handle = asyncio.get_running_loop().call_later(PATIENCE, self._begin)

    def _begin(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._wait())

    async def _wait(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        if not self._timer.expired():
            self.gone = True
            self._timer.reschedule(asyncio.get_running_loop().time())

    def end(self) -> None:
        self._handle.cancel()
        if self._task is not None:
            self._task.cancel()


def from_body(body: bytes) -> Request:
    told = from_json(body)
    if isinstance(told, list):
        raise RequestRefused(400, "BATCHING_NOT_SUPPORTED")
    return checked(told)


def from_json(told: str | bytes) -> Any:
    try:
        return orjson.loads(told)
    except orjson.JSONDecodeError:
        raise RequestRefused(400, "BAD_REQUEST") from None


def checked(parameters: Any) -> Request:
    """The parameters in their shapes; whatever else the object holds is not looked at, as the draft says."""
    if not isinstance(parameters, dict):
        raise RequestRefused(400, "BAD_REQUEST")
    query = parameters.get("query")
    name = parameters.get("operationName")
    variables = parameters.get("variables")
    extensions = parameters.get("extensions")
    if (
        not isinstance(query, str)
        or not (name is None or isinstance(name, str))
        or not (variables is None or isinstance(variables, dict))
        or not (extensions is None or isinstance(extensions, dict))
    ):
        raise RequestRefused(400, "BAD_REQUEST")
    return Request(query, name, variables or {})


@lru_cache(maxsize=256)
def negotiated(accept: bytes | None) -> bytes | None:
    """Which of the two media types an Accept header wants most; null for neither.

    `application/json` where it leaves the choice open, and where there is no header: clients from before the draft
    expect it. Named by name and wanted as much, the draft's own type goes before.
    """
    if accept is None or not accept.strip():
        return JSON
    found: dict[bytes, tuple[int, float]] = {}
    for part in accept[:1000].decode("latin-1").lower().split(","):
        media_range, _, parameters = part.partition(";")
        weight = quality(parameters) if charset_of(parameters) in {None, "utf-8"} else 0.0
        for media_type in (JSON, GRAPHQL):
            closeness = {media_type.decode(): 3, "application/*": 2, "*/*": 1}.get(media_range.strip(), 0)
            if closeness > found.get(media_type, (0, 0.0))[0]:
                found[media_type] = (closeness, weight)

    def preference(media_type: bytes) -> tuple[float, int, bool]:
        closeness, weight = found[media_type]
        return weight, closeness, (media_type is GRAPHQL) == (closeness == 3)

    wanted = [media_type for media_type, (_, weight) in found.items() if weight > 0]
    return max(wanted, key=preference, default=None)


@lru_cache(maxsize=256)
def is_json(content_type: bytes) -> bool:
    """Whether a Content-Type is JSON in UTF-8. A browser sends it to another origin only after asking first, so that no
    foreign page can make one post for it."""
    media_type, _, parameters = content_type.decode("latin-1").lower().partition(";")
    return media_type.strip() == "application/json" and charset_of(parameters) in {None, "utf-8", "utf8"}


def charset_of(parameters: str) -> str | None:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip() == "charset":
            return value.strip().strip('"')
    return None
