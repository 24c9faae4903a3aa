"""The database: its roles, its migrations, and which databases are refused."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
import pytest
from alembic import command
from sqlalchemy import Connection, inspect

from authz.walls.doors import WALL_ROLES
from authz.walls.policies import readable
from models import Base
from server import database
from server.data_folder import DataFolder
from server.database import PLAIN, Database, DatabaseNotUsable, migration_config, newest_migration, open_database
from tests.conftest import url_of


@pytest.fixture
async def superuser(test_server):
    connection = await asyncpg.connect(**test_server.superuser)
    yield connection
    await connection.close()


@pytest.fixture
async def outside(superuser, test_server, monkeypatch):
    """Sets INNSYN_DATABASE_URL to a new database made as told."""
    made = []

    async def make(how: str) -> str:
        name = f"outside_{len(made)}"
        await superuser.execute(f"create database {name} owner innsyn_owner template template0 {how}")
        made.append(name)
        monkeypatch.setenv("INNSYN_DATABASE_URL", url_of({**test_server.template.admin_connect, "database": name}))
        monkeypatch.setenv("INNSYN_API_DATABASE_URL", url_of({**test_server.template.api_connect, "database": name}))
        return name

    yield make
    for name in made:
        await superuser.execute(f"drop database {name} with (force)")


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return DataFolder.at(tmp_path / "data")


async def test_api_reads_what_has_a_wall_and_writes_what_the_models_let_it(database: Database) -> None:
    connection = await asyncpg.connect(**database.api_connect)
    try:
        tables = [
            row["tablename"]
            for row in await connection.fetch("select tablename from pg_tables where schemaname = 'public'")
        ]
        assert len(tables) > 20
        rights = {name: table.info.get("api", ()) for name, table in Base.metadata.tables.items()}
        columns = await connection.fetch(
            "select table_name, column_name from information_schema.columns where table_schema = 'public'"
        )
        for table in tables:
            if table in {*readable(), *PLAIN}:
                await connection.fetch(f"select * from {table}")
            else:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.fetch(f"select * from {table}")
            let = {right.partition(" ")[0]: right.partition(" ")[2] for right in rights.get(table, ())}
            for forbidden in (f"delete from {table}", f"truncate {table}", f"drop table {table}"):
                if forbidden.partition(" ")[0] not in let:
                    with pytest.raises(asyncpg.InsufficientPrivilegeError):
                        await connection.execute(forbidden)
            for column in (row["column_name"] for row in columns if row["table_name"] == table):
                if column not in let.get("update", "").strip("()").split(", "):
                    with pytest.raises(asyncpg.InsufficientPrivilegeError):
                        await connection.execute(f"update {table} set {column} = {column}")
            if "insert" not in let:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(f"insert into {table} select * from {table} limit 0")
        for forbidden in (
            "create table mine ()",
            "create schema mine",
            "create temp table mine ()",
            "create role mine",
            "set role innsyn_owner",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(forbidden)
    finally:
        await connection.close()


async def test_api_does_not_read_a_table_made_later(database: Database) -> None:
    """A table without a wall is closed, whatever it holds."""
    owner, api = await asyncpg.connect(**database.admin_connect), await asyncpg.connect(**database.api_connect)
    try:
        await owner.execute("create table later as select 1 as one")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await api.fetchval("select one from later")
    finally:
        await owner.close()
        await api.close()


async def test_api_owns_nothing_and_has_no_powers(database: Database, superuser) -> None:
    roles = await superuser.fetch("select * from pg_roles where rolname in ('innsyn_api', 'innsyn_owner')")
    assert len(roles) == 2
    for role in roles:
        assert not any(
            role[power] for power in ("rolsuper", "rolcreatedb", "rolcreaterole", "rolbypassrls", "rolreplication")
        )
    owned = "select count(*) from pg_shdepend where deptype = 'o' and refobjid = 'innsyn_api'::regrole"
    assert await superuser.fetchval(owned) == 0


async def test_api_plans_once_for_all_viewers(database: Database) -> None:
    connection = await asyncpg.connect(**database.api_connect)
    try:
        settings = [
            await connection.fetchval(f"show {name}") for name in ("plan_cache_mode", "jit", "application_name")
        ]
        assert settings == ["force_generic_plan", "off", "innsyn"]
    finally:
        await connection.close()


async def test_nobody_signs_in_without_the_password(database: Database) -> None:
    for user in ("postgres", "innsyn_owner", "innsyn_api"):
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(**{**database.api_connect, "user": user, "password": "guessed"})


async def test_server_listens_on_no_network(superuser) -> None:
    assert await superuser.fetchval("show listen_addresses") == ""
    assert await superuser.fetchval("show unix_socket_permissions") == "0700"


async def test_text_folds_and_is_searched_as_norwegian(database: Database) -> None:
    connection = await asyncpg.connect(**database.api_connect)
    try:
        assert await connection.fetchval("select lower('ÆØÅ') || upper('æøå')") == "æøåÆØÅ"
        assert await connection.fetchval(
            "select to_tsvector('norwegian', 'ÅPNE ØRNER') @@ plainto_tsquery('norwegian', 'åpne ørnene')"
        )
    finally:
        await connection.close()


async def test_models_and_migrations_agree(database: Database) -> None:
    def check(connection: Connection) -> None:
        command.check(migration_config(connection))

    async with database.admin_engine().connect() as connection:
        await connection.run_sync(check)


async def test_migrations_go_down_and_up_again(database: Database) -> None:
    def down(connection: Connection) -> list[str]:
        command.downgrade(migration_config(connection), "base")
        return inspect(connection).get_table_names()

    def up(connection: Connection) -> list[str]:
        command.upgrade(migration_config(connection), "head")
        command.check(migration_config(connection))
        return inspect(connection).get_table_names()

    async with database.admin_engine().connect() as connection:
        before = await connection.run_sync(lambda c: inspect(c).get_table_names())
        assert await connection.run_sync(down) == ["alembic_version"]
        assert sorted(await connection.run_sync(up)) == sorted(before)
        await connection.commit()


async def test_a_migration_that_loses_to_somebody_who_writes_is_tried_again(
    outside, folder, test_server, superuser
) -> None:
    """Both wait for the other, and PostgreSQL breaks off who has waited longest: the migration."""
    name = await outside("")
    async with open_database(folder) as made, made.admin_engine().connect() as connection:
        await connection.run_sync(lambda c: command.downgrade(migration_config(c), "0015"))
        await connection.commit()
    await superuser.execute(f"alter database {name} set deadlock_timeout = '3s'")  # the migration's
    writer = await asyncpg.connect(**{**test_server.superuser, "database": name})
    await writer.execute("set deadlock_timeout = '1min'")
    waits = "select exists (select from pg_locks where not granted and relation = 'message'::regclass)"
    async with writer.transaction():
        await writer.execute("lock table message in row exclusive mode")
        opening = asyncio.create_task(opened(folder))
        while not (opening.done() or await writer.fetchval(waits)):  # noqa: ASYNC110 what is waited for is in the database
            await asyncio.sleep(0.01)
        await writer.execute("lock table guardian_side in row exclusive mode")
    await opening
    assert await writer.fetchval("select version_num from alembic_version") == newest_migration()
    await writer.close()


async def opened(folder: DataFolder) -> None:
    async with open_database(folder):
        pass


async def test_outside_database_is_prepared_by_two_at_once(outside, folder: DataFolder) -> None:
    await outside("")

    async def read() -> int:
        async with open_database(folder) as database:
            connection = await asyncpg.connect(**database.api_connect)
            try:
                return await connection.fetchval("select count(*) from message")
            finally:
                await connection.close()

    assert await asyncio.gather(read(), read(), read()) == [0, 0, 0]
    assert not folder.cluster.exists()


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("encoding 'LATIN1' locale_provider libc locale 'C'", "encoding LATIN1, not UTF8"),
        ("encoding 'SQL_ASCII' locale_provider libc locale 'C'", "encoding SQL_ASCII, not UTF8"),
        ("encoding 'UTF8' locale_provider libc locale 'C'", "small letter of Å"),
    ],
)
async def test_outside_database_that_does_not_know_norwegian_is_refused(outside, folder, how: str, why: str) -> None:
    await outside(how)
    with pytest.raises(DatabaseNotUsable, match=why):
        async with open_database(folder):
            pass


async def test_outside_database_from_a_newer_innsyn_is_refused(outside, folder, test_server) -> None:
    await outside("")
    async with open_database(folder) as database:
        connection = await asyncpg.connect(**database.admin_connect)
        await connection.execute("update alembic_version set version_num = '9999'")
        await connection.close()
    with pytest.raises(DatabaseNotUsable, match="newer"):
        async with open_database(folder):
            pass


async def test_mighty_role_for_the_api_is_refused(outside, folder, test_server, superuser, monkeypatch) -> None:
    name = await outside("")
    await superuser.execute("create role mighty login bypassrls password 'm'")
    to = test_server.template.admin_connect
    try:
        for user, password in (("mighty", "m"), (to["user"], to["password"])):
            monkeypatch.setenv(
                "INNSYN_API_DATABASE_URL", url_of({**to, "user": user, "password": password, "database": name})
            )
            with pytest.raises(DatabaseNotUsable, match="can do too much"):
                async with open_database(folder):
                    pass
    finally:
        await superuser.execute("drop role mighty")


@pytest.mark.parametrize(
    ("wrong", "mended"),
    [
        ("alter role innsyn_teacher login", "alter role innsyn_teacher nologin"),
        ("alter role innsyn_family bypassrls", "alter role innsyn_family nobypassrls"),
        ("alter role innsyn_reader superuser", "alter role innsyn_reader nosuperuser"),
        ("grant innsyn_wall to innsyn_reader", "revoke innsyn_wall from innsyn_reader"),
        ("grant innsyn_unit to innsyn_api", "revoke innsyn_unit from innsyn_api"),
    ],
)
async def test_roles_of_the_wall_that_can_do_too_much_are_refused(
    outside, folder, superuser, wrong: str, mended: str
) -> None:
    await outside("")
    await superuser.execute(wrong)
    try:
        with pytest.raises(DatabaseNotUsable, match="can do too much"):
            async with open_database(folder):
                pass
    finally:
        await superuser.execute(mended)
    async with open_database(folder):
        pass


async def test_a_view_that_is_not_its_doors_is_refused(outside, folder, test_server) -> None:
    name = await outside("")
    async with open_database(folder):
        pass
    owner = await asyncpg.connect(**{**test_server.template.admin_connect, "database": name})
    await owner.execute("alter view seen_family.thread owner to innsyn_owner")
    await owner.close()
    with pytest.raises(DatabaseNotUsable, match=r"the views seen_family\.thread belong to another role"):
        async with open_database(folder):
            pass


async def test_the_apis_role_reads_by_the_whole_policies_and_cannot_become_their_role(
    outside, folder, test_server, superuser, monkeypatch
) -> None:
    """Though it was made so that it has no right of a role that it is a member of."""
    name = await outside("")
    await superuser.execute("create role narrow login noinherit password 'n'")
    to = test_server.template.admin_connect
    monkeypatch.setenv("INNSYN_API_DATABASE_URL", url_of({**to, "user": "narrow", "password": "n", "database": name}))
    await superuser.execute(f"grant connect on database {name} to narrow")
    try:
        async with open_database(folder) as database:
            connection = await asyncpg.connect(**database.api_connect)
            try:
                assert await connection.fetchval("select pg_has_role('innsyn_reader', 'usage')")
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute("set role innsyn_reader")
            finally:
                await connection.close()
    finally:
        there = await asyncpg.connect(**{**test_server.superuser, "database": name})
        await there.execute("drop owned by narrow cascade")
        await there.close()
        await superuser.execute("drop role narrow")


async def test_roles_are_made_where_none_are_told(outside, folder, test_server, superuser, monkeypatch) -> None:
    name = await outside("")
    monkeypatch.delenv("INNSYN_API_DATABASE_URL")
    with pytest.raises(DatabaseNotUsable, match="made with another data folder"):
        async with open_database(folder):
            pass
    await superuser.execute("alter role innsyn_api rename to aside")
    try:
        with pytest.raises(DatabaseNotUsable, match="may not make the role innsyn_api"):
            async with open_database(folder):
                pass
        await superuser.execute("alter role innsyn_owner createrole")
        for role in WALL_ROLES:
            await superuser.execute(f"alter role {role} rename to {role}_aside")
        for _ in range(2):
            async with open_database(folder) as database:
                connection = await asyncpg.connect(**database.api_connect)
                assert await connection.fetchval("select current_user") == "innsyn_api"
                await connection.close()
        there = await asyncpg.connect(**{**test_server.superuser, "database": name})
        made = ", ".join(("innsyn_api", *WALL_ROLES))
        await there.execute(f"drop owned by {made} cascade; drop role {made}")
        await there.close()
    finally:
        await superuser.execute("alter role innsyn_owner nocreaterole")
        await superuser.execute("alter role aside rename to innsyn_api")
        for role in WALL_ROLES:
            if await superuser.fetchval(f"select true from pg_roles where rolname = '{role}_aside'"):
                await superuser.execute(f"alter role {role}_aside rename to {role}")


async def test_roles_are_made_by_two_databases_of_one_server_at_once(
    outside, test_server, superuser, monkeypatch
) -> None:
    """What keeps two apart who prepare one database does not: a lock is a database's, and a role the server's."""
    roles = [f"raced_{number}" for number in range(5)]
    monkeypatch.setattr(database, "WALL_ROLES", roles)
    owner = test_server.template.admin_connect
    there = [await asyncpg.connect(**{**owner, "database": await outside("")}) for _ in range(3)]
    await superuser.execute("alter role innsyn_owner createrole")
    try:
        for _ in range(5):
            await asyncio.gather(*(database._make_wall(connection) for connection in there))
            member = (
                "select bool_and(pg_has_role('innsyn_owner', rolname, 'set')) from pg_roles where rolname = any($1)"
            )
            assert await superuser.fetchval(member, roles)
            await superuser.execute(f"drop role {', '.join(roles)}")
    finally:
        await superuser.execute("alter role innsyn_owner nocreaterole")
        for connection in there:
            await connection.close()


@pytest.mark.parametrize(
    "told", ["nonsense", "mysql://a@b/c", "postgresql://a@127.0.0.1:1/c", "postgresql://a@/c?host=/nowhere"]
)
async def test_outside_database_that_is_not_there_is_named(folder, monkeypatch, told: str) -> None:
    monkeypatch.setenv("INNSYN_DATABASE_URL", told)
    monkeypatch.setenv("INNSYN_API_DATABASE_URL", told)
    with pytest.raises(DatabaseNotUsable, match="INNSYN_DATABASE_URL: no connection"):
        async with open_database(folder):
            pass
