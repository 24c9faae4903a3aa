"""What acts about one child have in common: the child behind an id, and what follows from a change."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, bindparam, select

from authz import child
from authz.due_tasks import make_tasks
from authz.engine.policy import Relation
from authz.engine.sql import HERE, table
from authz.standing import derive_standing
from models import Person
from resolvers.acting import Acting
from resolvers.problems import not_found

CHILD: ColumnElement = bindparam("child_id", type_=Uuid())
UNIT: ColumnElement = bindparam("unit_id", type_=Uuid())
WHICH: ColumnElement = bindparam("which", type_=Uuid())


async def held_child(acting: Acting, told: str, *field: str) -> UUID:
    """The child, held alone since the act changes how people stand to it; NOT_FOUND for one the viewer does not see."""
    key = acting.key_of(told, "Child", *field)
    person = table(Person, "told_child")
    known = await acting.row(
        select(person.c.id).where(person.c.child_key == WHICH, person.c.municipality_id == HERE), which=key
    )
    if known is None:
        raise not_found(*field)
    child_id: UUID = known["id"]
    await acting.hold_child(child_id, changing=True)
    seen = await acting.row(select(child.visible(CHILD, acting.keys).label("seen")), child_id=child_id)
    if seen is None or not seen["seen"]:
        raise not_found(*field)
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
    person = table(Person, "shown_child")
    [row] = await acting.rows(select(person.c.child_key).where(person.c.id == WHICH), which=child_id)
    key: UUID = row["child_key"]
    return key


async def follow_up(acting: Acting, child_id: UUID) -> None:
    """How people stand to the child, and the tasks about it, as they are after the change."""
    await derive_standing(acting.connection, acting.municipality_id, [child_id])
    await make_tasks(acting.connection, acting.municipality_id, acting.now, [child_id], acting.viewer_id)
