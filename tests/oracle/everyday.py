"""What a viewer sees of absence and of consents to photographs: C2's rows of that name, the mark U, and section 5."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.oracle.facts import turns
from tests.oracle.relations import STAFF

if TYPE_CHECKING:
    from tests.oracle.relations import Relations
    from tests.oracle.view import View
    from tests.worlds.everyday import Away, Photographed

WHOLE_CHILD = {"GUARDIAN", "SELF", "CASE_WORKER"}
ABSENCE = {"GUARDIAN", "CONTACT_TEACHER", "UNIT_STAFF", "UNIT_LEADER", "ADULT_SELF"}
"""Those to whom all of an absence is open; SUBJECT_STAFF see dates only."""
DATES = ("child", "unit", "firstDay", "lastDay")
PHOTOS = {"GUARDIAN", *STAFF, "SELF"}


def adult(view: View, child: str) -> bool:
    born = view.facts.born(child)
    return born is not None and turns(born, 18) <= view.today


def held_at(view: View, child: str, unit: str) -> set[str]:
    """Mark U: the viewer's relations that open what this unit made; of a child who has left, none (C6)."""
    held = set()
    for tie in view.ties(child):
        if not tie.left and (tie.relation in WHOLE_CHILD or tie.unit == unit):
            held.add(tie.relation)
            if tie.relation == "SELF" and adult(view, child):
                held.add("ADULT_SELF")
    return held


# Absence


def opens_absence(view: View, told: Away) -> bool:
    """All of it; whoever it is not open to sees dates only, or nothing."""
    return bool(held_at(view, told.child, told.unit) & ABSENCE)


def sees_absence(view: View, handle: str) -> bool:
    told = view.world.absences[handle]
    dates_only = "SUBJECT_STAFF" in held_at(view, told.child, told.unit)
    return opens_absence(view, told) or (dates_only and told.ended is None)


def absences(view: View, *, child: str | None = None, unit: str | None = None) -> list[Away]:
    """Those the viewer sees of a child or at a unit, ended ones too, the latest days first."""
    seen = [
        (told.first, number, told)
        for number, told in enumerate(view.world.absences.values())
        if (child is None or told.child == child)
        and (unit is None or told.unit == unit)
        and sees_absence(view, told.id)
    ]
    return [told for _, _, told in sorted(seen, key=lambda one: one[:2], reverse=True)]


def reporter(view: View, told: Away) -> str | None:
    """Of the guardian side: told to the unit, and to a guardian of themself; only while GUARDIAN (C8)."""
    if told.by_unit or not view.facts.guardian(told.reporter, told.child, view.today):
        return None
    by_staff = held_at(view, told.child, told.unit) & set(STAFF)
    return told.reporter if told.reporter == view.viewer or by_staff else None


def colleague(view: View, told: Away, person: str | None) -> str | None:
    """C8: whoever acted for the unit, while employed there, to those who see the unit's staff."""
    if person is None or not view.facts.employed(person, told.unit, view.today):
        return None
    return person if person == view.viewer or view.sees_staff_of(told.unit) else None


# Consents to photographs


def asked(facts: Relations, child: str, view: View) -> set[str]:
    """Section 5: every guardian of now, and the pupil from 15."""
    people = set(facts.guardians(child, view.today))
    born = facts.born(child)
    if born is not None and turns(born, 15) <= view.today:
        people.add(child)
    return people


def consents(view: View, child: str) -> list[Photographed]:
    """Of those who are asked now: to the unit all, to the family each their own (C5), oldest first."""
    seen = []
    for told in view.world.photo_consents:
        held = held_at(view, child, told.unit)
        own = told.person == view.viewer and held & {"GUARDIAN", "SELF"}
        if told.child == child and told.person in asked(view.facts, child, view) and (own or held & set(STAFF)):
            seen.append(told)
    return sorted(seen, key=lambda told: told.at)


def use(view: View, child: str, unit: str, purpose: str) -> tuple[bool, str] | None:
    """Whether a use is allowed now, and why; None where the viewer may not know."""
    held = held_at(view, child, unit)
    if not held & PHOTOS or not view.facts.enrolled(child, unit, view.today):
        return None
    people = asked(view.facts, child, view)
    given = {
        told.person
        for told in view.world.photo_consents
        if (told.child, told.unit, told.purpose) == (child, unit, purpose)
        and told.withdrawn is None
        and told.at <= view.now
    }
    somebody = bool(people - {child}) or adult(view, child)
    if somebody and people <= given and not view.facts.protection(child, view.today):
        return True, "CONSENTED"
    me = view.viewer
    if me in people and held & {"GUARDIAN", "SELF"} and me not in given:
        return False, "OWN_CONSENT_MISSING"
    return False, "CONSENT_MISSING"
