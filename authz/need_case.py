"""Who sees a need case, and who opens, approves, extends and closes one (section 5, C1)."""

from __future__ import annotations

from sqlalchemy import ColumnElement, FromClause, and_, case, func, literal_column, or_

from authz import child
from authz.engine.policy import Line, Relation, settled
from authz.engine.sql import HERE, ME, NOW, Keys, all_of, any_of, exists_in, fact, holds, word
from authz.relation import approved, protected
from models import Administrator, Person

SEEN = Relation.CASE_WORKER | Relation.UNIT_LEADER
WAITS = "of the administration; for whoever is to approve, without the child"

FIELDS = ("id", "openedByName", "own", "reason", "askedFor", "state", "askedAt", "openedAt", "until", "closedAt",
          "approvedByName", "approvedAt")  # fmt: skip
LINES: dict[str, Line] = {
    **{f"NeedCase.{name}": settled(SEEN, "C2", says=WAITS) for name in FIELDS},
    "NeedCase.child": settled(SEEN, "C1", "C2", says="once the case is open, and to the leader of a unit of the child"),
}
ASKED = settled(Relation.CASE_WORKER, "C1", says="the administration, before there is any relation")
ALLOWED: dict[str, Line] = {
    "Mutation.openNeedCase": ASKED,
    "Mutation.approveNeedCase": settled(SEEN, "C1", says="another administrator, or a leader of the child's unit"),
    "Mutation.extendNeedCase": settled(Relation.CASE_WORKER, "C1", says="whose case it is, while it is open"),
    "Mutation.closeNeedCase": settled(Relation.CASE_WORKER, "C1", says="whose case it is"),
}
MOST_HOURS: ColumnElement = literal_column("interval '24 hours'")


def administers() -> ColumnElement[bool]:
    """The viewer belongs to the administration now."""
    office = fact(Administrator, "own_office")
    return exists_in(office, office.c.person_id == ME, holds(office))


def asked_here(need: FromClause) -> ColumnElement[bool]:
    """A case on nobody has no child that would say whose it is: the municipality is that of whoever asked."""
    person = fact(Person, "whoever_asked")
    return exists_in(person, person.c.id == need.c.person_id, person.c.municipality_id == HERE)


def over(need: FromClause) -> ColumnElement[bool]:
    return or_(need.c.closed_at.is_not(None), func.least(need.c.until, need.c.opened_at + MOST_HOURS) <= NOW)


def unsettled(need: FromClause) -> ColumnElement[bool]:
    """Waits for a second person. A case on nobody does so too, so that one cannot be told from the other."""
    waits = or_(need.c.child_id.is_(None), and_(protected(need.c.child_id), ~approved(need)))
    return and_(need.c.approved_by.is_(None), waits, ~over(need))


def of_leader(need: FromClause, keys: Keys) -> ColumnElement[bool]:
    return child.related(need.c.child_id, Relation.UNIT_LEADER, keys)


def visible(need: FromClause, keys: Keys) -> ColumnElement[bool]:
    """One's own; what waits for the administration's second person; and what is about a child of the leader's unit.

    Whoever asks for a child whom a block or kinship closes to them (R1, R2) sees the case wait."""
    to_approve = all_of(
        asked_here(need), unsettled(need), keys.has_not(need.c.child_id, "closed") | need.c.child_id.is_(None)
    )
    return any_of(and_(administers(), or_(need.c.person_id == ME, to_approve)), of_leader(need, keys))


def approvable(need: FromClause, keys: Keys) -> ColumnElement[bool]:
    """By somebody else than whoever asked."""
    return all_of(need.c.person_id != ME, visible(need, keys), unsettled(need))


def open_to_viewer(need: FromClause, keys: Keys) -> ColumnElement[bool]:
    """The viewer may see whom the case is about."""
    own = all_of(need.c.person_id == ME, ~over(need), keys.has(need.c.child_id, "cases"), is_open(need))
    return any_of(own, of_leader(need, keys))


def is_open(need: FromClause) -> ColumnElement[bool]:
    return and_(need.c.child_id.is_not(None), or_(approved(need), ~protected(need.c.child_id)), ~over(need))


def state(need: FromClause, keys: Keys) -> ColumnElement[str]:
    """As the viewer is told it: to whoever asked, a case that opens nothing for them waits."""
    mine = all_of(is_open(need), keys.has(need.c.child_id, "cases"))
    opened = or_(and_(need.c.person_id == ME, mine), and_(need.c.person_id != ME, is_open(need)))
    return case((over(need), word("CLOSED")), (opened, word("OPEN")), else_=word("WAITING"))
