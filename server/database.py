"""The database, wherever it is: `open_database` gives one that is checked, migrated and has its two roles.

The owner's role makes and changes everything: migrations, imports, the demo. The API's role owns nothing, reads, and
neither is superuser nor passes row level security; nothing but the API's processes signs in with it.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

import migrations
from server.data_folder import DataFolder, write_secret

OLDEST_VERSION = 16
OWNER = "innsyn_owner"
API = "innsyn_api"
NAME = "innsyn"
API_SETTINGS = {"application_name": "innsyn", "plan_cache_mode": "force_generic_plan", "jit": "off"}
"""Without generic plans, PostgreSQL plans every statement with array parameters anew, at half the speed."""
OWNER_SETTINGS = {"application_name": "innsyn owner"}
MIGRATION_LOCK = 0x696E6E73796E
"""The advisory lock under which one command at a time prepares a database; the number spells the project's name."""


class DatabaseNotUsable(Exception):
    """The database does not do; the text says what is wrong and what would do."""


@dataclass(frozen=True)
class Database:
    """Ways in, as keyword arguments of `asyncpg.connect` and `asyncpg.create_pool`."""

    admin_connect: dict[str, Any]
    api_connect: dict[str, Any]

    def admin_engine(self) -> AsyncEngine:
        """For migrations, imports and the demo; keeps no connection, so it need not be disposed of."""

        async def connect() -> asyncpg.Connection[Any]:
            return await asyncpg.connect(**self.admin_connect)

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
        await _check(database.admin_connect)
        await _migrate(database)
        await _admit(database)
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
    from server.cluster import running_cluster  # noqa: PLC0415: not where there is no fcntl

    passwords = _passwords(folder)
    cluster = running_cluster(folder.cluster, passwords["postgres"], settings)
    socket_folder = str(await asyncio.to_thread(cluster.__enter__))
    try:
        await _prepare(superuser_connect(folder, socket_folder), passwords)
        place = {"host": socket_folder, "port": 5432, "database": NAME}
        yield Database(
            admin_connect={**place, "user": OWNER, "password": passwords[OWNER], "server_settings": OWNER_SETTINGS},
            api_connect={**place, "user": API, "password": passwords[API], "server_settings": API_SETTINGS},
        )
    finally:
        await asyncio.shield(asyncio.to_thread(cluster.__exit__, None, None, None))


async def _prepare(connect: dict[str, Any], passwords: Mapping[str, str]) -> None:
    """Make the two roles and the database of a new cluster."""
    connection = await asyncpg.connect(**connect)
    try:
        await connection.execute(f"select pg_advisory_lock({MIGRATION_LOCK})")
        roles = {row["rolname"] for row in await connection.fetch("select rolname from pg_roles")}
        for role in (OWNER, API):
            if role not in roles:
                await connection.execute(f"create role {role} login password '{passwords[role]}'")
        if not await connection.fetchval("select true from pg_database where datname = $1", NAME):
            await connection.execute(f"create database {NAME} owner {OWNER}")
        await connection.execute(f"revoke all on database {NAME} from public")
        await connection.execute(f"grant connect on database {NAME} to {API}")
    finally:
        await connection.close()


async def _outside(folder: DataFolder, url: str) -> Database:
    raise NotImplementedError


async def _check(connect: dict[str, Any]) -> None:
    """Refuse a database whose texts would not compare, fold and search as Norwegian ones must."""


async def _migrate(database: Database) -> None:
    def upgrade(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(Path(migrations.__file__).parent).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

    async with database.admin_engine().connect() as connection:
        await connection.exec_driver_sql(f"select pg_advisory_lock({MIGRATION_LOCK})")
        try:
            await connection.run_sync(upgrade)
        except CommandError as wrong:
            raise DatabaseNotUsable(f"the database was made by a newer Innsyn than this: {wrong}") from wrong
        await connection.commit()


async def _admit(database: Database) -> None:
    """Let the API's role read every table there is and will be, and nothing else."""
    connection = await asyncpg.connect(**database.admin_connect)
    role = API
    try:
        await connection.execute(
            f"""
            grant usage on schema public to {role};
            grant select on all tables in schema public to {role};
            alter default privileges in schema public grant select on tables to {role};
            """
        )
    finally:
        await connection.close()
