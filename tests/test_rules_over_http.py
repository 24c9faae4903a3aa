"""The rules from outside: a village imported by the command, asked over HTTP with tokens, held against the oracle."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import asyncpg
import httpx
import pytest
from graphql import build_schema, parse

from schema.public import printed_schema
from server.data_folder import DataFolder
from tests.conftest import Innsyn
from tests.oracle.relations import Relations
from tests.oracle.view import View
from tests.reference.executor import Asked, answer
from tests.roads.comparing import differences
from tests.roads.operations import roads
from tests.worlds.files import write_local, write_persons, write_roster
from tests.worlds.loading import find_ids
from tests.worlds.village import village, with_threads
from tests.worlds.world import World
from vault import Vault

ROADS = ("root", "nodes", "count", "fragment")


def busy_village(today: dt.date) -> World:
    world = with_threads(village(today))
    world.delegate("aunt", "pupil", "sfo", today)
    world.consent("mother", "pupil", "aunt", "sfo", today)
    world.block("assistant", "pupil", today)
    world.protect("stranger", "fortrolig", today)
    world.contacts.clear()
    return world


@pytest.mark.parametrize("login", ["private", "both"])
async def test_a_village_imported_and_asked_over_http_answers_as_the_oracle(
    innsyn: Innsyn, tmp_path: Path, login: str
) -> None:
    world = busy_village(dt.datetime.now(ZoneInfo("Europe/Oslo")).date())
    innsyn.told("import", "roster", write_roster(world, tmp_path / "roster"), "--yes")
    persons = write_persons(world, world.readings[0].documents, tmp_path / "persons.ndjson")
    innsyn.told("import", "persons", persons, "--yes")
    innsyn.told("import", "local", write_local(world, tmp_path / "local.ndjson"), "--yes")
    ids = await ids_of(innsyn, world)
    relations, schema = Relations(world), build_schema(printed_schema())
    wrong: list[str] = []
    with innsyn.serving() as url:
        async with httpx.AsyncClient(base_url=url, timeout=30) as client:
            for who in ("mother", "aunt", "teacher", "leader", "assistant", "neighbour"):
                number = world.people[who].number
                assert number
                token = innsyn.token(number, login)
                view = View(relations, who, login, dt.datetime.now(dt.UTC))
                for road in roads(world, ids):
                    if road.name not in ROADS:
                        continue
                    asked = Asked(view, ids)
                    expected = answer(schema, parse(road.text), asked, road.variables)
                    given = await client.post(
                        "/graphql",
                        json={"query": road.text, "variables": road.variables},
                        headers={"Authorization": f"Bearer {token}", "Accept": "application/graphql-response+json"},
                    )
                    body = given.json()
                    assert given.status_code == 200, body
                    wrong += [f"{who} by {road.name} {one}" for one in differences(expected.data, body.get("data"))]
                    if expected.hidden != body.get("extensions", {}).get("hidden", {}):
                        wrong.append(f"{who} by {road.name}: hidden {expected.hidden}, {body.get('extensions')}")
    assert not wrong, "\n".join(wrong[:20])


async def ids_of(innsyn: Innsyn, world: World) -> dict:
    vault = Vault.open(DataFolder.at(innsyn.folder.path).keys_file, create=False)
    connection = await asyncpg.connect(**innsyn.database.admin_connect)
    try:
        municipality = await connection.fetchval("select id from municipality")
        return await find_ids(world, connection, vault, municipality)
    finally:
        await connection.close()
