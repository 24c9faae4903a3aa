"""The database, wherever it is: `open_database` gives one that is checked, migrated and has its roles.

The owner's role makes and changes everything: migrations, imports, the demo. The API's role owns nothing, reads and
writes what the walls and the models let it, and neither is superuser nor passes row level security; nothing but the
API's processes signs in with it. The wall's roles sign in nowhere: they own the views that the API reads people
through, and are under row level security too.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import secrets
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
from sqlalchemy import Connection, Table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

import migrations
from authz.engine.sql import FACTS
from authz.walls import functions
from authz.walls.doors import DOORS, FOR_ALL, READER, WALL_ROLES
from authz.walls.policies import readable
from models import Base
from server.data_folder import DataFolder, write_secret

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(migrations.__file__).parent
OLDEST_VERSION = 16
OWNER = "innsyn_owner"
API = "innsyn_api"
NAME = "innsyn"
API_SETTINGS = {"application_name": "innsyn", "plan_cache_mode": "force_generic_plan", "jit": "off"}
"""Without generic plans, PostgreSQL plans every statement with array parameters anew, at half the speed."""
OWNER_SETTINGS = {"application_name": "innsyn owner"}
PREPARING = 0x696E6E73796E
"""The advisory lock under which one command at a time prepares a database; the number spells the project's name."""
SECONDS_TO_RECOVER = 60
TRIES = 5
"""Of a migration that waits for somebody who writes, and who waits for it: PostgreSQL breaks one of the two off."""


REMEDY = (
    "Make one by: create database innsyn template template0 encoding 'UTF8' locale_provider builtin"
    " builtin_locale 'C.UTF-8' locale 'C' (from PostgreSQL 17 on), or locale 'C.UTF-8' (before)."
)
PLAIN = ("access_log_checkpoint", "access_log_document", "alembic_version", "municipality")
"""Tables that the API reads and that hold nothing about a person."""
READING = """
    select not pg_has_role($1, $2, 'usage') or exists (
        select from unnest($3::text[]) schema where not has_schema_privilege($1, schema, 'usage')
    ) or exists (
        select from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p', 'v') and (n.nspname = 'public' or n.nspname = any($3))
        and has_table_privilege($1, c.oid, 'select') <> (n.nspname <> 'public' or c.relname = any($4::text[]))
    ) or exists (select from pg_default_acl where defaclacl::text like '%' || $1 || '=%')
"""
"""Whether the API's role may read anything else than it should."""
READ_THROUGH = (FACTS, *(door.schema for door in DOORS))
"""The schemas of views."""
NOT_THE_DOORS = """
    select schemaname || '.' || viewname from pg_views join unnest($1::text[], $2::text[]) door (name, role)
    on schemaname = door.name where viewowner <> door.role order by 1
"""
"""Views that pass the policies of their door, such as a restore would make where the roles are missing."""
GRANTS = (
    "alter default privileges in schema public revoke select on tables from {role}",
    "revoke select on all tables in schema public from {role}",
    "grant usage on schema public, {schemas} to {role}",
    "grant select on all tables in schema {schemas} to {role}",
    "grant select on {tables} to {role}",
    "grant {reader} to {role} with inherit true, set false",
)
OVERWRITABLE = """
    select exists (
        select from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
        and (has_table_privilege($1, c.oid, 'delete') or has_table_privilege($1, c.oid, 'truncate')
             or (has_table_privilege($1, c.oid, 'insert') and not exists (
                 select from unnest($2::text[], $3::text[]) as told (relation, verb)
                 where relation = c.relname and verb = 'insert'))
             or exists (
                 select from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
                 and has_column_privilege($1, c.oid, a.attnum, 'update') and not exists (
                     select from unnest($2::text[], $3::text[], $4::text[]) as told (relation, verb, field)
                     where relation = c.relname and verb = 'update' and field = a.attname)))
    )
"""
UNWRITABLE = """
    select exists (
        select from unnest($2::text[], $3::text[], $4::text[]) as told (relation, verb, field)
        where not case when field = '' then has_table_privilege($1, relation, verb)
                       else has_column_privilege($1, relation, field, verb) end
    )
"""

MADE_MEANWHILE = (asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError)
"""By whoever prepares another database of the same server: roles are the server's, and locks a database's."""


class DatabaseNotUsable(Exception):
    """The database does not do; the text says what is wrong and what would do."""


@dataclass(frozen=True)
class Database:
    """Ways in, as keyword arguments of `asyncpg.connect` and `asyncpg.create_pool`."""

    admin_connect: dict[str, Any] = field(repr=False)
    api_connect: dict[str, Any] = field(repr=False)

    def admin_engine(self) -> AsyncEngine:
        """For migrations, imports and the demo; keeps no connection, so it need not be disposed of."""

        async def connect() -> asyncpg.Connection[Any]:
            connection: asyncpg.Connection[Any] = await asyncpg.connect(**self.admin_connect)
            return connection

        return create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)


@asynccontextmanager
async def open_database(
    folder: DataFolder, *, cluster_settings: Mapping[str, str] | None = None
) -> AsyncIterator[Database]:
    """The database of INNSYN_DATABASE_URL, or the embedded one of the data folder, ready for use.

    `cluster_settings` are PostgreSQL's, for an embedded server that this call starts.
    """
    async with AsyncExitStack() as stack:
        if url := os.environ.get("INNSYN_DATABASE_URL"):
            database = await _outside(folder, url)
        else:
            database = await stack.enter_async_context(_embedded(folder, cluster_settings or {}))
        await _check_owner(database)
        role = await _check_api(database)
        await _migrate(database, role)
        yield database


def superuser_connect(folder: DataFolder, socket_folder: str) -> dict[str, Any]:
    """The way into the embedded server as its superuser, for what belongs to no database: roles and databases."""
    password = _passwords(folder)["postgres"]
    return {"host": socket_folder, "port": 5432, "user": "postgres", "password": password, "database": "postgres"}


def _passwords(folder: DataFolder) -> dict[str, str]:
    if folder.passwords_file.exists():
        kept: dict[str, str] = json.loads(folder.passwords_file.read_text())
        return kept
    if folder.cluster.exists():
        raise DatabaseNotUsable(f"{folder.passwords_file} is gone, and without it nobody gets into the database")
    made = {role: secrets.token_urlsafe(32) for role in ("postgres", OWNER, API)}
    write_secret(folder.passwords_file, json.dumps(made))
    return made


@asynccontextmanager
async def _embedded(folder: DataFolder, settings: Mapping[str, str]) -> AsyncIterator[Database]:
    from server.cluster import running_cluster  # noqa: PLC0415 (there is no fcntl on Windows)

    passwords = _passwords(folder)
    # This blocks the loop while the server starts; nothing else runs on it yet.
    with running_cluster(folder.cluster, passwords["postgres"], settings) as socket_folder:
        superuser = superuser_connect(folder, str(socket_folder))
        await _make_roles_and_database(superuser, passwords)
        place = {"host": str(socket_folder), "port": 5432, "database": NAME}
        yield Database(
            admin_connect={**place, "user": OWNER, "password": passwords[OWNER], "server_settings": OWNER_SETTINGS},
            api_connect={**place, "user": API, "password": passwords[API], "server_settings": API_SETTINGS},
        )


async def _let_in(connect: dict[str, Any]) -> asyncpg.Connection[Any]:
    """Waits for a server that another process has started, and that recovers from a crash."""
    async with asyncio.timeout(SECONDS_TO_RECOVER):
        while True:
            try:
                connection: asyncpg.Connection[Any] = await asyncpg.connect(**connect)
            except asyncpg.CannotConnectNowError:
                await asyncio.sleep(0.1)
            else:
                return connection


async def _make_roles_and_database(superuser: dict[str, Any], passwords: Mapping[str, str]) -> None:
    """Make what a new cluster lacks; one made before is left as it is."""
    connection = await _let_in(superuser)
    try:
        made = await connection.fetchval("select true from pg_database where datname = $1", NAME)
        if made and not await _wanted_of_roles(connection, OWNER):
            return
        await connection.execute(f"select pg_advisory_lock({PREPARING})")
        roles = {row["rolname"] for row in await connection.fetch("select rolname from pg_roles")}
        for role in (OWNER, API):
            if role not in roles:
                await connection.execute(f"create role {role} login password '{passwords[role]}'")
        for statement in await _wanted_of_roles(connection, OWNER):
            await connection.execute(statement)
        if not await connection.fetchval("select true from pg_database where datname = $1", NAME):
            await connection.execute(f"create database {NAME} owner {OWNER}")
            await connection.execute(f"revoke all on database {NAME} from public")
            await connection.execute(f"grant connect on database {NAME} to {API}")
    finally:
        await connection.close()


async def _outside(folder: DataFolder, url: str) -> Database:
    """The database of INNSYN_DATABASE_URL; the API signs in by INNSYN_API_DATABASE_URL or as a role made for it."""
    admin = {"dsn": _plain(url), "server_settings": OWNER_SETTINGS}
    async with _connected(admin, "INNSYN_DATABASE_URL") as connection:
        await _make_wall(connection)
    if api_url := os.environ.get("INNSYN_API_DATABASE_URL"):
        return Database(admin, {"dsn": _plain(api_url), "server_settings": API_SETTINGS})
    password = _passwords(folder)[API]
    async with _connected(admin, "INNSYN_DATABASE_URL") as connection:
        await connection.execute(f"select pg_advisory_lock({PREPARING})")
        if not await connection.fetchval("select true from pg_roles where rolname = $1", API):
            try:
                with suppress(*MADE_MEANWHILE):
                    await connection.execute(f"create role {API} login password '{password}'")
            except asyncpg.InsufficientPrivilegeError:
                raise DatabaseNotUsable(
                    f"the role of INNSYN_DATABASE_URL may not make the role {API}: make one that may sign in, and say"
                    " in INNSYN_API_DATABASE_URL how"
                ) from None
    return Database(admin, {**admin, "user": API, "password": password, "server_settings": API_SETTINGS})


async def _wanted_of_roles(connection: asyncpg.Connection[Any], owner: str) -> list[str]:
    """What makes the wall's roles and puts the owner in them, to give them their views and let the API's role read."""
    made = await connection.fetch("select rolname from pg_roles where rolname = any($1)", [*WALL_ROLES, owner])
    there = {row["rolname"] for row in made}
    wanted = []
    for role in WALL_ROLES:
        if role not in there:
            wanted.append(f"create role {role}")
        needed, how = ("usage with admin option", " with admin option") if role == READER else ("set", "")
        belongs = {role, owner} <= there and await connection.fetchval(
            "select pg_has_role($1::name, $2::name, $3)", owner, role, needed
        )
        if not belongs:
            quoted = '"' + owner.replace('"', '""') + '"'
            wanted.append(f"grant {role} to {quoted}{how}")
    return wanted


async def _make_wall(connection: asyncpg.Connection[Any]) -> None:
    """The wall's roles."""
    await connection.execute(f"select pg_advisory_lock({PREPARING})")
    owner = await connection.fetchval("select current_user")
    statement = ""
    try:
        # Anew after each: whoever makes a role may give it away, so that the second is not always wanted.
        while wanted := await _wanted_of_roles(connection, owner):
            statement = wanted[0]
            with suppress(*MADE_MEANWHILE):
                await connection.execute(statement)
    except asyncpg.InsufficientPrivilegeError:
        raise DatabaseNotUsable(
            f'the role of INNSYN_DATABASE_URL may not "{statement}": make the roles {", ".join(WALL_ROLES)}, none of'
            f" which may sign in, and make the owner a member of each (grant {FOR_ALL.role} to ...), of {READER} with"
            " admin option"
        ) from None
    finally:
        await connection.execute(f"select pg_advisory_unlock({PREPARING})")


def _plain(url: str) -> str:
    """A URL as asyncpg takes it, without the driver that SQLAlchemy's URLs name."""
    return re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql://", url)


@asynccontextmanager
async def _connected(connect: dict[str, Any], told_by: str) -> AsyncIterator[asyncpg.Connection[Any]]:
    try:
        connection = await asyncpg.connect(**connect)
    except (OSError, ValueError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as wrong:
        raise DatabaseNotUsable(f"{told_by}: no connection ({type(wrong).__name__}: {wrong})") from wrong
    try:
        yield connection
    finally:
        await connection.close()


async def _check_owner(database: Database) -> None:
    """Refuse a server or database in which texts would not fold, compare and be searched as Norwegian ones must."""
    async with _connected(database.admin_connect, "INNSYN_DATABASE_URL") as connection:
        [found] = await connection.fetch(
            """
            select current_setting('server_version_num')::int / 10000 as version,
                   current_setting('server_encoding') as encoding,
                   current_database() as name
            """
        )
        if found["version"] < OLDEST_VERSION:
            raise DatabaseNotUsable(
                f"PostgreSQL is version {found['version']}; {OLDEST_VERSION} is the oldest that does"
            )
        if found["encoding"] != "UTF8":
            raise DatabaseNotUsable(f"database {found['name']} has encoding {found['encoding']}, not UTF8. {REMEDY}")
        if not await connection.fetchval(
            "select lower('Å') = 'å' and to_tsvector('norwegian', 'ÅPNE') = to_tsvector('norwegian', 'åpne')"
        ):
            raise DatabaseNotUsable(f"database {found['name']} does not know that å is the small letter of Å. {REMEDY}")


async def _check_api(database: Database) -> str:
    """Refuse a role for the API that could do more than it is let to; its name."""
    try:
        async with _connected(database.api_connect, "INNSYN_API_DATABASE_URL") as connection:
            [role] = await connection.fetch(
                """
                select rolname as name,
                       rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls as mighty,
                       exists (select from pg_class where relowner = pg_roles.oid)
                       or pg_has_role(current_user, (select datdba from pg_database where datname = current_database()),
                                      'member')
                       or exists (select from pg_roles door where door.rolname = any($1)
                                  and pg_has_role(current_user, door.oid, 'member')) as owns,
                       array(select rolname from pg_roles one where rolname = any($2) and (
                           rolcanlogin or rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls
                           or exists (select from pg_auth_members where member = one.oid)
                       ) order by 1) as wall
                from pg_roles where rolname = current_user
                """,
                [door.role for door in DOORS],
                WALL_ROLES,
            )
    except DatabaseNotUsable as wrong:
        if isinstance(wrong.__cause__, asyncpg.InvalidAuthorizationSpecificationError):
            raise DatabaseNotUsable(
                f"the API's role cannot sign in. If {API} was made with another data folder, say in"
                " INNSYN_API_DATABASE_URL how to sign in"
            ) from wrong
        raise
    if role["mighty"] or role["owns"]:
        raise DatabaseNotUsable(
            f"role {role['name']} of INNSYN_API_DATABASE_URL can do too much: it must own nothing, and be neither"
            " superuser nor createdb, createrole, replication or bypassrls"
        )
    if mighty := role["wall"]:
        raise DatabaseNotUsable(
            f"the wall's roles can do too much ({', '.join(mighty)}): none may sign in, be superuser, createdb,"
            " createrole, replication or bypassrls, or be a member of another"
        )
    name: str = role["name"]
    return name


async def _migrate(database: Database, api_role: str) -> None:
    """Bring the tables up to date, and let the API's role read what has a wall, and nothing else."""

    quoted = '"' + api_role.replace('"', '""') + '"'
    async with database.admin_engine().connect() as connection:
        await connection.exec_driver_sql(f"select pg_advisory_lock({PREPARING})")
        if not await _is_newest(connection):
            await _upgrade_while_others_write(connection)
        tables = [*readable(), *PLAIN]
        # Only when there is something to change: each grant makes the sessions that run plan everything anew.
        if (await connection.exec_driver_sql(READING, (api_role, READER, list(READ_THROUGH), tables))).scalar_one():
            for grant in GRANTS:
                schemas = ", ".join(READ_THROUGH)
                made = grant.format(role=quoted, reader=READER, schemas=schemas, tables=", ".join(tables))
                await connection.exec_driver_sql(made)
        wanted = [told for table in Base.metadata.tables.values() for told in written_by_the_api(table)]
        told = (api_role, *map(list, zip(*wanted, strict=True)))
        too_much = (await connection.exec_driver_sql(OVERWRITABLE, told)).scalar_one()
        if too_much:
            await connection.exec_driver_sql(
                f"revoke insert, update, delete, truncate on all tables in schema public from {quoted}"
            )
        if too_much or (await connection.exec_driver_sql(UNWRITABLE, told)).scalar_one():
            for table in Base.metadata.tables.values():
                for right in table.info.get("api", ()):
                    await connection.exec_driver_sql(f"grant {right} on {table.name} to {quoted}")
        doors = [door.schema for door in DOORS], [door.role for door in DOORS]
        if foreign := (await connection.exec_driver_sql(NOT_THE_DOORS, doors)).scalars().all():
            raise DatabaseNotUsable(f"the views {', '.join(foreign)} belong to another role than their door's")
        await _install_functions(connection, quoted)
        await connection.commit()


def written_by_the_api(table: Table) -> Iterator[tuple[str, str, str]]:
    """Table, verb and column (empty for the whole table) of each right that the model gives the API's role."""
    for right in table.info.get("api", ()):
        verb, _, columns = right.partition(" (")
        for column in columns.rstrip(")").split(", "):
            yield table.name, verb, column


async def _install_functions(connection: AsyncConnection, api_role: str) -> None:
    """Make the database's functions those of this Innsyn's policy pages, for the API's role alone."""
    if (await connection.exec_driver_sql(functions.CURRENT)).scalar() == functions.digest():
        return
    for statement in functions.install_statements():
        await connection.exec_driver_sql(statement)
    for name in functions.functions():
        await connection.exec_driver_sql(f"revoke execute on function {name} from public")
        await connection.exec_driver_sql(f"grant execute on function {name} to {api_role}")


@cache
def newest_migration() -> str:
    """Found without Alembic, which takes long to load: the files bear their numbers."""
    return max(file.name for file in (MIGRATIONS / "versions").glob("[0-9]*.py")).split("_")[0]


async def _is_newest(connection: AsyncConnection) -> bool:
    made = await connection.exec_driver_sql("select to_regclass('alembic_version') is not null")
    if not made.scalar_one():
        return False
    at = await connection.exec_driver_sql("select version_num from alembic_version")
    return at.scalars().all() == [newest_migration()]


async def _upgrade_while_others_write(connection: AsyncConnection) -> None:
    for left in reversed(range(TRIES)):
        try:
            await connection.run_sync(_upgrade)
        except DBAPIError as wrong:
            if not left or getattr(wrong.orig, "sqlstate", None) != asyncpg.DeadlockDetectedError.sqlstate:
                raise
            await connection.rollback()
        else:
            return


def _upgrade(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 - not asked for where all is up to date
    from alembic.util import CommandError  # noqa: PLC0415 - as above

    try:
        command.upgrade(migration_config(connection), "head")
    except CommandError as wrong:
        raise DatabaseNotUsable(
            f"the database was made by another Innsyn than this, likely a newer: {wrong}"
        ) from wrong


def migration_config(connection: Connection) -> Config:
    """What Alembic's commands take to work on this connection."""
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


async def check_answers(connect: dict[str, Any]) -> None:
    """For `/readyz`: raises where the database does not answer or is not of this Innsyn's migrations."""
    async with _connected(connect, "the database") as connection:
        found = await connection.fetchval("select version_num from alembic_version")
    if found != newest_migration():
        raise DatabaseNotUsable(f"the database is at migration {found}, not {newest_migration()}")
