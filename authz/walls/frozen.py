"""The walls as text: built anew from the pages, and as the newest migration holds them.

A migration takes the file whole. Whoever changes a page writes a new file and a migration for it; a check of the
continuous integration sees to it that the newest is what the pages say.
"""

from __future__ import annotations

from collections.abc import Iterator

from authz.engine.sql import FACTS
from authz.walls import facts, policies, views
from authz.walls.doors import DOORS, FOR_ALL
from authz.walls.session import DIALECT
from models import AccessLog, Base, Person

LOOKED_UP = (Person.__tablename__, AccessLog.__tablename__)
"""Tables that nobody reads but through those views of `seen` which say themselves whom they show."""
END = ";\n--\n"
"""Between statements."""
TAKE_DOWN = """
do $$
declare one record;
begin
    for one in select tablename, policyname from pg_policies where schemaname = 'public' loop
        execute format('drop policy %I on %I', one.policyname, one.tablename);
    end loop;
end
$$
""".strip()


def statements() -> Iterator[str]:
    yield TAKE_DOWN
    owners = ", ".join(door.role for door in DOORS)
    for schema in (*(door.schema for door in DOORS), FACTS):
        yield f"drop schema if exists {schema} cascade"
        yield f"create schema {schema}"
    yield f"grant usage on schema public, {FACTS} to {owners}"
    yield from facts.statements()
    yield f"grant select on all tables in schema {FACTS} to {owners}"
    yield from policies.statements()
    yield from policies.at_doors(views.tables())
    yield f"grant select on {', '.join(policies.readable())} to {FOR_ALL.role}"
    yield f"grant select on {', '.join(one.__tablename__ for one in views.tables())} to {owners}"
    for name in LOOKED_UP:
        yield f"grant select on {name} to {owners}"
        yield f"create policy {name}_looked_up on {name} for select to {owners} using (true)"
    for door in DOORS:
        yield f"grant usage, create on schema {door.schema} to {door.role}"
        yield from views.statements(door)


def compiled() -> str:
    return "".join(f"{one}{END}" for one in statements())


def split(text: str) -> list[str]:
    return [one for one in text.split(END) if one.strip()]


__all__ = ["DIALECT", "Base", "compiled", "split", "statements"]
