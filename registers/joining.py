"""How two rows of one person become one: what points at whom was known by number alone points at who they are.

A block or a consent can name a number long before a register tells whose it is. Nothing of it may be lost when two
numbers turn out to be one person's: a block that stayed with the old number would close nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Table

from models import Base, ChildProtection, Delegation, Guardianship, GuardianSide, Kinship, Person
from registers.plan import Statement, alone

DERIVED = {model.__tablename__ for model in (ChildProtection, Delegation, Guardianship, GuardianSide, Kinship)}
"""Reckoned anew after every import, or by the database itself."""
UNBOUND = {"child_id", "person_id"}
"""Columns that name a person, also where a table carries them without a foreign key."""

JOINED = "unnest(cast(:stubs as uuid[]), cast(:people as uuid[])) as joined (stub, person)"


def person_columns() -> Iterator[tuple[Table, str]]:
    """Every column by which a row points at a person."""
    key = Person.__table__.c.id
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if column.name in UNBOUND or any(reference.column is key for reference in column.foreign_keys):
                yield table, column.name


# ruff: noqa: S608 - the statements are put together from the names of our own tables; values are bound


def _first_of_each(table: str, order: str) -> str:
    """Leaves one row of each thread and person, the first in the order."""
    return f"""
        delete from {table} t using (
            select r.thread_id, r.person_id, row_number() over (
                partition by r.thread_id, coalesce(joined.person, r.person_id) order by {order}
            ) as place
            from {table} r left join {JOINED} on joined.stub = r.person_id
            where r.thread_id in (select d.thread_id from {table} d join {JOINED} on joined.stub = d.person_id)
        ) extra
        where extra.place > 1 and extra.thread_id = t.thread_id and extra.person_id = t.person_id
    """


def join_statements(joined: Mapping[UUID, UUID], municipality_id: UUID, now: dt.datetime) -> list[Statement]:
    """Makes each person known by number alone one with who they are."""
    if not joined:
        return []
    bound: dict[str, Any] = {"stubs": list(joined), "people": list(joined.values())}
    statements = [
        # Whoever acts in a thread meanwhile would go by who was on its guardian side.
        alone(municipality_id),
        # The side of a thread is fixed when it starts, and a pointer never moves back.
        Statement(_first_of_each("participant", "r.joined_at, r.side"), bound, 1),
        Statement(_first_of_each("read_pointer", "r.up_to_sent_at desc, r.up_to_id desc"), bound, 1),
        # What is still due is made anew for the person.
        Statement(
            "update task set done_at = coalesce(done_at, :now), over_at = :now where over_at is null"
            " and (child_id = any(cast(:stubs as uuid[])) or person_id = any(cast(:stubs as uuid[])))",
            {"stubs": bound["stubs"], "now": now},
            1,
        ),
    ]
    for table, column in person_columns():
        if table.name in DERIVED:
            sql = f"delete from {table.name} where {column} = any(cast(:stubs as uuid[]))"
            statements.append(Statement(sql, {"stubs": bound["stubs"]}, 1))
        else:
            sql = f"update {table.name} t set {column} = joined.person from {JOINED} where t.{column} = joined.stub"
            statements.append(Statement(sql, bound, 1))
    gone = "delete from person where id = any(cast(:stubs as uuid[]))"
    return [*statements, Statement(gone, {"stubs": bound["stubs"]}, len(joined))]
