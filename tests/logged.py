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
    """For each operation that was logged, in order; the same question of one instant counts as one."""
    connection = await asyncpg.connect(**database.admin_connect)
    try:
        people = {row["id"]: row["name"] for row in await connection.fetch("select id, name from person")}
        units = {row["id"]: row["name"] for row in await connection.fetch("select id, name from unit")}
    finally:
        await connection.close()
    world = loaded.world
    handles = {person.name: handle for handle, person in world.people.items()}
    places: dict[Any, str | None] = {unit.name: handle for handle, unit in world.units.items()}
    told: dict[Any, set[Look]] = {}
    for row in await log_rows(database, loaded.municipality):
        found = told.setdefault((row["at"], row["person_id"], row["kind"], row["document"]), set())
        for child in row["children"]:
            who, whom = handles[people[row["person_id"]]], handles[people[child]]
            look = (who, whom, Relation(row["relation"]).name or "", places.get(units.get(row["unit_id"])))
            assert look not in found, "an entry stands twice"
            found.add(look)
    return list(told.values())
