"""The database past resolvers and acts: a connection of the API's role, a viewer on it, and the owner beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from authz.engine import keys
from resolvers.gateway import asked_by
from tests.roads.place import Place
from tests.worlds.world import World, oslo


@asynccontextmanager
async def as_the_api(place: Place) -> AsyncIterator[asyncpg.Connection[Any]]:
    connection = await asyncpg.connect(**place.database.api_connect)
    try:
        yield connection
    finally:
        await connection.close()


async def enter(
    connection: asyncpg.Connection[Any],
    place: Place,
    world: World,
    who: str,
    login: str = "both",
    *,
    for_transaction: bool = False,
) -> Any:
    viewer = place.viewer(world, who, login)
    found = await connection.fetchrow(
        "select id, name from municipality where organisation_number = $1", world.organisation_number
    )
    asked = {**asked_by(viewer, (found["id"], found["name"]), oslo(world.today)), "for_transaction": for_transaction}
    return await connection.fetchrow(keys.ENTER, *[asked[name] for name in keys.ENTERING])


async def id_of(place: Place, world: World) -> Any:
    async with as_the_api(place) as connection:
        return await connection.fetchval(
            "select id from municipality where organisation_number = $1", world.organisation_number
        )


async def as_owner(place: Place, sql: str, *arguments: Any) -> list[asyncpg.Record]:
    owner = await asyncpg.connect(**place.database.admin_connect)
    try:
        rows: list[asyncpg.Record] = await owner.fetch(sql, *arguments)
        return rows
    finally:
        await owner.close()
