"""The fixtures of the rule tests: `place`, where worlds are held, and `holds`, which says statements about one.

What they need is imported inside, so that other tests do not wait for it.
"""

# ruff: noqa: PLC0415 - as said above

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import asyncpg
import pytest

if TYPE_CHECKING:
    from server.database import Database
    from tests.conftest import TestServer
    from tests.roads.place import Place
    from tests.worlds.loading import Loaded
    from tests.worlds.world import World
    from vault import Vault

Holds = Callable[..., Awaitable[None]]
ROADS = ("root", "unit", "thread", "nodes", "count", "everyday")
"""The roads that a rule's small world is walked on; the random worlds are walked on all."""


@asynccontextmanager
async def opened_place(database: Database, vault: Vault, *, size: int = 2) -> AsyncIterator[Place]:
    """A place over a database that nobody else uses meanwhile, with so many connections for reading."""
    from graphql import build_schema

    from resolvers.access_log_writer import AccessLogWriter
    from resolvers.engine.cursor import Cursors
    from resolvers.engine.engine import Engine
    from resolvers.engine.limits import Limits
    from resolvers.engine.run import Services
    from resolvers.gateway import Gateway
    from resolvers.log_chain import KEY
    from schema.public import printed_schema, public_catalogue
    from tests.roads.place import Contacts, Place

    contacts = Contacts()
    gateway = await Gateway.open(database.api_connect, size=size)
    limits = Limits(tokens=100_000, depth=60, nesting=200, fields=100_000, aliases=2_000, directives=2_000, cost=10**9)
    services = Services(vault, contacts.look_up, Cursors(vault.derived_key("cursors")), limits)
    try:
        access_log = AccessLogWriter(gateway.log_connection, vault.derived_key(KEY), lambda: dt.datetime.now(dt.UTC))
        async with access_log.running():
            engine = Engine(public_catalogue(), gateway, services, access_log)
            yield Place(database, vault, engine, build_schema(printed_schema()), contacts)
    finally:
        await gateway.close()


@pytest.fixture(scope="session")
async def place_of_all(test_server: TestServer, vault: Vault) -> AsyncIterator[Place]:
    from server.database import API, NAME

    owner = test_server.template.admin_connect["user"]
    superuser = await asyncpg.connect(**test_server.superuser)
    try:
        await superuser.execute(f"create database worlds template {NAME} owner {owner}")
        await superuser.execute(f"grant connect on database worlds to {API}")
        database = replace(
            test_server.template,
            admin_connect={**test_server.template.admin_connect, "database": "worlds"},
            api_connect={**test_server.template.api_connect, "database": "worlds"},
        )
        async with opened_place(database, vault) as opened:
            yield opened
        await superuser.execute("drop database worlds with (force)")
    finally:
        await superuser.close()


@pytest.fixture
async def place(place_of_all: Place) -> Place:
    """The place, with room for the worlds of one test: what a test has loaded is there until it ends."""
    await place_of_all.make_room()
    return place_of_all


@pytest.fixture
def holds(place: Place) -> Holds:
    """`await holds(world, *statements, now=...)`: every statement is so, and the server agrees with the oracle about
    everything that whoever is named in them sees."""
    return holding(place)


def holding(place: Place) -> Holds:
    """The same of any place."""
    from tests.statements import Statements

    kept: dict[int, tuple[World, Loaded]] = {}

    async def holds(world: World, *statements: str, now: dt.datetime | None = None) -> None:
        judged = Statements(world, now)
        wrong = [statement for statement in statements if not judged.holds(statement)]
        assert not wrong, f"not so, says the oracle: {wrong}"
        if id(world) not in kept:
            kept[id(world)] = (world, await place.load(world))
        loaded = kept[id(world)][1]
        told: list[str] = []
        for who, login in judged.views:
            told += await place.agree(loaded, [who], [login], judged.now, relations=judged.relations, only=ROADS)
        assert not told, "\n".join(told[:20])

    return holds
