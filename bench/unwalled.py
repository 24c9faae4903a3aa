"""Innsyn without the second wall: the difference to it is what the wall costs.

The wall is in the database, so this one has a database of its own: a copy of the measured one in the same server, whose
row level security is off, whose views show everything and whose sessions are told of no viewer.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import asyncpg
from sqlalchemy import true

from authz.engine import keys
from authz.walls import policies, views
from authz.walls.doors import DOORS
from authz.walls.session import written
from resolvers import gateway
from server.command import main
from server.database import API, Database

NAME = "bench_unwalled"


async def make(database: Database, superuser: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Copies the database, and takes the copy's wall down. The ways into it."""
    measured = database.admin_connect["database"]
    connection = await asyncpg.connect(**superuser)
    try:
        await connection.execute(f"drop database if exists {NAME}")
        await connection.execute(f"create database {NAME} template {measured} owner {database.admin_connect['user']}")
        await connection.execute(f"grant connect on database {NAME} to {API}")
    finally:
        await connection.close()
    ways = {"admin": {**database.admin_connect, "database": NAME}, "api": {**database.api_connect, "database": NAME}}
    owner = await asyncpg.connect(**ways["admin"])
    try:
        await take_down(owner)
        await open_facts(owner)
        await owner.execute("vacuum analyze")
    finally:
        await owner.close()
    return ways


async def take_down(owner: asyncpg.Connection[Any]) -> None:
    """Whatever the API's role may ask for, it gets, whoever's it is."""
    for model in policies.WALLS:
        await owner.execute(f"alter table {model.__tablename__} disable row level security")
    everything: dict[type, Any] = {view: views.of_people(view, lambda _: true()) for view in views.ROLES}
    everything |= {view: views.of_rows(view, None) for view in views.ROWS}
    for door, (view, rows) in product(DOORS, everything.items()):
        name = f"{door.schema}.{view.__table__.name}"
        await owner.execute(f"drop view {name}")
        await owner.execute(f"create view {name} as {written(rows)}")
        await owner.execute(f"alter view {name} owner to {door.role}; grant select on {name} to {API}")


async def open_facts(owner: asyncpg.Connection[Any]) -> None:
    """What is judged by is read where no viewer is set, too."""
    for one in await owner.fetch("select table_name from information_schema.views where table_schema = 'facts'"):
        text = await owner.fetchval(f"select pg_get_viewdef('facts.{one['table_name']}'::regclass)")
        await owner.execute(f"create or replace view facts.{one['table_name']} as {text.split('WHERE')[0]}")


async def leave(_: Any) -> None:
    """There is nobody to leave."""


if __name__ == "__main__":
    gateway.leave = leave
    keys.ENTER, keys.ENTERING = keys.call("standing", keys.PARAMETERS), keys.PARAMETERS
    main()
