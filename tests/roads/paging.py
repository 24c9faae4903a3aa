"""Walks connections page by page, forwards and backwards, and holds what comes against the oracle's whole list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.oracle.view import Node, View
from tests.roads.place import Place

CONNECTIONS = {
    "pupils": "viewer { page: pupils(%s) %s }",
    "threads": "viewer { page: threads(%s) %s }",
    "unit children": "node(id: $id) { ... on Unit { page: children(%s) %s } }",
    "unit threads": "node(id: $id) { ... on Unit { page: threads(%s) %s } }",
    "child threads": "node(id: $id) { ... on Child { page: threads(%s) %s } }",
    "messages": "node(id: $id) { ... on Thread { page: messages(%s) %s } }",
}
PAGE = "{ totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { id } } }"


def whole_list(view: View, name: str, handle: str | None) -> list[Node]:
    """What the oracle says stands in a connection, in order."""
    threads = [Node("Thread", thread) for thread in view.visible_threads()]
    told = view.world.threads
    if name == "pupils":
        return [Node("Child", child) for child in view.pupils()]
    if name == "threads":
        return threads
    assert handle is not None
    if name == "unit children":
        return [Node("Child", child) for child in view.unit_children(handle)]
    if name == "unit threads":
        return [node for node in threads if told[node.handle].unit == handle]
    if name == "child threads":
        return [node for node in threads if told[node.handle].child == handle]
    return [Node("Message", message.id) for message in view.visible_messages(handle)]


async def walk(
    place: Place, view: View, ids: dict[Node, str], name: str, handle: str | None, size: int, *, backwards: bool
) -> list[str]:
    """What is wrong on one walk through one connection; empty when nothing is."""
    expected = [ids[node] for node in whole_list(view, name, handle)]
    way, edge, more, mark = (
        ("last", "before", "hasPreviousPage", "startCursor")
        if backwards
        else ("first", "after", "hasNextPage", "endCursor")
    )
    asked = CONNECTIONS[name] % (f"{way}: $size, {edge}: $cursor", PAGE)
    known = "$size: Int, $cursor: String" + (", $id: ID!" if "$id" in asked else "")
    text = f"query Walk({known}) {{ {asked} }}"
    kinds = {"unit children": "Unit", "unit threads": "Unit", "child threads": "Child", "messages": "Thread"}
    variables: dict[str, Any] = {"size": size, "cursor": None}
    if handle is not None:
        variables["id"] = ids[Node(kinds[name], handle)]
    walked: list[str] = []
    wrong: list[str] = []
    for _ in range(len(expected) // size + 3):
        given = await place.ask(view, text, variables)
        (holder,) = given.data.values() if given.data else (None,)
        if given.errors or holder is None:
            return [f"{view.viewer}: {name} {handle}: {given.errors or 'not there'}"]
        page = holder["page"]
        found = [one["node"]["id"] for one in page["edges"]]
        walked = [*found, *walked] if backwards else [*walked, *found]
        if page["totalCount"] != len(expected):
            wrong.append(f"{name} {handle}: {len(expected)} in all expected, {page['totalCount']} told")
        if page["pageInfo"][more] != (len(walked) < len(expected)):
            wrong.append(f"{name} {handle}: {more} is {page['pageInfo'][more]} after {len(walked)} of {len(expected)}")
        ends = [page["edges"][0]["cursor"], page["edges"][-1]["cursor"]] if found else [None, None]
        if [page["pageInfo"]["startCursor"], page["pageInfo"]["endCursor"]] != ends:
            wrong.append(f"{name} {handle}: the page's cursors are not those of its first and last entry")
        if not page["pageInfo"][more]:
            break
        variables["cursor"] = page["pageInfo"][mark]
    if walked != expected:
        wrong.append(f"{name} {handle} by {size}{' backwards' if backwards else ''}: another list than the oracle's")
    return [f"{view.viewer} ({view.login}): {one}" for one in wrong]


def places_to_walk(view: View) -> list[tuple[str, str | None]]:
    """Every connection that the viewer can reach."""
    world = view.world
    return [
        ("pupils", None),
        ("threads", None),
        *(("unit children", unit) for unit in world.units),
        *(("unit threads", unit) for unit in world.units),
        *(("child threads", child) for child in world.people if view.sees(Node("Child", child))),
        *(("messages", thread) for thread in world.threads if view.sees_thread(thread)),
    ]


async def walk_all(place: Place, view: View, ids: dict[Node, str], sizes: Sequence[int]) -> list[str]:
    wrong: list[str] = []
    for name, handle in places_to_walk(view):
        for size in sizes:
            for backwards in (False, True):
                wrong += await walk(place, view, ids, name, handle, size, backwards=backwards)
    return wrong
