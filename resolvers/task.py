"""Where the fields of tasks come from."""

from __future__ import annotations

from functools import partial

from sqlalchemy import and_, func

from authz import staff
from authz import task as policy
from authz.engine.sql import Keys, table
from models import Task
from resolvers import ids
from resolvers.engine.source import Column, Entity, One, Rows, Source

ENTITIES = (Entity("Task", Task, visible=policy.visible),)


def tasks(keys: Keys) -> Rows:
    """Oldest first; those that are open."""
    row = table(Task, "task")
    open_ones = [row.c.done_at.is_(None), policy.visible(row, keys)]
    return Rows(row, row, open_ones, [row.c.made_at, row.c.id], link=row.c.child_id)


def open_tasks(keys: Keys) -> Rows:
    """Oldest first; about every child."""
    row = table(Task, "task")
    return Rows(row, row, [row.c.done_at.is_(None), policy.visible(row, keys)], [row.c.made_at, row.c.id])


SOURCES: dict[str, Source] = {
    "Task.id": Column(lambda row, _: row.c.id, partial(ids.encode, ids.TYPE_BYTES["Task"])),
    "Task.kind": Column(lambda row, _: row.c.kind),
    "Task.child": One("Child", lambda row, target, _: target.c.id == row.c.child_id),
    "Task.unit": One("Unit", lambda row, target, _: target.c.id == row.c.unit_id, optional=True),
    "Task.personName": Column(lambda row, _: func.known_as(row.c.child_id, row.c.person_id)),
    "Task.madeAt": Column(lambda row, _: row.c.made_at),
    "Task.doneAt": Column(lambda row, _: row.c.done_at),
    "Task.doneBy": One(
        "StaffMember",
        lambda row, target, keys: and_(target.c.id == row.c.done_by, staff.visible(target.c.id, keys)),
        optional=True,
    ),
}
