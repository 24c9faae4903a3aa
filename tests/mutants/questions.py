"""Small questions, each about few fields, so that a mutant is asked only what it has a part in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.oracle.view import Node
from tests.roads.operations import Road, plausible_nodes
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
        "lastMessageAt latestMessage { id }",
        "participants { person { __typename id name } side joinedAt lastReadAt }",
        "messages { totalCount nodes { id } }",
        "unreadCount",
    ),
    "Message": ("id body sentAt retractedAt author { __typename id name } onBehalfOf { id } thread { id }",),
}
OF_VIEWER = (
    "person { __typename id name }",
    "units { id } children { id name }",
    "pupils { totalCount nodes { id name } }",
    "threads { totalCount nodes { id } }",
    "unreadCount",
    "mine: threads(filter: {participatingOnly: true}) { totalCount nodes { id } }",
    "unread: threads(filter: {unreadOnly: true}) { totalCount nodes { id } }",
)


def questions(world: World, ids: dict[Node, str]) -> Iterator[Road]:
    plausible = plausible_nodes(world)
    for fields in OF_VIEWER:
        yield Road(f"viewer {fields.split()[0]}", f"query Viewer {{ viewer {{ {fields} }} }}")
    for type_name, selections in OF_TYPES.items():
        own = [told for node, told in ids.items() if node.type == type_name]
        told = [told for node, told in ids.items() if node.type == type_name and node in plausible]
        asked = list(dict.fromkeys([*told, *own[:3]]))
        variables: dict[str, Any] = {"ids": asked}
        for fields in selections if asked else ():
            text = f"query Nodes($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on {type_name} {{ {fields} }} }} }}"
            yield Road(f"{type_name} {fields.split()[0]}", text, variables)
