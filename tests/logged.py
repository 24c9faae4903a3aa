"""What the access log holds of a world, in handles: what its tests say it with."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import asyncpg

from authz.engine.policy import Relation
from server.database import Database
from tests.worlds.loading import Loaded

Look = tuple[str, str, str, str | None]
"""Who looked at which child, by which relation, at which unit."""


async def log_rows(database: Database, municipality: UUID) -> list[asyncpg.Record]:
    """In the order of writing."""
    connection = await asyncpg.connect(**database.admin_connect)
    try:
        return await connection.fetch(
            "select * from access_log where municipality_id = $1 order by at, chain_id, sequence", municipality
        )
    finally:
        await connection.close()


async def looks(database: Database, loaded: Loaded) -> list[set[Look]]:
    """For each operation that was logged, in order."""
    connection = await asyncpg.connect(**database.admin_connect)
    try:
        people = {row["id"]: row["name"] for row in await connection.fetch("select id, name from person")}
        units = {row["id"]: row["name"] for row in await connection.fetch("select id, name from unit")}
    finally:
        await connection.close()
    world = loaded.world
    handles = {person.name: handle for handle, person in world.people.items()}
    places: dict[Any, str | None] = {unit.name: handle for handle, unit in world.units.items()}
    told = []
    for row in await log_rows(database, loaded.municipality):
        who = handles[people[row["person_id"]]]
        entries = list(zip(row["children"], row["relations"], row["units"], strict=True))
        found = {
            (who, handles[people[child]], Relation(relation).name or "", places.get(units.get(unit)))
            for child, relation, unit in entries
        }
        assert len(found) == len(entries), "an entry stands twice"
        told.append(found)
    return told
