"""Holds what the server tells of records against the oracle: by the child's list and by each id, cell by cell."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from tests.oracle import records as oracle
from tests.oracle.view import Node, View
from tests.roads.comparing import differences
from tests.roads.place import Place, named
from tests.worlds.loading import Loaded
from tests.worlds.records import Told, write_records
from tests.worlds.world import World

CELLS = """
fragment Cells on Record {
  id kind kept writtenAt child { id } unit { id } author { id }
  latestVersion { number title body }
  versions { number title body author { id } attachments { id } }
  readers { person { id } }
  openings { person { id } reason }
}
"""
BY_CHILD = "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Child { id records { totalCount nodes { ...Cells } } } } }"
BY_ID = "query ($ids: [ID!]!) { nodes(ids: $ids) { ...Cells } }"


@dataclass
class Shelf:
    """The records of a world, as they lie in a database."""

    place: Place
    loaded: Loaded
    told: list[Told]
    ids: dict[str, str]

    @property
    def world(self) -> World:
        return self.loaded.world

    def node(self, kind: str, handle: str) -> str:
        return self.loaded.ids[Node(kind, handle)]

    def staff(self, view: View, handle: str) -> dict[str, str] | None:
        """A member of staff, while the viewer sees them as one (C8)."""
        seen = view.sees(Node("StaffMember", handle))
        return {"id": self.node("StaffMember", handle)} if seen else None

    def expected(self, view: View, told: Told, hidden: Counter[str]) -> dict[str, Any]:
        reads = oracle.reads(view, told)
        staff_reads = oracle.names_readers_to(view, told)
        title = f"Tittel på {told.handle}"
        texts = [{"number": at, "title": title, "body": body} for at, body in enumerate(told.bodies, 1)]
        author = self.staff(view, told.author)
        hidden.update({"Record.latestVersion": not reads, "Record.versions": not reads})
        hidden.update({"Record.readers": not staff_reads})
        openings = [one for one in told.openings if one.leader in oracle.openings_seen(view, told)]
        return {
            "id": self.ids[told.handle],
            "kind": told.kind,
            "kept": oracle.kept(told),
            "writtenAt": told.at.isoformat(),
            "child": {"id": self.node("Child", told.child)},
            "unit": {"id": self.node("Unit", told.unit)},
            "author": author,
            "latestVersion": texts[-1] if reads else None,
            "versions": [{**text, "author": author, "attachments": []} for text in texts] if reads else None,
            "readers": [{"person": self.staff(view, who)} for who in view.by_name(told.readers)]
            if staff_reads
            else None,
            "openings": [
                {"person": self.staff(view, one.leader), "reason": one.reason}
                for one in sorted(openings, key=lambda one: one.at, reverse=True)
            ],
        }

    async def compare(self, view: View) -> list[str]:
        """What differs for one viewer; empty when nothing does."""
        children = [handle for handle in self.world.people if Node("Child", handle) in self.loaded.ids]
        hidden: Counter[str] = Counter()
        lists: list[Any] = []
        for child in children:
            if not view.sees(Node("Child", child)):
                lists.append(None)
                continue
            opens = oracle.column_opens(view, child)
            hidden["Child.records"] += not opens
            seen = [told for told in self.told if told.child == child and oracle.sees(view, told)] if opens else []
            newest_first = sorted(seen, key=lambda one: (one.at, self.told.index(one)), reverse=True)
            told = [self.expected(view, one, hidden) for one in newest_first]
            page = {"totalCount": len(told), "nodes": told}
            lists.append({"id": self.node("Child", child), "records": page if opens else None})
        by_id_hidden: Counter[str] = Counter()
        one_by_one = [
            self.expected(view, told, by_id_hidden) if oracle.sees(view, told) else None for told in self.told
        ]
        wrong = await self.held(view, BY_CHILD, [self.node("Child", one) for one in children], lists, hidden)
        wrong += await self.held(view, BY_ID, [self.ids[told.handle] for told in self.told], one_by_one, by_id_hidden)
        return wrong

    async def held(self, view: View, text: str, ids: list[str], expected: list[Any], hidden: Counter[str]) -> list[str]:
        answer = await self.place.ask(view, text + CELLS, {"ids": ids})
        names = {told: f"<{node.type} {node.handle}>" for node, told in self.loaded.ids.items()}
        names |= {told: f"<Record {handle}>" for handle, told in self.ids.items()}
        where = f"{view.viewer} ({view.login})"
        wrong = [f"{where}: {answer.errors}"] if answer.errors else []
        wrong += [f"{where} {one}" for one in differences(named({"nodes": expected}, names), named(answer.data, names))]
        counted = {name: count for name, count in hidden.items() if count}
        if counted != answer.hidden:
            wrong.append(f"{where}: hidden {counted} expected, {answer.hidden} given")
        return wrong


async def shelved(place: Place, world: World, told: list[Told]) -> Shelf:
    loaded = await place.load(world)
    ids = await write_records(told, loaded, place.database, place.vault)
    return Shelf(place, loaded, told, ids)
