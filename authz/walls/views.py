"""The schema `seen`: people through the rows that name them, people in one role, and rows on one road.

These views stand at each of the doors (`authz/walls/doors.py`), and belong to the door's role, which is under row level
security like the API's and may look up people beside, and who has looked at whom: of those a view shows what its own
condition says. One that shows rows of another table shows those alone that the table's own policy lets through.
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
from authz.engine.sql import Keys, bare, exists_in, fact, table, word
from authz.walls.doors import Door
from authz.walls.session import written
from models import Base, Group, Person, seen

Condition = Callable[[FromClause, Keys], ColumnElement[bool]]
InRow = Callable[[FromClause], ColumnElement[bool]]

ROLES: dict[type, Condition] = {
    seen.SeenChild: lambda row, keys: child.visible(row.c.id, keys),
    seen.SeenOwnChild: lambda row, keys: viewer.own_children(row.c.id, keys),
    seen.SeenPupil: lambda row, keys: viewer.pupils(row.c.id, keys),
    seen.SeenGuardian: lambda row, keys: guardian.visible(row.c.id, keys),
    seen.SeenStaffMember: lambda row, keys: staff.visible(row.c.id, keys),
    seen.SeenOtherAdult: lambda row, keys: other_adult.visible(row.c.id, keys),
    seen.SeenOneself: viewer.is_oneself,
}
"""Whom each of the views of people shows."""


def at_group(row: FromClause, keys: Keys) -> ColumnElement[bool]:
    group = fact(Group, "at")
    here = child.at_unit(row.c.person_id, group.c.unit_id, keys)
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
    seen.SeenSubstitution: substitution.visible,
    seen.SeenNeedCase: need_case.visible,
    seen.SeenCaseOnChild: lambda row, keys: and_(need_case.visible(row, keys), need_case.open_to_viewer(row, keys)),
    seen.SeenAccessLog: access_log.visible,
    seen.SeenCaseLook: access_log.looked_in_case,
    seen.SeenAbsence: absence.visible,
    seen.SeenAttachment: attachment.visible,
    seen.SeenBroadcast: broadcast.visible,
    seen.SeenChildOfUnit: lambda row, keys: child.at_unit(row.c.child_id, row.c.unit_id, keys),
    seen.SeenChildOfGroup: at_group,
    seen.SeenWard: lambda row, keys: guardian.child_listed(row.c.child_id, keys),
}
"""What each of the views of rows asks beside the table's own policy, which acts need wider than answers."""

AS_STAFF: dict[type, InRow | None] = {
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


def of_people(view: Any, condition: InRow) -> Select[Any]:
    row = table(Person, "seen_person")
    columns = [shown(view, row, row, one.name).label(one.name) for one in view.__table__.c]
    return select(*columns).where(condition(row))


def of_rows(view: Any, condition: InRow | None) -> Select[Any]:
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


def judged(condition: Condition, keys: Keys) -> InRow:
    return lambda row: condition(row, keys)


def statements(door: Door) -> Iterator[str]:
    made = {view: of_people(view, judged(condition, door.keys)) for view, condition in ROLES.items()}
    made |= {view: of_rows(view, condition and judged(condition, door.keys)) for view, condition in ROWS.items()}
    for view, rows in made.items():
        name = f"{door.schema}.{view.__table__.name}"  # type: ignore[attr-defined] # every view of `seen` has one
        yield f"create view {name} as {written(rows)}"
        yield f"alter view {name} owner to {door.role}"


def tables() -> list[type[Base]]:
    """Those whose rows the views show."""
    return list(dict.fromkeys(view.__table__.info["of"] for view in ROWS))  # type: ignore[attr-defined] # as above
