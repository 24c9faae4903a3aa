"""The viewer: who asks, as a verified token says it, and nothing that the client could set."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, FromClause, and_, case, null, or_, select, union

from authz import child, guardian, other_adult, staff, thread
from authz.engine.policy import ANY_RELATION, STAFF, Line, Relation, settled
from authz.engine.sql import EMPLOYEE, ME, PRIVATE, Keys, any_of, fact, holds, word
from models import Enrolment

EVERYBODY = Relation.MUNICIPALITY

LINES: dict[str, Line] = {
    "Query.viewer": settled(EVERYBODY),
    "Query.node": settled(EVERYBODY, "C1", "C7", "C8", says="objects that the viewer sees; null for any other id"),
    "Query.nodes": settled(EVERYBODY, "C1", "C7", "C8", says="objects that the viewer sees; null for any other id"),
    "Query.explainAccess": settled(EVERYBODY, "C9"),
    "Viewer.person": settled(EVERYBODY, says="oneself"),
    "Viewer.municipality": settled(EVERYBODY),
    "Viewer.units": settled(Relation.COLLEAGUE, "C8"),
    "Viewer.children": settled(Relation.GUARDIAN | Relation.DELEGATE, "C8"),
    "Viewer.pupils": settled(STAFF, "C8"),
    "Viewer.threads": settled(thread.SEEN, *thread.RULES),
    "Viewer.cases": settled(child.STRICT, "C1", says="the administration's own, and what waits to be approved"),
    "Viewer.tasks": settled(child.STRICT, "C2", says="to a leader, those of the own unit"),
    "Viewer.unreadCount": settled(thread.SEEN, *thread.RULES, "T7"),
    "Node.id": settled(ANY_RELATION | Relation.COLLEAGUE | Relation.PARTICIPANT | EVERYBODY, "C1", "C7", "C8"),
    "Person.id": settled(ANY_RELATION | Relation.COLLEAGUE | Relation.PARTICIPANT, "C1", "C7", "C8"),
    "Person.name": settled(ANY_RELATION | Relation.COLLEAGUE | Relation.PARTICIPANT, "C1", "C7", "C8"),
    "PageInfo.hasNextPage": settled(EVERYBODY),
    "PageInfo.hasPreviousPage": settled(EVERYBODY),
    "PageInfo.startCursor": settled(EVERYBODY),
    "PageInfo.endCursor": settled(EVERYBODY),
    "Problem.code": settled(EVERYBODY),
    "Problem.message": settled(EVERYBODY),
    "Problem.field": settled(EVERYBODY),
    "Problem.details": settled(EVERYBODY),
    "AccessExplanation.visible": settled(EVERYBODY, "C9"),
    "AccessExplanation.reasons": settled(EVERYBODY, "C9"),
    "AccessReason.relation": settled(EVERYBODY, "C9"),
    "AccessReason.rule": settled(EVERYBODY, "C9"),
    "AccessReason.fact": settled(EVERYBODY, "C9"),
    "AccessReason.since": settled(EVERYBODY, "C9"),
    "AccessReason.until": settled(EVERYBODY, "C9"),
    "AccessReason.opens": settled(EVERYBODY, "C9"),
}


@dataclass(frozen=True)
class Viewer:
    """Made at the edge from a verified token, once a request.

    How they signed in decides what can hold: GUARDIAN and DELEGATE (and SELF from 18) only for a private person, the
    staff relations for either. Relations are never part of a token; they are asked of the database at each request.
    """

    municipality: str
    """Organisation number of the municipality that the token is for."""
    number_hash: bytes | None
    """Keyed hash of the national identity number; null when the token names a subject instead."""
    subject: tuple[str, str] | None
    """Kind of issuer (feide, as the roster has it) and subject, for a token without a number."""
    private: bool
    """Signed in as a private person (ID-porten)."""
    employee: bool
    """Signed in as an employee (Feide)."""


def own_type(person: FromClause, keys: Keys) -> ColumnElement[str]:
    """As what the viewer is shown to themself: the first that holds; null for whoever is none of these."""
    return case(
        (and_(EMPLOYEE, staff.employed(person.c.id)), word("StaffMember")),
        (and_(PRIVATE, guardian.is_guardian(person.c.id)), word("Guardian")),
        (other_adult.was_involved(person.c.id), word("OtherAdult")),
        (keys.has(person.c.id, "oneself"), word("Child")),
        else_=null(),
    )


def own_children(child_id: ColumnElement, keys: Keys) -> ColumnElement[bool]:
    """Those to whom the viewer is GUARDIAN or DELEGATE."""
    return any_of(keys.has(child_id, "guardian"), keys.has(child_id, "delegate"))


def pupils(child_id: ColumnElement, keys: Keys) -> ColumnElement[bool]:
    """The children enrolled now to whom the viewer stands in a staff relation (C8)."""
    if not keys.known:
        taught_here = (keys.has(child_id, name) for name in ("contact", "subject_staff"))
        return any_of(*taught_here, *(child.enrolled_at(child_id, units, keys) for units in ("staffed", "led")))
    enrolment = fact(Enrolment, "enrolment")
    taught = [select(keys.members(name)) for name in ("contact", "subject_staff") if name in keys]
    working = or_(keys.has(enrolment.c.unit_id, "staffed"), keys.has(enrolment.c.unit_id, "led"))
    at_work = select(enrolment.c.child_id).where(
        working, holds(enrolment), keys.has_not(enrolment.c.child_id, "closed")
    )
    found = [*taught, at_work] if {"staffed", "led"} & keys.shape else taught
    return child_id.in_(union(*found).subquery("pupils").select()) if found else any_of()


def is_oneself(person: FromClause, keys: Keys) -> ColumnElement[bool]:
    return and_(person.c.id == ME, own_type(person, keys).is_not(None))
