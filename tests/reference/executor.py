"""Answers any operation slowly and plainly: every field of every object asks the oracle by itself.

Lists whose order the contract does not name (relations, positions, participants, responsibilities) come in an order of
their own here; `tests/roads/comparing.py` compares those as sets.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLResolveInfo,
    GraphQLSchema,
    InlineFragmentNode,
    SelectionSetNode,
    execute_sync,
)

from tests.oracle import everyday
from tests.oracle import family as matters
from tests.oracle.facts import CLEAR_KINDS
from tests.oracle.view import Node, View
from tests.reference import family
from tests.worlds.everyday import Away

HIDEABLE = {
    "Child": (
        "birthDate", "nationalId", "address", "guardians", "responsibilities", "absences", "photoConsents",
        "photoUseAllowed", *family.CHILD_FIELDS,
    ),
    "Guardian": ("contact",),
    "Absence": (
        "fromTime", "toTime", "reason", "note", "side", "reportedAt", "reportedBy", "registeredBy", "confirmedAt",
        "confirmedBy", "corrects", "endedAt", "endedHow",
    ),
}  # fmt: skip


@dataclass
class Asked:
    """One operation's context: whose view it is, the ids of the world's nodes, and what was decided on the way."""

    view: View
    ids: dict[Node, str]
    hidden: Counter[str] = field(default_factory=Counter)
    decide: Callable[[Node, str, bool], None] | None = None
    """Told of each decision: the node, the field, and whether a value was given."""

    def __post_init__(self) -> None:
        self.nodes = {told: node for node, told in self.ids.items()}

    def visible(self, global_id: str) -> Node | None:
        node = self.nodes.get(global_id)
        return node if node and self.view.sees(node) else None


@dataclass(frozen=True)
class Plain:
    """An object without an id: a participant of a thread, a position, an address ..."""

    type: str
    values: dict[str, Any]


class SizeRefused(Exception):
    """first and last together, or a negative size."""


def page(nodes: list[Node], arguments: dict[str, Any], kind: str) -> Plain:
    first, last = arguments.get("first"), arguments.get("last")
    if (first is not None and last is not None) or (first or 0) < 0 or (last or 0) < 0:
        raise SizeRefused
    start, end = (max(0, len(nodes) - last), len(nodes)) if last is not None else (0, 50 if first is None else first)
    shown = nodes[start:end]
    edges = [Plain(f"{kind}Edge", {"node": node, "cursor": node.handle}) for node in shown]
    info = {
        "hasNextPage": last is None and len(shown) < len(nodes),
        "hasPreviousPage": last is not None and len(shown) < len(nodes),
        "startCursor": shown[0].handle if shown else None,
        "endCursor": shown[-1].handle if shown else None,
    }
    return Plain(
        f"{kind}Connection",
        {"edges": edges, "nodes": shown, "pageInfo": Plain("PageInfo", info), "totalCount": len(nodes)},
    )


def of(kind: str, handles: Any) -> list[Node]:
    return [Node(kind, handle) for handle in handles]


def iso(value: dt.date | dt.datetime | None) -> str | None:
    return value.isoformat() if value else None


def query_field(asked: Asked, name: str, arguments: dict[str, Any]) -> Any:
    if name == "viewer":
        return Plain("Viewer", {})
    if name == "node":
        return asked.visible(arguments["id"])
    if name == "nodes":
        return [asked.visible(one) for one in arguments["ids"]]
    raise NotImplementedError(name)


def viewer_field(asked: Asked, name: str, arguments: dict[str, Any]) -> Any:
    view = asked.view
    if name == "person":
        return view.viewer_node()
    if name == "municipality":
        return view.world.name
    if name == "units":
        return of("Unit", view.viewer_units())
    if name == "children":
        return of("Child", view.children())
    if name == "pupils":
        return page(of("Child", view.pupils()), arguments, "Child")
    if name == "threads":
        return page(of("Thread", filtered_threads(asked, arguments.get("filter") or {})), arguments, "Thread")
    if name == "tasks":
        return page(family.in_order(asked, matters.tasks(view)), arguments, "Task")
    if name == "unreadCount":
        return sum(view.unread(thread) for thread in view.visible_threads())
    raise NotImplementedError(name)


def filtered_threads(asked: Asked, chosen: dict[str, Any]) -> list[str]:
    view = asked.view
    threads = view.visible_threads()
    if chosen.get("unitId") is not None:
        unit = asked.visible(chosen["unitId"])
        threads = [thread for thread in threads if Node("Unit", view.world.threads[thread].unit) == unit]
    if chosen.get("childId") is not None:
        child = asked.visible(chosen["childId"])
        threads = [thread for thread in threads if Node("Child", view.world.threads[thread].child) == child]
    if chosen.get("unreadOnly"):
        threads = [thread for thread in threads if view.unread(thread)]
    if chosen.get("participatingOnly"):
        threads = [thread for thread in threads if view.viewer in view.facts.participants(thread)]
    return threads


def unit_field(asked: Asked, unit: str, name: str, arguments: dict[str, Any]) -> Any:
    view = asked.view
    told = view.world.units[unit]
    if name in ("name", "kind", "phone"):
        return getattr(told, name)
    if name == "groups":
        return of("Group", view.unit_groups(unit))
    if name == "staff":
        return of("StaffMember", view.unit_staff(unit))
    if name == "children":
        return page(of("Child", view.unit_children(unit)), arguments, "Child")
    if name == "absences":
        return absence_page(everyday.absences(view, unit=unit), arguments)
    if name == "broadcasts":
        return page([], arguments, "Broadcast")
    if name == "substitutions":
        return []
    threads = [thread for thread in view.visible_threads() if view.world.threads[thread].unit == unit]
    return page(of("Thread", threads), arguments, "Thread")


def group_field(asked: Asked, group: str, name: str, arguments: dict[str, Any]) -> Any:
    view = asked.view
    told = view.world.groups[group]
    if name in ("name", "kind"):
        return getattr(told, name)
    if name == "unit":
        return Node("Unit", told.unit)
    if name == "children":
        return of("Child", view.group_children(group))
    return of("StaffMember", view.group_staff(group))


def child_field(asked: Asked, child: str, name: str, arguments: dict[str, Any]) -> Any:
    view = asked.view
    if name in HIDEABLE["Child"] and not view.opens(child, name):
        return None
    if name in ("absences", "photoConsents", "photoUseAllowed"):
        return child_everyday(asked, child, name, arguments)
    if name in family.CHILD_FIELDS:
        return family.child_field(asked, child, name)
    values: dict[str, Callable[[], Any]] = {
        "name": lambda: view.name(child),
        "relations": lambda: view.relations(child),
        "birthDate": lambda: iso(view.facts.born(child)),
        "nationalId": lambda: view.world.people[child].number,
        "address": lambda: postal(view.address(child)),
        "units": lambda: of("Unit", view.units_of(child)),
        "groups": lambda: of("Group", view.groups_of(child)),
        "guardians": lambda: of("Guardian", view.by_name(view.facts.guardians(child, view.today))),
        "responsibilities": lambda: responsibilities(view, child),
        "threads": lambda: page(
            of("Thread", [one for one in view.visible_threads() if view.world.threads[one].child == child]),
            arguments,
            "Thread",
        ),
    }
    return values[name]()


def absence_page(found: list[Away], arguments: dict[str, Any]) -> Plain:
    day = arguments.get("on")
    shown = [
        told.id
        for told in found
        if (told.ended is None or arguments.get("ended"))
        and (day is None or told.first.isoformat() <= str(day) <= told.last.isoformat())
    ]
    return page(of("Absence", shown), arguments, "Absence")


def child_everyday(asked: Asked, child: str, name: str, arguments: dict[str, Any]) -> Any:
    view = asked.view
    if name == "absences":
        return absence_page(everyday.absences(view, child=child), arguments)
    if name == "photoConsents":
        return [
            Plain(
                "PhotoConsent",
                {
                    "unit": Node("Unit", told.unit),
                    "purpose": told.purpose,
                    "givenBy": Node("Child" if told.person == child else "Guardian", told.person),
                    "givenAt": iso(told.at),
                    "withdrawnAt": iso(told.withdrawn),
                },
            )
            for told in everyday.consents(view, child)
        ]
    unit = asked.visible(arguments["unitId"])
    if unit is None or unit.type != "Unit":
        return None
    told = everyday.use(view, child, unit.handle, arguments["purpose"])
    return told and Plain("PhotoUse", {"allowed": told[0], "reason": told[1]})


def absence_field(asked: Asked, absence: str, name: str, arguments: dict[str, Any]) -> Any:
    view = asked.view
    told = view.world.absences[absence]
    if name not in everyday.DATES and not everyday.opens_absence(view, told):
        return None
    confirmed_by = told.reporter if told.by_unit else told.confirmed_by
    reporter = everyday.reporter(view, told)
    registrar = everyday.colleague(view, told, told.reporter if told.by_unit else None)
    confirmer = everyday.colleague(view, told, confirmed_by)
    values: dict[str, Any] = {
        "child": Node("Child", told.child),
        "unit": Node("Unit", told.unit),
        "firstDay": iso(told.first),
        "lastDay": iso(told.last),
        "fromTime": told.part and told.part[0].isoformat(),
        "toTime": told.part and told.part[1].isoformat(),
        "reason": told.reason,
        "note": told.note,
        "side": "UNIT" if told.by_unit else "GUARDIAN",
        "reportedAt": iso(told.at),
        "reportedBy": reporter and Node("Guardian", reporter),
        "registeredBy": registrar and Node("StaffMember", registrar),
        "confirmedAt": iso(told.at) if confirmed_by else None,
        "confirmedBy": confirmer and Node("StaffMember", confirmer),
        "corrects": told.corrects and Node("Absence", told.corrects),
        "endedAt": iso(told.at) if told.ended else None,
        "endedHow": told.ended,
    }
    return values[name]


def postal(address: str | None) -> Plain | None:
    if address is None:
        return None
    street, place = address.split(", ")
    code, city = place.split(" ", 1)
    return Plain("PostalAddress", {"lines": [street], "postalCode": code, "city": city})


def responsibilities(view: View, child: str) -> list[Plain]:
    """Every entry of the child's own document, those that open nothing too."""
    listed = []
    for entry in view.facts.entries(child):
        told = entry.told
        guardian = told.holder is not None and view.facts.guardian(told.holder, child, view.today)
        clear = told.kind in CLEAR_KINDS and told.current is True and not told.organisation and entry.live(view.today)
        listed.append(
            Plain(
                "ParentalResponsibility",
                {
                    "holder": view.name(told.holder) if told.holder else told.unidentified or told.organisation,
                    "guardian": Node("Guardian", told.holder) if told.holder and guardian else None,
                    "kind": told.kind or "ukjent",
                    "opensAccess": guardian and clear,
                    "since": iso(told.since),
                    "until": iso(entry.until),
                },
            )
        )
    return listed


def guardian_field(asked: Asked, person: str, name: str, arguments: dict[str, Any]) -> Any:
    view = asked.view
    if name == "name":
        return view.name(person)
    if name == "children":
        return of("Child", view.wards(person))
    if not view.contact_opens(person) or view.contact_closed_by_protection(person):
        return None
    told = view.world.contacts.get(person)
    return told and Plain("Contact", {"phone": told.phone, "email": told.email, "reserved": told.reserved})


def staff_field(asked: Asked, person: str, name: str, arguments: dict[str, Any]) -> Any:
    if name == "name":
        return asked.view.name(person)
    return [
        Plain("Position", {"unit": Node("Unit", unit), "role": role}) for unit, role in asked.view.positions(person)
    ]


def adult_field(asked: Asked, person: str, name: str, arguments: dict[str, Any]) -> Any:
    return asked.view.name(person)


def thread_field(asked: Asked, thread: str, name: str, arguments: dict[str, Any]) -> Any:
    view = asked.view
    told = view.world.threads[thread]
    messages = view.visible_messages(thread)
    values: dict[str, Callable[[], Any]] = {
        "subject": lambda: told.subject,
        "unit": lambda: Node("Unit", told.unit),
        "child": lambda: Node("Child", told.child),
        "createdAt": lambda: iso(told.at),
        "lastMessageAt": lambda: iso(view.last_message_at(thread)),
        "participants": lambda: [
            Plain(
                "Participant",
                {
                    "person": view.person_node(person, thread),
                    "side": side,
                    "joinedAt": iso(joined),
                    "lastReadAt": iso(view.last_read_at(thread, person)),
                },
            )
            for person, (side, joined) in view.facts.participants(thread).items()
        ],
        "joint": lambda: told.joint,
        "messages": lambda: page(of("Message", [message.id for message in messages]), arguments, "Message"),
        "latestMessage": lambda: Node("Message", messages[-1].id) if messages else None,
        "unreadCount": lambda: view.unread(thread),
    }
    return values[name]()


def message_field(asked: Asked, message: str, name: str, arguments: dict[str, Any]) -> Any:
    view = asked.view
    told = view.world.messages[message]
    values: dict[str, Callable[[], Any]] = {
        "thread": lambda: Node("Thread", told.thread),
        "author": lambda: view.person_node(told.author, told.thread),
        "onBehalfOf": lambda: Node("Unit", view.world.threads[told.thread].unit) if told.on_behalf_of_unit else None,
        "body": lambda: None if told.retracted else told.body,
        "sentAt": lambda: iso(told.at),
        "retractedAt": lambda: iso(told.retracted_at or told.at) if told.retracted else None,
    }
    return values[name]()


NODE_FIELDS: dict[str, Callable[[Asked, str, str, dict[str, Any]], Any]] = {
    "Unit": unit_field,
    "Group": group_field,
    "Child": child_field,
    "Guardian": guardian_field,
    "StaffMember": staff_field,
    "OtherAdult": adult_field,
    "Thread": thread_field,
    "Message": message_field,
    "Absence": absence_field,
    **family.NODE_FIELDS,
}


def resolve_field(source: Any, info: GraphQLResolveInfo, **arguments: Any) -> Any:
    """The one resolver of the reference."""
    asked: Asked = info.context
    name = info.field_name
    if source is None:
        return query_field(asked, name, arguments)
    if isinstance(source, Plain):
        return viewer_field(asked, name, arguments) if source.type == "Viewer" else source.values[name]
    if name == "id":
        value: Any = asked.ids[source]
    else:
        value = NODE_FIELDS[source.type](asked, source.handle, name, arguments)
    closed = name in HIDEABLE.get(source.type, ()) and closed_by_column(asked.view, source, name)
    if closed:
        asked.hidden[f"{source.type}.{name}"] += 1
    if asked.decide:
        open_without_value = source.type == "Absence" and not closed
        asked.decide(source, name, value is not None or open_without_value or name not in HIDEABLE.get(source.type, ()))
    return value


def closed_by_column(view: View, node: Node, name: str) -> bool:
    """C10: what a column of the table closes to the viewer's relations is counted, whether or not a value exists."""
    if node.type == "Guardian":
        return not view.contact_opens(node.handle)
    if node.type == "Absence":
        return not everyday.opens_absence(view, view.world.absences[node.handle])
    return not view.opens(node.handle, name)


def resolve_type(source: Any, info: GraphQLResolveInfo, of_type: Any) -> str:
    return source.type


@dataclass
class ReferenceAnswer:
    data: dict[str, Any] | None
    errors: int
    hidden: dict[str, int]


def answer(
    schema: GraphQLSchema,
    document: DocumentNode,
    asked: Asked,
    variables: dict[str, Any] | None = None,
    operation_name: str | None = None,
) -> ReferenceAnswer:
    result = execute_sync(
        schema,
        document,
        None,
        asked,
        variables or {},
        operation_name,
        field_resolver=resolve_field,
        type_resolver=resolve_type,
    )
    return ReferenceAnswer(result.data, len(result.errors or ()), dict(asked.hidden))


def applies(condition: str, kind: str) -> bool:
    people = ("Child", "Guardian", "StaffMember", "OtherAdult")
    return condition in (kind, "Node") or (condition == "Person" and kind in people)


def asked_fields(selections: SelectionSetNode | None, kind: str, fragments: dict[str, Any]) -> list[str]:
    """The fields that a selection asks of a node of one type, fragments on types and interfaces followed."""
    fields: list[str] = []
    for selection in selections.selections if selections else ():
        if isinstance(selection, FieldNode):
            fields.append(selection.name.value)
        elif isinstance(selection, InlineFragmentNode):
            on = selection.type_condition.name.value if selection.type_condition else kind
            if applies(on, kind):
                fields += asked_fields(selection.selection_set, kind, fragments)
        elif isinstance(selection, FragmentSpreadNode):
            spread = fragments[selection.name.value]
            if applies(spread.type_condition.name.value, kind):
                fields += asked_fields(spread.selection_set, kind, fragments)
    return fields
