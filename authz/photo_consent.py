"""Who sees consents to photographs, and whether a use is allowed now (C2, marked U; section 5)."""

from __future__ import annotations

from sqlalchemy import ColumnElement, FromClause, Integer, and_, case, cast, func, or_, select

from authz import child, guardian
from authz.engine.policy import STAFF, Line, Relation, opens, settled
from authz.engine.sql import ME, NOW, TODAY, Keys, all_of, any_of, exists_in, fact, holds, number
from authz.relation import enrolled, protected
from models import Enrolment, Guardianship, Person, PhotoConsent

SEEN = Relation.GUARDIAN | STAFF | Relation.SELF
GIVEN = settled(SEEN, "C2", "C5", says="to the family, their own only")

LINES: dict[str, Line] = {
    "Child.photoConsents": opens(
        SEEN, "C2", "C5", says="given to the viewer's own unit; to a guardian and the pupil, their own only"
    ),
    "Child.photoUseAllowed": opens(SEEN, "C2", says="at the viewer's own unit"),
    "PhotoConsent.unit": GIVEN,
    "PhotoConsent.purpose": GIVEN,
    "PhotoConsent.givenBy": GIVEN,
    "PhotoConsent.givenAt": GIVEN,
    "PhotoConsent.withdrawnAt": GIVEN,
    "PhotoUse.allowed": settled(SEEN, "C2"),
    "PhotoUse.reason": settled(SEEN, "C2", "C5", "C10"),
}

ALLOWED: dict[str, Line] = {
    "Mutation.givePhotoConsent": settled(
        Relation.GUARDIAN | Relation.SELF, "R1", says="each for themself, at a unit where the child is enrolled now"
    ),
    "Mutation.withdrawPhotoConsent": settled(
        Relation.GUARDIAN | Relation.SELF, "R1", says="each their own, at any time"
    ),
}


def may_say(person_id: ColumnElement, child_id: ColumnElement) -> ColumnElement[bool]:
    """Whose consent is asked for now: everybody who is GUARDIAN, and the pupil from 15."""
    pupil = fact(Person, "pupil")
    grown = exists_in(pupil, pupil.c.id == child_id, pupil.c.id == person_id, pupil.c.turns_15_on <= TODAY)
    return or_(guardian.is_guardian(person_id, child_id), grown)


def visible(consent: FromClause, keys: Keys) -> ColumnElement[bool]:
    """To the unit all, of those who are asked now; to the family each their own: what another guardian answered is
    that guardian's (C5, L1)."""
    own = all_of(
        consent.c.person_id == ME,
        any_of(keys.has(consent.c.child_id, "guardian"), keys.has(consent.c.child_id, "oneself")),
    )
    seen = any_of(own, child.related_at(consent.c.child_id, consent.c.unit_id, STAFF, keys))
    return all_of(seen, may_say(consent.c.person_id, consent.c.child_id))


def standing(consent: FromClause) -> ColumnElement[bool]:
    return and_(consent.c.withdrawn_at.is_(None), consent.c.given_at <= NOW)


def open_units(child_id: ColumnElement, keys: Keys) -> tuple[FromClause, ColumnElement[bool]]:
    """Enrolments that tell at which units the viewer may know whether a use is allowed."""
    enrolment = fact(Enrolment, "photographed_at")
    seen = child.related_at(child_id, enrolment.c.unit_id, SEEN, keys)
    return enrolment, and_(enrolment.c.child_id == child_id, holds(enrolment), seen)


def asked_of(child_id: ColumnElement) -> ColumnElement[int]:
    """How many are asked; 0 where nobody could answer for a child under 18, and for a child who is protected: no
    photograph of it is used, and why looks like a consent that is missing (C4, C10)."""
    holder, pupil = fact(Guardianship, "asked_guardian"), fact(Person, "asked_pupil")
    guardians = (
        select(func.count())
        .select_from(holder)
        .where(holder.c.child_id == child_id, holds(holder))
        .correlate_except(holder)
        .scalar_subquery()
    )
    return (
        select(
            case(
                (protected(child_id), number(0)),
                (pupil.c.turns_18_on <= TODAY, number(1)),
                (guardians == number(0), number(0)),
                else_=cast(guardians, Integer) + case((pupil.c.turns_15_on <= TODAY, number(1)), else_=number(0)),
            )
        )
        .where(pupil.c.id == child_id)
        .correlate_except(pupil)
        .scalar_subquery()
    )


def consents_of(child_id: ColumnElement) -> tuple[FromClause, ColumnElement[bool]]:
    """The consents that count now."""
    consent = fact(PhotoConsent, "counting")
    counts = and_(consent.c.child_id == child_id, standing(consent), may_say(consent.c.person_id, consent.c.child_id))
    return consent, counts


def is_asked(child_id: ColumnElement, keys: Keys) -> ColumnElement[bool]:
    """The viewer is one of those whose consent is asked for."""
    return any_of(keys.has(child_id, "guardian"), keys.has(child_id, "oneself"))


def givable(child_id: ColumnElement, unit_id: ColumnElement, keys: Keys) -> ColumnElement[bool]:
    """Section 5: whoever is asked, at a unit where the child is enrolled now."""
    return all_of(is_asked(child_id, keys), enrolled(child_id, unit_id))


def withdrawable(child_id: ColumnElement, unit_id: ColumnElement, keys: Keys) -> ColumnElement[bool]:
    """Also at a unit that the child has left, where the viewer's own consent stands."""
    own = fact(PhotoConsent, "own_standing")
    stands = exists_in(
        own, own.c.child_id == child_id, own.c.unit_id == unit_id, own.c.person_id == ME, own.c.withdrawn_at.is_(None)
    )
    return all_of(is_asked(child_id, keys), or_(enrolled(child_id, unit_id), stands))
