"""The only way to a viewer's connection: who asks is found out in its first statement, whatever follows."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg

from authz.engine.keys import CALL, PARAMETERS
from authz.viewer import Viewer
from norway.days import oslo_day

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


MUNICIPALITY = "select id, name from municipality where organisation_number = $1"


class MunicipalityNotHere(Exception):
    """The token is for a municipality that this database does not hold."""


async def no_reset(_: Any) -> None:
    """Nothing of a viewer stays on a connection, so there is nothing to clear, and a round trip to save."""


class Gateway:
    """A private pool of connections with the API's role."""

    def __init__(self, pool: asyncpg.Pool[Any]) -> None:
        self._pool = pool
        self._municipalities: dict[str, tuple[UUID, str]] = {}

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
        async with self._pool.acquire() as connection:
            municipality_id, name = await self._municipality(connection, viewer.municipality)
            asked = {
                "municipality_id": municipality_id,
                "municipality_name": name,
                "number_hash": viewer.number_hash,
                "issuer": viewer.subject[0] if viewer.subject else None,
                "subject": viewer.subject[1] if viewer.subject else None,
                "private": viewer.private,
                "employee": viewer.employee,
                "today": oslo_day(now),
                "now": now,
            }
            keys = await connection.fetchrow(CALL, *[asked[name] for name in PARAMETERS])
            if keys is None:  # a function always gives its row
                raise MunicipalityNotHere
            yield connection, {**asked, **keys}

    async def _municipality(self, connection: Any, number: str) -> tuple[UUID, str]:
        """Id and name; kept, since a municipality's never change while the process lives."""
        known = self._municipalities.get(number)
        if known is None:
            found = await connection.fetchrow(MUNICIPALITY, number)
            if found is None:
                raise MunicipalityNotHere
            known = self._municipalities[number] = (found["id"], found["name"])
        return known


def shape_of(values: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(name for name in SHAPE if values[name])
