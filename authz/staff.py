"""Who sees a member of staff (C8, C7), and which of their positions."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, or_

from authz import child, thread
from authz.engine.policy import ANY_RELATION, Line, Relation, settled
from authz.engine.sql import ME, TODAY, Keys, any_of, exists_in, fact, holds, word
from models import Administrator, Enrolment, Participant, Position

SEEN = ANY_RELATION & ~Relation.FORMER_LEADER | Relation.COLLEAGUE

LINES: dict[str, Line] = {
    "StaffMember.id": settled(SEEN | Relation.PARTICIPANT, "C7", "C8"),
    "StaffMember.name": settled(SEEN | Relation.PARTICIPANT, "C7", "C8"),
    "StaffMember.positions": settled(SEEN, "C8", says="at the units by which they are visible"),
    "Position.unit": settled(SEEN, "C8"),
    "Position.role": settled(SEEN, "C8"),
}


def unit_shows_staff(unit_id: ColumnElement, keys: Keys) -> ColumnElement[bool]:
    """C8: to colleagues, and to whoever has a relation to a child at the unit that opens that the child is there."""
    enrolment = fact(Enrolment, "child_there")
    opened = child.unit_opened(enrolment.c.child_id, enrolment.c.unit_id, keys)
    return any_of(
        keys.has(unit_id, "employed"),
        exists_in(enrolment, enrolment.c.unit_id == unit_id, holds(enrolment), opened),
    )


def employed(person_id: ColumnElement) -> ColumnElement[bool]:
    """Holds a position at a unit now, or belongs to the administration."""
    position, administrator = fact(Position, "any_position"), fact(Administrator, "any_office")
    return or_(
        exists_in(position, position.c.person_id == person_id, holds(position, TODAY)),
        exists_in(administrator, administrator.c.person_id == person_id, holds(administrator, TODAY)),
    )


def visible(person_id: ColumnElement, keys: Keys) -> ColumnElement[bool]:
    position, participant = fact(Position, "works"), fact(Participant, "took_part")
    by_unit = exists_in(
        position, position.c.person_id == person_id, holds(position), unit_shows_staff(position.c.unit_id, keys)
    )
    by_thread = exists_in(
        participant,
        participant.c.person_id == person_id,
        participant.c.side == word("UNIT"),
        thread.visible(participant, keys),
    )
    return any_of(and_(person_id == ME, employed(person_id)), by_unit, by_thread)


def works_there(person_id: ColumnElement, unit_id: ColumnElement, keys: Keys) -> ColumnElement[bool]:
    """C8: is employed at the unit now, and the viewer sees its staff: for whoever did something for the unit."""
    position = fact(Position, "works_there")
    there = exists_in(position, position.c.person_id == person_id, position.c.unit_id == unit_id, holds(position))
    return and_(there, unit_shows_staff(unit_id, keys))
