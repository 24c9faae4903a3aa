"""The roads: operations that reach the same nodes and fields by different ways."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.oracle.view import Node
from tests.worlds.everyday import PURPOSES
from tests.worlds.world import World

CELLS = """
fragment UnitCells on Unit { id name kind phone }
fragment GroupCells on Group { id name groupKind: kind unit { id } }
fragment ChildCells on Child {
  id name relations birthDate nationalId address { lines postalCode city } units { id name } groups { id name }
  guardians { id name } responsibilities { holder guardian { id } kind opensAccess since until }
}
fragment GuardianCells on Guardian { id name contact { phone email reserved } children { id name } }
fragment StaffCells on StaffMember { id name positions { unit { id } role } }
fragment AdultCells on OtherAdult { id name }
fragment ThreadCells on Thread {
  id subject createdAt lastMessageAt joint unreadCount unit { id } child { id name }
  participants { person { __typename id name } side joinedAt lastReadAt } latestMessage { id }
}
fragment FamilyCells on Child {
  delegates { ...DelegateCells } blocks { ...BlockCells } protectionLevel tasks { ...TaskCells }
  confirmations { name guardian { id } since confirmedBy { id } confirmedAs confirmedAt }
}
fragment DelegateCells on Delegate {
  id child { id } unit { id } name adult { id name } active since until registeredAt registeredBy { id }
  consents { guardian { id name } since until givenAt withdrawnAt }
}
fragment BlockCells on Block {
  id child { id } name since until blockReason: reason setBy { id } setAs setAt liftedAt lifts { actedAs }
}
fragment TaskCells on Task { id taskKind: kind child { id } taskUnit: unit { id } personName doneAt doneBy { id } }
fragment MessageCells on Message {
  id body sentAt retractedAt thread { id } author { __typename id name } onBehalfOf { id }
}
fragment AbsenceCells on Absence {
  id child { id name } unit { id } firstDay lastDay fromTime toTime reason note side reportedAt confirmedAt endedAt
  endedHow
  reportedBy { id name } registeredBy { id name } confirmedBy { id name } corrects { id endedHow }
}
"""

NODE_CELLS = """
{ __typename ...UnitCells ...GroupCells ...ChildCells ...GuardianCells ...StaffCells ...AdultCells ...ThreadCells
  ...MessageCells ...AbsenceCells ...FamilyCells ...DelegateCells ...BlockCells ...TaskCells }
"""


def with_fragments(text: str) -> str:
    """The operation with the fragments that it uses, since unused ones are an error."""
    used: list[str] = []
    pieces = {piece.split()[1]: piece for piece in ("fragment" + part for part in CELLS.split("fragment")[1:])}
    for name, piece in pieces.items():
        if f"...{name}" in text:
            used.append(piece.strip())
    return "\n".join([text.strip(), *used])


ROOT = with_fragments("""
query Root {
  viewer {
    municipality unreadCount
    person { __typename id name ... on Guardian { contact { phone } } ... on StaffMember { positions { role } } }
    units { ...UnitCells }
    children { ...ChildCells }
    tasks { totalCount nodes { ...TaskCells } }
    pupils { totalCount nodes { ...ChildCells } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }
    threads { totalCount edges { cursor node { ...ThreadCells } } }
  }
}
""")

NESTED_UNIT = with_fragments("""
query Units($units: [ID!]!) {
  nodes(ids: $units) {
    ... on Unit {
      id
      groups { ...GroupCells children { ...ChildCells } staff { ...StaffCells } unit { name } }
      staff { ...StaffCells }
      children { totalCount nodes { ...ChildCells } }
      threads { totalCount nodes { ...ThreadCells } }
    }
  }
}
""")

NESTED_FAMILY = with_fragments("""
query Families {
  viewer {
    children {
      id absences { totalCount } photoConsents { purpose }
      guardians { ...GuardianCells children { ...ChildCells } } units { staff { id } } groups { staff { id } }
    }
    pupils(first: 200) {
      edges {
        node {
          id absences(ended: true) { nodes { ...AbsenceCells } } photoConsents { purpose givenAt }
          guardians { ...GuardianCells children { ...ChildCells } } threads { totalCount }
        }
      }
    }
    units { children { nodes { guardians { children { guardians { ...GuardianCells } } } } } }
  }
}
""")

NESTED_THREAD = with_fragments("""
query Threads {
  viewer {
    threads(first: 200) {
      nodes {
        child { ...ChildCells threads { totalCount nodes { id } } }
        participants {
          person { ... on Guardian { ...GuardianCells } ... on StaffMember { ...StaffCells } ...AdultCells }
        }
        messages(first: 200) { totalCount nodes { ...MessageCells } }
        newest: messages(last: 1) { nodes { ...MessageCells } pageInfo { hasPreviousPage } }
        latestMessage { ...MessageCells thread { ...ThreadCells } }
        unit { ...UnitCells }
      }
    }
  }
}
""")

ALL_NODES = with_fragments("query Nodes($ids: [ID!]!) { nodes(ids: $ids) " + NODE_CELLS + "}")

ONE_NODE = with_fragments("query One($id: ID!) { node(id: $id) " + NODE_CELLS + "}")

INTERFACES = with_fragments("""
query Interfaces($ids: [ID!]!, $with: Boolean!, $without: Boolean!) {
  nodes(ids: $ids) {
    __typename
    key: id
    ... on Person { called: name @skip(if: $without) ... on Child { born: birthDate @include(if: $with) } }
    ... on Node { id @include(if: $without) ... on Thread { subject @include(if: $with) seen: lastMessageAt } }
    ... on Guardian @include(if: $with) { reach: contact { email } }
    ... on Child { number: nationalId @skip(if: $with) a: guardians { id } b: guardians { name } }
  }
}
""")

EVERYDAY = with_fragments("""
query Everyday($children: [ID!]!, $units: [ID!]!, $day: Date!) {
  nodes(ids: $children) {
    ... on Child {
      absences { totalCount nodes { id } }
      all: absences(ended: true) { totalCount nodes { ...AbsenceCells } }
      today: absences(on: $day) { nodes { id } }
      photoConsents { unit { id } purpose givenBy { __typename id name } givenAt withdrawnAt }
      USES
    }
  }
  units: nodes(ids: $units) { ... on Unit { absences(on: $day) { totalCount nodes { id firstDay reason } } } }
}
""")


def everyday(units: list[str]) -> str:
    """Every use at every unit, as aliases."""
    uses = [
        f'u{number}_{purpose}: photoUseAllowed(purpose: {purpose}, unitId: "{unit}") {{ allowed reason }}'
        for number, unit in enumerate(units)
        for purpose in PURPOSES
    ]
    return EVERYDAY.replace("USES", " ".join(uses))


COUNTS = """
query Counts($units: [ID!]!) {
  viewer { unreadCount pupils { totalCount } threads { totalCount } children { threads { totalCount } } }
  nodes(ids: $units) { ... on Unit { children { totalCount } threads { totalCount } } }
}
"""

FILTERS = """
query Filters($unit: ID, $child: ID) {
  viewer {
    unit: threads(filter: {unitId: $unit}) { totalCount nodes { id unreadCount } }
    child: threads(filter: {childId: $child}) { totalCount nodes { id } }
    unread: threads(filter: {unreadOnly: true}) { totalCount nodes { id } }
    mine: threads(filter: {participatingOnly: true}) { totalCount nodes { id } }
    all: threads(filter: {unitId: $unit, childId: $child, unreadOnly: true, participatingOnly: true}) {
      totalCount nodes { id }
    }
    none: threads(filter: {}) { totalCount }
  }
}
"""


@dataclass(frozen=True)
class Road:
    name: str
    text: str
    variables: dict[str, Any] = field(default_factory=dict)


def plausible_nodes(world: World) -> set[Node]:
    """Units, groups, threads and messages, and of people what anything in the world makes them."""
    family = {
        entry.holder
        for reading in world.readings
        for document in reading.documents.values()
        for entry in document.responsibilities
    }
    working = {held.person for held in (*world.positions, *world.administrators)}
    involved = {person for thread in world.threads.values() for person in thread.guardian_side}
    involved |= {told.person for told in world.delegates}
    return {
        *(Node("Unit", unit) for unit in world.units),
        *(Node("Group", group) for group in world.groups),
        *(Node("Thread", thread) for thread in world.threads),
        *(Node("Message", message) for message in world.messages),
        *(Node("Absence", absence) for absence in world.absences),
        *(Node("Child", went.child) for went in world.enrolments),
        *(Node("Guardian", person) for person in family if person),
        *(Node("StaffMember", person) for person in working),
        *(Node("OtherAdult", person) for person in involved),
        *(Node("Delegate", told.id) for told in world.delegates),
        *(Node("Block", told.id) for told in world.blocks),
    }


def chunks(ids: list[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


IMPLAUSIBLE = 1
"""Of each type, so many ids of people who are nothing of the kind to anybody are asked for too."""


def roads(world: World, ids: dict[Node, str], *, one_by_one: bool = False) -> Iterator[Road]:
    """All roads over one world, to everything there is in it, visible or not."""
    units = [told for node, told in ids.items() if node.type == "Unit"]
    children = [told for node, told in ids.items() if node.type == "Child"]
    plausible = plausible_nodes(world)
    strange: list[Node] = []
    for kind in ("Child", "Guardian", "StaffMember", "OtherAdult"):
        strange += [node for node in ids if node.type == kind and node not in plausible][:IMPLAUSIBLE]
    everything = [ids[node] for node in ids if node in plausible or node in strange or node.type == "Task"]
    yield Road("root", ROOT)
    yield Road("unit", NESTED_UNIT, {"units": units})
    yield Road("family", NESTED_FAMILY)
    yield Road("thread", NESTED_THREAD)
    yield Road("count", COUNTS, {"units": units})
    for some in chunks(children, 60):
        day = world.today.isoformat()
        yield Road("everyday", everyday(units), {"children": some, "units": units, "day": day})
    for some in chunks(everything, 60):
        yield Road("nodes", ALL_NODES, {"ids": some})
    yield Road("fragment", INTERFACES, {"ids": everything[:60], "with": True, "without": False})
    yield Road("fragment", INTERFACES, {"ids": everything[-60:], "with": False, "without": True})
    for unit, child in zip(units, children, strict=False):
        yield Road("filter", FILTERS, {"unit": unit, "child": child})
    if one_by_one:
        for one in everything:
            yield Road("node", ONE_NODE, {"id": one})
