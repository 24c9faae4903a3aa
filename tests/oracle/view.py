"""What one signed-in viewer sees at one instant: nodes, fields, lists, counts and messages (sections 3 and 4)."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from tests.oracle import family
from tests.oracle.everyday import adult, sees_absence
from tests.oracle.facts import first_instant, oslo_day
from tests.oracle.relations import STAFF, Relations, Tie
from tests.worlds.world import Message, Thread

RELATIONS = (
    "GUARDIAN",
    "DELEGATE",
    "CONTACT_TEACHER",
    "SUBJECT_STAFF",
    "UNIT_STAFF",
    "UNIT_LEADER",
    "CASE_WORKER",
    "SELF",
)

# C2: which relations open a column; UNIT_LEADER stands for a leader of a unit where the child is enrolled now,
# LEFT for a leader whom the child has left (C6).
COLUMNS = {
    "birthDate": {"GUARDIAN", "CONTACT_TEACHER", "SUBJECT_STAFF", "UNIT_STAFF", "UNIT_LEADER", "LEFT", "CASE_WORKER",
                  "SELF"},
    "nationalId": {"GUARDIAN", "UNIT_LEADER", "CASE_WORKER", "SELF"},
    "address": {"GUARDIAN", "CONTACT_TEACHER", "UNIT_STAFF", "UNIT_LEADER", "LEFT", "CASE_WORKER", "SELF"},
    "guardians": {"GUARDIAN", "CONTACT_TEACHER", "SUBJECT_STAFF", "UNIT_STAFF", "UNIT_LEADER", "CASE_WORKER", "SELF"},
    "responsibilities": {"UNIT_LEADER", "CASE_WORKER"},
    "absences": {"GUARDIAN", "CONTACT_TEACHER", "SUBJECT_STAFF", "UNIT_STAFF", "UNIT_LEADER", "ADULT_SELF"},
    "photoConsents": {"GUARDIAN", "CONTACT_TEACHER", "SUBJECT_STAFF", "UNIT_STAFF", "UNIT_LEADER", "SELF"},
    "photoUseAllowed": {"GUARDIAN", "CONTACT_TEACHER", "SUBJECT_STAFF", "UNIT_STAFF", "UNIT_LEADER", "SELF"},
    "contact": {"CONTACT_TEACHER", "UNIT_STAFF", "UNIT_LEADER", "CASE_WORKER"},
    **family.COLUMNS,
}  # fmt: skip
T1 = ("T1 as GUARDIAN", "T1 as DELEGATE")
WHOLE_CHILD = {"GUARDIAN", "SELF", "CASE_WORKER"}


def name_order(name: str) -> tuple[int, ...]:
    """Norwegian order: Æ Ø Å last, case and other accents aside."""
    alphabet = "abcdefghijklmnopqrstuvwxyzæøå"
    order = []
    for letter in unicodedata.normalize("NFC", name).casefold():
        plain = {"ä": "æ", "ö": "ø"}.get(letter, letter)
        if plain not in alphabet:
            plain = unicodedata.normalize("NFD", plain)[0]
        order.append(100 + alphabet.index(plain) if plain in alphabet else min(ord(plain), 99))
    return tuple(order)


@dataclass(frozen=True)
class Node:
    """Something with an id: a person may be several nodes, one for each thing they are."""

    type: str
    handle: str


class View:
    """One viewer, one way of signing in (`private`, `employee`, `both`; by a subject in the place of a number `feide`,
    an employee, and `machine`, nobody), one instant."""

    def __init__(self, relations: Relations, viewer: str, login: str, now: dt.datetime) -> None:
        self.facts = relations
        self.world = relations.world
        self.viewer = viewer
        self.signed_in = login
        self.login = {"feide": "employee"}.get(login, login)
        self.machine = login == "machine"
        """A machine client is no person: its viewer is somebody of whom nothing is known."""
        self.now = now
        self.today = oslo_day(now)
        for name in ("ties", "opening_rules", "visible_messages", "sees", "units_of", "groups_of", "unread", "wards",
                     "in_a_thread", "sees_group", "sees_staff_of", "staff_units"):  # fmt: skip
            setattr(self, name, cache(getattr(self, name)))

    # Relations

    def ties(self, child: str) -> frozenset[Tie]:
        return self.facts.ties(self.viewer, child, self.now, self.login)

    def relations(self, child: str) -> list[str]:
        held = {tie.relation for tie in self.ties(child)}
        return [relation for relation in RELATIONS if relation in held]

    def opens(self, child: str, column: str) -> bool:
        """C2: whether a relation that the viewer holds opens the column."""
        held = {"LEFT" if tie.left else tie.relation for tie in self.ties(child)}
        if "SELF" in held and adult(self, child):
            held.add("ADULT_SELF")
        return bool(held & COLUMNS[column])

    def has_relation_at(self, child: str, unit: str) -> bool:
        """A relation at that unit; a guardian's, the child's own and the case worker's are to the whole child."""
        return any(tie.relation in WHOLE_CHILD or tie.unit == unit for tie in self.ties(child))

    # Threads: T1 to T7

    def rule_holds(self, rule: str, thread: Thread, day: dt.date) -> bool:
        """Whether the relation behind a thread rule holds on a day; participation is asked apart."""
        facts, viewer = self.facts, self.viewer
        if facts.blocked(viewer, thread.child, day):
            return False
        if rule == "T1 as GUARDIAN":
            return facts.guardian(viewer, thread.child, day)
        if rule == "T1 as DELEGATE":
            return facts.delegate(viewer, thread.child, thread.unit, day)
        if facts.kin(viewer, thread.child) or viewer == thread.child:
            return False
        kind = self.world.units[thread.unit].kind
        if rule == "T2":
            return Tie("SUBJECT_STAFF", thread.unit) in facts.staff_ties(viewer, thread.child, day)
        if rule == "T3":
            return Tie("CONTACT_TEACHER", thread.unit) in facts.staff_ties(viewer, thread.child, day)
        if rule == "T4":
            return kind == "SCHOOL" and facts.leads(viewer, thread.unit, day)
        return kind == {"T5": "SFO", "T6": "KINDERGARTEN"}[rule] and facts.employed(viewer, thread.unit, day)

    def opening_rules(self, thread: str) -> frozenset[str]:
        """The thread rules by which the viewer sees it now; empty when it does not exist for them."""
        told = self.world.threads[thread]
        side = self.facts.participants(thread).get(self.viewer, ("", None))[0]
        rules = set()
        for rule in (*T1, "T2", "T3", "T4", "T5", "T6"):
            if rule in T1 and (side != "GUARDIAN" or self.login == "employee"):
                continue
            if rule == "T2" and side != "UNIT":
                continue
            if self.rule_holds(rule, told, self.today):
                rules.add(rule)
        return frozenset(rules)

    def sees_thread(self, thread: str) -> bool:
        return bool(self.opening_rules(thread))

    def visible_messages(self, thread: str) -> tuple[Message, ...]:
        """T7: what of the thread the viewer sees, oldest first.

        The relation that must have held on a message's day is the one by which the viewer sees the thread now: whoever
        was GUARDIAN and is DELEGATE now does not read as DELEGATE what was written to the guardian.
        """
        rules = self.opening_rules(thread)
        told = self.world.threads[thread]
        joined = self.facts.participants(thread).get(self.viewer, ("", None))[1]
        seen = []
        for message in self.facts.messages(told):
            whole = bool(rules & {"T3", "T4", "T5", "T6"})
            by_participation = joined is not None and joined <= message.at
            by_t1 = by_participation and any(
                self.rule_holds(rule, told, oslo_day(message.at)) for rule in rules & set(T1)
            )
            by_t2 = "T2" in rules and by_participation
            if whole or by_t1 or by_t2:
                seen.append(message)
        return tuple(seen)

    def visible_threads(self) -> list[str]:
        """Newest first, by the thread's own activity."""
        # Of those that one act made at one instant, the last is the newest.
        seen = [thread for thread in reversed(self.world.threads) if self.sees_thread(thread)]
        return sorted(seen, key=self.activity, reverse=True)

    def activity(self, thread: str) -> dt.datetime:
        told = self.world.threads[thread]
        return max([told.at, *(message.at for message in self.facts.messages(told))])

    def last_message_at(self, thread: str) -> dt.datetime:
        messages = self.visible_messages(thread)
        return messages[-1].at if messages else self.world.threads[thread].at

    def pointer_start(self, thread: str) -> dt.datetime:
        """Where a viewer's pointer starts while they have moved none: when the relation began."""
        told = self.world.threads[thread]
        starts = []
        for rule in self.opening_rules(thread):
            began = first_instant(self.facts.began(lambda day, rule=rule: self.rule_holds(rule, told, day), self.today))
            if rule == "T2":
                began = max(began, self.facts.participants(thread)[self.viewer][1])
            starts.append(began)
        return min(starts)

    def unread(self, thread: str) -> int:
        moved = [read for read in self.world.reads if read.thread == thread and read.person == self.viewer]
        messages = self.visible_messages(thread)
        if moved:
            up_to = self.world.messages[moved[-1].up_to].at
            unseen = [message for message in messages if message.at > up_to]
        else:
            start = self.pointer_start(thread)
            unseen = [message for message in messages if message.at >= start]
        return sum(message.author != self.viewer for message in unseen)

    def person_node(self, person: str, thread: str) -> Node:
        """C7: participants and authors, whoever they are now."""
        if self.facts.participants(thread)[person][0] == "UNIT":
            return Node("StaffMember", person)
        child = self.world.threads[thread].child
        return Node("Guardian" if self.facts.guardian(person, child, self.today) else "OtherAdult", person)

    def may_see_reading(self, thread: str, person: str) -> bool:
        """C7: lastReadAt only of the other side and of oneself."""
        if person == self.viewer:
            return True
        own_side = "GUARDIAN" if self.opening_rules(thread) <= set(T1) else "UNIT"
        return self.facts.participants(thread)[person][0] != own_side

    def last_read_at(self, thread: str, person: str) -> dt.datetime | None:
        moved = [read for read in self.world.reads if read.thread == thread and read.person == person]
        return moved[-1].at if moved and self.may_see_reading(thread, person) else None

    # Which nodes exist for the viewer

    def sees(self, node: Node) -> bool:
        checks: dict[str, Callable[[str], bool]] = {
            "Unit": lambda unit: unit in self.world.units and not self.machine,
            "Group": self.sees_group,
            "Child": lambda child: bool(self.ties(child)) or self.in_a_thread(Node("Child", child)),
            "Guardian": lambda person: self.sees_as_guardian(person) or self.in_a_thread(Node("Guardian", person)),
            "StaffMember": self.sees_staff,
            "OtherAdult": self.sees_other_adult,
            "Thread": self.sees_thread,
            "Absence": lambda absence: sees_absence(self, absence),
            "Message": lambda message: (
                self.world.messages[message] in self.visible_messages(self.world.messages[message].thread)
            ),
        }
        if node.type in family.NODES:
            return family.sees(self, node.type, node.handle)
        return checks[node.type](node.handle)

    def in_a_thread(self, node: Node) -> bool:
        """C7: who sees a thread sees the child it is about and its participants."""
        for thread, told in self.world.threads.items():
            if not self.sees_thread(thread):
                continue
            if node == Node("Child", told.child):
                return True
            if any(self.person_node(person, thread) == node for person in self.facts.participants(thread)):
                return True
        return False

    def sees_group(self, group: str) -> bool:
        """C8: the unit's staff, and whoever stands in a relation to a child in it (whose groups there are open)."""
        if self.facts.employed(self.viewer, self.world.groups[group].unit, self.today):
            return True
        return any(group in self.groups_of(child) for child in self.world.people)

    def sees_as_guardian(self, person: str) -> bool:
        """C8: by a relation to a child whose GUARDIAN they are now; C6: not by one to a child that has left."""
        return any(
            self.facts.guardian(person, child, self.today) and any(not tie.left for tie in self.ties(child))
            for child in self.world.people
        )

    def wards(self, person: str) -> list[str]:
        """Children whose GUARDIAN the person is now, and whose guardians are open to the viewer (C8, C2), by name."""
        return self.by_name(
            child
            for child in self.world.people
            if self.facts.guardian(person, child, self.today) and self.opens(child, "guardians")
        )

    def staff_units(self, person: str) -> list[str]:
        """Units by which a staff member is visible: they are employed there now, and the viewer is too or has to do
        with a child who goes there."""
        return [
            unit
            for unit in self.world.units
            if self.facts.employed(person, unit, self.today) and (person == self.viewer or self.sees_staff_of(unit))
        ]

    def sees_staff_of(self, unit: str) -> bool:
        return self.facts.employed(self.viewer, unit, self.today) or any(
            self.facts.enrolled(child, unit, self.today) and unit in self.units_of(child) for child in self.world.people
        )

    def sees_staff(self, person: str) -> bool:
        if person == self.viewer and self.works(person):
            return True
        return bool(self.staff_units(person)) or self.in_a_thread(Node("StaffMember", person))

    def works(self, person: str) -> bool:
        return self.facts.administers(person, self.today) or any(
            self.facts.employed(person, unit, self.today) for unit in self.world.units
        )

    def sees_other_adult(self, person: str) -> bool:
        if person == self.viewer and self.is_other_adult(person):
            return True
        return self.in_a_thread(Node("OtherAdult", person)) or family.shows_adult(self, person)

    def is_other_adult(self, person: str) -> bool:
        return any(told.person == person for told in self.world.delegates) or any(
            person in told.guardian_side for told in self.world.threads.values()
        )

    def viewer_node(self) -> Node | None:
        if self.login in ("employee", "both") and self.works(self.viewer):
            return Node("StaffMember", self.viewer)
        if self.login in ("private", "both") and any(
            self.facts.guardian(self.viewer, child, self.today) for child in self.world.people
        ):
            return Node("Guardian", self.viewer)
        if self.is_other_adult(self.viewer):
            return Node("OtherAdult", self.viewer)
        return Node("Child", self.viewer) if Tie("SELF") in self.ties(self.viewer) else None

    # Fields

    def by_name(self, handles: object) -> list[str]:
        told = list(handles)
        return sorted(told, key=lambda handle: name_order(self.name(handle)))

    def name(self, person: str) -> str:
        """The register's name first, else the roster's; whom nobody has named is "Ukjent"."""
        told = self.world.people[person]
        if any(person in reading.documents for reading in self.world.readings):
            return told.name
        if not self.rostered(person):
            return "Ukjent"
        return " ".join(told.roster_name) if told.roster_name else told.name

    def rostered(self, person: str) -> bool:
        world = self.world
        periods = (*world.positions, *world.administrators, *world.memberships)
        return any(told.person == person for told in periods) or any(went.child == person for went in world.enrolments)

    def units_of(self, child: str) -> tuple[str, ...]:
        """Child.units: where the child goes now, as far as they are open, and the unit of a leader it has left (C6)."""
        open_units = set()
        for tie in self.ties(child):
            now = {unit for unit in self.world.units if self.facts.enrolled(child, unit, self.today)}
            if tie.left:
                open_units.add(tie.unit)
            elif tie.relation in WHOLE_CHILD or tie.relation == "UNIT_LEADER":
                open_units |= now
            else:
                open_units |= now & {tie.unit}
        return tuple(sorted(open_units, key=lambda unit: name_order(self.world.units[unit].name)))

    def groups_of(self, child: str) -> tuple[str, ...]:
        """Child.groups: the same for groups; of a unit that the child has left, every group it ever belonged to."""
        open_groups = set()
        for tie in self.ties(child):
            for group, told in self.world.groups.items():
                now = self.facts.belongs(child, group, self.today)
                if tie.left:
                    ever = [day for day in self.facts.change_days() if day <= self.today]
                    if told.unit == tie.unit and any(self.facts.belongs(child, group, day) for day in ever):
                        open_groups.add(group)
                elif now and (tie.relation in WHOLE_CHILD or tie.relation == "UNIT_LEADER" or tie.unit == told.unit):
                    open_groups.add(group)
        return tuple(sorted(open_groups, key=lambda group: name_order(self.world.groups[group].name)))

    def address(self, child: str) -> str | None:
        """C2, C4 and C6: the address that is open to the viewer, if any."""
        facts = self.facts
        held = {"LEFT" if tie.left else tie.relation for tie in self.ties(child)}
        found = facts.residence(child, self.today)[0]
        if found and (level := facts.address_level(found, self.today)) < 2:
            same = facts.residence(self.viewer, self.today)[0] == found
            ways = held & {"CONTACT_TEACHER", "UNIT_STAFF", "UNIT_LEADER", "CASE_WORKER", "SELF"}
            if same and "GUARDIAN" in held:
                ways.add("GUARDIAN")
            if level == 1:
                ways &= {"UNIT_LEADER", "CASE_WORKER"}
            if ways:
                return found
        if held & {"CONTACT_TEACHER", "UNIT_STAFF", "UNIT_LEADER", "CASE_WORKER", "SELF"}:
            return None
        left = [facts.last_day(child, tie.unit, self.today) for tie in self.ties(child) if tie.left and tie.unit]
        days = [day for day in left if day]
        if not days:
            return None
        then = max(days)
        found = facts.residence(child, then)[0]
        if not found:
            return None
        levels = (
            facts.address_level(found, then),
            facts.address_level(found, self.today),
            facts.own_level(child, self.today),
        )
        return found if max(levels) < 2 else None

    def contact_opens(self, person: str) -> bool:
        """C2: own contact details, or a relation that opens them to a child whose GUARDIAN the person is now."""
        if person == self.viewer:
            return True
        return any(
            self.facts.guardian(person, child, self.today) and self.opens(child, "contact")
            for child in self.world.people
        )

    def contact_closed_by_protection(self, person: str) -> bool:
        """C4: contact details of a protected person are for UNIT_LEADER and CASE_WORKER, or for no one."""
        facts = self.facts
        level = facts.own_level(person, self.today)
        if level == 0:
            return False
        if level >= 2:
            return True
        return not any(
            tie.relation in ("UNIT_LEADER", "CASE_WORKER") and not tie.left
            for child in self.world.people
            if facts.guardian(person, child, self.today)
            for tie in self.ties(child)
        )

    def sees_responsibilities(self, child: str) -> bool:
        return self.opens(child, "responsibilities")

    def children(self) -> list[str]:
        """Viewer.children: GUARDIAN or DELEGATE (C8)."""
        return self.by_name(
            child for child in self.world.people if {"GUARDIAN", "DELEGATE"} & set(self.relations(child))
        )

    def pupils(self) -> list[str]:
        """Viewer.pupils: enrolled now, by a staff relation (C8)."""
        return self.by_name(
            child
            for child in self.world.people
            if any(tie.relation in STAFF and not tie.left for tie in self.ties(child))
        )

    def unit_children(self, unit: str) -> list[str]:
        return self.by_name(
            child
            for child in self.world.people
            if self.facts.enrolled(child, unit, self.today) and self.has_relation_at(child, unit)
        )

    def group_children(self, group: str) -> list[str]:
        unit = self.world.groups[group].unit
        return self.by_name(
            child
            for child in self.world.people
            if self.facts.belongs(child, group, self.today) and self.has_relation_at(child, unit)
        )

    def unit_staff(self, unit: str) -> list[str]:
        return self.by_name(
            person
            for person in self.world.people
            if self.facts.employed(person, unit, self.today) and unit in self.staff_units(person)
        )

    def group_staff(self, group: str) -> list[str]:
        roles = ("CONTACT_TEACHER", "SUBJECT_TEACHER", "ASSISTANT")
        return [
            person
            for person in self.unit_staff(self.world.groups[group].unit)
            if self.facts.contains(group, person, roles, self.today)
        ]

    def unit_groups(self, unit: str) -> list[str]:
        groups = [
            group.handle
            for group in self.world.groups.values()
            if group.unit == unit and (group.gone is None or self.today < group.gone)
        ]
        return sorted(
            (group for group in groups if self.sees_group(group)),
            key=lambda group: name_order(self.world.groups[group].name),
        )

    def viewer_units(self) -> list[str]:
        units = [unit for unit in self.world.units if self.facts.employed(self.viewer, unit, self.today)]
        return sorted(units, key=lambda unit: name_order(self.world.units[unit].name))

    def positions(self, person: str) -> list[tuple[str, str]]:
        units = self.staff_units(person)
        return [
            (held.unit, held.role)
            for held in self.world.positions
            if held.person == person
            and held.unit in units
            and held.since <= self.today
            and (held.until is None or self.today < held.until)
        ]

    # Why something is seen, by C9

    def explaining_relations(self, node: Node) -> set[str]:
        """The relations that an explanation of a visible Child or Guardian names; of others nothing is said here."""
        if not self.sees(node):
            return set()
        by_thread = {"PARTICIPANT"} if self.in_a_thread(node) else set()
        if node.type == "Child":
            return set(self.relations(node.handle)) | by_thread
        if node.type == "Guardian":
            return {
                tie.relation
                for child in self.world.people
                if self.facts.guardian(node.handle, child, self.today)
                for tie in self.ties(child)
                if not tie.left
            } | by_thread
        return set()
