"""Small questions, each about few fields, so that a mutant is asked only what it has a part in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.oracle.view import Node
from tests.roads.operations import Road, plausible_nodes
from tests.worlds.everyday import PURPOSES
from tests.worlds.world import World

OF_TYPES: dict[str, tuple[str, ...]] = {
    "Unit": (
        "id name kind phone",
        "groups { id name }",
        "staff { id name }",
        "children { totalCount nodes { id name relations } }",
        "threads { totalCount nodes { id } }",
    ),
    "Group": ("id name kind unit { id }", "children { id name }", "staff { id name }"),
    "Child": (
        "id name relations birthDate nationalId",
        "address { lines postalCode city }",
        "units { id name }",
        "groups { id name }",
        "guardians { id name }",
        "responsibilities { holder guardian { id } kind opensAccess since until }",
        "threads { totalCount nodes { id } }",
    ),
    "Guardian": ("id name", "contact { phone email reserved }", "children { id name }"),
    "StaffMember": ("id name positions { unit { id } role }",),
    "OtherAdult": ("id name",),
    "Thread": (
        "id subject createdAt joint unit { id } child { id name }",
        "lastMessageAt",
        "lastMessageAt latestMessage { id }",
        "participants { person { __typename id name } side joinedAt lastReadAt }",
        "messages { totalCount nodes { id } }",
        "unreadCount",
    ),
    "Absence": (
        "id firstDay lastDay child { id } unit { id } fromTime toTime reason note side reportedAt confirmedAt endedHow",
        "reportedBy { id } registeredBy { id } confirmedBy { id } corrects { id }",
    ),
    "Delegate": (
        "id child { id } unit { id } name adult { id name } active since until registeredAt registeredBy { id }",
        "consents { guardian { id name } since until givenAt withdrawnAt }",
    ),
    "Block": ("id child { id } name since until reason setBy { id } setAs setAt liftedAt lifts { actedAs }",),
    "Task": ("id kind child { id } unit { id } personName doneAt doneBy { id }",),
    "Message": ("id body sentAt retractedAt author { __typename id name } onBehalfOf { id } thread { id }",),
}
OF_VIEWER = (
    "person { __typename id name }",
    "person { name }",
    "units { id } children { id name }",
    "pupils { totalCount nodes { id name } }",
    "threads { totalCount nodes { id } }",
    "unreadCount",
    "mine: threads(filter: {participatingOnly: true}) { totalCount nodes { id } }",
    "unread: threads(filter: {unreadOnly: true}) { totalCount nodes { id } }",
)


FEW = 3


def questions(world: World, ids: dict[Node, str], elsewhere: Sequence[str]) -> Iterator[Road]:
    """`elsewhere`: ids of units of another municipality."""
    plausible = plausible_nodes(world)
    for fields in OF_VIEWER:
        yield Road(f"viewer {fields.split()[0]}", f"query Viewer {{ viewer {{ {fields} }} }}")
    for type_name, selections in OF_TYPES.items():
        own = [told for node, told in ids.items() if node.type == type_name]
        told = [told for node, told in ids.items() if node.type == type_name and node in plausible]
        asked = list(dict.fromkeys([*told, *own[:FEW], *(elsewhere if type_name == "Unit" else ())]))
        variables: dict[str, Any] = {"ids": asked}
        for fields in selections if asked else ():
            text = f"query Nodes($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on {type_name} {{ {fields} }} }} }}"
            yield Road(f"{type_name} {fields.split()[0]}", text, variables)
    yield from filtered(ids, plausible)
    if world.delegates or world.blocks or world.confirmations:
        yield from family(ids, plausible)
    if world.absences or world.photo_consents:
        yield from everyday(world, ids, plausible)


def filtered(ids: dict[Node, str], plausible: set[Node]) -> Iterator[Road]:
    for argument, type_name in (("childId", "Child"), ("unitId", "Unit")):
        chosen = [told for node, told in ids.items() if node.type == type_name and node in plausible][:FEW]
        fields = " ".join(
            f"_{i}: threads(filter: {{{argument}: $n{i}}}) {{ totalCount nodes {{ id }} }}" for i in range(len(chosen))
        )
        if chosen:
            values = {f"n{i}": told for i, told in enumerate(chosen)}
            yield Road(argument, f"query Filtered({known(values)}) {{ viewer {{ {fields} }} }}", values)


OF_FAMILY = (
    "delegates { id }",
    "blocks { id } protectionLevel",
    "confirmations { name guardian { id } since confirmedBy { id } confirmedAs confirmedAt }",
    "tasks { id }",
)


def family(ids: dict[Node, str], plausible: set[Node]) -> Iterator[Road]:
    children = [told for node, told in ids.items() if node.type == "Child" and node in plausible]
    for fields in OF_FAMILY:
        text = f"query Nodes($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on Child {{ {fields} }} }} }}"
        yield Road(f"Child {fields.split()[0]}", text, {"ids": children})
    yield Road("viewer tasks", "query Viewer { viewer { tasks { totalCount nodes { id } } } }")


def everyday(world: World, ids: dict[Node, str], plausible: set[Node]) -> Iterator[Road]:
    children = [told for node, told in ids.items() if node.type == "Child" and node in plausible]
    units = {f"u{i}": ids[Node("Unit", unit)] for i, unit in enumerate(world.units)}
    uses = " ".join(
        f"{unit}_{purpose}: photoUseAllowed(purpose: {purpose}, unitId: ${unit}) {{ allowed reason }}"
        for unit in units
        for purpose in PURPOSES
    )
    on = f'on: "{world.today}"'
    for name, type_name, fields, more in (
        ("absences", "Child", "absences { totalCount nodes { id } }", {}),
        ("absences", "Child", f"all: absences(ended: true) {{ nodes {{ id }} }} absences({on}) {{ totalCount }}", {}),
        ("absences", "Unit", f"absences({on}) {{ totalCount nodes {{ id }} }} all: absences {{ nodes {{ id }} }}", {}),
        ("photoConsents", "Child", "photoConsents { unit { id } purpose givenBy { id } givenAt withdrawnAt }", {}),
        ("photoUseAllowed", "Child", uses, units),
    ):
        asked = children if type_name == "Child" else list(units.values())
        variables = ", ".join(["$ids: [ID!]!", *([known(more)] if more else [])])
        text = f"query Nodes({variables}) {{ nodes(ids: $ids) {{ ... on {type_name} {{ {fields} }} }} }}"
        yield Road(f"{type_name} {name}", text, {"ids": asked, **more})


def known(values: Mapping[str, str]) -> str:
    return ", ".join(f"${name}: ID!" for name in values)
