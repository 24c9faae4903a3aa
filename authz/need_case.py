"""Who sees a need case, and who opens, approves, extends and closes one (section 5, C1)."""

from __future__ import annotations

from sqlalchemy import ColumnElement, FromClause, and_, case, func, literal_column, or_

from authz import child
from authz.engine.policy import Line, Relation, settled
from authz.engine.sql import HERE, ME, NOW, Keys, all_of, any_of, exists_in, fact, holds, word
from authz.relation import approved, kept_from, protected
from models import Administrator, Person

SEEN = Relation.CASE_WORKER | Relation.UNIT_LEADER
WAITS = "of the administration; for whoever is to approve, without the child"

FIELDS = ("id", "openedByName", "own", "reason", "askedFor", "forAccessLog", "state", "askedAt", "openedAt", "until",
          "closedAt", "approvedByName", "approvedAt")  # fmt: skip
LINES: dict[str, Line] = {
    **{f"NeedCase.{name}": settled(SEEN, "C2", says=WAITS) for name in FIELDS},
    "NeedCase.looks": settled(SEEN, "C2", "L2", says="to whose case it is, and to the leader of a unit of the child"),
    **{f"NeedCaseLook.{name}": settled(SEEN, "C2", "L2") for name in ("at", "subjects", "operation")},
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


def administers(person_id: ColumnElement = ME) -> ColumnElement[bool]:
    """The person, the viewer when nobody else is named, belongs to the administration now."""
    office = fact(Administrator, "own_office")
    return exists_in(office, office.c.person_id == person_id, holds(office))


def asked_here(need: FromClause) -> ColumnElement[bool]:
    """A case on nobody has no child that would say whose it is: the municipality is that of whoever asked."""
    person = fact(Person, "whoever_asked")
    return exists_in(person, person.c.id == need.c.person_id, person.c.municipality_id == HERE)


def ends_at(need: FromClause) -> ColumnElement:
    """When it closes by itself. An opening that is null is none, and `least` passes it over."""
    return func.least(need.c.until, need.c.opened_at + MOST_HOURS)


def over(need: FromClause) -> ColumnElement[bool]:
    return or_(need.c.closed_at.is_not(None), ends_at(need) <= NOW)


def unsettled(need: FromClause) -> ColumnElement[bool]:
    """Waits for a second person. A case on nobody does so too, and one on a child from whom whoever asked is kept, so
    that none of them can be told from the others. One of somebody who administers no more waits for nobody."""
    return and_(need.c.approved_by.is_(None), ~over(need), ~is_open(need), administers(need.c.person_id))


def of_leader(need: FromClause, keys: Keys) -> ColumnElement[bool]:
    return child.related(need.c.child_id, Relation.UNIT_LEADER, keys)


def visible(need: FromClause, keys: Keys) -> ColumnElement[bool]:
    """One's own; what waits for the administration's second person; and what is about a child of the leader's unit.

    Whoever asks for a child whom a block or kinship closes to them (R1, R2) sees the case wait. Such a child's case is
    not there for a second person who is kept from it: it says why somebody wants to look. The keys do not tell of that,
    since they know of blocks only for whoever works somewhere."""
    return any_of(of_office(need), of_leader(need, keys))


def of_office(need: FromClause) -> ColumnElement[bool]:
    """The viewer sees it as one of the administration: their own, or one that waits to be approved. What was open and
    waits again is for the leaders: a colleague before whom it turned up would know that the child is here, and that
    something closed it."""
    return and_(administers(), or_(need.c.person_id == ME, for_colleague(need)))


def for_colleague(need: FromClause) -> ColumnElement[bool]:
    """Waits for another of the administration than whoever asked."""
    never_open = need.c.opened_at.is_(None)
    return all_of(
        administers(),
        need.c.person_id != ME,
        asked_here(need),
        unsettled(need),
        never_open,
        ~kept_from(need.c.child_id, ME),
    )


def approvable(need: FromClause, keys: Keys) -> ColumnElement[bool]:
    """By somebody else than whoever asked. A leader's approval is of their own unit's child, and stands in the case for
    whoever asked to read: it is none where it would open nothing, and so tell who the child is kept from."""
    by_leader = all_of(of_leader(need, keys), ~kept_from(need.c.child_id, need.c.person_id))
    return all_of(need.c.person_id != ME, unsettled(need), any_of(for_colleague(need), by_leader))


def open_to_viewer(need: FromClause, keys: Keys) -> ColumnElement[bool]:
    """The viewer may see whom the case is about."""
    own = all_of(need.c.person_id == ME, ~over(need), keys.has(need.c.child_id, "cases"), is_open(need))
    return any_of(own, of_leader(need, keys))


def looks_shown(need: FromClause, keys: Keys) -> ColumnElement[bool]:
    """What was looked at in it, the same to both, and when it is over too: what was asked for, and no value."""
    return any_of(and_(need.c.person_id == ME, administers()), of_leader(need, keys))


def may_open(need: FromClause) -> ColumnElement[bool]:
    """Nothing stands between whoever asked and the child: R1, R2, and R3 without an approval."""
    return and_(
        need.c.child_id.is_not(None),
        administers(need.c.person_id),
        ~kept_from(need.c.child_id, need.c.person_id),
        or_(approved(need), ~protected(need.c.child_id)),
    )


def is_open(need: FromClause) -> ColumnElement[bool]:
    """What CASE_WORKER asks of it, said of the case rather than of the viewer."""
    return and_(need.c.opened_at.is_not(None), need.c.opened_at <= NOW, may_open(need), ~over(need))


def state(need: FromClause) -> ColumnElement[str]:
    """To everybody alike: what opens nothing waits, whatever keeps it from opening."""
    return case((over(need), word("CLOSED")), (is_open(need), word("OPEN")), else_=word("WAITING"))
