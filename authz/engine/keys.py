"""The function in the database that works out a viewer's keys, written from the facts of `authz/relation.py`.

One round trip and a handful of index probes: a statement that holds all facts at once costs several times as much,
because PostgreSQL prepares every part of it, those too that most viewers have no use for. One look into the tables of
the facts tells first which parts are worth asking for at all.
"""

from __future__ import annotations

import re
from functools import cache
from hashlib import sha256

from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import asyncpg

from authz import relation
from authz.engine.sql import ME, bare, exists_in, table

DIALECT = asyncpg.dialect(paramstyle="pyformat")  # type: ignore[no-untyped-call] # SQLAlchemy has it untyped
PARAMETERS = {
    "municipality_id": "uuid",
    "number_hash": "bytea",
    "issuer": "text",
    "subject": "text",
    "private": "boolean",
    "today": "date",
    "now": "timestamptz",
}
"""Of the function, in order, with their types."""
CASTS = ("UUID", "DATE", "BYTEA", "VARCHAR", "TEXT", "BOOLEAN", "TIMESTAMP WITH TIME ZONE")
"""As the dialect writes them after a parameter; a variable has its type."""


def in_function(rows: Select) -> str:
    """The statement's text, its parameters being the function's variables."""
    made = rows.compile(dialect=DIALECT)
    text = re.sub(rf"%\((\w+)\)s(::({'|'.join(CASTS)}))?", r"standing.\1", str(made))
    return text.replace("%%", "%").replace("standing.me", "me")


@cache
def function_text() -> str:
    """CREATE FUNCTION, from the pages as they stand."""
    columns: list[str] = []
    steps: list[str] = []
    known: dict[str, Select] = {}
    for part in relation.parts(ME):
        names = [column.name for column in part.rows.selected_columns]
        columns += names
        when = f"({part.when})"
        if part.of is not None:
            row = table(part.of, "row_of")
            flag = f"in_{bare(part.of).name}"
            known[flag] = select(exists_in(row, row.c.person_id == ME))
            when += f" and {flag}"
        steps.append(f"if {when} then select * into {', '.join(names)} from ({in_function(part.rows)}) part; end if;")
    looks = ", ".join(f"({in_function(look)})" for look in known.values())
    kinds = {name: "timestamptz[]" if name.endswith(("_since", "_until")) else "uuid[]" for name in columns}
    parameters = ", ".join(f"{name} {kind}" for name, kind in PARAMETERS.items())
    results = ", ".join(f"out {name} {kind}" for name, kind in kinds.items())
    empty = "\n    ".join(f"{name} := '{{}}';" for name in columns)
    declared = "\n    ".join(f"{flag} boolean;" for flag in known)
    body = "\n    ".join(steps)
    return f"""
create or replace function standing({parameters}, out me uuid, {results})
language plpgsql stable parallel safe set search_path = pg_catalog, public as $function$
#variable_conflict use_column
declare
    {declared}
begin
    {empty}
    select * into me from ({in_function(relation.signed_in())}) part;
    if me is null then return; end if;
    select {looks} into {", ".join(known)};
    {body}
end
$function$"""


@cache
def digest() -> str:
    """Marks the function in the database as the one of these pages."""
    return sha256(function_text().encode()).hexdigest()


DROP = "drop function if exists standing"
CURRENT = "select obj_description(oid, 'pg_proc') from pg_proc where proname = 'standing'"
CALL = "select * from standing(" + ", ".join(f"${i + 1}" for i in range(len(PARAMETERS))) + ")"
CALL_BY_NAME = (
    "select * from standing(" + ", ".join(f"cast(:{name} as {PARAMETERS[name]})" for name in PARAMETERS) + ")"
)
"""For SQLAlchemy's `text`."""


def install_statements() -> list[str]:
    """What makes the database's function the one of these pages; for the owner's role."""
    return [DROP, function_text(), f"comment on function standing is '{digest()}'"]
