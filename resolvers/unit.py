"""Where the fields of units and groups come from."""

from __future__ import annotations

from functools import partial

from sqlalchemy import ColumnElement, FromClause, or_, select

from authz import child, staff, thread
from authz import unit as policy
from authz.engine.sql import TODAY, Keys, exists_in, holds, table, word
from models import Group, Position, Unit
from models.seen import (
    SeenChild,
    SeenChildOfGroup,
    SeenChildOfUnit,
    SeenGroupMembership,
    SeenPosition,
    SeenThread,
    named,
)
from resolvers import ids, need_case, substitution
from resolvers.engine.source import Column, Connection, Entity, Many, One, Rows, Source

ENTITIES = (
    Entity("Unit", Unit, visible=lambda row, _: policy.visible(row)),
    Entity("Group", Group, visible=policy.group_visible),
)


def groups(keys: Keys) -> Rows:
    """By name."""
    row = table(Group, "unit_group")
    current = or_(row.c.until.is_(None), row.c.until > TODAY)
    return Rows(row, row, [current, policy.group_visible(row, keys)], [row.c.name_key, row.c.id], link=row.c.unit_id)


def staff_members(keys: Keys) -> Rows:
    """By name. Employed there now."""
    position = table(SeenPosition, "position")
    job = select(position.c.unit_id, *staff_of(position)).distinct().where(holds(position)).subquery("job")
    return Rows(
        job,
        named(job, "person", "person_id"),
        [staff.unit_shows_staff(job.c.unit_id, keys)],
        [job.c.person_name_key, job.c.person_staff_key],
        link=job.c.unit_id,
    )


def staff_of(row: FromClause) -> list[ColumnElement]:
    """What a row tells of a member of staff. Those of one name stand by their keys: ids would tell who was known first,
    and so whether a number was known that a leader wrote."""
    return [row.c[name] for name in ("person_id", "person_name", "person_name_key", "person_staff_key")]


def children(keys: Keys) -> Rows:
    """By name. Enrolled there now."""
    enrolment, row = table(SeenChildOfUnit, "enrolment"), table(SeenChild, "child")
    home = select(enrolment.c.child_id, enrolment.c.unit_id).distinct().where(holds(enrolment)).subquery("home")
    return Rows(
        home.join(row, row.c.id == home.c.child_id),
        row,
        [child.at_unit(home.c.child_id, home.c.unit_id, keys)],
        [row.c.name_key, row.c.id],
        link=home.c.unit_id,
    )


def threads(keys: Keys) -> Rows:
    """Newest first."""
    row = table(SeenThread, "thread")
    visible = thread.visible(row, keys)
    return Rows(row, row, [visible], [row.c.last_message_at, row.c.id], descending=True, link=row.c.unit_id)


def group_children(keys: Keys) -> Rows:
    """By name. Belonging to it now."""
    membership, group, row = table(SeenChildOfGroup, "membership"), table(Group, "of"), table(SeenChild, "child")
    belongs = (
        select(membership.c.person_id, membership.c.group_id, group.c.unit_id)
        .distinct()
        .select_from(membership.join(group, group.c.id == membership.c.group_id))
        .where(policy.belongs(membership, group))
        .subquery("belongs")
    )
    return Rows(
        belongs.join(row, row.c.id == belongs.c.person_id),
        row,
        [child.at_unit(belongs.c.person_id, belongs.c.unit_id, keys)],
        [row.c.name_key, row.c.id],
        link=belongs.c.group_id,
    )


def group_staff(keys: Keys) -> Rows:
    """By name. Those with a role in it who are employed at its unit now."""
    membership, group = table(SeenGroupMembership, "membership"), table(Group, "of")
    position = table(Position, "position")
    employed = exists_in(
        position,
        position.c.person_id == membership.c.person_id,
        position.c.unit_id == group.c.unit_id,
        holds(position),
    )
    teaches = (
        select(membership.c.group_id, group.c.unit_id, *staff_of(membership))
        .distinct()
        .select_from(membership.join(group, group.c.id == membership.c.group_id))
        .where(membership.c.role != word("STUDENT"), holds(membership), employed)
        .subquery("teaches")
    )
    return Rows(
        teaches,
        named(teaches, "person", "person_id"),
        [staff.unit_shows_staff(teaches.c.unit_id, keys)],
        [teaches.c.person_name_key, teaches.c.person_staff_key],
        link=teaches.c.group_id,
    )


SOURCES: dict[str, Source] = {
    "Unit.id": Column(lambda row, _: row.c.id, partial(ids.encode, ids.TYPE_BYTES["Unit"])),
    "Unit.name": Column(lambda row, _: row.c.name),
    "Unit.kind": Column(lambda row, _: row.c.kind),
    "Unit.phone": Column(lambda row, _: row.c.phone),
    "Unit.groups": Many("Group", groups),
    "Unit.staff": Many("StaffMember", staff_members),
    "Unit.children": Connection("Child", children),
    "Unit.threads": Connection("Thread", threads),
    "Unit.needCases": Connection("NeedCase", need_case.cases_at),
    "Unit.substitutions": Many("Substitution", substitution.substitutions),
    "Group.id": Column(lambda row, _: row.c.id, partial(ids.encode, ids.TYPE_BYTES["Group"])),
    "Group.name": Column(lambda row, _: row.c.name),
    "Group.kind": Column(lambda row, _: row.c.kind),
    "Group.unit": One("Unit", lambda row, target, _: target.c.id == row.c.unit_id),
    "Group.children": Many("Child", group_children),
    "Group.staff": Many("StaffMember", group_staff),
}
