"""The only way to a viewer's connection: who asks is found out in its first statement, whatever follows."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from authz.relation import standing
from authz.viewer import Viewer
from norway.days import oslo_day
from resolvers.engine.statement import compiled

STANDING = compiled(standing())
SHAPE = (
    "closed",
    "guardian",
    "delegate",
    "contact",
    "subject_staff",
    "employed",
    "led",
    "staffed",
    "history",
    "cases",
    "oneself",
)
"""The key sets whose being empty changes the statements."""


class MunicipalityNotHere(Exception):
    """The token is for a municipality that this database does not hold."""


async def no_reset(_: Any) -> None:
    """Nothing of a viewer stays on a connection, so there is nothing to clear, and a round trip to save."""


class Gateway:
    """A private pool of connections with the API's role."""

    def __init__(self, pool: asyncpg.Pool[Any]) -> None:
        self._pool = pool

    @classmethod
    async def open(cls, connect: Mapping[str, Any], *, size: int = 10) -> Gateway:
        """`connect`: keyword arguments of `asyncpg.connect` for the API's role."""
        pool = await asyncpg.create_pool(
            **connect,
            min_size=1,
            max_size=size,
            reset=no_reset,
            statement_cache_size=1000,
            max_cached_statement_lifetime=0,
            max_cacheable_statement_size=0,
        )
        return cls(pool)

    async def close(self) -> None:
        await self._pool.close()

    @asynccontextmanager
    async def viewer_connection(
        self, viewer: Viewer, now: dt.datetime
    ) -> AsyncIterator[tuple[asyncpg.pool.PoolConnectionProxy[Any], dict[str, Any]]]:
        """A connection, and the viewer's standing as the parameters of every statement that follows."""
        asked = {
            "municipality": viewer.municipality,
            "number_hash": viewer.number_hash,
            "issuer": viewer.subject[0] if viewer.subject else None,
            "subject": viewer.subject[1] if viewer.subject else None,
            "private": viewer.private,
            "employee": viewer.employee,
            "today": oslo_day(now),
            "now": now,
        }
        async with self._pool.acquire() as connection:
            record = await connection.fetchrow(STANDING.sql, *STANDING.arguments(asked))
            if record is None:
                raise MunicipalityNotHere
            yield connection, {**asked, **record}


def shape_of(values: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(name for name in SHAPE if values[name])
