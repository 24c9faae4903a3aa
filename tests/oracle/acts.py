"""What each act on threads and messages comes to: the code of its problem, or null where it is carried out (section 5).

By hand from the rules, in the order in which an answer must not tell more than the viewer may know: whether a thing is
there for them, whether they may do this with it, and only then what is wrong with the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.oracle.facts import covers
from tests.oracle.relations import STAFF, Tie
from tests.oracle.view import T1, Node, View


@dataclass(frozen=True)
class Standing:
    """How a viewer stands to a child at a unit, as far as acts ask."""

    family: bool
    staff: bool
    for_unit: bool


def standing(view: View, child: str, unit: str) -> Standing:
    ties = view.ties(child)
    family = any(tie.relation == "GUARDIAN" or tie == Tie("DELEGATE", unit) for tie in ties)
    working = {tie.relation for tie in ties if tie.relation in STAFF and tie.unit == unit and not tie.left}
    return Standing(family, bool(working), bool(working & {"UNIT_STAFF", "UNIT_LEADER"}))


def staff_of(view: View, child: str, unit: str) -> set[Node]:
    """Those who stand in a staff relation to the child at the unit, apart from how they sign in."""
    return {
        Node("StaffMember", person)
        for person in view.world.people
        if any(tie.unit == unit and not tie.left for tie in view.facts.staff_ties(person, child, view.today))
    }


def family_of(view: View, child: str, unit: str) -> set[Node]:
    """The guardians, and the unit's delegates for the child who are no guardians."""
    facts, today = view.facts, view.today
    guardians = set(facts.guardians(child, today))
    delegates = {person for person in view.world.people if facts.delegate(person, child, unit, today)} - guardians
    return {Node("Guardian", one) for one in guardians} | {Node("OtherAdult", one) for one in delegates}


def start(view: View, unit: str, child: str, to: Sequence[Node], *, joint: bool, for_unit: bool) -> str | None:
    if not view.sees(Node("Child", child)):
        return "NOT_FOUND"
    stands = standing(view, child, unit)
    family = stands.family and view.facts.enrolled(child, unit, view.today)
    if not family and not stands.staff:
        return "NOT_ALLOWED"
    if not family and not to:
        return "INVALID"
    if set(to) - (staff_of if family else family_of)(view, child, unit):
        return "NOT_FOUND"
    if joint:
        if family or len(set(to)) < 2:
            return "INVALID"
        if joint_refused(view, child):
            return "NOT_ALLOWED"
    return "NOT_ALLOWED" if for_unit and not stands.for_unit else None


def joint_refused(view: View, child: str) -> bool:
    """T8: while the child is protected or a block on the child stands."""
    return view.facts.protection(child, view.today) > 0 or any(
        block.child == child and covers(block.since, block.until, view.today) for block in view.world.blocks
    )


def may_write(view: View, thread: str) -> bool:
    """Sees the thread by T1 to T6 and has a relation to the child now."""
    told = view.world.threads[thread]
    rules = view.opening_rules(thread)
    stands = standing(view, told.child, told.unit)
    return bool(rules & set(T1)) or (bool(rules) and stands.staff)


def on_family_side(view: View, thread: str) -> bool:
    return bool(view.opening_rules(thread) & set(T1))


def send(view: View, thread: str, *, for_unit: bool) -> str | None:
    if not view.sees_thread(thread):
        return "NOT_FOUND"
    if not may_write(view, thread):
        return "NOT_ALLOWED"
    told = view.world.threads[thread]
    return "NOT_ALLOWED" if for_unit and not standing(view, told.child, told.unit).for_unit else None


def retract(view: View, message: str, *, given: bool) -> str | None:
    """`given`: somebody of the other side has been given it."""
    told = view.world.messages[message]
    if told not in view.visible_messages(told.thread):
        return "NOT_FOUND"
    if told.author != view.viewer or not may_write(view, told.thread):
        return "NOT_ALLOWED"
    return "TOO_LATE" if given and not told.retracted else None


def mark_read(view: View, thread: str, message: str) -> str | None:
    return None if view.world.messages[message] in view.visible_messages(thread) else "NOT_FOUND"


def add(view: View, thread: str, person: Node) -> str | None:
    if not view.sees_thread(thread):
        return "NOT_FOUND"
    if on_family_side(view, thread) or not may_write(view, thread):
        return "NOT_ALLOWED"
    told = view.world.threads[thread]
    return None if person in staff_of(view, told.child, told.unit) else "NOT_FOUND"
