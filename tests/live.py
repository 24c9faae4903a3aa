"""What the tests of subscriptions stand on: a whole server over a world, its clients, and hands that write behind it.

The server is real and on loopback, its clients are real websockets and HTTP streams, and the time of day can be set.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from authz.standing import derive_standing
from models.base import new_key
from resolvers.engine.introspection import Introspection
from resolvers.ids import TYPE_BYTES, decode, encode
from server.app import Edge, Serving, build_app, open_engine
from server.clock import Clock
from server.data_folder import DataFolder
from server.database import Database
from server.settings import EdgeLimits, Settings
from server.tokens import Login, Tokens, development_key, issue_development_token
from tests.edge import served
from tests.oracle.view import Node
from tests.worlds.loading import Loaded, load
from tests.worlds.world import World, oslo
from vault import Vault

SECONDS = 15.0
QUIET = 0.4
"""So long nothing comes when nothing is to come; an event takes a few hundredths."""


class SetClock(Clock):
    """A clock that goes on from the instant it is set to."""

    def __init__(self, instant: dt.datetime) -> None:
        super().__init__()
        self.set(instant)

    def set(self, instant: dt.datetime) -> None:
        object.__setattr__(self, "ahead", instant - dt.datetime.now(dt.UTC))

    def now(self) -> dt.datetime:
        ahead: dt.timedelta = vars(self)["ahead"]
        return dt.datetime.now(dt.UTC) + ahead


class Closed(Exception):
    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code


@dataclass
class Talk:
    """A websocket that has begun."""

    socket: ClientConnection
    acknowledged: dict[str, Any] = field(default_factory=dict)
    kept: deque[dict[str, Any]] = field(default_factory=deque)
    """Heard while something else was waited for."""

    async def say(self, kind: str, **more: Any) -> None:
        await self.socket.send(json.dumps({"type": kind, **more}))

    async def hear(self, seconds: float = SECONDS) -> dict[str, Any]:
        """The next message. Raises Closed, and TimeoutError."""
        if self.kept:
            return self.kept.popleft()
        try:
            told: dict[str, Any] = json.loads(await asyncio.wait_for(self.socket.recv(), seconds))
        except ConnectionClosed as closed:
            code, reason = (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "")
            raise Closed(code, reason) from None
        return told

    async def hears_nothing(self, seconds: float = QUIET) -> bool:
        with suppress(TimeoutError):
            raise AssertionError(f"heard {await self.hear(seconds)}")
        return True

    async def closed(self, seconds: float = SECONDS) -> int:
        """The code that it is closed with; what comes before is passed over."""
        try:
            while True:
                await self.hear(seconds)
        except Closed as closed:
            return closed.code

    async def subscribe(self, query: str, name: str = "1", **variables: Any) -> None:
        await self.say("subscribe", id=name, payload={"query": query, "variables": variables})

    async def next(self, name: str = "1", seconds: float = SECONDS) -> dict[str, Any]:
        """The payload of the next event."""
        told = await self.hear(seconds)
        assert (told["type"], told["id"]) == ("next", name), told
        payload: dict[str, Any] = told["payload"]
        return payload


RECEIVED = "subscription($thread: ID, $after: String) { messageReceived(threadId: $thread, after: $after) { id body } }"
INBOX = "subscription { inboxChanged { unreadCount thread { id unreadCount } } }"


@dataclass
class Town:
    """A server over a world, and a way to change the world behind it."""

    world: World
    loaded: Loaded
    folder: Path
    url: str
    hand: asyncpg.Connection[Any]
    database: Database
    clock: SetClock
    server: uvicorn.Server
    app: Any

    # --- asking -----------------------------------------------------------------------------------------------------

    def token(self, who: str, login: Login = "both", ttl: float = 3600) -> str:
        number = self.world.people[who].number
        assert number is not None
        municipality = self.world.organisation_number
        return issue_development_token(self.folder, number, municipality, login, dt.timedelta(seconds=ttl))

    @asynccontextmanager
    async def talk(self, who: str, login: Login = "both", **more: Any) -> AsyncIterator[Talk]:
        """A websocket of somebody, acknowledged."""
        async with self.socket() as socket:
            talk = Talk(socket)
            token = self.token(who, login, **more)
            await talk.say("connection_init", payload={"authorization": f"Bearer {token}"})
            talk.acknowledged = await talk.hear()
            assert talk.acknowledged["type"] == "connection_ack"
            yield talk

    def socket(self, after: str = "", **options: Any) -> connect:
        options = {"subprotocols": ["graphql-transport-ws"], "compression": None, **options}
        return connect(self.url.replace("http", "ws", 1) + f"/graphql{after}", **options)

    @asynccontextmanager
    async def listening(self, who: str, query: str = RECEIVED, **variables: Any) -> AsyncIterator[Talk]:
        """A websocket of somebody who has subscribed, and is heard of by the server."""
        async with self.talk(who) as talk:
            before = self.subscribers()
            await talk.subscribe(query, **variables)
            await self.known(talk)
            # The query may have been answered on another connection to the database, before the subscription stood.
            await eventually(lambda: bool(talk.kept) or self.subscribers() > before)
            yield talk

    def subscribers(self) -> int:
        connected = self.app.live._connected.values()
        return sum(len(one.messages) + len(one.inboxes) for one in connected)

    @staticmethod
    async def known(talk: Talk) -> None:
        """Waits until what was said has been taken in: a query that is asked later has been answered."""
        await talk.subscribe("{ viewer { municipality } }", "known")
        kept = []
        while True:
            told = await talk.hear()
            if told.get("id") != "known":
                kept.append(told)
            elif told["type"] == "complete":
                talk.kept.extend(kept)
                return

    def id(self, kind: str, handle: str) -> str:
        return self.loaded.ids[Node(kind, handle)]

    async def key(self, kind: str, handle: str) -> UUID:
        """The row's key; of a person, whatever they are called by."""
        decoded = decode(self.id(kind, handle))
        assert decoded is not None
        columns = {"Child": "child_key", "Guardian": "guardian_key", "StaffMember": "staff_key"}
        if kind not in columns:
            return decoded[1]
        person: UUID = await self.hand.fetchval(f"select id from person where {columns[kind]} = $1", decoded[1])
        return person

    # --- changing ---------------------------------------------------------------------------------------------------

    async def write(self, thread: str, author: str, body: str = "Hei", hand: Any = None) -> str:
        """A message of somebody, sent now; its global id."""
        hand = hand or self.hand
        row = await hand.fetchrow("select * from thread where id = $1", await self.key("Thread", thread))
        person = await self.key("Guardian", author)
        side = await hand.fetchval(
            "select side from participant where thread_id = $1 and person_id = $2", row["id"], person
        )
        key, now = new_key(), self.clock.now()
        async with hand.transaction():
            await hand.execute(
                "insert into message (id, thread_id, unit_id, child_id, author_id, author_side, body, sent_at)"
                " values ($1, $2, $3, $4, $5, $6, $7, $8)",
                *(key, row["id"], row["unit_id"], row["child_id"], person, side or "UNIT", body, now),
            )
            await hand.execute(
                "update thread set last_message_at = greatest(last_message_at, $2) where id = $1", row["id"], now
            )
        return encode(TYPE_BYTES["Message"], key)

    async def derive(self) -> None:
        async with self.database.admin_engine().begin() as connection:
            await derive_standing(connection, self.loaded.municipality)


async def eventually(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(SECONDS):
        while not holds():  # noqa: ASYNC110 what is waited for is in the server
            await asyncio.sleep(0.01)


def heard(payload: dict[str, Any]) -> tuple[str, str | None]:
    """Id and body of a message that was received."""
    message = payload["data"]["messageReceived"]
    return message["id"], message["body"]


@asynccontextmanager
async def town(
    folder: Path, database: Database, world: World, *, at: dt.datetime | None = None, **limits: Any
) -> AsyncIterator[Town]:
    """A server over the world, at noon of its day unless told."""
    vault = Vault.open(DataFolder(folder).keys_file, create=True)
    loaded = await load(world, database, vault)
    clock = SetClock(at or oslo(world.today))
    hand = await asyncpg.connect(**database.admin_connect)
    try:
        async with another(folder, database, vault, clock, **limits) as (url, server, app):
            yield Town(world, loaded, folder, url, hand, database, clock, server, app)
    finally:
        await hand.close()


@asynccontextmanager
async def another(
    folder: Path,
    database: Database,
    vault: Vault,
    clock: Clock,
    *,
    introspection: Introspection | None = None,
    **limits: Any,
) -> AsyncIterator[tuple[str, uvicorn.Server, Any]]:
    """A server over that database."""
    settings = Settings(edge=EdgeLimits(**limits), development_login=True, told_introspection=introspection)
    serving = Serving(folder, database.api_connect, settings)
    tokens = Tokens(vault, (), development_key(folder).public_key())

    async def ready() -> None:
        pass

    opened: list[Any] = []

    @asynccontextmanager
    async def opening() -> AsyncIterator[Any]:
        async with open_engine(serving, vault, clock) as engine:
            opened.append(engine)
            yield engine

    app = build_app(Edge(settings, opening, tokens, clock, ready))
    async with app.router.lifespan_context(app):
        await asyncio.wait_for(opened[0].live.listening.ready.wait(), SECONDS)
        async with served(app, settings.edge) as (url, server):
            yield url, server, opened[0]


@asynccontextmanager
async def stream(
    town: Town, who: str, query: str = RECEIVED, *, login: Login = "both", **variables: Any
) -> AsyncIterator[AsyncIterator[Any]]:
    """Server-sent events of somebody, as (event, id, data)."""
    headers = {"authorization": f"Bearer {town.token(who, login)}", "accept": "text/event-stream"}
    asked = {"query": query, "variables": variables}
    async with (
        httpx.AsyncClient(base_url=town.url, headers=headers, timeout=SECONDS) as client,
        client.stream("POST", "/graphql", json=asked) as response,
    ):
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8", response.status_code
        yield events(response)


async def events(response: httpx.Response) -> AsyncIterator[tuple[str, str | None, Any]]:
    told: dict[str, str] = {}
    async for line in response.aiter_lines():
        if line:
            name, _, value = line.partition(":")
            told[name] = value.strip()
        elif told:
            data = told.get("data")
            yield told.get("event", ""), told.get("id"), json.loads(data) if data else None
            told = {}


__all__ = ["INBOX", "RECEIVED", "SECONDS", "Closed", "Talk", "Town", "another", "eventually", "heard", "stream", "town"]
