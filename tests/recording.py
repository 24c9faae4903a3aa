"""Writes down every statement that goes to the database: what asyncpg is told for reading, and SQLAlchemy for acts."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import asyncpg
import sqlalchemy
from sqlalchemy.engine import Engine

from authz.engine import keys
from server.database import Database
from tests.roads.fixtures import opened_place
from tests.roads.place import Place
from vault import Vault


@dataclass(frozen=True)
class Said:
    sql: str
    values: tuple[Any, ...]


SAID: list[Said] = []
WRITES = re.compile(r"insert into access_log|access_log_month|from access_log_checkpoint", re.IGNORECASE)
PLANNED = ("select", "with", "insert", "update", "delete")
CALL = re.compile(r"select (?:\* from )?(\w+)\(cast\(\$1 as [^$]*(?:, cast\(\$\d+ as [^$]*)*\)$")
BODY = """
    select prosrc, proargnames[:pronargs], proargtypes::regtype[]::text[]
    from pg_proc where proname = $1 and prolang = (select oid from pg_language where lanname = 'sql')
"""


class Recorded(asyncpg.Connection):
    __slots__ = ("writes_the_log",)

    def write_down(self, query: str, args: tuple[Any, ...]) -> None:
        """What goes by time is left out: what the access log's writer says, on a connection of its own, and leaving."""
        if WRITES.search(query):
            self.writes_the_log = True
        if not getattr(self, "writes_the_log", False) and query != keys.LEAVE:
            SAID.append(Said(query, args))

    async def execute(self, query: str, *args: Any, **more: Any) -> Any:
        self.write_down(query, args)
        return await super().execute(query, *args, **more)

    async def fetch(self, query: str, *args: Any, **more: Any) -> Any:
        self.write_down(query, args)
        return await super().fetch(query, *args, **more)

    async def fetchrow(self, query: str, *args: Any, **more: Any) -> Any:
        self.write_down(query, args)
        return await super().fetchrow(query, *args, **more)

    async def fetchval(self, query: str, *args: Any, **more: Any) -> Any:
        self.write_down(query, args)
        return await super().fetchval(query, *args, **more)


@asynccontextmanager
async def recorded_place(database: Database, vault: Vault) -> AsyncIterator[Place]:
    """A place whose engine's statements are written down within `recording`."""
    connect = {**database.api_connect, "connection_class": Recorded}
    async with opened_place(replace(database, api_connect=connect), vault) as place:
        yield place


def by_sqlalchemy(_: Any, __: Any, statement: str, parameters: Sequence[Any], ___: Any, many: bool) -> None:
    first = parameters[0] if many and parameters else parameters
    SAID.append(Said(statement, tuple(first)))


@contextmanager
def recording() -> Iterator[list[Said]]:
    """What is said from here on, until the block ends."""
    SAID.clear()
    sqlalchemy.event.listen(Engine, "before_cursor_execute", by_sqlalchemy)
    try:
        yield SAID
    finally:
        sqlalchemy.event.remove(Engine, "before_cursor_execute", by_sqlalchemy)


async def plan_of(connection: asyncpg.Connection[Any], said: Said) -> Any:
    """How PostgreSQL would carry it out: which nodes on which tables and indexes, in which order, without figures.
    Null for what has no plan, such as BEGIN. Of a function that is written in SQL, what is within."""
    if not said.sql.lstrip().lower().startswith(PLANNED):
        return None
    asked = await within(connection, said.sql)
    told = await connection.fetchval(f"explain (costs off, format json) {asked}", *said.values)
    return shape(json.loads(told)[0]["Plan"])


async def within(connection: asyncpg.Connection[Any], sql: str) -> str:
    """What a function of the database asks with its parameters, where a statement calls one and it is written in SQL:
    the plan of the call itself would say no more than that it is called."""
    call = CALL.match(sql.strip())
    found = await connection.fetchrow(BODY, call[1]) if call else None
    if call is None or found is None:
        return sql
    body, names, types = found
    for place, (name, type_) in enumerate(zip(names, types, strict=True), 1):
        body = re.sub(rf"(?<![\w.])(?:{call[1]}\.)?{name}\b", f"cast(${place} as {type_})", body)
    return str(body)


def shape(node: dict[str, Any]) -> Any:
    kept = ("Node Type", "Relation Name", "Index Name", "Join Type", "Operation", "Parent Relationship", "Subplan Name")
    return [*(node.get(name) for name in kept), [shape(one) for one in node.get("Plans", [])]]
