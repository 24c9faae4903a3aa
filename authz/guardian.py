"""Who sees a guardian as a person (C8, C7), and a guardian's contact details (C2, C4, C5)."""

from __future__ import annotations

from sqlalchemy import ColumnElement, FromClause, and_, func, or_, select

from authz import child, thread
from authz.engine.policy import ANY_RELATION, Line, Relation, opens, settled
from authz.engine.sql import ME, PRIVATE, TODAY, Keys, bit, bits, exists_in, fact, holds, number, word
from models import Guardianship, Participant

CONTACT = Relation.CONTACT_TEACHER | Relation.UNIT_STAFF | Relation.UNIT_LEADER | Relation.CASE_WORKER
SEEN = ANY_RELATION & ~Relation.FORMER_LEADER
RESPONSIBILITY = Relation.UNIT_LEADER | Relation.CASE_WORKER

LINES: dict[str, Line] = {
    "Guardian.id": settled(SEEN | Relation.PARTICIPANT, "C7", "C8"),
    "Guardian.name": settled(SEEN | Relation.PARTICIPANT, "C7", "C8"),
    "Guardian.contact": opens(CONTACT | Relation.GUARDIAN, "C2", "C4", "C5", says="to a guardian, their own only"),
    "Guardian.children": settled(child.GUARDIANS, "C2", "C8", says="those whose guardians are open to the viewer"),
    "Contact.phone": settled(CONTACT | Relation.GUARDIAN, "C2", "C4", "C5", "L5"),
    "Contact.email": settled(CONTACT | Relation.GUARDIAN, "C2", "C4", "C5", "L5"),
    "Contact.reserved": settled(CONTACT | Relation.GUARDIAN, "C2", "C4", "C5", "L5"),
    "ParentalResponsibility.holder": settled(RESPONSIBILITY, "C2", "R4"),
    "ParentalResponsibility.guardian": settled(RESPONSIBILITY, "C2", "C8"),
    "ParentalResponsibility.kind": settled(RESPONSIBILITY, "C2", "R4"),
    "ParentalResponsibility.opensAccess": settled(RESPONSIBILITY, "C2", "R4"),
    "ParentalResponsibility.since": settled(RESPONSIBILITY, "C2", "R4"),
    "ParentalResponsibility.until": settled(RESPONSIBILITY, "C2", "R4"),
}


def is_guardian(person_id: ColumnElement, child_id: ColumnElement | None = None) -> ColumnElement[bool]:
    """The person is GUARDIAN now, of the child or of any child, apart from how they sign in."""
    guardianship = fact(Guardianship, "is_guardian")
    of = [] if child_id is None else [guardianship.c.child_id == child_id]
    return exists_in(guardianship, guardianship.c.person_id == person_id, holds(guardianship), *of)


def oneself(person_id: ColumnElement) -> ColumnElement[bool]:
    return and_(person_id == ME, PRIVATE)


def visible(person_id: ColumnElement, keys: Keys) -> ColumnElement[bool]:
    """C8: the viewer stands in a relation to a child whose GUARDIAN they are now; or C7, in a thread about one."""
    guardianship, participant = fact(Guardianship, "guardian_of"), fact(Participant, "took_part")
    by_child = exists_in(
        guardianship,
        guardianship.c.person_id == person_id,
        holds(guardianship),
        child.related(guardianship.c.child_id, SEEN, keys),
    )
    by_thread = exists_in(
        participant,
        participant.c.person_id == person_id,
        participant.c.side == word("GUARDIAN"),
        is_guardian(person_id, participant.c.child_id),
        thread.visible(participant, keys),
    )
    return or_(by_child, by_thread)


def mask(person_id: ColumnElement, keys: Keys) -> ColumnElement[int]:
    """The staff relations to the children whose GUARDIAN they are now, and GUARDIAN for oneself."""
    guardianship = fact(Guardianship, "children_of")
    staff = (
        select(func.coalesce(func.bit_or(child.mask(guardianship.c.child_id, keys)), number(0)))
        .where(guardianship.c.person_id == person_id, holds(guardianship))
        .correlate_except(guardianship)
        .scalar_subquery()
        .bitwise_and(number(CONTACT))
    )
    return bits(staff, bit(oneself(person_id), Relation.GUARDIAN))


def contact_opened(person_id: ColumnElement, keys: Keys) -> ColumnElement[bool]:
    """C4 on contact details whose column is open."""
    level = child.person_level(person_id)
    confidential = mask(person_id, keys).bitwise_and(number(child.CONFIDENTIAL)) != number(0)
    return or_(level == number(0), and_(level == number(1), confidential))


def child_listed(child_id: ColumnElement, keys: Keys) -> ColumnElement[bool]:
    """C2: that the two belong together is open to the viewer."""
    return child.related(child_id, child.GUARDIANS, keys)


def entry_opens(entry: FromClause) -> ColumnElement[bool]:
    """R4, and that the holder is GUARDIAN now: this entry of the child's own document opens access today."""
    return and_(
        entry.c.is_current,
        entry.c.holder_organisation.is_(None),
        entry.c.kind.in_([word(kind) for kind in ("felles", "mor", "far", "medmor", "andre")]),
        or_(entry.c.since.is_(None), entry.c.since <= TODAY),
        or_(entry.c.until.is_(None), entry.c.until > TODAY),
        is_guardian(entry.c.holder_id, entry.c.child_id),
    )
