"""Who sees a child, and what of it (C1, C2, C4, C6, C7)."""

from __future__ import annotations

from sqlalchemy import ColumnElement, FromClause, and_, case, func, or_, select

from authz import thread
from authz.engine.policy import ANY_RELATION, Line, Relation, opens, settled
from authz.engine.sql import ME, TODAY, Keys, all_of, any_of, bit, bits, exists_in, fact, holds, number, word
from authz.relation import enrolled, left_before
from models import Enrolment, Person, Protection, Residence, Thread

GUARDIANS = (
    Relation.GUARDIAN
    | Relation.CONTACT_TEACHER
    | Relation.SUBJECT_STAFF
    | Relation.UNIT_STAFF
    | Relation.UNIT_LEADER
    | Relation.CASE_WORKER
    | Relation.SELF
)
ADDRESS = (
    Relation.GUARDIAN
    | Relation.CONTACT_TEACHER
    | Relation.UNIT_STAFF
    | Relation.UNIT_LEADER
    | Relation.FORMER_LEADER
    | Relation.CASE_WORKER
    | Relation.SELF
)
CONFIDENTIAL = Relation.UNIT_LEADER | Relation.CASE_WORKER
"""C4: those to whom what is fortrolig is open."""
DELEGATES = (
    Relation.GUARDIAN
    | Relation.DELEGATE
    | Relation.CONTACT_TEACHER
    | Relation.UNIT_STAFF
    | Relation.UNIT_LEADER
    | Relation.CASE_WORKER
)
STRICT = Relation.UNIT_LEADER | Relation.CASE_WORKER
"""To whom blocks, protection, confirmations and tasks are open."""

CLOSE = Relation.GUARDIAN | Relation.DELEGATE | Relation.CASE_WORKER | Relation.SELF
"""Whose children are few: together they are one key set."""
WORKING = Relation.UNIT_STAFF | Relation.UNIT_LEADER
"""With whoever is enrolled at the units whose history they see."""

LINES: dict[str, Line] = {
    "Child.id": settled(ANY_RELATION | Relation.PARTICIPANT, "C1", "C7"),
    "Child.name": settled(ANY_RELATION | Relation.PARTICIPANT, "C1", "C2", "C7"),
    "Child.relations": settled(ANY_RELATION | Relation.PARTICIPANT, "C1", says="the viewer's own"),
    "Child.birthDate": opens(
        Relation.GUARDIAN
        | Relation.CONTACT_TEACHER
        | Relation.SUBJECT_STAFF
        | Relation.UNIT_STAFF
        | Relation.UNIT_LEADER
        | Relation.FORMER_LEADER
        | Relation.CASE_WORKER
        | Relation.SELF,
        "C2",
        "C6",
    ),
    "Child.nationalId": opens(Relation.GUARDIAN | Relation.UNIT_LEADER | Relation.CASE_WORKER | Relation.SELF, "C2"),
    "Child.address": opens(
        ADDRESS,
        "C2",
        "C4",
        "C6",
        says="to a guardian who is registered at it; to the leader of a unit that the child has left, as it was then",
    ),
    "Child.units": settled(
        ANY_RELATION, "C2", "C6", says="a delegate, teacher or unit's staff see their own unit only"
    ),
    "Child.groups": settled(
        ANY_RELATION, "C2", "C6", says="a delegate, teacher or unit's staff see those of their own unit only"
    ),
    "Child.guardians": opens(GUARDIANS, "C2", "C8"),
    "Child.responsibilities": opens(Relation.UNIT_LEADER | Relation.CASE_WORKER, "C2", "R4"),
    "Child.delegates": opens(
        DELEGATES, "C2", says="at a unit by a relation there; to a delegate, their own registration"
    ),
    "Child.blocks": opens(STRICT, "C2", "R1"),
    "Child.protectionLevel": opens(STRICT, "C2", "C4", "R3"),
    "Child.confirmations": opens(STRICT, "C2", "R3"),
    "Child.tasks": opens(STRICT, "C2", says="to a leader, those of the own unit"),
    "Child.needCases": opens(STRICT, "C2", says="to a case worker, their own"),
    "Child.threads": settled(thread.SEEN, *thread.RULES),
    "PostalAddress.lines": settled(ADDRESS, "C2", "C4", "C6"),
    "PostalAddress.postalCode": settled(ADDRESS, "C2", "C4", "C6"),
    "PostalAddress.city": settled(ADDRESS, "C2", "C4", "C6"),
}


def enrolled_at(child_id: ColumnElement, units: str, keys: Keys) -> ColumnElement[bool]:
    """The child is enrolled now at one of the viewer's units, and is a matter of work to the viewer (R1, R2)."""
    if units not in keys:
        return any_of()
    enrolment = fact(Enrolment, f"enrolled_{units}")
    here = exists_in(
        enrolment,
        enrolment.c.child_id == child_id,
        keys.has(enrolment.c.unit_id, units),
        holds(enrolment),
        row_by_row=True,
    )
    return all_of(keys.some(units), here, keys.has_not(child_id, "closed"))


def left(child_id: ColumnElement, keys: Keys) -> ColumnElement[bool]:
    """C6: the child has left a unit that the viewer leads."""
    if "led" not in keys:
        return any_of()
    enrolment = fact(Enrolment, "left_led")
    was = exists_in(
        enrolment,
        enrolment.c.child_id == child_id,
        keys.has(enrolment.c.unit_id, "led"),
        left_before(enrolment),
        row_by_row=True,
    )
    return all_of(keys.some("led"), was, keys.has_not(child_id, "closed"))


def adult_self(child_id: ColumnElement, keys: Keys) -> ColumnElement[bool]:
    """SELF from 18, which some columns of C2 ask for."""
    person = fact(Person, "grown")
    grown = exists_in(person, person.c.id == child_id, person.c.turns_18_on <= TODAY)
    return all_of(keys.has(child_id, "oneself"), grown)


def ties(child_id: ColumnElement, keys: Keys) -> tuple[tuple[Relation, ColumnElement[bool]], ...]:
    """The viewer's relations to the child, those first that the keys alone tell."""
    return (
        (Relation.GUARDIAN, keys.has(child_id, "guardian")),
        (Relation.DELEGATE, keys.has(child_id, "delegate")),
        (Relation.CONTACT_TEACHER, keys.has(child_id, "contact")),
        (Relation.SUBJECT_STAFF, keys.has(child_id, "subject_staff")),
        (Relation.CASE_WORKER, keys.has(child_id, "cases")),
        (Relation.SELF, keys.has(child_id, "oneself")),
        (Relation.ADULT_SELF, adult_self(child_id, keys)),
        (Relation.UNIT_STAFF, enrolled_at(child_id, "staffed", keys)),
        (Relation.UNIT_LEADER, enrolled_at(child_id, "led", keys)),
        (Relation.FORMER_LEADER, left(child_id, keys)),
    )


def mask(child_id: ColumnElement, keys: Keys) -> ColumnElement[int]:
    """The viewer's relations to the child, as bits. 0: none."""
    return bits(*(bit(held, relation) for relation, held in ties(child_id, keys)))


def related(child_id: ColumnElement, relations: Relation, keys: Keys) -> ColumnElement[bool]:
    """The viewer stands in one of the relations to the child."""
    ways = dict(ties(child_id, keys))
    if not keys.known:  # a set that may be empty costs a look: the fewer the better
        together = {CLOSE: keys.has(child_id, "close"), WORKING: enrolled_at(child_id, "history", keys)}
        joined = {several: held for several, held in together.items() if several in relations}
        ways = joined | {one: held for one, held in ways.items() if not any(one in several for several in joined)}
    return any_of(*(held for relation, held in ways.items() if relation in relations))


def ties_at(
    child_id: ColumnElement, unit_id: ColumnElement, keys: Keys
) -> tuple[tuple[Relation, ColumnElement[bool]], ...]:
    """C2's mark U: the relations that open what the unit made of the child. Those of section 2 that are at a unit are
    at this one; a guardian's, the child's own and the case worker's are to the whole child."""

    def working(units: str) -> ColumnElement[bool]:
        here = all_of(keys.has(unit_id, units), keys.has_not(child_id, "closed"))
        return all_of(here, enrolled(child_id, unit_id)) if units in keys else here

    return (
        (Relation.GUARDIAN, keys.has(child_id, "guardian")),
        (Relation.DELEGATE, keys.has_pair(child_id, unit_id, "delegate")),
        (Relation.CONTACT_TEACHER, keys.has_pair(child_id, unit_id, "contact")),
        (Relation.SUBJECT_STAFF, keys.has_pair(child_id, unit_id, "subject_staff")),
        (Relation.UNIT_STAFF, working("staffed")),
        (Relation.UNIT_LEADER, working("led")),
        (Relation.CASE_WORKER, keys.has(child_id, "cases")),
        (Relation.SELF, keys.has(child_id, "oneself")),
        (Relation.ADULT_SELF, adult_self(child_id, keys)),
    )


def mask_at(child_id: ColumnElement, unit_id: ColumnElement, keys: Keys) -> ColumnElement[int]:
    """The viewer's relations to the child that count at the unit, as bits."""
    return bits(*(bit(holds_now, relation) for relation, holds_now in ties_at(child_id, unit_id, keys)))


def related_at(child_id: ColumnElement, unit_id: ColumnElement, relations: Relation, keys: Keys) -> ColumnElement[bool]:
    """The viewer stands in one of the relations to the child, and it counts at the unit."""
    return any_of(*(held for relation, held in ties_at(child_id, unit_id, keys) if relation in relations))


def visible(child_id: ColumnElement, keys: Keys) -> ColumnElement[bool]:
    """C1, or by name C7: whom a thread that the viewer sees is about. A relation comes with the thread on every road
    but T4 to T6, where the child may have left."""
    about = fact(Thread, "thread_about")
    by_thread = exists_in(about, about.c.child_id == child_id, keys.has(about.c.unit_id, "history"))
    return or_(
        related(child_id, ANY_RELATION, keys),
        all_of(by_thread, keys.has_not(child_id, "closed")) if "history" in keys else any_of(),
    )


def at_unit(child_id: ColumnElement, unit_id: ColumnElement, keys: Keys) -> ColumnElement[bool]:
    """A relation to the child at this very unit, where the child is; a guardian's is to the whole child."""
    working = any_of(keys.has(unit_id, "staffed"), keys.has(unit_id, "led"))
    return any_of(
        keys.has(child_id, "guardian"),
        keys.has(child_id, "cases"),
        keys.has(child_id, "oneself"),
        keys.has_pair(child_id, unit_id, "delegate"),
        keys.has_pair(child_id, unit_id, "contact"),
        keys.has_pair(child_id, unit_id, "subject_staff"),
        all_of(working, keys.has_not(child_id, "closed")),
    )


def unit_opened(child_id: ColumnElement, unit_id: ColumnElement, keys: Keys) -> ColumnElement[bool]:
    """C2's column of units and groups: that the child goes to this unit is open to the viewer."""
    return any_of(
        keys.has(child_id, "guardian"),
        keys.has(child_id, "cases"),
        keys.has(child_id, "oneself"),
        enrolled_at(child_id, "led", keys),
        keys.has_pair(child_id, unit_id, "delegate"),
        keys.has_pair(child_id, unit_id, "contact"),
        keys.has_pair(child_id, unit_id, "subject_staff"),
        all_of(keys.has(unit_id, "staffed"), keys.has_not(child_id, "closed")),
    )


def former_unit_opened(child_id: ColumnElement, unit_id: ColumnElement, keys: Keys) -> ColumnElement[bool]:
    """C6: that the child went to this unit, which the viewer leads."""
    return all_of(keys.has(unit_id, "led"), keys.has_not(child_id, "closed"))


def residing(residence: FromClause, day: ColumnElement = TODAY) -> ColumnElement[bool]:
    """Registered at the address on the day; a beginning that the register does not tell is long ago."""
    return and_(
        or_(residence.c.since.is_(None), residence.c.since <= day),
        or_(residence.c.until.is_(None), residence.c.until > day),
    )


def levels(*levels: ColumnElement) -> ColumnElement[int]:
    """2 for strengtFortrolig, 1 for fortrolig, 0 for none: the strongest of the given texts."""
    graded = [
        func.coalesce(func.max(case((level == word("STRENGT_FORTROLIG"), number(2)), else_=number(1))), number(0))
        for level in levels
    ]
    return func.greatest(*graded) if len(graded) > 1 else graded[0]


def person_level(person_id: ColumnElement) -> ColumnElement[int]:
    """How strongly a person is protected today, by the person's own grading or that of the address."""
    protection, residence = fact(Protection, "own_protection"), fact(Residence, "own_residence")
    by_person = (
        select(levels(protection.c.level))
        .where(protection.c.person_id == person_id, holds(protection))
        .correlate_except(protection)
    )
    by_address = (
        select(levels(residence.c.level))
        .where(residence.c.person_id == person_id, residing(residence), residence.c.level.is_not(None))
        .correlate_except(residence)
    )
    return func.greatest(by_person.scalar_subquery(), by_address.scalar_subquery())


def address_level(residence: FromClause) -> ColumnElement[int]:
    """C4: an address counts as protected at the strongest level of anyone registered at it."""
    there = fact(Residence, "registered_there")
    others = (
        select(func.coalesce(func.max(person_level(there.c.person_id)), number(0)))
        .where(there.c.address_hash == residence.c.address_hash, residing(there))
        .correlate_except(there)
    )
    return func.greatest(person_level(residence.c.person_id), others.scalar_subquery())


def address_opened(child_id: ColumnElement, residence: FromClause, keys: Keys) -> ColumnElement[bool]:
    """C2's condition for a guardian, and C4, on an address whose column is open."""
    own = fact(Residence, "own_address")
    same = exists_in(own, own.c.person_id == ME, own.c.address_hash == residence.c.address_hash, residing(own))
    level = address_level(residence)
    # A leader whom the child has left has a say in the address of then, not in that of today, which another relation
    # of theirs may open.
    of_today = related(child_id, CONFIDENTIAL, keys)
    of_then = ~related(child_id, ADDRESS & ~Relation.FORMER_LEADER, keys)
    return and_(
        or_(related(child_id, ADDRESS & ~Relation.GUARDIAN, keys), same),
        or_(level == number(0), and_(level == number(1), or_(of_today, of_then))),
    )


def address_day(child_id: ColumnElement, keys: Keys) -> ColumnElement:
    """Today; for the leader of a unit that the child has left, the last day there (C6)."""
    if "led" not in keys:
        return TODAY
    enrolment = fact(Enrolment, "last_enrolment")
    last = (
        select(func.max(enrolment.c.until) - number(1))
        .where(enrolment.c.child_id == child_id, keys.has(enrolment.c.unit_id, "led"), left_before(enrolment))
        .correlate_except(enrolment)
        .scalar_subquery()
    )
    only_former = ~related(child_id, ADDRESS & ~Relation.FORMER_LEADER, keys)
    return case((only_former, last), else_=TODAY)
