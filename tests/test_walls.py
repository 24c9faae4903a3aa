"""The second wall: row level security on every table, compiled from the policy pages and frozen in a migration.

Beside this page, `test_walls_apart.py` takes either wall away, `test_walls_viewer.py` looks at who is set on a
connection, and `test_walls_writes.py` writes past the acts.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest
from alembic import command

import migrations
from authz.engine import keys
from authz.walls import frozen, policies
from authz.walls.doors import READER, WALL_ROLES
from authz.walls.policies import WALLS, NameTaken, Wall, own_row, told
from authz.walls.session import SOMEBODY
from models import Base, Enrolment, Position
from server.data_folder import DataFolder
from server.database import API, NAME, migration_config, open_database
from tests.api_connection import as_the_api, enter, id_of
from tests.conftest import TestServer, url_of
from tests.roads.place import Place
from tests.walls import WITHOUT_PEOPLE, names_of_the_closed
from tests.worlds.loading import Loaded
from tests.worlds.village import village


def test_every_table_about_a_person_has_a_wall() -> None:
    assert {model.__tablename__ for model in WALLS} == set(Base.metadata.tables) - WITHOUT_PEOPLE


def test_the_newest_migration_of_the_walls_is_what_the_pages_say() -> None:
    newest = max((Path(migrations.__file__).parent / "walls").glob("[0-9]*.sql"))
    assert newest.read_text(encoding="utf-8") == frozen.compiled(), (
        "a page of policy has changed: freeze the walls anew (`just walls`) in a migration of their own"
    )


async def test_row_level_security_is_on_and_has_one_policy_a_verb(database) -> None:
    owner = await asyncpg.connect(**database.admin_connect)
    try:
        on = await owner.fetch(
            "select relname from pg_class where relrowsecurity and relnamespace = 'public'::regnamespace"
        )
        assert {row["relname"] for row in on} >= set(Base.metadata.tables) - WITHOUT_PEOPLE
        twice = await owner.fetch(
            "select tablename, cmd, role from pg_policies, unnest(roles) role where schemaname = 'public'"
            " group by 1, 2, 3 having count(*) > 1"
        )
        assert twice == []
    finally:
        await owner.close()


async def test_the_roles_of_the_wall_pass_nothing_and_sign_in_nowhere(database) -> None:
    owner = await asyncpg.connect(**database.admin_connect)
    try:
        roles = {row["rolname"]: row for row in await owner.fetch("select * from pg_roles")}
        for name in (API, *WALL_ROLES):
            assert not roles[name]["rolbypassrls"]
            assert not roles[name]["rolsuper"]
        for name in WALL_ROLES:
            assert not roles[name]["rolcanlogin"]
            belongs = await owner.fetchval(f"select pg_has_role('{API}', '{name}', 'member')")
            assert belongs == (name == READER), name
            tables = "select count(*) from pg_class where relowner = $1::regrole and relkind in ('r', 'p')"
            assert await owner.fetchval(tables, name) == 0
        granted = "select count(*) from information_schema.role_table_grants where grantee = $1"
        assert await owner.fetchval(granted, READER) == 0
    finally:
        await owner.close()


def test_a_policy_whose_subquery_hides_its_own_table_is_refused() -> None:
    row = own_row(Enrolment)
    hides = policies.within(Position, "enrolment", lambda one: one.c.unit_id == row.c.unit_id)
    with pytest.raises(NameTaken):
        told(hides, row)


def test_the_session_is_told_what_the_walls_read_and_nothing_else() -> None:
    read = set(re.findall(rf"current_setting\('{keys.PREFIX}\.(\w+)'", frozen.compiled()))
    assert read == set(keys.settings())


def test_no_policy_calls_a_function_for_each_row() -> None:
    """Settings are read in subqueries that depend on no row, which PostgreSQL works out once a statement; but whether a
    viewer is set at all it asks before a scan begins (`test_indexes_are_used_behind_the_wall` reads its plans)."""
    text = frozen.compiled()
    read_once = re.sub(r"\(select (nullif\()?current_setting\([^)]*\)[^)]*\)(::\w+(\[\])?\))?", "", text)
    assert "current_setting" not in read_once.replace(SOMEBODY, "")
    own = [name for name in ("known_as", "standing", "enter") if re.search(rf"\b{name}\(", text)]
    assert own == []


async def test_the_wall_of_a_closed_table_has_no_line() -> None:
    for model, wall in WALLS.items():
        if wall == Wall():
            assert model.__tablename__ in names_of_the_closed()


# --- how PostgreSQL goes about it ------------------------------------------------------------------------------------


@pytest.fixture
async def loaded(place: Place) -> Loaded:
    return await place.load(village())


PLANNED = {
    "messages of a thread": "select id, body from message where thread_id = $1 order by sent_at, id limit 50",
    "threads about a child": "select id from thread where child_id = $1 order by last_message_at desc, id desc limit 9",
    "threads of a unit": "select id from thread where unit_id = $1 order by last_message_at desc, id desc limit 20",
    "participants": "select person_name from seen.participant where thread_id = $1",
    "messages at a family's door": "select body from seen_family.message where thread_id = $1"
    " order by sent_at, id limit 50",
    "participants at a teacher's door": "select person_name from seen_teacher.participant where thread_id = $1",
    "threads at a unit's door": "select id from seen_unit.thread where unit_id = $1"
    " order by last_message_at desc, id desc limit 20",
    "guardians of a child": "select guardian_name from seen.guardianship where child_id = $1",
    "a child by its key": "select id from seen.child where child_key = $1",
    "records of a child": "select id from record where child_id = $1 order by written_at desc, id desc limit 20",
    "absences of a child": "select id from seen.absence where child_id = $1",
    "blocks on a child": "select id from block where child_id = $1",
}


@pytest.mark.parametrize("what", PLANNED)
async def test_indexes_are_used_behind_the_wall(place: Place, loaded: Loaded, what: str) -> None:
    """Generic plans, as the API has them; what is asked for is found by an index, and settings are read beforehand."""
    async with as_the_api(place) as connection:
        await connection.execute("set enable_seqscan = off")  # of a village every scan is cheap
        await enter(connection, place, loaded.world, "leader")
        await connection.execute(f"prepare planned (uuid) as {PLANNED[what]}")
        plan = [
            row[0] for row in await connection.fetch(f"explain execute planned('{await id_of(place, loaded.world)}')")
        ]
        text = "\n".join(plan)
        assert "InitPlan" in text
        filters = [line for line in plan if "Filter" in line or "Index Cond" in line or "Recheck" in line]
        of_rows = [line for line in filters if "One-Time Filter" not in line]
        assert not [line for line in of_rows if "current_setting" in line], text
        asked = re.search(r"Index Cond: .*\b(thread_id|child_id|unit_id|child_key) = \$\d", text)
        assert asked or "Bitmap Index Scan" in text, text


async def test_who_has_looked_at_a_child_is_found_by_the_index_behind_the_wall(place: Place, loaded: Loaded) -> None:
    """Of a log that grows for years; a policy's own condition would come before every index but its own."""
    async with as_the_api(place) as connection:
        await connection.execute("select access_log_month($1)", loaded.world.today)
        await connection.execute("set enable_seqscan = off")
        await enter(connection, place, loaded.world, "leader")
        child = await id_of(place, loaded.world)
        rows = f"select at from seen.access_log where child_id = '{child}' and children @> array['{child}'::uuid]"
        plan = "\n".join(row[0] for row in await connection.fetch(f"explain {rows}"))
        assert "Bitmap Index Scan on m202610_children_idx" in plan, plan


async def test_an_older_database_gets_its_walls(test_server: TestServer, tmp_path: Path, monkeypatch) -> None:
    """Migrated from the version before: the rights that the API's role had are taken back."""
    template, name = test_server.template, "older"
    superuser = await asyncpg.connect(**test_server.superuser)
    try:
        await superuser.execute(f"create database {name} template {NAME} owner {template.admin_connect['user']}")
        await superuser.execute(f"grant connect on database {name} to {API}")
        older = replace(template, admin_connect={**template.admin_connect, "database": name})
        async with older.admin_engine().begin() as engine:
            await engine.run_sync(lambda one: command.downgrade(migration_config(one), "0012"))
        connection = await asyncpg.connect(**older.admin_connect)
        try:
            await connection.execute(f"grant select, delete on all tables in schema public to {API}")
            await connection.execute(f"alter default privileges in schema public grant select on tables to {API}")
        finally:
            await connection.close()
        for variable, connect in (
            ("INNSYN_DATABASE_URL", template.admin_connect),
            ("INNSYN_API_DATABASE_URL", template.api_connect),
        ):
            monkeypatch.setenv(variable, url_of({**connect, "database": name}))
        async with open_database(DataFolder.at(tmp_path / "data")) as database:
            connection = await asyncpg.connect(**database.api_connect)
            try:
                for table in names_of_the_closed():
                    with pytest.raises(asyncpg.InsufficientPrivilegeError):
                        await connection.fetch(f"select * from {table}")
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute("delete from message")
            finally:
                await connection.close()
            owner = await asyncpg.connect(**database.admin_connect)
            try:
                assert await owner.fetchval("select count(*) from pg_default_acl") == 0
            finally:
                await owner.close()
        await superuser.execute(f"drop database {name} with (force)")
    finally:
        await superuser.close()
