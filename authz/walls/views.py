"""The schema `seen`: people through the rows that name them, people in one role, and rows on one road.

These views belong to a role of their own, `innsyn_wall`, which is under row level security like the API's and may look
up people beside, and who has looked at whom: of those a view shows what its own condition says. One that shows rows of
another table shows those alone that the table's own policy lets through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, case, select

from authz import (
    absence,
    access_log,
    attachment,
    broadcast,
    child,
    guardian,
    need_case,
    other_adult,
    staff,
    substitution,
    viewer,
)
from authz.engine.sql import bare, exists_in, fact, table, word
from authz.walls.session import WHOEVER, written
from models import Group, Person, seen

OWNER = "innsyn_wall"
Condition = Callable[[FromClause], ColumnElement[bool]]

ROLES: dict[type, Condition] = {
    seen.SeenChild: lambda row: child.visible(row.c.id, WHOEVER),
    seen.SeenOwnChild: lambda row: viewer.own_children(row.c.id, WHOEVER),
    seen.SeenPupil: lambda row: viewer.pupils(row.c.id, WHOEVER),
    seen.SeenGuardian: lambda row: guardian.visible(row.c.id, WHOEVER),
    seen.SeenStaffMember: lambda row: staff.visible(row.c.id, WHOEVER),
    seen.SeenOtherAdult: lambda row: other_adult.visible(row.c.id, WHOEVER),
    seen.SeenOneself: lambda row: viewer.is_oneself(row, WHOEVER),
}
"""Whom each of the views of people shows."""


def at_group(row: FromClause) -> ColumnElement[bool]:
    group = fact(Group, "at")
    here = child.at_unit(row.c.person_id, group.c.unit_id, WHOEVER)
    return exists_in(group, group.c.id == row.c.group_id, here)


ROWS: dict[type, Condition | None] = {
    seen.SeenThread: None,
    seen.SeenMessage: None,
    seen.SeenTask: None,
    seen.SeenParticipant: None,
    seen.SeenGuardianship: None,
    seen.SeenPosition: None,
    seen.SeenGroupMembership: None,
    seen.SeenResponsibility: None,
    seen.SeenDelegate: None,
    seen.SeenRecordReader: None,
    seen.SeenPhotoConsent: None,
    seen.SeenSubstitution: lambda row: substitution.visible(row, WHOEVER),
    seen.SeenNeedCase: lambda row: need_case.visible(row, WHOEVER),
    seen.SeenCaseOnChild: lambda row: and_(need_case.visible(row, WHOEVER), need_case.open_to_viewer(row, WHOEVER)),
    seen.SeenAccessLog: lambda row: access_log.visible(row, WHOEVER),
    seen.SeenCaseLook: lambda row: access_log.looked_in_case(row, WHOEVER),
    seen.SeenAbsence: lambda row: absence.visible(row, WHOEVER),
    seen.SeenAttachment: lambda row: attachment.visible(row, WHOEVER),
    seen.SeenBroadcast: lambda row: broadcast.visible(row, WHOEVER),
    seen.SeenChildOfUnit: lambda row: child.at_unit(row.c.child_id, row.c.unit_id, WHOEVER),
    seen.SeenChildOfGroup: at_group,
    seen.SeenWard: lambda row: guardian.child_listed(row.c.child_id, WHOEVER),
}
"""What each of the views of rows asks beside the table's own policy, which acts need wider than answers."""

AS_STAFF: dict[type, Condition | None] = {
    seen.SeenStaffMember: None,
    seen.SeenPosition: None,
    seen.SeenGroupMembership: None,
    seen.SeenSubstitution: None,
    seen.SeenRecordReader: None,
    seen.SeenAccessLog: None,
    seen.SeenParticipant: lambda row: row.c.side == word("UNIT"),
    seen.SeenMessage: lambda row: row.c.author_side == word("UNIT"),
}
"""The views that show people as members of staff, and in which rows if not in all."""


def shown(view: type, row: FromClause, person: FromClause, column: str) -> ColumnElement[Any]:
    """What a view tells of a person; of a member of staff what they are called as that."""
    if view not in AS_STAFF or column not in ("name", "name_key"):
        return person.c[column]
    called, condition = substitution.called(person, column), AS_STAFF[view]
    return called if condition is None else case((condition(row), called), else_=person.c[column])


def of_people(view: Any, condition: Condition) -> Select[Any]:
    row = table(Person, "seen_person")
    columns = [shown(view, row, row, one.name).label(one.name) for one in view.__table__.c]
    return select(*columns).where(condition(row))


def of_rows(view: Any, condition: Condition | None) -> Select[Any]:
    described = view.__table__
    row: Any = bare(described.info["of"]).alias("seen_row")
    if view is seen.SeenAccessLog:
        row = access_log.for_each_child(row)
    source = row
    columns = list(row.c)
    for prefix, key in described.info.get("people", {}).items():
        person = table(Person, prefix)
        on = [person.c.id == row.c[key]]
        if view is seen.SeenTask:  # of an adult whom a task concerns the register's name is told by `known_as` alone
            on.append(row.c.need_case_id.is_not(None))
        source = source.outerjoin(person, and_(*on))
        columns += [shown(view, row, person, name).label(f"{prefix}_{name}") for name in seen.told_of(prefix)]
    made = select(*columns).select_from(source)
    return made if condition is None else made.where(condition(row))


def statements() -> Iterator[str]:
    made = {view: of_people(view, condition) for view, condition in ROLES.items()}
    made |= {view: of_rows(view, condition) for view, condition in ROWS.items()}
    for view, rows in made.items():
        name = f"{seen.SCHEMA}.{view.__table__.name}"  # type: ignore[attr-defined] # every view of `seen` has one
        yield f"create view {name} as {written(rows)}"
        yield f"alter view {name} owner to {OWNER}"
