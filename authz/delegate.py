"""Who sees that a unit has registered another adult for a child, and who consented to it (C2)."""

from __future__ import annotations

from sqlalchemy import ColumnElement, FromClause, and_, case, func, literal_column, or_, select

from authz import child, guardian, substitution
from authz.engine.policy import Line, Relation, settled
from authz.engine.sql import ME, TODAY, Keys, all_of, any_of, exists_in, fact, holds, table
from authz.relation import enrolled, protected
from models import Block, ChildProtection, Confirmation, Delegate, Delegation, ParentalResponsibility, Person

LINES: dict[str, Line] = {
    **{
        f"Delegate.{name}": settled(child.DELEGATES, "C2")
        for name in ("id", "child", "unit", "name", "active", "since", "until", "registeredAt", "registeredBy")
    },
    "Delegate.adult": settled(child.DELEGATES, "C2", "C8", says="while the delegation is active"),
    "Delegate.consents": settled(child.DELEGATES, "C2", says="of those who are GUARDIAN now"),
    **{
        f"Consent.{name}": settled(child.DELEGATES, "C2")
        for name in ("guardian", "since", "until", "givenAt", "withdrawnAt")
    },
}

REGISTERING = Relation.CONTACT_TEACHER | Relation.UNIT_STAFF | Relation.UNIT_LEADER
OF_THE_UNIT = "at the unit; for a protected child or one with a block its leader only; never the delegate"

ALLOWED: dict[str, Line] = {
    "Mutation.registerDelegate": settled(REGISTERING, "R2", "R3", says=OF_THE_UNIT),
    "Mutation.revokeDelegate": settled(REGISTERING, "R2", "R3", says=OF_THE_UNIT),
    "Mutation.consentToDelegate": settled(Relation.GUARDIAN, says="for themself, and to somebody else"),
    "Mutation.withdrawConsent": settled(Relation.GUARDIAN, says="their own"),
    "Mutation.endDelegation": settled(Relation.GUARDIAN, says="any guardian"),
}


def sheltered(child_id: ColumnElement) -> ColumnElement[bool]:
    """The child is protected now, or has a block that stands, whomever it keeps away."""
    block = fact(Block, "sheltering")
    return or_(protected(child_id), exists_in(block, block.c.child_id == child_id, holds(block)))


def registers(child_id: ColumnElement, unit_id: ColumnElement, keys: Keys) -> ColumnElement[bool]:
    """Section 5: who registers and revokes delegates for the child at the unit. R2 keeps the child's family out."""
    there = all_of(enrolled(child_id, unit_id), keys.has_not(child_id, "closed"))
    works = any_of(keys.has_pair(child_id, unit_id, "contact"), all_of(keys.has(unit_id, "staffed"), there))
    return any_of(all_of(keys.has(unit_id, "led"), there), all_of(works, ~sheltered(child_id)))


def at_its_unit(child_id: ColumnElement, unit_id: ColumnElement, keys: Keys) -> ColumnElement[bool]:
    """What a unit made: by a relation at that unit, which a guardian's and a case worker's are."""
    works = any_of(keys.has(unit_id, "staffed"), keys.has(unit_id, "led"))
    return any_of(
        keys.has(child_id, "guardian"),
        keys.has(child_id, "cases"),
        keys.has_pair(child_id, unit_id, "contact"),
        all_of(works, enrolled(child_id, unit_id), keys.has_not(child_id, "closed")),
    )


def kept_out(child_id: ColumnElement, person_id: ColumnElement) -> ColumnElement[bool]:
    """R1 or R3 keeps the person from the child today."""
    block, protection = fact(Block, "keeping_block"), fact(ChildProtection, "keeping_protection")
    confirmation = fact(Confirmation, "letting_in")
    let_in = exists_in(
        confirmation,
        confirmation.c.child_id == child_id,
        confirmation.c.person_id == person_id,
        confirmation.c.since >= protection.c.since,
        confirmation.c.since <= TODAY,
    )
    return or_(
        exists_in(block, block.c.child_id == child_id, block.c.person_id == person_id, holds(block)),
        exists_in(protection, protection.c.child_id == child_id, holds(protection), ~let_in),
    )


def visible(delegate: FromClause, keys: Keys) -> ColumnElement[bool]:
    """A registration that has not ended. One that R1 or R3 keeps from opening anything is not there but for those to
    whom blocks and confirmations are open: it looks as if it had been revoked."""
    live = or_(delegate.c.until.is_(None), delegate.c.until > TODAY)
    own = all_of(keys.has_pair(delegate.c.child_id, delegate.c.unit_id, "delegate"), delegate.c.person_id == ME)
    told = child.related(delegate.c.child_id, child.STRICT, keys)
    others = all_of(
        at_its_unit(delegate.c.child_id, delegate.c.unit_id, keys),
        or_(told, ~kept_out(delegate.c.child_id, delegate.c.person_id)),
    )
    return all_of(any_of(own, others), live)


def known(delegate: FromClause, keys: Keys) -> ColumnElement[bool]:
    """Seen, or for a child whose GUARDIAN the viewer is: they take back what they gave, seen or not."""
    return any_of(visible(delegate, keys), keys.has(delegate.c.child_id, "guardian"))


def active(delegate: FromClause) -> ColumnElement[bool]:
    """The adult is DELEGATE at the unit now."""
    delegation = fact(Delegation, "delegation_now")
    return and_(
        holds(delegate),
        exists_in(
            delegation,
            delegation.c.child_id == delegate.c.child_id,
            delegation.c.person_id == delegate.c.person_id,
            delegation.c.unit_id == delegate.c.unit_id,
            holds(delegation),
        ),
    )


def adult_shown(person_id: ColumnElement, keys: Keys) -> ColumnElement[bool]:
    """The adult as a person, with the register's name: once a guardian's consent has made them DELEGATE. Before, it
    would tell whose number the unit has sent."""
    registered = fact(Delegate, "registered")
    return exists_in(registered, registered.c.person_id == person_id, visible(registered, keys), active(registered))


def consent_visible(consent: FromClause) -> ColumnElement[bool]:
    """Only the consent of a person who is GUARDIAN now counts, and who else was one is nobody's to know here."""
    return guardian.is_guardian(consent.c.guardian_id, consent.c.child_id)


def known_as(child_id: ColumnElement, person_id: ColumnElement) -> ColumnElement[str]:
    """A person's name beside a child: the register's for whom the child's document names, else as the unit told it,
    else what they are called as staff. A function of the database says it, since the rows that it is taken from need
    not be the viewer's to see."""
    person, entry = table(Person, "named"), table(ParentalResponsibility, "naming_entry")
    registered = table(Delegate, "naming_registration")
    on_document = exists_in(
        entry, entry.c.child_id == child_id, entry.c.holder_id == person_id, entry.c.on_child_document
    )
    of_person = person.c.id == person_id
    by_register = select(person.c.name).where(of_person).correlate_except(person).scalar_subquery()
    as_staff = select(substitution.called(person, "name")).where(of_person).correlate_except(person)
    told = (
        select(registered.c.told_name)
        .where(
            registered.c.child_id == child_id,
            registered.c.person_id == person_id,
            registered.c.told_name.is_not(None),
        )
        .order_by(registered.c.registered_at.desc(), registered.c.id.desc())
        .limit(literal_column("1"))
        .correlate_except(registered)
        .scalar_subquery()
    )
    return func.coalesce(case((on_document, by_register)), told, as_staff.scalar_subquery())
