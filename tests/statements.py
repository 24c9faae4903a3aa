"""Statements about a world in plain words, and what the oracle makes of them.

mother sees child pupil.address            a value is there (a name alone: the node is)
aunt does not see child pupil
mother as employee does not see child pupil
teacher as feide sees child pupil          an employee by a subject; machine, a client by one
teacher is CONTACT_TEACHER of pupil        and: is not
mother sees when teacher read talk
mother has 2 unread in talk
mother finds 3 messages in talk
teacher signs in as StaffMember            or as nobody
teacher's pupils are pupil, stranger       or none; school.children, 3B.staff, pupil.guardians likewise
mother's pupil.delegates are aunt          whom blocks are between likewise; pupil.tasks are CONFIRM_GUARDIAN_father
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

from tests.oracle import everyday, family
from tests.oracle.relations import Relations
from tests.oracle.view import Node, View
from tests.worlds.world import World, oslo

TYPES = {
    "child": "Child",
    "guardian": "Guardian",
    "staff": "StaffMember",
    "adult": "OtherAdult",
    "unit": "Unit",
    "group": "Group",
    "thread": "Thread",
    "message": "Message",
    "absence": "Absence",
}
WHO = r"^(?P<who>\w+)(?: as (?P<login>private|employee|feide|machine))?"
SEES = re.compile(WHO + r" (?P<yes>sees|does not see) (?P<type>\w+) (?P<handle>\w+)(?:\.(?P<field>\w+))?$")
IS = re.compile(WHO + r" (?P<yes>is|is not) (?P<relation>[A-Z_]+) of (?P<child>\w+)$")
UNREAD = re.compile(WHO + r" has (?P<count>\d+) unread in (?P<thread>\w+)$")
FINDS = re.compile(WHO + r" finds (?P<count>\d+) messages in (?P<thread>\w+)$")
SIGNS_IN = re.compile(WHO + r" signs in as (?P<type>\w+)$")
READING = re.compile(WHO + r" (?P<yes>sees|does not see) when (?P<person>\w+) read (?P<thread>\w+)$")
LISTS = re.compile(WHO + r"'s (?P<path>[\w.]+) are (?P<handles>[\w, ]+)$")


class Statements:
    """Judges statements about one world at one instant."""

    def __init__(self, world: World, now: dt.datetime | None = None) -> None:
        self.world = world
        self.now = now or oslo(world.today)
        self.relations = Relations(world)
        self.views: dict[tuple[str, str], View] = {}

    def view(self, who: str, login: str | None) -> View:
        key = (who, login or "both")
        if key not in self.views:
            assert who in self.world.people, who
            self.views[key] = View(self.relations, *key, self.now)
        return self.views[key]

    def holds(self, statement: str) -> bool:
        for pattern, judge in self.patterns().items():
            if told := pattern.match(statement):
                words = told.groupdict()
                return judge(self.view(words["who"], words["login"]), words)
        raise ValueError(f"not a statement: {statement}")

    def patterns(self) -> dict[re.Pattern[str], Callable[[View, dict[str, str]], bool]]:
        return {
            READING: lambda view, words: (
                (view.last_read_at(words["thread"], words["person"]) is not None) == (words["yes"] == "sees")
            ),
            SEES: self.judge_sees,
            IS: lambda view, words: (words["relation"] in view.relations(words["child"])) == (words["yes"] == "is"),
            UNREAD: lambda view, words: (
                view.sees_thread(words["thread"]) and view.unread(words["thread"]) == int(words["count"])
            ),
            FINDS: lambda view, words: len(view.visible_messages(words["thread"])) == int(words["count"]),
            SIGNS_IN: lambda view, words: getattr(view.viewer_node(), "type", "nobody") == words["type"],
            LISTS: self.judge_list,
        }

    def judge_sees(self, view: View, words: dict[str, str]) -> bool:
        node = Node(TYPES[words["type"]], words["handle"])
        given = view.sees(node)
        if given and words["field"]:
            given = self.has_value(view, node, words["field"])
        return given == (words["yes"] == "sees")

    def has_value(self, view: View, node: Node, field: str) -> bool:
        child = node.handle
        if node.type == "Child" and field == "address":
            return view.address(child) is not None
        if node.type == "Child":
            return view.opens(child, field)
        if node.type == "Guardian" and field == "contact":
            return (
                view.contact_opens(child)
                and not view.contact_closed_by_protection(child)
                and child in self.world.contacts
            )
        if node.type == "Absence":
            return field in everyday.DATES or everyday.opens_absence(view, self.world.absences[child])
        if node.type == "Message" and field == "body":
            return not self.world.messages[child].retracted
        raise ValueError(f"no such field here: {field}")

    def judge_list(self, view: View, words: dict[str, str]) -> bool:
        told = [] if words["handles"] == "none" else words["handles"].split(", ")
        return self.listed(view, words["path"]) == told

    def listed(self, view: View, path: str) -> list[str]:
        handle, _, name = path.rpartition(".")
        world = self.world
        whole: dict[str, Callable[[], list[str]]] = {
            "children": view.children,
            "pupils": view.pupils,
            "units": view.viewer_units,
            "threads": view.visible_threads,
            "tasks": lambda: told_tasks(family.tasks(view)),
        }
        by_unit: dict[str, Callable[[], list[str]]] = {
            "children": lambda: view.unit_children(handle),
            "staff": lambda: view.unit_staff(handle),
            "groups": lambda: view.unit_groups(handle),
        }
        by_group: dict[str, Callable[[], list[str]]] = {
            "children": lambda: view.group_children(handle),
            "staff": lambda: view.group_staff(handle),
        }
        by_person: dict[str, Callable[[], list[str]]] = {
            "units": lambda: list(view.units_of(handle)),
            "groups": lambda: list(view.groups_of(handle)),
            "guardians": lambda: (
                view.by_name(view.facts.guardians(handle, view.today)) if view.opens(handle, "guardians") else []
            ),
            "children": lambda: view.wards(handle),
            "delegates": lambda: [told.person for told in family.delegates(view, handle)],
            "blocks": lambda: [told.person for told in family.blocks(view, handle)],
            "tasks": lambda: sorted(
                f"{task.split('/')[0]}_{task.split('/')[2]}" for task in family.tasks(view, handle)
            ),
            "positions": lambda: [f"{unit}_{role}" for unit, role in view.positions(handle)],
        }
        if not handle:
            return whole[name]()
        if handle in world.units:
            return by_unit[name]()
        return by_group[name]() if handle in world.groups else by_person[name]()


def told_tasks(handles: set[str]) -> list[str]:
    """CONFIRM_GUARDIAN/pupil/father/school as CONFIRM_GUARDIAN_father."""
    return sorted(f"{kind}_{person}" for kind, _, person, _ in (handle.split("/") for handle in handles))
