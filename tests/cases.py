"""Need cases in a world: what the tests ask for them with, and a village with an administration of two."""

from __future__ import annotations

import datetime as dt
from typing import Any

import asyncpg

from resolvers import ids
from tests.acts import Acts, act
from tests.worlds.village import village
from tests.worlds.world import World

CASE = """case { id state own openedByName reason askedFor askedAt openedAt until closedAt approvedByName approvedAt
    child { id name birthDate threads { totalCount } } }"""
OPEN, APPROVE = act("openNeedCase", CASE), act("approveNeedCase", CASE)
EXTEND, CLOSE = act("extendNeedCase", CASE), act("closeNeedCase", CASE)
CASES = "{ viewer { cases { totalCount nodes { id state own askedFor child { name } } } } }"
NODE = "query ($id: ID!) { node(id: $id) { ... on Child { name nationalId relations threads { totalCount } } } }"
UNKNOWN = "14831899779"
"""The number of nobody in the village."""


def office(world: World | None = None) -> World:
    world = world or village()
    for born, who in enumerate(("officer", "second", "third")):
        world.person(who, dt.date(1970, 4 + born, 1), documented=False)
        world.administrator(who)
    return world


def protected(world: World | None = None) -> World:
    world = office(world)
    world.protect("pupil", "fortrolig")
    return world


def asked(acts: Acts, child: str | None = "pupil", **more: Any) -> dict[str, Any]:
    number = acts.world.people[child].number if child else UNKNOWN
    return {"nationalId": number, "reason": "Klage på skoleskyss", "idempotencyKey": acts.key(), **more}


async def opened(acts: Acts, child: str | None = "pupil", who: str = "officer", **more: Any) -> str:
    """The id of a case that was taken, open or waiting."""
    told = await acts.act(who, OPEN, asked(acts, child, **more))
    assert told["problems"] == []
    case_id: str = told["case"]["id"]
    return case_id


async def state(acts: Acts, case: str, who: str = "officer") -> str | None:
    """As the viewer is told it; null where they do not see the case."""
    node = (await acts.ask(who, "query ($id: ID!) { node(id: $id) { ... on NeedCase { state } } }", {"id": case}))[
        "node"
    ]
    return node and node["state"]


async def child_of(acts: Acts, who: str) -> Any:
    return (await acts.ask(who, NODE, {"id": acts.id("Child", "pupil")}))["node"]


async def written(acts: Acts, statement: str, *people: str) -> None:
    """A statement of the owner: $1, $2, … are the rows of these people."""
    connection = await asyncpg.connect(**acts.place.database.admin_connect)
    try:
        rows = []
        for person in people:
            decoded = ids.decode(acts.id("Child", person))
            assert decoded
            rows.append(await connection.fetchval("select id from person where child_key = $1", decoded[1]))
        await connection.execute(statement, *rows)
    finally:
        await connection.close()


async def stored(acts: Acts, case: str) -> Any:
    """The case's row, as it lies in the database."""
    decoded = ids.decode(case)
    assert decoded
    connection = await asyncpg.connect(**acts.place.database.admin_connect)
    try:
        return await connection.fetchrow("select * from need_case where id = $1", decoded[1])
    finally:
        await connection.close()
