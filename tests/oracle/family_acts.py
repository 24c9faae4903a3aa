"""What each act about a family comes to: the code of its problem, or null where it is carried out (R1 to R3).

By hand from the rules: whether the thing is there for the viewer, whether they may do this, and then the rest.
"""

from __future__ import annotations

from tests.oracle.facts import covers
from tests.oracle.family import STRICT, Due, is_strict, sees_block, sees_delegate, sees_task
from tests.oracle.view import Node, View
from tests.worlds.world import Acted, Block, Delegate


def sheltered(view: View, child: str) -> bool:
    """Protected, or with a block that stands, whomever it keeps away."""
    return view.facts.protection(child, view.today) > 0 or any(
        told.child == child and covers(told.since, told.until, view.today) for told in view.world.blocks
    )


def may_register(view: View, child: str, unit: str) -> bool:
    """UNIT_LEADER, CONTACT_TEACHER, UNIT_STAFF at the unit; for a sheltered child UNIT_LEADER only."""
    held = {tie.relation for tie in view.ties(child) if tie.unit == unit and not tie.left}
    if sheltered(view, child):
        return "UNIT_LEADER" in held
    return bool(held & {"UNIT_LEADER", "CONTACT_TEACHER", "UNIT_STAFF"})


def register(view: View, child: str, unit: str, person: str) -> str | None:
    if not view.sees(Node("Child", child)):
        return "NOT_FOUND"
    return None if may_register(view, child, unit) and person != view.viewer else "NOT_ALLOWED"


def revoke(view: View, told: Delegate) -> str | None:
    if not sees_delegate(view, told):
        return "NOT_FOUND"
    return None if may_register(view, told.child, told.unit) and told.person != view.viewer else "NOT_ALLOWED"


def consent(view: View, told: Delegate) -> str | None:
    if not sees_delegate(view, told):
        return "NOT_FOUND"
    guardian = "GUARDIAN" in view.relations(told.child)
    return None if guardian and told.person != view.viewer else "NOT_ALLOWED"


def withdraw_or_end(view: View, told: Delegate) -> str | None:
    """A guardian's are always carried out, lest they tell a revocation from a block."""
    if "GUARDIAN" in view.relations(told.child):
        return None
    return "NOT_ALLOWED" if sees_delegate(view, told) else "NOT_FOUND"


def strict_relation(view: View, child: str) -> str | None:
    """As what somebody acts: the administration's voice where they have it."""
    held = {tie.relation for tie in view.ties(child) if not tie.left} & STRICT
    return min(held) if held else None


def block(view: View, child: str, person: str) -> str | None:
    if not view.sees(Node("Child", child)):
        return "NOT_FOUND"
    if not is_strict(view, child):
        return "NOT_ALLOWED"
    if person == child:
        return "INVALID"
    return "NOT_ALLOWED" if person == view.viewer else None


def counting(view: View, told: Block) -> list[Acted]:
    """R1 and R2 have taken a voice from whoever was blocked since, or is family."""
    return [
        voice
        for voice in told.lifts
        if not view.facts.blocked(voice.by, told.child, view.today) and not view.facts.kin(voice.by, told.child)
    ]


def lift(view: View, told: Block) -> str | None:
    if not sees_block(view, told):
        return "NOT_FOUND"
    if told.until is not None and (told.until <= view.today or told.until <= told.since):
        return "TOO_LATE"
    return "CONFLICT" if view.viewer in {voice.by for voice in counting(view, told)} else None


def is_lifted(voices: list[Acted]) -> bool:
    """Two people, one of them from the administration."""
    return len({voice.by for voice in voices}) > 1 and any(voice.relation == "CASE_WORKER" for voice in voices)


def confirm(view: View, task: Due) -> str | None:
    if not sees_task(view, task):
        return "NOT_FOUND"
    return None if task[0] == "CONFIRM_GUARDIAN" else "NOT_ALLOWED"
