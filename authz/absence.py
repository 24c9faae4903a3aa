"""Who sees that a child was absent, and what of it (C2, marked U)."""

from __future__ import annotations

from sqlalchemy import ColumnElement, FromClause, and_

from authz import child, guardian
from authz.engine.policy import STAFF, Line, Relation, opens, settled
from authz.engine.sql import ME, Keys, all_of, any_of, word
from authz.relation import enrolled

SEEN = (
    Relation.GUARDIAN
    | Relation.CONTACT_TEACHER
    | Relation.SUBJECT_STAFF
    | Relation.UNIT_STAFF
    | Relation.UNIT_LEADER
    | Relation.ADULT_SELF
)
WHOLE = SEEN & ~Relation.SUBJECT_STAFF
"""C2: dates only for SUBJECT_STAFF."""

DATES = settled(SEEN, "C2", says="of absence from the viewer's own unit; the pupil from 18")

LINES: dict[str, Line] = {
    "Child.absences": opens(SEEN, "C2", says="from the viewer's own unit; to the pupil from 18"),
    "Unit.absences": settled(SEEN & ~Relation.ADULT_SELF, "C2", says="of children whom the viewer sees at the unit"),
    "Absence.id": DATES,
    "Absence.child": DATES,
    "Absence.unit": DATES,
    "Absence.firstDay": DATES,
    "Absence.lastDay": DATES,
    "Absence.fromTime": opens(WHOLE, "C2"),
    "Absence.toTime": opens(WHOLE, "C2"),
    "Absence.reason": opens(WHOLE, "C2", "L4"),
    "Absence.note": opens(WHOLE, "C2", "L4"),
    "Absence.side": opens(WHOLE, "C2"),
    "Absence.reportedAt": opens(WHOLE, "C2"),
    "Absence.reportedBy": opens(WHOLE, "C2", "C5", says="to the unit; to a guardian, where it is themself"),
    "Absence.registeredBy": opens(WHOLE, "C2", "C8", says="while they are employed at the unit"),
    "Absence.confirmedAt": opens(WHOLE, "C2"),
    "Absence.confirmedBy": opens(WHOLE, "C2", "C8", says="while they are employed at the unit"),
    "Absence.corrects": opens(WHOLE, "C2"),
    "Absence.endedAt": opens(WHOLE, "C2"),
    "Absence.endedHow": opens(WHOLE, "C2"),
}

ALLOWED: dict[str, Line] = {
    "Mutation.reportAbsence": settled(Relation.GUARDIAN, "R1", says="from a unit where the child is enrolled now"),
    "Mutation.registerAbsence": settled(STAFF, "R1", "R2", says="from the viewer's own unit"),
    "Mutation.confirmAbsence": settled(STAFF, "R1", "R2", says="from the viewer's own unit"),
    "Mutation.correctAbsence": settled(
        Relation.GUARDIAN | STAFF,
        "C2",
        says="the unit; subject staff and a guardian what they reported themselves, the guardian until it is confirmed",
    ),
    "Mutation.withdrawAbsence": settled(
        Relation.GUARDIAN | STAFF,
        "C2",
        says="the unit; subject staff and a guardian what they reported themselves, the guardian until it is confirmed",
    ),
}


def visible(absence: FromClause, keys: Keys) -> ColumnElement[bool]:
    """Whoever sees the dates alone could not tell one that was corrected or withdrawn from one that stands."""
    return any_of(
        child.related_at(absence.c.child_id, absence.c.unit_id, WHOLE, keys),
        and_(
            absence.c.ended_at.is_(None),
            child.related_at(absence.c.child_id, absence.c.unit_id, Relation.SUBJECT_STAFF, keys),
        )
        if "subject_staff" in keys
        else any_of(),
    )


def times_seen(child_id: ColumnElement, unit_id: ColumnElement, keys: Keys) -> ColumnElement[bool]:
    """Whether the viewer may know at what times of a day the child is absent from the unit."""
    return child.related_at(child_id, unit_id, WHOLE, keys)


def mask(absence: FromClause, keys: Keys) -> ColumnElement[int]:
    return child.mask_at(absence.c.child_id, absence.c.unit_id, keys)


def reporter_open(absence: FromClause, keys: Keys) -> ColumnElement[bool]:
    """That it was this guardian who reported it: for the unit and themself, since it may tell with whom a child
    lives (C5); and only of whoever is GUARDIAN now (C8)."""
    told = any_of(absence.c.reported_by == ME, child.related_at(absence.c.child_id, absence.c.unit_id, STAFF, keys))
    by_guardian = absence.c.side == word("GUARDIAN")
    return and_(by_guardian, guardian.is_guardian(absence.c.reported_by, absence.c.child_id), told)


def reportable(child_id: ColumnElement, unit_id: ColumnElement, keys: Keys) -> ColumnElement[bool]:
    """Section 5: a guardian reports to a unit where the child is enrolled now."""
    return all_of(keys.has(child_id, "guardian"), enrolled(child_id, unit_id))


def registrable(child_id: ColumnElement, unit_id: ColumnElement, keys: Keys) -> ColumnElement[bool]:
    """Section 5: the unit's staff who stand in a relation to the child there."""
    return child.related_at(child_id, unit_id, STAFF, keys)


def changeable(absence: FromClause, keys: Keys) -> ColumnElement[bool]:
    """Whoever sees the whole of it for the unit; of a guardian and of subject staff, what they reported themselves."""
    whole = child.related_at(absence.c.child_id, absence.c.unit_id, STAFF & ~Relation.SUBJECT_STAFF, keys)
    own_side = any_of(
        all_of(absence.c.side == word("GUARDIAN"), keys.has(absence.c.child_id, "guardian")),
        all_of(
            absence.c.side == word("UNIT"),
            child.related_at(absence.c.child_id, absence.c.unit_id, Relation.SUBJECT_STAFF, keys),
        ),
    )
    return any_of(whole, all_of(absence.c.reported_by == ME, own_side))
