"""The functions in the database that work out a viewer's keys, written from the facts of `authz/relation.py`.

One round trip and a handful of index probes: a statement that holds all facts at once costs several times as much,
because PostgreSQL prepares every part of it, those too that most viewers have no use for. One look into the tables of
the facts tells first which parts are worth asking for at all.

`standing` tells the keys of anybody. `enter` tells the viewer's own and sets them for the session, where the second
wall (`authz/walls/`) reads them; `leave` empties them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from hashlib import sha256

from sqlalchemy import Exists, Select
from sqlalchemy.dialects.postgresql import asyncpg

from authz import relation
from authz.engine.sql import FACTS, ME

DIALECT = asyncpg.dialect(paramstyle="pyformat")  # type: ignore[no-untyped-call] # SQLAlchemy has it untyped
PREFIX = "innsyn"
"""Of the session's settings."""
PARAMETERS = {
    "municipality_id": "uuid",
    "number_hash": "bytea",
    "issuer": "text",
    "subject": "text",
    "private": "boolean",
    "today": "date",
    "now": "timestamptz",
}
"""Of `standing`, in order, with their types."""
ENTERING = {**PARAMETERS, "employee": "boolean", "for_transaction": "boolean"}
"""Of `enter`. A transaction's viewer is gone when it ends; a session's stays until `leave`."""
GIVEN = ("municipality_id", "private", "employee", "today", "now")
"""What the session is told of the request, beside the keys."""
NOT_SET = frozenset(
    {"schools", "contact", "contact_unit", "subject_staff", "subject_staff_unit", "delegate_unit", "delegate_spell",
     "delegate_spell_unit", "delegate_spell_since", "delegate_spell_until", "guardian_spell", "guardian_spell_since",
     "guardian_spell_until", "sides_apart"}
)  # fmt: skip
"""Keys that the walls do not read by themselves: each that is set costs every request something."""
JOINED = {"close": ("guardian", "delegate", "cases", "oneself")}
"""Key sets that are several in one, for the walls (`authz/child.py`)."""
OF_MOST = frozenset({*GIVEN, "me", "guardian", "whole_sides", "close"})
"""Settings of every viewer. The others are of staff, and of few beside: they are set for an act, where the viewer may
have any, and where `MORE` does not say that the session's are empty."""
MORE = "more"
"""Its value when they are is a digest of their names, so that no other Innsyn's word is taken for it."""
CASTS = ("UUID", "DATE", "BYTEA", "VARCHAR", "TEXT", "BOOLEAN", "INTEGER", "TIMESTAMP WITH TIME ZONE")
"""As the dialect writes them after a parameter; a variable has its type."""
DEFINER = "security definer set search_path = pg_catalog, public, pg_temp"
"""The API's role reads the facts of nobody; the functions do, and tell keys alone."""


def in_function(rows: Select | Exists, name: str) -> str:
    """The statement's text, its parameters being the function's variables, reading past the second wall."""
    made = rows.compile(dialect=DIALECT)
    text = re.sub(rf"%\((\w+)\)s(::({'|'.join(CASTS)})(\[\])?)?", rf"{name}.\1", str(made))
    return text.replace("%%", "%").replace(f"{name}.me", "me").replace(f"{FACTS}.", "")


@cache
def function_text(name: str = "standing") -> str:
    """CREATE FUNCTION, from the pages as they stand.

    `enter` is stable, too, so that every step goes by one snapshot, and takes none of its own: what it sets in the
    session is no change to the database.
    """
    enters = name == "enter"
    columns: list[str] = []
    kept: list[str] = []
    steps: list[str] = []
    for part in relation.parts(ME):
        if part.for_walls and not enters:
            continue
        asked = [one for one in part.rows.selected_columns if enters or not is_hash(one.name)]
        names = [column.name for column in asked]
        for one in names:
            (kept if part.for_walls or is_hash(one) else columns).append(one)
        step = in_function(part.rows.with_only_columns(*asked, maintain_column_froms=True), name)
        told = f"select * into {', '.join(names)} from ({step}) part;"
        if enters and is_more(names):
            told += " has_more := true;"
        steps.append(f"if {part.when} then {told} end if;")
    looks = {one: look for one, look in relation.looks(ME).items() if enters or not look.for_walls}
    found = ", ".join(in_function(look.rows.exists(), name) for look in looks.values())
    parameters = ", ".join(f"{one} {kind}" for one, kind in (ENTERING if enters else PARAMETERS).items())
    results = ", ".join(f"out {column} {kind_of(column)}" for column in columns)
    empty = "\n    ".join(f"{column} := '{{}}';" for column in columns)
    variables = {**dict.fromkeys(looks, "boolean"), **{column: kind_of(column) for column in kept}}
    body = "\n        ".join(steps)
    last = ""
    if enters:
        variables |= {"has_more": "boolean := false", "done": "integer"}
        last = setting_text(name)
    declared = "\n    ".join(f"{variable} {kind};" for variable, kind in variables.items())
    return f"""
create or replace function {name}({parameters}, out me uuid, {results}, out own_threads boolean)
language plpgsql stable parallel {"unsafe" if enters else "safe"} {DEFINER} as $function$
#variable_conflict use_column
<<{name}>> -- so that variables go by the function's name, as its parameters do
declare
    {declared}
begin
    {empty}
    own_threads := false;
    select * into me from ({in_function(relation.signed_in(), name)}) part;
    if me is not null then
        select {found} into {", ".join(looks)};
        {body}
    end if;
    {last}
end
$function$"""


def is_more(names: Iterable[str]) -> bool:
    """Whether any of the keys is a setting that few viewers have."""
    return any(one in settings() and one not in OF_MOST for one in names)


def setting_text(name: str) -> str:
    """What `enter` tells the session. What is assigned is worked out without the executor, unlike what is performed."""

    def set_all(names: Iterable[str]) -> str:
        values = {one: f"{name}.{one}" if one in GIVEN else " || ".join(JOINED.get(one, (one,))) for one in names}
        nothing = {one: "''" if one in GIVEN or one == "me" else "'{}'" for one in names}
        return ", ".join(
            set_to(one, f"coalesce(({value})::text, {nothing[one]})", f"{name}.for_transaction")
            for one, value in values.items()
        )

    more = [one for one in settings() if one not in OF_MOST]
    empty = sha256(" ".join(more).encode()).hexdigest()[:16]
    said = f"case when has_more or {name}.for_transaction then '' else '{empty}' end"
    known_empty = f"current_setting('{PREFIX}.{MORE}', true) is not distinct from '{empty}'"
    return f"""if has_more or {name}.for_transaction or not ({known_empty}) then
        own_threads := coalesce(cardinality(own) > 0, false);
        done := num_nulls({set_all(more)}, {set_to(MORE, said, f"{name}.for_transaction")});
    end if;
    done := num_nulls({set_all([one for one in settings() if one in OF_MOST])});"""


def is_hash(key: str) -> bool:
    return key.endswith(("_hash", "_pair"))


def kind_of(key: str) -> str:
    """Of an array of keys, by its name."""
    if key.endswith(("_since", "_until")):
        return "timestamptz[]"
    return "bigint[]" if key.startswith("own") or is_hash(key) else "uuid[]"


def set_to(name: str, value: str, for_transaction: str) -> str:
    return f"set_config('{PREFIX}.{name}', {value}, {for_transaction})"


@cache
def settings() -> tuple[str, ...]:
    """What `enter` tells the session of a viewer, and the walls read."""
    columns = dict.fromkeys(column.name for part in relation.parts(ME) for column in part.rows.selected_columns)
    return (*GIVEN, "me", *(name for name in columns if name not in NOT_SET), *JOINED)


@cache
def leave_text() -> str:
    emptied = ", ".join(set_to(name, "''", "false") for name in (*settings(), MORE))
    return f"""
create or replace function leave() returns void language plpgsql volatile set search_path = pg_catalog as $function$
begin
    perform {emptied};
end
$function$"""


def call(name: str, parameters: dict[str, str]) -> str:
    """For asyncpg."""
    return f"select * from {name}(" + ", ".join(f"${i + 1}" for i in range(len(parameters))) + ")"


ENTER = call("enter", ENTERING)
LEAVE = "select leave()"
ENTER_BY_NAME = "select * from enter(" + ", ".join(f"cast(:{name} as {kind})" for name, kind in ENTERING.items()) + ")"
"""For SQLAlchemy's `text`."""


def functions() -> dict[str, str]:
    """CREATE FUNCTION by name."""
    return {"standing": function_text(), "enter": function_text("enter"), "leave": leave_text()}
