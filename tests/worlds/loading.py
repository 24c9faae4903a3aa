"""Brings a world into a database by the project's own importers, and finds the ids that clients will know it by.

The ids are found on a road that shares no policy: straight from the tables, as the owner.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection

from registers.local import plan_local, read_local
from registers.persons import plan_persons, read_persons
from registers.plan import Plan, apply_plan
from registers.roster import plan_roster, read_roster
from resolvers.ids import TYPE_BYTES, decode, encode
from server.database import Database
from tests.oracle.family import task_handle
from tests.oracle.view import Node
from tests.worlds.everyday import put_everyday
from tests.worlds.files import roster_days, write_local, write_persons, write_roster
from tests.worlds.world import World, oslo
from vault import Vault

PERSON_KEYS = {
    "Child": "child_key",
    "Guardian": "guardian_key",
    "StaffMember": "staff_key",
    "OtherAdult": "adult_key",
}


class PlanRefused(Exception):
    """A world's files do not import: the world is wrong, or an importer is."""


@dataclass(frozen=True)
class Loaded:
    """A world as it lies in a database."""

    world: World
    municipality: UUID
    ids: dict[Node, str]
    """The global id of every node there is, visible to anybody or not."""


async def load(world: World, database: Database, vault: Vault) -> Loaded:
    """Writes the world's files and imports them: the roster, each persons file on its day, then the local facts."""
    engine = database.admin_engine()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        for day in roster_days(world):
            roster = read_roster(write_roster(world, path / f"roster-{day}", day))
            async with engine.begin() as connection:
                plan = await plan_roster(connection, vault, roster, day, max_ended=1)
                await carry_out(connection, plan)
        municipality = plan.municipality_id
        for number, reading in enumerate(world.readings):
            documents = read_persons(write_persons(world, reading.documents, path / f"persons{number}.ndjson"))
            async with engine.begin() as connection:
                plan = await plan_persons(connection, vault, municipality, documents, reading.day, max_ended=1)
                await carry_out(connection, plan)
        local = write_local(world, path / "local.ndjson")
        if local.stat().st_size:
            facts = read_local(local)
            async with engine.begin() as connection:
                plan = await plan_local(connection, vault, municipality, facts, oslo(world.today))
                await carry_out(connection, plan)
    connect = await asyncpg.connect(**database.admin_connect)
    try:
        ids = await find_ids(world, connect, vault, municipality)
        keys = await find_keys(ids, connect, municipality)
    finally:
        await connect.close()
    async with engine.begin() as connection:
        absences = await put_everyday(world, connection, vault, *keys)
    ids |= {Node("Absence", handle): encode(TYPE_BYTES["Absence"], key) for handle, key in absences.items()}
    return Loaded(world, municipality, ids)


async def find_keys(
    ids: dict[Node, str], connection: asyncpg.Connection[asyncpg.Record], municipality: UUID
) -> tuple[dict[str, UUID], dict[str, UUID]]:
    """The keys of the rows of people and of units, by handle."""
    rows = await connection.fetch("select id, child_key from person where municipality_id = $1", municipality)
    people = {row["child_key"]: row["id"] for row in rows}
    found = {node: decoded[1] for node, told in ids.items() if (decoded := decode(told))}
    return (
        {node.handle: people[key] for node, key in found.items() if node.type == "Child"},
        {node.handle: key for node, key in found.items() if node.type == "Unit"},
    )


async def carry_out(connection: AsyncConnection, plan: Plan) -> None:
    if plan.conflicts or plan.stop:
        raise PlanRefused(*map(str, plan.conflicts), plan.stop or "")
    await apply_plan(connection, plan)


async def find_ids(
    world: World, connection: asyncpg.Connection[asyncpg.Record], vault: Vault, municipality: UUID
) -> dict[Node, str]:
    """Every node of the world with its global id."""
    ids: dict[Node, str] = {}

    def put(kind: str, handle: str, key: UUID) -> None:
        ids[Node(kind, handle)] = encode(TYPE_BYTES[kind], key)

    for kind, table, things in (("Unit", "unit", world.units), ("Group", "unit_group", world.groups)):
        rows = await connection.fetch(f"select id, source_id from {table} where municipality_id = $1", municipality)
        keys = {row["source_id"]: row["id"] for row in rows}
        if kind == "Unit":
            unit_keys = {handle: keys[f"unit-{handle}"] for handle in things}
        for handle in things:
            put(kind, handle, keys[f"{'unit' if kind == 'Unit' else 'group'}-{handle}"])
    people = await connection.fetch("select * from person where municipality_id = $1", municipality)
    numbers = await connection.fetch("select * from person_identifier where municipality_id = $1", municipality)
    by_source = {row["source_id"]: row for row in people if row["source_id"]}
    by_id = {row["id"]: row for row in people}
    rows_of = {}
    by_hash = {row["number_hash"]: by_id[row["person_id"]] for row in numbers}
    for handle, person in world.people.items():
        row = by_source.get(f"user-{handle}") or (
            by_hash.get(vault.keyed_hash(person.number, "national_id")) if person.number else None
        )
        if row:
            rows_of[handle] = row
            for kind, column in PERSON_KEYS.items():
                put(kind, handle, row[column])
    lines = await connection.fetch(
        "select id, kind, row_id from local_fact where municipality_id = $1"
        " and kind in ('thread', 'message', 'delegate', 'block')",
        municipality,
    )
    for line in lines:
        put(line["kind"].capitalize(), line["id"], line["row_id"])
    handles = {row["id"]: handle for handle in world.people if (row := rows_of.get(handle))}
    units = {key: handle for handle, key in unit_keys.items()}
    tasks = await connection.fetch(
        "select * from task where municipality_id = $1 and done_at is null order by made_at, id", municipality
    )
    for task in tasks:
        parts = (task["kind"], handles[task["child_id"]], handles.get(task["person_id"]), units.get(task["unit_id"]))
        put("Task", task_handle(parts), task["id"])
    return ids
