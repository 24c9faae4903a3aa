"""Where the fields of the root and of the viewer come from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Integer, Select, bindparam, cast, func, literal_column, select
from sqlalchemy import Uuid as SqlUuid

from authz import thread
from authz import viewer as policy
from authz.engine.sql import Keys, table
from models import Unit
from models.seen import SeenChild, SeenOneself, SeenOwnChild, SeenPupil, SeenThread
from resolvers import ids, need_case, task
from resolvers.access import explain_access
from resolvers.engine.source import (
    Answered,
    ByIds,
    Connection,
    Known,
    Many,
    Roads,
    Rows,
    Scalar,
    Source,
)
from resolvers.engine.statement import walked
from resolvers.thread import unread_count

NOWHERE = UUID(int=0)
"""Stands for an id of another type, or of nothing: no row has it."""


def oneself(keys: Keys) -> Rows:
    row = table(SeenOneself, "oneself")
    return Rows(row, row, [policy.is_oneself(row, keys)], [row.c.id])


def own_units(keys: Keys) -> Rows:
    """By name."""
    row = table(Unit, "unit")
    return Rows(row, row, [keys.has(row.c.id, "employed")], [row.c.name_key, row.c.id])


def own_children(keys: Keys) -> Rows:
    """By name."""
    row = table(SeenOwnChild, "child")
    return Rows(row, row, [policy.own_children(row.c.id, keys)], [row.c.name_key, row.c.id])


def pupils(keys: Keys) -> Rows:
    """By name."""
    row = table(SeenPupil, "child")
    return Rows(row, row, [policy.pupils(row.c.id, keys)], [row.c.name_key, row.c.id])


def roads(keys: Keys) -> Sequence[tuple[FromClause, Callable[[FromClause], Sequence[ColumnElement[bool]]]]]:
    """Each road of T1 to T6 that the viewer has, as a table of keys and what ties a thread to one of them."""
    return [walk(road, keys) for road in thread.ROADS if road.keys in keys]


def walk(road: thread.Road, keys: Keys) -> tuple[FromClause, Callable[[FromClause], Sequence[ColumnElement[bool]]]]:
    columns = [func.unnest(keys.array(road.keys)).label("key")]
    if road.pairs:
        columns.append(func.unnest(keys.array(f"{road.keys}_unit")).label("unit_id"))
    entry = select(*columns).subquery(f"{road.keys}_road")

    def conditions(row: FromClause) -> Sequence[ColumnElement[bool]]:
        tied = [row.c[road.by] == entry.c.key, thread.beside(road, row.c.id, row.c.child_id, keys)]
        return [*tied, row.c.unit_id == entry.c.unit_id] if road.pairs else tied

    return entry, conditions


def filtered(row: FromClause, keys: Keys, arguments: Mapping[str, Any]) -> Sequence[ColumnElement[bool]]:
    """ThreadFilter, as conditions on the thread."""
    conditions: list[ColumnElement[bool]] = []
    if arguments.get("filter_unit") is not None:
        conditions.append(row.c.unit_id == bindparam("filter_unit", type_=SqlUuid()))
    if arguments.get("filter_child") is not None:
        conditions.append(row.c.child_id == child_of_key())
    if arguments.get("filter_unread") is not None:
        conditions.append(unread_count(row, keys) > literal_column("0"))
    if arguments.get("filter_participating") is not None:
        conditions.append(thread.takes_part(row.c.id, None))
    return conditions


def child_of_key() -> ColumnElement:
    person = table(SeenChild, "filter_person")
    return (
        select(person.c.id)
        .where(person.c.child_key == bindparam("filter_child", type_=SqlUuid()))
        .correlate(None)
        .scalar_subquery()
    )


def filter_values(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """An id of another type, or of nothing, filters everything away, as one that the viewer may not see does."""
    told = arguments.get("filter") or {}
    values: dict[str, Any] = {}
    if told.get("unitId") is not None:
        values["filter_unit"] = ids.decode_as("Unit", told["unitId"]) or NOWHERE
    if told.get("childId") is not None:
        values["filter_child"] = ids.decode_as("Child", told["childId"]) or NOWHERE
    if told.get("unreadOnly"):
        values["filter_unread"] = True
    if told.get("participatingOnly"):
        values["filter_participating"] = True
    return values


THREADS = Roads(filtered, roads, SeenThread, order=("last_message_at", "id"), descending=True)


def unread_everywhere(keys: Keys) -> Select:
    """The sum over every thread that the viewer sees."""
    met = walked(THREADS, keys, {}, None)
    if met is None:
        return select(literal_column("0"))
    row = table(SeenThread, "thread")
    total = func.coalesce(func.sum(unread_count(row, keys)), literal_column("0"))
    return select(cast(total, Integer)).select_from(met.join(row, row.c.id == met.c.id))


SOURCES: dict[str, Source] = {
    "Query.viewer": Known(lambda _: None),
    "Query.node": ByIds(many=False),
    "Query.nodes": ByIds(many=True),
    "Query.explainAccess": Answered(explain_access),
    "Viewer.person": Many("Person", oneself, first=True, type_of=lambda row, _person, keys: policy.own_type(row, keys)),
    "Viewer.municipality": Known(lambda run: run.values["municipality_name"]),
    "Viewer.units": Many("Unit", own_units),
    "Viewer.children": Many("Child", own_children),
    "Viewer.pupils": Connection("Child", pupils),
    "Viewer.threads": Connection("Thread", THREADS, values=filter_values),
    "Viewer.tasks": Connection("Task", task.open_tasks),
    "Viewer.cases": Connection("NeedCase", need_case.cases),
    "Viewer.unreadCount": Scalar(unread_everywhere),
}
