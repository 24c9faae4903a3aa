"""Writing past the acts, as the API's role could: the second wall takes no row that is not the viewer's to write."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import asyncpg
import pytest

from authz.walls.policies import WALLS
from models import new_key
from server.database import API
from tests.acts import Acts, act
from tests.api_connection import as_owner, as_the_api, enter, id_of
from tests.roads.place import Place
from tests.worlds.loading import Loaded
from tests.worlds.random_world import random_world
from tests.worlds.village import village, with_threads
from tests.worlds.world import DAY, oslo

SEED = 7
"""Of a random world with threads and much else."""


@pytest.fixture
async def loaded(place: Place) -> Loaded:
    return await place.load(village())


def refused() -> Any:
    return pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security")


async def copies(place: Place) -> dict[str, tuple[str, dict[str, Any]]]:
    """Of each table that the API may add to, a row that is there already: as text, and read."""
    owner = await asyncpg.connect(**place.database.admin_connect)
    try:
        told = {}
        for model, wall in WALLS.items():
            if wall.add is None:
                continue
            row = await owner.fetchrow(
                f"select row_to_json(t)::text as row from public.{model.__tablename__} t limit 1"
            )
            if row is not None:
                told[model.__tablename__] = (row["row"], json.loads(row["row"]))
        return told
    finally:
        await owner.close()


OPEN_TO_ADD = {"person", "person_identifier", "municipality_key", "access_log"}
"""Anybody known here may name somebody new, the wall holds them to their municipality; and whoever looks is logged."""


@pytest.fixture
async def busy(place: Place, loaded: Loaded) -> Loaded:
    """A world with threads and much else, beside the village."""
    return await place.load(random_world(SEED))


async def test_a_stranger_adds_a_row_to_no_table_of_somebody_elses(place: Place, loaded: Loaded, busy: Loaded) -> None:
    """Rows that are there, told again by a stranger: refused by the wall before any key could clash."""
    rows = await copies(place)
    assert {"thread", "message", "participant", "group_membership", "position"} <= rows.keys()
    async with as_the_api(place) as connection:
        await enter(connection, place, loaded.world, "stranger")
        for table, (text, _) in rows.items():
            if table in OPEN_TO_ADD:
                continue
            statement = f'insert into "{table}" select * from json_populate_record(null::"{table}", $1::json)'
            with refused():
                await connection.execute(statement, text)


async def test_nobody_adds_a_person_to_another_municipality(place: Place, loaded: Loaded) -> None:
    elsewhere = await place.load(village())
    row = (await copies(place))["person"][1]
    async with as_the_api(place) as connection:
        await enter(connection, place, elsewhere.world, "leader")
        text = json.dumps({**row, "source_id": None, "municipality_id": str(await id_of(place, loaded.world))})
        with refused():
            await connection.execute(
                "insert into person select * from json_populate_record(null::person, $1::json)", text
            )


async def test_a_stranger_changes_no_row_that_is_there(place: Place, loaded: Loaded, busy: Loaded) -> None:
    async with as_the_api(place) as connection:
        await enter(connection, place, loaded.world, "stranger")
        for table in ("message", "thread", "block", "task", "need_case", "absence", "position", "attachment"):
            column = await connection.fetchval(
                "select column_name from information_schema.column_privileges where table_name = $1"
                " and privilege_type = 'UPDATE' and grantee = $2 order by 1 limit 1",
                table,
                API,
            )
            assert column, table
            assert await connection.execute(f"update {table} set {column} = {column}") == "UPDATE 0"


@pytest.mark.parametrize("about", ["the child whose thread it is", "a child of one's own"])
async def test_t8_nobody_takes_part_in_a_thread_of_others(place: Place, about: str) -> None:
    """Neither in the other guardian's, nor in one about another child by saying that it is about one's own."""
    loaded = await place.load(with_threads(village()))
    async with as_the_api(place) as connection:
        await enter(connection, place, loaded.world, "father")
        me = await connection.fetchval("select current_setting('innsyn.me')::uuid")
        mine = await connection.fetchval("select (current_setting('innsyn.guardian')::uuid[])[1]")
        others = await as_owner(
            place,
            "select id, child_id, unit_id from thread t where not exists"
            " (select from participant p where p.thread_id = t.id and p.person_id = $1) and (child_id = $2) = $3",
            me,
            mine,
            about == "the child whose thread it is",
        )
        assert others
        for thread in others:
            with refused():
                await connection.execute(
                    "insert into participant (thread_id, person_id, side, joined_at, unit_id, child_id)"
                    " values ($1, $2, 'GUARDIAN', current_setting('innsyn.now')::timestamptz, $3, $4)",
                    thread["id"],
                    me,
                    thread["unit_id"],
                    mine,
                )


async def test_t7_nobody_begins_a_thread_or_writes_in_it_before_now(place: Place) -> None:
    """By its time a message is seen or not: one of before the relation, or of before somebody joined, would be told
    differently by the two walls."""
    loaded = await place.load(with_threads(village()))
    async with as_the_api(place) as connection:
        await enter(connection, place, loaded.world, "mother")
        talk = await connection.fetchrow("select * from thread where subject = 'Om talk'")
        place_of = (talk["unit_id"], talk["child_id"])
        begin = (
            "insert into thread (id, unit_id, child_id, subject, joint, created_at, last_message_at)"
            " select gen_random_uuid(), $1, $2, 'x', false, at, at"
            " from (select current_setting('innsyn.now')::timestamptz - $3::interval) told (at)"
        )
        write = (
            "insert into message (id, unit_id, child_id, thread_id, author_id, author_side, body, sent_at)"
            " select gen_random_uuid(), $1, $2, $4, current_setting('innsyn.me')::uuid, 'GUARDIAN', 'x', at"
            " from (select current_setting('innsyn.now')::timestamptz - $3::interval) told (at)"
        )
        for early in (dt.timedelta(seconds=1), dt.timedelta(days=30)):
            with refused():
                await connection.execute(begin, *place_of, early)
            with refused():
                await connection.execute(write, *place_of, early, talk["id"])
        assert await connection.execute(begin, *place_of, dt.timedelta(0)) == "INSERT 0 1"
        assert await connection.execute(write, *place_of, dt.timedelta(0), talk["id"]) == "INSERT 0 1"


async def test_nobody_gives_another_number_to_whoever_signs_in(place: Place, loaded: Loaded) -> None:
    async with as_the_api(place) as connection:
        await enter(connection, place, loaded.world, "mother")
        for row in await as_owner(place, "select distinct municipality_id, person_id from person_identifier"):
            with refused():
                await connection.execute(
                    "insert into person_identifier (municipality_id, number_hash, number_cipher, person_id, in_use)"
                    " values ($1, 'x', 'x', $2, true)",
                    *row,
                )


async def appointed(acts: Acts, name: str) -> asyncpg.Record:
    """The substitution of the aunt, whom the leader names so."""
    given = {
        "unitId": acts.id("Unit", "school"),
        "nationalId": acts.world.people["aunt"].number,
        "name": name,
        "role": "TEACHER",
        "until": (acts.world.today + DAY).isoformat(),
        "idempotencyKey": acts.key(),
    }
    told = await acts.act("leader", act("appointSubstitute", "substitution { id }"), given)
    assert told["problems"] == []
    asked = "select s.id, s.person_id, p.municipality_id from substitution s join person p on p.id = s.person_id"
    [made] = await as_owner(acts.place, f"{asked} where p.municipality_id = $1", acts.loaded.municipality)
    return made


async def test_nobody_gives_a_number_to_whom_a_false_name_has_made(place: Place) -> None:
    """Nobody signs in as a substitute whose number was another's, whatever acts come later."""
    acts = await Acts.of(place, village())
    made = await appointed(acts, "Rask Elv")
    async with as_the_api(place) as connection:
        await enter(connection, place, acts.world, "leader")
        with refused():
            await connection.execute(
                "insert into person_identifier (municipality_id, number_hash, number_cipher, person_id, in_use)"
                " values ($1, 'x', 'x', $2, true)",
                made["municipality_id"],
                made["person_id"],
            )


async def test_nobody_calls_a_substitute_whom_another_has_appointed(place: Place) -> None:
    acts = await Acts.of(place, village())
    made = await appointed(acts, acts.world.people["aunt"].name)
    key = "select staff_name_key from person where id = $1"
    before = await as_owner(place, key, made["person_id"])
    async with as_the_api(place) as connection:
        for who in ("other_leader", "teacher", "aunt"):
            await enter(connection, place, acts.world, who)
            await connection.execute("select call_substitute($1, 'x')", made["id"])
        assert await as_owner(place, key, made["person_id"]) == before
        await enter(connection, place, acts.world, "leader")
        await connection.execute("select call_substitute($1, 'x')", made["id"])
        assert await as_owner(place, key, made["person_id"]) != before


@pytest.mark.parametrize("forged", ["opened_at", "approved_by"])
async def test_nobody_opens_a_case_or_approves_their_own_past_the_act(
    place: Place, loaded: Loaded, forged: str
) -> None:
    async with as_the_api(place) as connection:
        await enter(connection, place, loaded.world, "officer")
        me = await connection.fetchval("select current_setting('innsyn.me')::uuid")
        [child] = await as_owner(place, "select child_id, person_id from guardianship limit 1")
        case = {
            "id": new_key(),
            "child_id": child["child_id"],
            "person_id": me,
            "reason_cipher": b"x",
            "until": oslo(loaded.world.today + DAY),
        }
        insert = "insert into need_case ({}) values ({})"

        async def add(**row: Any) -> None:
            places = ", ".join(f"${number + 1}" for number in range(len(row)))
            await connection.execute(insert.format(", ".join(row), places), *row.values())

        with refused():
            await add(**case, **{forged: child["person_id"] if forged == "approved_by" else case["until"]})
        await add(**case)
        with refused():
            await connection.execute(
                "update need_case set approved_by = $2 where id = $1", case["id"], child["person_id"]
            )
        with refused():
            await connection.execute("update need_case set approved_by = $2 where id = $1", case["id"], me)


async def test_nobody_writes_as_somebody_else(place: Place) -> None:
    """Every message that somebody sees, told again under each participant's name: only one's own is taken."""
    loaded = await place.load(random_world(SEED))
    tried = 0
    async with as_the_api(place) as connection:
        for who in loaded.world.people:
            await enter(connection, place, loaded.world, who)
            me = await connection.fetchval("select current_setting('innsyn.me')")
            row = await connection.fetchval("select row_to_json(t)::text from message t limit 1")
            if row is None:
                continue
            told = json.loads(row)
            parts = await connection.fetch("select person_id from participant where thread_id = $1", told["thread_id"])
            for author in {str(part["person_id"]) for part in parts} - {me}:
                tried += 1
                with refused():
                    await connection.execute(
                        "insert into message select * from json_populate_record(null::message, $1::json)",
                        json.dumps({**told, "id": str(new_key()), "author_id": author}),
                    )
    assert tried > 5
