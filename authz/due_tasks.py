"""The tasks that R2 to R4 ask for, for units where the child is enrolled now: made and closed after every import, and
for one child after every act that changes how people stand to it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from norway.days import oslo_day


def _holds(table: str) -> str:
    return f"{table}.since <= :today and ({table}.until is null or {table}.until > :today)"


def _current(entry: str) -> str:
    """The register says that the entry holds today."""
    since, until = f"{entry}.since", f"{entry}.until"
    return f"{entry}.is_current and coalesce({since} <= :today, true) and coalesce({until} > :today, true)"


def _opens(entry: str) -> str:
    """The entry opens by itself; R1, R3 and the child's age are not asked here."""
    kinds = "('felles', 'mor', 'far', 'medmor', 'andre')"
    return (
        f"{entry}.on_child_document and {entry}.holder_id is not null and {entry}.kind in {kinds} and {_current(entry)}"
    )


ENROLLED = f"""
    select distinct e.child_id, e.unit_id, u.kind
    from enrolment e join unit u on u.id = e.unit_id join person c on c.id = e.child_id
    where u.municipality_id = :municipality and {_holds("e")}
"""
SOME = " and e.child_id = any(cast(:children as uuid[]))"
"""Said only of some: a condition for both would be planned for all of them."""
MINOR = "exists (select from person c where c.id = e.child_id and (c.turns_18_on is null or c.turns_18_on > :today))"


DUE = {
    # R2, for the administration: a staff relation that family closes. Leaders and the staff of SFO and kindergarten by
    # their position, others by a group.
    "DEPUTY_NEEDED": f"""
        select distinct k.child_id, k.person_id, cast(null as uuid)
        from enrolled e
        join kinship k on k.child_id = e.child_id
        join position p on p.person_id = k.person_id and p.unit_id = e.unit_id and {_holds("p")}
        where p.role = 'LEADER' or e.kind <> 'SCHOOL' or exists (
            select from group_membership own
            join unit_group g on g.id = own.group_id and g.unit_id = e.unit_id
            join group_membership theirs on theirs.group_id = g.id
                and theirs.person_id = e.child_id and theirs.role = 'STUDENT'
            where own.person_id = k.person_id and own.role <> 'STUDENT' and {_holds("own")} and {_holds("theirs")}
        )
    """,
    # R3: responsibility or a registration that would open, were it confirmed since the protection began.
    "CONFIRM_GUARDIAN": f"""
        select distinct e.child_id, w.person_id, e.unit_id
        from enrolled e
        join (
            select child_id, max(since) as since from child_protection cp where {_holds("cp")} group by child_id
        ) spell on spell.child_id = e.child_id
        join (
            select r.child_id, r.holder_id as person_id, cast(null as uuid) as unit_id
            from parental_responsibility r where {_opens("r")}
            union all
            select d.child_id, d.person_id, d.unit_id from delegate d where {_holds("d")}
        ) w on w.child_id = e.child_id and (w.unit_id is null or w.unit_id = e.unit_id)
        where {MINOR} and not exists (
            select from confirmation k
            where k.child_id = e.child_id and k.person_id = w.person_id and k.since between spell.since and :today
        ) and not exists (
            select from block b where b.child_id = e.child_id and b.person_id = w.person_id and {_holds("b")}
        )
    """,
    # R4: an entry on the child's document that opens nothing, of somebody for whom no other entry does.
    "UNCLEAR_RESPONSIBILITY": f"""
        select distinct e.child_id, r.holder_id, e.unit_id
        from enrolled e join parental_responsibility r on r.child_id = e.child_id and r.on_child_document
        where {MINOR} and coalesce(not ({_opens("r")}), true) and not exists (
            select from parental_responsibility o
            where o.child_id = r.child_id and o.holder_id = r.holder_id and {_opens("o")}
        )
    """,
    # R4: an adult's document that says what the child's own does not.
    "CONFLICTING_RESPONSIBILITY": f"""
        select distinct e.child_id, r.holder_id, e.unit_id
        from enrolled e join parental_responsibility r on r.child_id = e.child_id and not r.on_child_document
        where {MINOR} and {_current("r")} and not exists (
            select from parental_responsibility o
            where o.child_id = r.child_id and o.holder_id = r.holder_id and o.kind is not distinct from r.kind
                and o.on_child_document and {_current("o")}
        )
    """,
}

CLOSE = """
    with enrolled as materialized ({enrolled}), due (child_id, person_id, unit_id) as ({due})
    update task t set over_at = :now, done_at = coalesce(t.done_at, :now),
        done_by = case when t.done_at is null then cast(:by as uuid) else t.done_by end
    where t.municipality_id = :municipality and t.kind = :kind and t.over_at is null
        {among} and not exists (
            select from due d where d.child_id = t.child_id
                and d.person_id is not distinct from t.person_id and d.unit_id is not distinct from t.unit_id
        )
"""

MAKE = """
    insert into task (id, municipality_id, kind, unit_id, child_id, person_id, made_at)
    with enrolled as materialized ({enrolled}), due (child_id, person_id, unit_id) as ({due})
    select gen_random_uuid(), :municipality, :kind, d.unit_id, d.child_id, d.person_id, :now
    from due d
    where not exists (
        select from task t where t.kind = :kind and t.over_at is null and t.child_id = d.child_id
            and t.person_id is not distinct from d.person_id and t.unit_id is not distinct from d.unit_id
    )
"""


def of_some(statement: str, due: str) -> str:
    """CLOSE or MAKE about some children."""
    return statement.format(enrolled=ENROLLED + SOME, due=due, among=SOME.replace("e.", "t."))


async def make_tasks(
    connection: AsyncConnection,
    municipality_id: UUID,
    now: dt.datetime,
    children: Collection[UUID] | None = None,
    by: UUID | None = None,
) -> None:
    """Makes the tasks that are due on the Oslo day of `now`, and closes those that no longer are, of the given children
    or of all; `by` is whose act it was that closed them, if it was anybody's."""
    scope = {"municipality": municipality_id, "now": now, "today": oslo_day(now)}
    some = "" if children is None else SOME
    if children is not None:
        scope["children"] = list(children)
    for kind, due in DUE.items():
        for statement in (CLOSE, MAKE):
            sql = statement.format(enrolled=ENROLLED + some, due=due, among=some.replace("e.", "t."))
            bound = {**scope, "kind": kind, **({"by": by} if statement is CLOSE else {})}
            await connection.execute(text(sql), bound)
