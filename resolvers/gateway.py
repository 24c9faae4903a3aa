"""The only way to a viewer's connection: who asks is found out in its first statement, whatever follows."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from authz.engine import keys
from authz.viewer import Viewer
from authz.walls.functions import LIVE
from authz.walls.session import SETS
from norway.days import oslo_day

ACTS_AT_ONCE = 4
"""Connections for acts, beside those for reading: an act holds one for as long as it waits for others' acts."""
ENTER = text(keys.ENTER_BY_NAME)
HOLD_STILL = text("select pg_advisory_xact_lock_shared(hashtextextended(:what, 0))")
MUNICIPALITY = "select id, name from municipality where organisation_number = $1"


UNFINISHED_LETTERS = "select * from unfinished_letters()"


@dataclass(frozen=True)
class Letter:
    """A unit letter on its way."""

    broadcast_id: UUID
    unit_id: UUID
    group_id: UUID | None
    sender: Viewer


class MunicipalityNotHere(Exception):
    """The token is for a municipality that this database does not hold."""


STATEMENTS_KEPT = 300
"""Prepared ones of a connection, the newest; PostgreSQL holds up to a megabyte for the plan of one behind the wall."""
SECONDS_TO_LEAVE = 0.25
"""For which a connection that nobody takes may keep its last viewer."""


async def leave(connection: Any) -> None:
    """The viewer is gone from the connection."""
    await connection.fetch(keys.LEAVE)


async def no_reset(_: Any) -> None:
    """Whoever takes a connection sees to it that the last viewer is gone (`Gateway.taken_for_a_viewer`)."""


class Gateway:
    """A private pool of connections with the API's role."""

    def __init__(self, pool: asyncpg.Pool[Any], acts: AsyncEngine, connect: Mapping[str, Any]) -> None:
        self._pool = pool
        self._acts = acts
        self._connect = connect
        self._left: set[int] = set()
        """Connections that have gone back with a viewer set on them, by their servers' processes."""
        self._emptying: asyncio.Task[None] | None = None
        self._municipalities: dict[str, tuple[UUID, str]] = {}

    @classmethod
    async def open(cls, connect: Mapping[str, Any], *, size: int = 10) -> Gateway:
        """`connect`: keyword arguments of `asyncpg.connect` for the API's role."""

        pool = await asyncpg.create_pool(
            **connect,
            min_size=1,
            max_size=size,
            reset=no_reset,
            statement_cache_size=STATEMENTS_KEPT,
            max_cached_statement_lifetime=0,
            max_cacheable_statement_size=0,
        )

        async def for_acts() -> asyncpg.Connection[Any]:
            connection: asyncpg.Connection[Any] = await asyncpg.connect(**connect)
            return connection

        acts = create_async_engine(
            "postgresql+asyncpg://", async_creator=for_acts, pool_size=ACTS_AT_ONCE, max_overflow=0
        )
        return cls(pool, acts, connect)

    def taken_for_a_viewer(self, process: int) -> None:
        """The viewer of a connection is left when it is taken again, however the request has ended: by the first
        statement of the next viewer's, which leaves nothing of the one before, or before anything is asked in nobody's
        name; and after a moment where nobody takes it. A round trip of its own for each request would be a tenth of
        many.
        """
        self._left.add(process)
        if self._emptying is None or self._emptying.done():
            self._emptying = asyncio.create_task(self._empty())

    async def _empty(self) -> None:
        while self._left:
            await asyncio.sleep(SECONDS_TO_LEAVE)
            async with AsyncExitStack() as stack:
                for _ in range(self._pool.get_idle_size()):
                    await stack.enter_async_context(self.nobodys_connection())
            if self._pool.get_idle_size() == self._pool.get_size():
                self._left.clear()  # of connections that are no more

    @asynccontextmanager
    async def nobodys_connection(self) -> AsyncIterator[asyncpg.pool.PoolConnectionProxy[Any]]:
        """For what is asked in nobody's name: with no viewer on it."""
        async with self._pool.acquire() as connection:
            process = connection.get_server_pid()
            if process in self._left:
                await leave(connection)
                self._left.discard(process)
            yield connection

    async def listen(self) -> asyncpg.Connection[Any]:
        """A connection of its own, which hears notifications and reads nothing."""
        connection: asyncpg.Connection[Any] = await asyncpg.connect(**{"timeout": 5, **self._connect})
        return connection

    async def log_connection(self) -> asyncpg.Connection[Any]:
        """A connection of its own for the access log, which waits for nobody's reads."""
        connection: asyncpg.Connection[Any] = await asyncpg.connect(**{"timeout": 5, **self._connect})
        return connection

    async def ask(self, function: str, values: Mapping[str, Any]) -> Sequence[Any]:
        """For what is asked in nobody's name: whom something concerns. What it gives are keys, never for a client."""
        sql, takes = LIVE[function]
        async with self.nobodys_connection() as connection:
            return await connection.fetch(sql, *[values[name] for name in takes])

    async def close(self) -> None:
        if self._emptying is not None:
            self._emptying.cancel()
            await asyncio.gather(self._emptying, return_exceptions=True)
        await self._acts.dispose()
        await self._pool.close()

    @asynccontextmanager
    async def viewer_connection(
        self, viewer: Viewer, now: dt.datetime
    ) -> AsyncIterator[tuple[asyncpg.pool.PoolConnectionProxy[Any], dict[str, Any]]]:
        """A connection that the viewer is set on, and their standing as the parameters of what follows."""
        async with self._pool.acquire() as connection:
            self.taken_for_a_viewer(connection.get_server_pid())
            asked = asked_by(viewer, await self._municipality(connection, viewer.municipality), now)
            asked["for_transaction"] = False
            standing = await connection.fetchrow(keys.ENTER, *[asked[name] for name in keys.ENTERING])
            if standing is None:  # a function always gives its row
                raise MunicipalityNotHere
            yield connection, {**asked, **standing}

    @asynccontextmanager
    async def acting(self, viewer: Viewer, now: dt.datetime) -> AsyncIterator[Scene]:
        """A transaction for one act, committed at the end unless something is raised."""
        async with self._acts.connect() as connection:
            raw: Any = (await connection.get_raw_connection()).driver_connection
            scene = Scene(connection, raw, asked_by(viewer, await self._municipality(raw, viewer.municipality), now))
            await scene.begin()
            yield scene
            await connection.commit()

    @asynccontextmanager
    async def unattended(self) -> AsyncIterator[AsyncConnection]:
        """A transaction of nobody's, for functions of the database that go by time or by the server's own word."""
        async with self._acts.begin() as connection:
            yield connection

    async def unfinished_letters(self) -> list[Letter]:
        """Unit letters some of whose threads have not begun, oldest first, each with its sender as a viewer."""
        return [
            Letter(
                row["broadcast_id"],
                row["unit_id"],
                row["group_id"],
                Viewer(
                    municipality=row["organisation_number"],
                    number_hash=row["number_hash"],
                    subject=None if row["subject"] is None else (row["issuer"], row["subject"]),
                    private=False,
                    employee=True,
                ),
            )
            for row in await self._letters()
        ]

    async def _letters(self) -> Sequence[Any]:
        async with self.nobodys_connection() as connection:
            return await connection.fetch(UNFINISHED_LETTERS)

    async def _municipality(self, connection: Any, number: str) -> tuple[UUID, str]:
        """Id and name; kept, since a municipality's never change while the process lives."""
        known = self._municipalities.get(number)
        if known is None:
            found = await connection.fetchrow(MUNICIPALITY, number)
            if found is None:
                raise MunicipalityNotHere
            known = self._municipalities[number] = (found["id"], found["name"])
        return known


@dataclass
class Scene:
    """Where an act takes place: one transaction, and the viewer's standing in it."""

    connection: AsyncConnection
    raw: asyncpg.Connection[Any]
    """The same connection, as the engine reads from it."""
    asked: dict[str, Any]
    standing: dict[str, Any] = field(default_factory=dict)

    async def begin(self) -> None:
        """Imports wait for the acts that have begun, and acts for an import that is about to be done."""
        await self.connection.execute(HOLD_STILL, {"what": f"municipality {self.asked['municipality_id']}"})
        await self.enter()

    async def enter(self) -> None:
        """The viewer's standing as it is now, own changes included."""
        asked = {**self.asked, "for_transaction": True}
        found = await self.connection.execute(ENTER, {name: asked[name] for name in keys.ENTERING})
        self.standing = {**self.asked, **found.mappings().one()}

    async def begin_anew(self) -> None:
        """Undoes everything that has been done."""
        await self.connection.rollback()
        await self.begin()


def asked_by(viewer: Viewer, municipality: tuple[UUID, str], now: dt.datetime) -> dict[str, Any]:
    """What is known of a request before anything is looked up, as parameters of statements."""
    return {
        "municipality_id": municipality[0],
        "municipality_name": municipality[1],
        "number_hash": viewer.number_hash,
        "issuer": viewer.subject[0] if viewer.subject else None,
        "subject": viewer.subject[1] if viewer.subject else None,
        "private": viewer.private,
        "employee": viewer.employee,
        "today": oslo_day(now),
        "now": now,
    }


def shape_of(values: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(name for name in SETS if values[name])
