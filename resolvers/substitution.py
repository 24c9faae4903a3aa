"""Where the fields of substitutions come from."""

from __future__ import annotations

from functools import partial

from sqlalchemy import and_, func

from authz import staff
from authz import substitution as policy
from authz.engine.sql import Keys, table
from models import GroupMembership, Substitution
from models.seen import SeenSubstitution
from resolvers import ids
from resolvers.engine.source import Column, Entity, Many, One, Rows, Source

ENTITIES = (
    Entity("Substitution", SeenSubstitution, visible=policy.visible),
    Entity("SubstituteGroup", GroupMembership),
)


def substitutions(keys: Keys) -> Rows:
    """By their first day; those that have not ended."""
    row = table(SeenSubstitution, "substitution")
    return Rows(row, row, [policy.visible(row, keys)], [row.c.since, row.c.id], link=row.c.unit_id)


def groups(keys: Keys) -> Rows:
    """In the order in which they were told."""
    row, substitution = table(GroupMembership, "substitute_role"), table(Substitution, "substituting")
    return Rows(
        row.join(substitution, substitution.c.id == row.c.substitution_id),
        row,
        [policy.visible(substitution, keys)],
        [row.c.id],
        link=row.c.substitution_id,
    )


SOURCES: dict[str, Source] = {
    "Substitution.id": Column(lambda row, _: row.c.id, partial(ids.encode, ids.TYPE_BYTES["Substitution"])),
    "Substitution.unit": One("Unit", lambda row, target, _: target.c.id == row.c.unit_id),
    "Substitution.name": Column(lambda row, _: func.coalesce(row.c.told_name, row.c.person_name)),
    "Substitution.staffMember": One(
        "StaffMember",
        lambda row, target, keys: and_(target.c.id == row.c.person_id, staff.visible(target.c.id, keys)),
        optional=True,
    ),
    "Substitution.role": Column(lambda row, _: row.c.role),
    "Substitution.groups": Many("SubstituteGroup", groups),
    "Substitution.since": Column(lambda row, _: row.c.since),
    "Substitution.until": Column(lambda row, _: row.c.until),
    "Substitution.setBy": One(
        "StaffMember",
        lambda row, target, keys: and_(target.c.id == row.c.set_by, staff.visible(target.c.id, keys)),
        optional=True,
    ),
    "Substitution.setAt": Column(lambda row, _: row.c.set_at),
    "SubstituteGroup.group": One("Group", lambda row, target, _: target.c.id == row.c.group_id),
    "SubstituteGroup.role": Column(lambda row, _: row.c.role),
}
