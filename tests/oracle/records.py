"""What each viewer sees of records, said straight from C2, C3, C6 and C10 in plain Python."""

from __future__ import annotations

from tests.oracle.facts import turns
from tests.oracle.view import View
from tests.worlds.records import Told

SHARED_WITH_THE_HOME = {"ASSESSMENT", "INDIVIDUAL_PLAN", "ANNUAL_REPORT"}
KEPT_FOR_GOOD = {"ANNUAL_REPORT", "INDIVIDUAL_PLAN"}
COLUMN = {"GUARDIAN", "CONTACT_TEACHER", "SUBJECT_STAFF", "UNIT_STAFF", "UNIT_LEADER", "ADULT SELF", "LEFT"}
"""Whose relation to a child opens either row of the table at all."""


def held(view: View, told: Told) -> set[str]:
    """The viewer's relations that count for this record: the family's to the whole child, the others at its unit."""
    counted = set()
    for tie in view.ties(told.child):
        if tie.relation == "GUARDIAN":
            counted.add("GUARDIAN")
        elif tie.relation == "SELF":
            counted.add("SELF")
        elif tie.unit == told.unit:
            counted.add("LEFT" if tie.left else tie.relation)
    return counted


def of_age(view: View, child: str) -> bool:
    born = view.facts.born(child)
    return born is not None and turns(born, 18) <= view.today


def kept(told: Told) -> bool:
    """L3."""
    return told.kind in KEPT_FOR_GOOD or told.held


def reads(view: View, told: Told) -> bool:
    """Whether the viewer reads what the record says."""
    relations = held(view, told)
    is_author, is_named = view.viewer == told.author, view.viewer in told.readers
    if told.kind in SHARED_WITH_THE_HOME:
        if relations & {"GUARDIAN", "CONTACT_TEACHER", "UNIT_LEADER"}:
            return True
        if "SELF" in relations and of_age(view, told.child):
            return True
        if relations & {"SUBJECT_STAFF", "UNIT_STAFF"} and is_named:
            return True
        return "LEFT" in relations and kept(told)
    works_there = relations & {"CONTACT_TEACHER", "SUBJECT_STAFF", "UNIT_STAFF", "UNIT_LEADER"}
    if works_there and (is_author or is_named):
        return True
    return "UNIT_LEADER" in relations and any(
        opening.leader == view.viewer and opening.at <= view.now < opening.until for opening in told.openings
    )


def sees(view: View, told: Told) -> bool:
    """Whether the record is there at all: for a leader also where it cannot be read."""
    relations = held(view, told)
    return reads(view, told) or "UNIT_LEADER" in relations or ("LEFT" in relations and kept(told))


def openings_seen(view: View, told: Told) -> list[str]:
    """The leaders of the openings that are shown: to the author all, to a leader their own."""
    if not sees(view, told):
        return []
    shown = [one for one in told.openings if view.viewer in (told.author, one.leader)]
    return [one.leader for one in sorted(shown, key=lambda one: one.at, reverse=True)]


def column_opens(view: View, child: str) -> bool:
    """C10: whether any relation to the child opens the table's rows on records."""
    relations = {"LEFT" if tie.left else tie.relation for tie in view.ties(child)}
    if "SELF" in relations and of_age(view, child):
        relations.add("ADULT SELF")
    return bool(relations & COLUMN)


def names_readers_to(view: View, told: Told) -> bool:
    """C3: who else reads it is for staff who read it."""
    return reads(view, told) and bool(
        held(view, told) & {"CONTACT_TEACHER", "SUBJECT_STAFF", "UNIT_STAFF", "UNIT_LEADER"}
    )
