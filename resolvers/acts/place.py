"""A child and a unit that an act names, as the viewer may act there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, bindparam, select

from authz import child, unit
from authz.engine.sql import HERE, Keys, table
from models import Unit
from models.seen import SeenChild
from resolvers.acting import Acting
from resolvers.problems import not_allowed, not_found

CHILD: ColumnElement = bindparam("child_id", type_=Uuid())
UNIT: ColumnElement = bindparam("unit_id", type_=Uuid())
WHICH: ColumnElement = bindparam("which", type_=Uuid())
MayAct: TypeAlias = Callable[[ColumnElement, ColumnElement, Keys], ColumnElement[bool]]
"""Of a policy page, over the child's and the unit's column."""


async def child_at_unit(acting: Acting, given: Mapping[str, Any], may: MayAct) -> tuple[UUID, UUID]:
    """Keys of child and unit. NOT_FOUND where the viewer does not see them, NOT_ALLOWED where they see both and may
    not act there. Holds the child."""
    child_key = acting.key_of(given["childId"], "Child", "input", "childId")
    unit_id = acting.key_of(given["unitId"], "Unit", "input", "unitId")
    person, row = table(SeenChild, "the_child"), table(Unit, "the_unit")
    known = await acting.row(
        select(person.c.id).where(
            person.c.child_key == WHICH, person.c.municipality_id == HERE, child.visible(person.c.id, acting.keys)
        ),
        which=child_key,
    )
    if known is None:
        raise not_found("input", "childId")
    child_id: UUID = known["id"]
    await acting.hold_child(child_id)
    of = {"child_id": child_id, "unit_id": unit_id}
    seen = await acting.row(select(child.visible(CHILD, acting.keys).label("seen")), **of)
    if seen is None or not seen["seen"]:
        raise not_found("input", "childId")
    acting.met(child_id)
    if await acting.row(select(row.c.id).where(row.c.id == UNIT, unit.visible(row)), **of) is None:
        raise not_found("input", "unitId")
    allowed = await acting.row(select(may(CHILD, UNIT, acting.keys).label("may")), **of)
    if allowed is None or not allowed["may"]:
        raise not_allowed("input", "unitId")
    acting.met(child_id, unit_id)
    return child_id, unit_id
