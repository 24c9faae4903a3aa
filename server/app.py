"""The server put together: routes, the engine for as long as the process lives, and the processes themselves."""

from __future__ import annotations

import asyncio
import ctypes
import datetime as dt
import gc
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from uvicorn.supervisors import Multiprocess

from registers.contacts import ContactDirectory, ContactRegisterNotAvailable, Krr, NoContacts
from resolvers.access_log_writer import AccessLogWriter
from resolvers.engine.cursor import Cursors
from resolvers.engine.engine import Engine
from resolvers.engine.run import ContactsOutOfReach, Services
from resolvers.gateway import Gateway
from resolvers.live import Live, LiveLimits
from resolvers.log_chain import KEY as LOG_KEY
from schema.public import public_catalogue
from server.clock import Clock
from server.data_folder import DataFolder
from server.database import check_answers
from server.development_login import check_host, development_routes
from server.event_stream import EventStreams
from server.files_http import Files
from server.graphql_http import Executes, GraphQLOverHTTP
from server.health import health_routes
from server.letters import delivering
from server.logs import configure_logs, described
from server.operations import Operations
from server.protocols import HttpConnection, WebSocketConnection
from server.s3 import S3Storage
from server.settings import EdgeLimits, Settings
from server.storage import FolderStorage, Storage
from server.texts import language_of, text
from server.tokens import Tokens, development_key
from server.websocket import GraphQLOverWebSocket
from vault import Vault

log = structlog.get_logger("innsyn")
GARBAGE = 50_000
"""New objects between two collections: answers are many small dicts without cycles, and dear to look through."""
CONNECTIONS = max(4, 2 * (os.cpu_count() or 1))
"""Of a worker to the database. With fewer the cores wait for each other; with more, what can wait here queues in the
database, and the plans of more sessions push each other out of the processor's cache."""
SECONDS_TO_BE_HEALTHY = 30
"""For a worker to start, or to answer whoever watches it, before it is killed and another takes its place: on a
busy machine starting takes longer than uvicorn's own five seconds, and then no worker ever lives."""
DEATH_OF_PARENT = 1
"""PR_SET_PDEATHSIG of Linux."""

OpenEngine = Callable[[], AbstractAsyncContextManager[Executes]]


@dataclass(frozen=True)
class Serving:
    """What a worker needs in order to serve. It can be pickled: workers are processes of their own."""

    folder: Path
    """The data folder, for keys, personas and the development issuer."""
    api_connect: dict[str, Any] = field(repr=False)
    """How the API's role gets into the database."""
    settings: Settings
    day: dt.date | None = None
    """The day that it is, by `--today`."""
    municipality: str | None = None
    """Organisation number of the demo's municipality, for the personas' tokens."""
    parent: int | None = None
    """The process that this one shall not outlive."""

    def __call__(self) -> Starlette:
        configure_logs()
        if self.parent is not None:
            end_with(self.parent)
        vault = Vault.open(DataFolder(self.folder).keys_file, create=False)
        issuer_key = development_key(self.folder).public_key() if self.settings.development_login else None
        clock = Clock(self.day)
        return build_app(
            Edge(
                settings=self.settings,
                open_engine=partial(open_engine, self, vault, clock),
                tokens=Tokens(vault, self.settings.issuers, issuer_key),
                clock=clock,
                check=partial(check_answers, self.api_connect),
                development=(self.folder, self.municipality) if self.settings.development_login else None,
                storage=self.storage(),
            )
        )

    def storage(self) -> Storage:
        """Where files lie. Raises BucketNotUsable."""
        bucket = self.settings.attachments
        return S3Storage(bucket) if bucket is not None else FolderStorage(DataFolder(self.folder).attachments)


@asynccontextmanager
async def open_engine(serving: Serving, vault: Vault, clock: Clock | None = None) -> AsyncIterator[Executes]:
    """The engine, its pool of connections, its subscriptions and the contact register, for the life of a worker."""
    async with AsyncExitStack() as stack:
        contacts: ContactDirectory = NoContacts()
        if (address := serving.settings.contact_register) is not None:
            contacts = await stack.enter_async_context(Krr(address))
        connect = limited(serving.api_connect, serving.settings.edge.seconds)
        gateway = await Gateway.open(connect, size=CONNECTIONS)
        stack.push_async_callback(gateway.close)
        services = Services(
            vault,
            partial(looked_up, contacts),
            Cursors(vault.derived_key("cursors")),
            serving.settings.documents,
            serving.settings.introspection,
        )
        told_by = clock or Clock(serving.day)
        access_log = AccessLogWriter(gateway.log_connection, vault.derived_key(LOG_KEY), told_by.now)
        await stack.enter_async_context(access_log.running())
        engine = Engine(public_catalogue(), gateway, services, access_log)
        stack.push_async_callback(engine.settled)
        edge = serving.settings.edge
        limits = LiveLimits(waiting=edge.waiting, missed=edge.missed, seconds=edge.seconds)
        engine.live = await stack.enter_async_context(Live(engine, told_by.now, limits).running())
        await stack.enter_async_context(delivering(engine, told_by))
        yield engine


def limited(connect: Mapping[str, Any], seconds: float) -> dict[str, Any]:
    """The way in, with PostgreSQL told to give up a little after the edge does, should it not hear of it."""
    told = {**connect.get("server_settings", {}), "statement_timeout": str(round(seconds * 1000) + 1000)}
    return {**connect, "server_settings": told}


async def looked_up(contacts: ContactDirectory, numbers: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What the contact register says of each number, as the fields of `Contact`; nothing of who is not registered."""
    try:
        found = await contacts.look_up(numbers)
    except ContactRegisterNotAvailable as away:
        raise ContactsOutOfReach from away
    return {
        number: {"phone": record.mobile, "email": record.email, "reserved": record.reserved}
        for number, record in found.items()
        if record.status == "AKTIV"
    }


@dataclass(frozen=True)
class Edge:
    """The parts of an application."""

    settings: Settings
    open_engine: OpenEngine
    tokens: Tokens
    clock: Clock
    check: Callable[[], Awaitable[None]]
    """Tells `/readyz` whether the database answers, by raising nothing."""
    development: tuple[Path, str | None] | None = None
    """Data folder and municipality of the demo, where the development login is on."""
    storage: Storage | None = None
    """Where files lie; without one there are no files."""


def build_app(edge: Edge) -> Starlette:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with edge.open_engine() as engine:
            limits = edge.settings.edge
            live = getattr(engine, "live", None)
            operations = Operations(engine, edge.tokens, edge.clock, limits, live, edge.settings.origins)
            graphql = GraphQLOverHTTP(engine, edge.tokens, edge.clock, limits, EventStreams(operations))
            # First, since it is what is asked for most.
            app.router.routes.insert(0, Route("/graphql", graphql))
            sweeping: asyncio.Task[None] | None = None
            if edge.storage is not None and isinstance(engine, Engine):
                files = Files(engine, edge.tokens, edge.clock, edge.settings.edge, edge.storage)
                app.router.routes[1:1] = files.routes()
                sweeping = asyncio.create_task(files.sweep_on())
            app.router.routes.insert(1, WebSocketRoute("/graphql", GraphQLOverWebSocket(operations)))
            gc.collect()
            gc.freeze()
            gc.set_threshold(GARBAGE, 10, 10)
            yield
            if sweeping is not None:
                sweeping.cancel()
                await asyncio.gather(sweeping, return_exceptions=True)

    routes = health_routes(edge.check)
    if edge.development is not None:
        routes += development_routes(*edge.development)
    routes += editor_routes(development_login=edge.development is not None)
    return Starlette(routes=routes, lifespan=lifespan, exception_handlers={Exception: unexpected})


def editor_routes(*, development_login: bool) -> list[Route]:
    from server.graphiql import GraphiqlBuild, graphiql_routes  # noqa: PLC0415 a worker without the page needs it not

    return graphiql_routes(GraphiqlBuild(), development_login=development_login)


async def unexpected(request: Request, error: Exception) -> Response:
    """What another route than /graphql did not foresee."""
    request_id = os.urandom(12).hex()
    log.error("unexpected", request=request_id, **described(error))
    message = text("UNEXPECTED", language_of(request.headers.get("accept-language", "")))
    told = {"errors": [{"message": message, "extensions": {"code": "UNEXPECTED", "requestId": request_id}}]}
    return JSONResponse(told, 500, headers={"X-Request-Id": request_id, "Cache-Control": "no-store"})


# --- processes ---------------------------------------------------------------------------------------------------


class AnnouncingServer(uvicorn.Server):
    """Says when it can be reached."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[Any] | None = None) -> None:
        await super().startup(sockets)
        self._announce()


async def run_server(
    serving: Serving,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    workers: int = 1,
    announce: Callable[[str], None] = lambda _address: None,
) -> None:
    """Serves until SIGINT or SIGTERM, then finishes what is under way, within a bound, and returns.

    Port 0 takes a free one; `announce` is told the address once it can be reached. With several workers this blocks
    the loop, for the workers are processes and this one only watches them. Raises DevelopmentLoginRefused, and OSError
    where the port is taken.
    """
    configure_logs()
    serving.storage()  # that it cannot be had is better known before anybody is waited for
    if serving.settings.development_login:
        check_host(host)
        log.warning("THE DEVELOPMENT LOGIN IS ON: whoever reaches this server may ask as anyone")
    if serving.day is not None:
        log.warning("the day is set", day=serving.day.isoformat())
    factory: Any = serving
    if workers > 1:
        factory = Serving(**{**vars(serving), "parent": os.getpid()})
    config = uvicorn.Config(
        factory,
        factory=True,
        host=host,
        port=port,
        workers=workers,
        loop="uvloop",
        lifespan="on",
        **connections(serving.settings.edge),
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_worker_healthcheck=SECONDS_TO_BE_HEALTHY,
        timeout_graceful_shutdown=serving.settings.edge.seconds_to_stop,
        backlog=2048,
    )
    listening = bound(config)
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{listening.getsockname()[1]}"
    with signals_kept(), listening:
        if workers > 1:
            announce(address)
            Multiprocess(config, [listening]).run()
        else:
            await AnnouncingServer(config, partial(announce, address)).serve([listening])


def connections(limits: EdgeLimits) -> dict[str, Any]:
    """What uvicorn is told of its connections: a websocket's message is no larger than a request's body, and is not
    compressed, which would cost each connection more memory than all else together."""
    return {
        "http": HttpConnection,
        "ws": WebSocketConnection,
        "ws_max_size": limits.body_bytes,
        "ws_per_message_deflate": False,
        "ws_ping_interval": limits.seconds_between_pings,
        "ws_ping_timeout": limits.seconds_between_pings,
    }


def bound(config: uvicorn.Config) -> Any:
    """A listening socket; unlike uvicorn's own, a port that is taken is an OSError and not an exit."""
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    made = socket.socket(family)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((config.host, config.port))
        # Already here, so that who comes before the workers are ready waits and is not turned away.
        made.listen(config.backlog)
        made.set_inheritable(True)
    except OSError:
        made.close()
        raise
    return made


@contextmanager
def signals_kept() -> Iterator[None]:
    """uvicorn raises the signal that stopped it once more when it is done; whoever called us has a database to close
    first, so that the second one is not for anybody."""
    kept = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


def end_with(parent: int) -> None:
    """Let this process be told to stop when its parent dies, so that a killed server leaves no workers behind."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(DEATH_OF_PARENT, signal.SIGTERM)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)
