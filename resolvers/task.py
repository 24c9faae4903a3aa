"""Where the fields of tasks come from."""

from __future__ import annotations

from functools import partial

from sqlalchemy import ColumnElement, FromClause, and_, case, func

from authz import need_case, staff
from authz import task as policy
from authz.engine.sql import Keys, table
from models.seen import SeenTask
from resolvers import ids
from resolvers.engine.source import Column, Entity, One, Rows, Source

ENTITIES = (Entity("Task", SeenTask, visible=policy.visible),)


def tasks(keys: Keys) -> Rows:
    """Oldest first; those that are open."""
    row = table(SeenTask, "task")
    open_ones = [row.c.done_at.is_(None), policy.visible(row, keys)]
    return Rows(row, row, open_ones, [policy.there_since(row), row.c.id], link=row.c.child_id)


def open_tasks(keys: Keys) -> Rows:
    """Oldest first; about every child."""
    row = table(SeenTask, "task")
    open_ones = [row.c.done_at.is_(None), policy.visible(row, keys)]
    return Rows(row, row, open_ones, [policy.there_since(row), row.c.id])


def concerned(row: FromClause, _: Keys) -> ColumnElement[str]:
    """The adult's name beside the child; of a report, the administrator's."""
    name = func.known_as(row.c.child_id, row.c.person_id)
    return case((row.c.need_case_id.is_not(None), row.c.person_name), else_=name)


SOURCES: dict[str, Source] = {
    "Task.id": Column(lambda row, _: row.c.id, partial(ids.encode, ids.TYPE_BYTES["Task"])),
    "Task.kind": Column(lambda row, _: row.c.kind),
    "Task.child": One("Child", lambda row, target, _: target.c.id == row.c.child_id),
    "Task.unit": One("Unit", lambda row, target, _: target.c.id == row.c.unit_id, optional=True),
    "Task.personName": Column(concerned),
    "Task.needCase": One(
        "NeedCase",
        lambda row, target, keys: and_(target.c.id == row.c.need_case_id, need_case.visible(target, keys)),
        optional=True,
    ),
    "Task.madeAt": Column(lambda row, _: policy.there_since(row)),
    "Task.doneAt": Column(lambda row, _: row.c.done_at),
    "Task.doneBy": One(
        "StaffMember",
        lambda row, target, keys: and_(target.c.id == row.c.done_by, staff.visible(target.c.id, keys)),
        optional=True,
    ),
}
