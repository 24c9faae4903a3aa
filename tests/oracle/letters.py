"""Unit letters: who may send one and whom it reaches (section 5, T8), and who sees how it fared (T3 to T7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.oracle.view import View

Pairs = frozenset[tuple[str, str]]
"""Child and guardian."""
WRITERS = {"CONTACT_TEACHER", "UNIT_STAFF", "UNIT_LEADER"}


def may_send(view: View, unit: str, group: str | None) -> bool:
    """A leader and the staff of an SFO or kindergarten to the unit and its groups; a contact teacher to their group."""
    facts, today = view.facts, view.today
    if not facts.employed(view.viewer, unit, today):
        return False
    school = view.world.units[unit].kind == "SCHOOL"
    if facts.leads(view.viewer, unit, today) or not school:
        return True
    return group is not None and facts.contains(group, view.viewer, ("CONTACT_TEACHER",), today)


def preview(view: View, unit: str, group: str | None) -> Pairs | str:
    """Whom the letter reaches, or the code with which it is refused."""
    if group is not None and (view.world.groups[group].unit != unit or not view.sees_group(group)):
        return "NOT_FOUND"
    if not may_send(view, unit, group):
        return "NOT_ALLOWED"
    return frozenset(
        (child, guardian)
        for child in view.world.people
        if addressed(view, child, unit, group) and writes_about(view, child, unit)
        for guardian in view.facts.guardians(child, view.today)
        if guardian != view.viewer
    )


def addressed(view: View, child: str, unit: str, group: str | None) -> bool:
    if not view.facts.enrolled(child, unit, view.today):
        return False
    return group is None or view.facts.belongs(child, group, view.today)


def writes_about(view: View, child: str, unit: str) -> bool:
    return any(tie.relation in WRITERS and tie.unit == unit and not tie.left for tie in view.ties(child))


def seen_of(view: View, unit: str, pairs: Pairs) -> Pairs:
    """Those whose threads the viewer sees by T3 to T6, of a letter that has been delivered."""
    return frozenset(pair for pair in pairs if reads_everything(view, pair[0], unit))


def reads_everything(view: View, child: str, unit: str) -> bool:
    facts, viewer, today = view.facts, view.viewer, view.today
    if facts.blocked(viewer, child, today) or facts.kin(viewer, child):
        return False
    if any(tie.relation == "CONTACT_TEACHER" and tie.unit == unit for tie in view.ties(child)):
        return True
    if view.world.units[unit].kind == "SCHOOL":
        return facts.leads(viewer, unit, today)
    return facts.employed(viewer, unit, today)


def sees_letter(view: View, unit: str, sender: str, pairs: Pairs) -> bool:
    """The sender while employed there, and whoever sees all its threads."""
    if not view.facts.employed(view.viewer, unit, view.today):
        return False
    return view.viewer == sender or (bool(pairs) and seen_of(view, unit, pairs) == pairs)
