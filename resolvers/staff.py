"""Where the fields of a member of staff come from."""

from __future__ import annotations

from functools import partial

from authz import staff as policy
from authz.engine.sql import Keys, holds, table
from models import Position, Unit
from models.seen import SeenStaffMember
from resolvers import ids
from resolvers.engine.source import Column, Entity, Many, One, Rows, Source

ENTITIES = (
    Entity("StaffMember", SeenStaffMember, visible=lambda row, keys: policy.visible(row.c.id, keys), key="staff_key"),
    Entity("Position", Position),
)


def positions(keys: Keys) -> Rows:
    """By the unit's name."""
    row, unit = table(Position, "position"), table(Unit, "at")
    return Rows(
        row.join(unit, unit.c.id == row.c.unit_id),
        row,
        [holds(row), policy.unit_shows_staff(row.c.unit_id, keys)],
        [unit.c.name_key, row.c.id],
        link=row.c.person_id,
    )


SOURCES: dict[str, Source] = {
    "StaffMember.id": Column(lambda row, _: row.c.staff_key, partial(ids.encode, ids.TYPE_BYTES["StaffMember"])),
    "StaffMember.name": Column(lambda row, _: row.c.name),
    "StaffMember.positions": Many("Position", positions),
    "Position.unit": One("Unit", lambda row, target, _: target.c.id == row.c.unit_id),
    "Position.role": Column(lambda row, _: row.c.role),
}
