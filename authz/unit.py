"""Who sees a unit and a group (C8)."""

from __future__ import annotations

from sqlalchemy import ColumnElement, FromClause, or_

from authz import child
from authz.engine.policy import ANY_RELATION, Line, Relation, settled
from authz.engine.sql import EMPLOYEE, HERE, PRIVATE, Keys, any_of, exists_in, fact, holds, word
from authz.relation import enrolled
from models import GroupMembership

EVERYBODY = Relation.MUNICIPALITY
AT_UNIT = ANY_RELATION & ~Relation.FORMER_LEADER
GROUP = AT_UNIT | Relation.COLLEAGUE

LINES: dict[str, Line] = {
    "Unit.id": settled(EVERYBODY, "C8"),
    "Unit.name": settled(EVERYBODY, "C8"),
    "Unit.kind": settled(EVERYBODY, "C8"),
    "Unit.phone": settled(EVERYBODY, "C8"),
    "Unit.groups": settled(GROUP, "C8", says="those that the viewer sees"),
    "Unit.staff": settled(GROUP, "C8", says="those whom the viewer sees"),
    "Unit.children": settled(AT_UNIT, "C1", "C8", says="those whom the viewer sees by a relation at the unit"),
    "Unit.threads": settled(
        Relation.GUARDIAN
        | Relation.DELEGATE
        | Relation.CONTACT_TEACHER
        | Relation.SUBJECT_STAFF
        | Relation.UNIT_STAFF
        | Relation.UNIT_LEADER,
        "T1", "T2", "T3", "T4", "T5", "T6",
    ),
    "Unit.needCases": settled(Relation.UNIT_LEADER, "C2", says="on children who go there now, to who leads the unit"),
    "Unit.substitutions": settled(Relation.UNIT_LEADER, says="of the unit"),
    "Group.id": settled(GROUP, "C8"),
    "Group.name": settled(GROUP, "C8"),
    "Group.kind": settled(GROUP, "C8"),
    "Group.unit": settled(GROUP, "C8"),
    "Group.children": settled(AT_UNIT, "C1", "C8", says="those whom the viewer sees by a relation at the unit"),
    "Group.staff": settled(GROUP, "C8"),
}  # fmt: skip


def visible(unit: FromClause) -> ColumnElement[bool]:
    """To every person signed in to the municipality; a machine client is no person."""
    return (unit.c.municipality_id == HERE) & or_(PRIVATE, EMPLOYEE)


def belongs(membership: FromClause, group: FromClause) -> ColumnElement[bool]:
    """The child belongs to the group now, and only while enrolled at its unit."""
    return (
        (membership.c.role == word("STUDENT")) & holds(membership) & enrolled(membership.c.person_id, group.c.unit_id)
    )


def group_visible(group: FromClause, keys: Keys) -> ColumnElement[bool]:
    """To the unit's staff, and to whoever has a relation to a child in it that opens the child's groups there."""
    membership = fact(GroupMembership, "child_in")
    by_child = exists_in(
        membership,
        membership.c.group_id == group.c.id,
        belongs(membership, group),
        child.unit_opened(membership.c.person_id, group.c.unit_id, keys),
    )
    return any_of(keys.has(group.c.unit_id, "employed"), by_child)
