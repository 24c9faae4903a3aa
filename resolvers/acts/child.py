"""What acts about one child have in common: the child behind an id, and what follows from a change."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, bindparam, select, text

from authz import child
from authz.engine.policy import Relation
from authz.engine.sql import HERE, table
from models.seen import SeenChild
from resolvers.acting import Acting
from resolvers.problems import not_found

CHILD: ColumnElement = bindparam("child_id", type_=Uuid())
UNIT: ColumnElement = bindparam("unit_id", type_=Uuid())
WHICH: ColumnElement = bindparam("which", type_=Uuid())
DERIVE = text("select derive_standing(cast(:municipality as uuid), cast(:children as uuid[]))")
MAKE_TASKS = text(
    "select make_tasks(cast(:municipality as uuid), cast(:today as date), cast(:now as timestamptz),"
    " cast(:children as uuid[]), cast(:by as uuid))"
)


async def held_child(acting: Acting, told: str, *field: str) -> UUID:
    """The child, held alone since the act changes how people stand to it; NOT_FOUND for one the viewer does not see."""
    key = acting.key_of(told, "Child", *field)
    person = table(SeenChild, "told_child")
    known = await acting.row(
        select(person.c.id).where(
            person.c.child_key == WHICH, person.c.municipality_id == HERE, child.visible(person.c.id, acting.keys)
        ),
        which=key,
    )
    if known is None:
        raise not_found(*field)
    child_id: UUID = known["id"]
    await acting.hold_child(child_id, changing=True)
    seen = await acting.row(select(child.visible(CHILD, acting.keys).label("seen")), child_id=child_id)
    if seen is None or not seen["seen"]:
        raise not_found(*field)
    acting.met(child_id)
    return child_id


async def held_as(acting: Acting, child_id: UUID) -> Relation:
    """The viewer's relations to the child, once it is held."""
    row = await acting.row(select(child.mask(CHILD, acting.keys).label("mask")), child_id=child_id)
    return Relation(row["mask"] if row is not None else 0)


async def strict_relation(acting: Acting, child_id: UUID) -> Relation | None:
    """As what the viewer does what is for UNIT_LEADER and CASE_WORKER; the second is the administration's voice."""
    held = await held_as(acting, child_id)
    return next((one for one in (Relation.CASE_WORKER, Relation.UNIT_LEADER) if one in held), None)


async def child_key(acting: Acting, child_id: UUID) -> UUID:
    """For a payload that shows the child again."""
    person = table(SeenChild, "shown_child")
    [row] = await acting.rows(select(person.c.child_key).where(person.c.id == WHICH), which=child_id)
    key: UUID = row["child_key"]
    return key


async def follow_up(acting: Acting, child_id: UUID) -> None:
    """How people stand to the child, and the tasks about it, as they are after the change."""
    await acting.connection.execute(DERIVE, {"municipality": acting.municipality_id, "children": [child_id]})
    await make_due_tasks(acting, [child_id])


async def make_due_tasks(acting: Acting, children: list[UUID]) -> None:
    """Those of R2 to R4 about the children, as they are due now."""
    given = {"municipality": acting.municipality_id, "today": acting.today, "now": acting.now, "children": children}
    await acting.connection.execute(MAKE_TASKS, {**given, "by": acting.viewer_id})
