"""Where the fields of confirmations come from."""

from __future__ import annotations

from sqlalchemy import and_, func

from authz import guardian, staff
from authz.engine.sql import Keys, table
from models import Confirmation
from resolvers.engine.source import Column, Entity, One, Rows, Source

ENTITIES = (Entity("Confirmation", Confirmation),)


def confirmations(_: Keys) -> Rows:
    """Oldest first."""
    row = table(Confirmation, "confirmation")
    return Rows(row, row, [], [row.c.confirmed_at, row.c.id], link=row.c.child_id)


SOURCES: dict[str, Source] = {
    "Confirmation.name": Column(lambda row, _: func.known_as(row.c.child_id, row.c.person_id)),
    "Confirmation.guardian": One(
        "Guardian",
        lambda row, target, _: and_(
            target.c.id == row.c.person_id, guardian.is_guardian(row.c.person_id, row.c.child_id)
        ),
        optional=True,
    ),
    "Confirmation.since": Column(lambda row, _: row.c.since),
    "Confirmation.confirmedBy": One(
        "StaffMember",
        lambda row, target, keys: and_(target.c.id == row.c.confirmed_by, staff.visible(target.c.id, keys)),
        optional=True,
    ),
    "Confirmation.confirmedAs": Column(lambda row, _: row.c.confirmed_as),
    "Confirmation.confirmedAt": Column(lambda row, _: row.c.confirmed_at),
}
