"""Delegates, consents, blocks, confirmations and tasks as C2 opens them, said from the rules."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from tests.oracle.facts import CLEAR_KINDS, Facts, covers, turns
from tests.worlds.world import Block, Confirmation, Consent, Delegate

if TYPE_CHECKING:
    from tests.oracle.view import View

STRICT = {"UNIT_LEADER", "CASE_WORKER"}
COLUMNS = {
    "delegates": {"GUARDIAN", "DELEGATE", "CONTACT_TEACHER", "UNIT_STAFF", "UNIT_LEADER", "CASE_WORKER"},
    "blocks": STRICT,
    "protectionLevel": STRICT,
    "confirmations": STRICT,
    "tasks": STRICT,
}
NODES = ("Delegate", "Block", "Task", "Substitution")
Due = tuple[str, str, str | None, str | None]
"""A task: its kind, the child, the adult whom it is about, and the unit (None: the administration's)."""


def is_strict(view: View, child: str) -> bool:
    """UNIT_LEADER of a child enrolled now, or CASE_WORKER."""
    return any(tie.relation in STRICT and not tie.left for tie in view.ties(child))


# Delegates and consents


def sees_delegate(view: View, told: Delegate) -> bool:
    """C2's row, marked U: by a relation at the unit, and a delegate their own. What R1 or R3 keeps from opening is told
    only to those to whom blocks and confirmations are open."""
    if told.until is not None and told.until <= view.today:
        return False
    kept = view.facts.blocked(told.person, told.child, view.today) or not view.facts.confirmed_enough(
        told.person, told.child, view.today
    )
    for tie in view.ties(told.child):
        if tie.left:
            continue
        if tie.relation == "DELEGATE" and tie.unit == told.unit and told.person == view.viewer:
            return True
        whole = tie.relation in ("GUARDIAN", "CASE_WORKER")
        at_unit = tie.relation in ("CONTACT_TEACHER", "UNIT_STAFF", "UNIT_LEADER") and tie.unit == told.unit
        if (whole or at_unit) and (not kept or is_strict(view, told.child)):
            return True
    return False


def delegates(view: View, child: str) -> list[Delegate]:
    return [told for told in view.world.delegates if told.child == child and sees_delegate(view, told)]


def is_active(view: View, told: Delegate) -> bool:
    return covers(told.since, told.until, view.today) and view.facts.delegate(
        told.person, told.child, told.unit, view.today
    )


def shows_adult(view: View, person: str) -> bool:
    """A delegate is somebody whom those see who see the delegation, while it is active."""
    return any(
        told.person == person and sees_delegate(view, told) and is_active(view, told) for told in view.world.delegates
    )


def consents(view: View, told: Delegate) -> list[Consent]:
    """Of those who are GUARDIAN now."""
    return [
        given
        for given in view.world.consents
        if (given.child, given.delegate, given.unit) == (told.child, told.person, told.unit)
        and view.facts.guardian(given.guardian, told.child, view.today)
    ]


# Blocks, confirmations, protection


def sees_block(view: View, told: Block) -> bool:
    return is_strict(view, told.child)


def blocks(view: View, child: str) -> list[Block]:
    return [told for told in view.world.blocks if told.child == child and sees_block(view, told)]


def confirmations(view: View, child: str) -> list[Confirmation]:
    return [told for told in view.world.confirmations if told.child == child]


def protection_level(view: View, child: str) -> str | None:
    return (None, "FORTROLIG", "STRENGT_FORTROLIG")[view.facts.protection(child, view.today)]


# Tasks


def counted_on(view: View) -> dt.date:
    """The day of the last import, on which tasks were made."""
    world = view.world
    local = any(
        (world.blocks, world.confirmations, world.delegates, world.consents, world.need_cases, world.settings,
         world.threads, world.messages, world.reads)
    )  # fmt: skip
    return world.today if local else world.readings[-1].day


def sees_task(view: View, task: Due) -> bool:
    """To the leader of the unit that has it, and to CASE_WORKER; one of the administration has no leader."""
    _, child, _, unit = task
    return any(
        tie.relation == "CASE_WORKER" or (tie.relation == "UNIT_LEADER" and tie.unit == unit and not tie.left)
        for tie in view.ties(child)
    )


def task_handle(task: Due) -> str:
    return "/".join(part or "-" for part in task)


def due_tasks(facts: Facts, day: dt.date) -> set[Due]:
    """R2, R3 and R4, for the units where a child is enrolled that day."""
    found: set[Due] = set()
    for child in facts.world.people:
        born = facts.born(child)
        for unit in facts.world.units:
            if not facts.enrolled(child, unit, day):
                continue
            found |= {
                ("DEPUTY_NEEDED", child, person, None)
                for person in facts.world.people
                if facts.kin(person, child) and works_with(facts, person, child, unit, day)
            }
            if born is None or day < turns(born, 18):
                found |= {("CONFIRM_GUARDIAN", child, one, unit) for one in unconfirmed(facts, child, unit, day)}
                found |= {("UNCLEAR_RESPONSIBILITY", child, one, unit) for one in unclear(facts, child, day)}
                found |= {("CONFLICTING_RESPONSIBILITY", child, one, unit) for one in conflicting(facts, child, day)}
    return found


def works_with(facts: Facts, person: str, child: str, unit: str, day: dt.date) -> bool:
    """Has, but for family, a staff relation to the child at the unit."""
    if facts.leads(person, unit, day):
        return True
    if not facts.employed(person, unit, day):
        return False
    if facts.world.units[unit].kind != "SCHOOL":
        return True
    roles = ("CONTACT_TEACHER", "SUBJECT_TEACHER", "ASSISTANT")
    return any(
        group.unit == unit
        and facts.contains(group.handle, person, roles, day)
        and facts.contains(group.handle, child, ("STUDENT",), day)
        for group in facts.world.groups.values()
    )


def opens(entry, day: dt.date) -> bool:
    told = entry.told
    return (
        told.holder is not None
        and told.kind in CLEAR_KINDS
        and told.current is True
        and covers(told.since, entry.until, day)
    )


def unconfirmed(facts: Facts, child: str, unit: str, day: dt.date) -> set[str]:
    """Whom R3 keeps out and nothing else: the leader's task until they are confirmed."""
    if facts.protection(child, day) == 0:
        return set()
    waiting = {entry.told.holder for entry in facts.entries(child) if opens(entry, day)}
    waiting |= {
        told.person
        for told in facts.world.delegates
        if told.child == child and told.unit == unit and covers(told.since, told.until, day)
    }
    return {
        person
        for person in waiting
        if person and not facts.confirmed_enough(person, child, day) and not facts.blocked(person, child, day)
    }


def unclear(facts: Facts, child: str, day: dt.date) -> set[str | None]:
    """R4: who is named by entries that open nothing."""
    opening = {entry.told.holder for entry in facts.entries(child) if opens(entry, day)}
    return {
        entry.told.holder
        for entry in facts.entries(child)
        if not opens(entry, day) and (entry.told.holder is None or entry.told.holder not in opening)
    }


def conflicting(facts: Facts, child: str, day: dt.date) -> set[str]:
    """R4: adults whose own document says what the child's does not."""
    own = {
        (entry.told.holder, entry.told.kind)
        for entry in facts.entries(child)
        if entry.told.current is True and covers(entry.told.since, entry.until, day)
    }
    found = set()
    for person in facts.world.people:
        documents = [reading.documents[person] for reading in facts.world.readings if person in reading.documents]
        for told in documents[-1].responsible_for if documents else ():
            current = told.current is True and covers(told.since, told.until, day)
            if told.holder == child and current and (person, told.kind) not in own:
                found.add(person)
    return found


# Nodes


def sees(view: View, kind: str, handle: str) -> bool:
    if kind == "Delegate":
        return any(told.id == handle and sees_delegate(view, told) for told in view.world.delegates)
    if kind == "Block":
        return any(told.id == handle and sees_block(view, told) for told in view.world.blocks)
    if kind == "Task":
        return any(
            task_handle(task) == handle and sees_task(view, task) for task in due_tasks(view.facts, counted_on(view))
        )
    return False


def tasks(view: View, child: str | None = None) -> set[str]:
    """Handles of the open tasks that the viewer sees, about a child or about all."""
    return {
        task_handle(task)
        for task in due_tasks(view.facts, counted_on(view))
        if (child is None or task[1] == child) and sees_task(view, task)
    }
