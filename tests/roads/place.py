"""A place to hold worlds: one database, one engine, and the viewers' way to ask.

Each world is a municipality of its own in the same database, so that every run also shows that nothing crosses between
them.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from graphql import DocumentNode, GraphQLSchema, parse

from authz.viewer import Viewer
from resolvers.engine.engine import Answer, Engine
from server.database import Database
from tests.oracle.relations import Relations
from tests.oracle.view import Node, View
from tests.reference.executor import Asked, answer, asked_fields
from tests.roads.comparing import differences
from tests.roads.operations import Road, roads
from tests.roads.tally import Tally
from tests.worlds.loading import Loaded, load
from tests.worlds.world import World
from vault import Vault

LOGINS = ("private", "employee", "both")
WORLDS_TOGETHER = 10
"""So many lie in the database at once; then it begins anew, so that imports stay quick."""


@dataclass
class Contacts:
    """The contact register of all worlds, by national identity number."""

    known: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def look_up(self, numbers: Sequence[str]) -> dict[str, dict[str, Any]]:
        return {number: self.known[number] for number in numbers if number in self.known}

    def take(self, world: World) -> None:
        """Worlds share numbers: from here on, what is known of these people is what this world says."""
        for handle, person in world.people.items():
            told = world.contacts.get(handle)
            self.known.pop(person.number or "", None)
            if told and person.number:
                self.known[person.number] = {"phone": told.phone, "email": told.email, "reserved": told.reserved}


ISSUERS = {"feide": "feide", "machine": "maskinporten"}
"""Of tokens that name a subject in the place of a number."""


def token_of(world: World, who: str, login: str) -> tuple[str | None, tuple[str, str] | None]:
    """The number, or the subject, that a token names; neither for whoever cannot sign in so."""
    person = world.people[who]
    if login not in ISSUERS:
        return person.number, None
    return None, (ISSUERS[login], person.subject) if person.subject else None


class Place:
    def __init__(
        self, database: Database, vault: Vault, engine: Engine, schema: GraphQLSchema, contacts: Contacts
    ) -> None:
        self.database = database
        self.vault = vault
        self.engine = engine
        self.schema = schema
        self.contacts = contacts
        self.numbers = itertools.count(999_000_001)
        self.worlds = 0
        self.parsed: dict[str, DocumentNode] = {}

    async def load(self, world: World) -> Loaded:
        world.organisation_number = str(next(self.numbers))
        if self.worlds >= WORLDS_TOGETHER:
            await self.empty()
        self.worlds += 1
        self.contacts.take(world)
        return await load(world, self.database, self.vault)

    async def make_room(self) -> None:
        """Half of what lies together at once, for whoever loads several and asks about the first again."""
        if self.worlds > WORLDS_TOGETHER // 2:
            await self.empty()

    async def empty(self) -> None:
        self.worlds = 0
        connection = await asyncpg.connect(**self.database.admin_connect)
        try:
            await connection.execute("truncate municipality, person, unit cascade")
        finally:
            await connection.close()

    def viewer(self, world: World, who: str, login: str) -> Viewer:
        number, subject = token_of(world, who, login)
        return Viewer(
            municipality=world.organisation_number,
            number_hash=self.vault.keyed_hash(number, "national_id") if number else None,
            subject=subject,
            private=login in ("private", "both"),
            employee=login in ("employee", "both", "feide"),
        )

    async def ask(self, view: View, text: str, variables: dict[str, Any]) -> Answer:
        prepared = self.engine.documents.prepare(text, None)
        return await self.engine.run(
            prepared, variables, self.viewer(view.world, view.viewer, view.signed_in), view.now
        )

    def document(self, text: str) -> DocumentNode:
        if text not in self.parsed:
            self.parsed[text] = parse(text)
        return self.parsed[text]

    def reference(
        self, view: View, ids: dict[Node, str], text: str, variables: dict[str, Any], decide: Any = None
    ) -> tuple[dict[str, Any] | None, dict[str, int]]:
        asked = Asked(view, ids, decide=decide)
        told = answer(self.schema, self.document(text), asked, variables)
        return told.data, told.hidden

    async def compare(self, view: View, ids: dict[Node, str], road: Road, tally: Tally | None = None) -> list[str]:
        """What differs between the server and the oracle on one road; empty when nothing does."""
        held = frozenset(tie.relation for child in view.world.people for tie in view.ties(child)) if tally else None

        def decide(node: Node, name: str, given: bool) -> None:
            assert tally is not None
            assert held is not None
            tally.record(view, held, road.name, node, name, given)

        expected, hidden = self.reference(view, ids, road.text, road.variables, decide if tally else None)
        if tally and held is not None:
            self.count_absent(view, ids, road, tally, held)
        given = await self.ask(view, road.text, road.variables)
        where = f"{view.viewer} ({view.login}, {view.now:%Y-%m-%d %H:%M}Z) by {road.name}"
        told = [f"{where}: errors {given.errors}"] if given.errors else []
        names = {told: f"<{node.type} {node.handle}>" for node, told in ids.items()}
        told += [f"{where} {one}" for one in differences(named(expected, names), named(given.data, names))]
        if hidden != given.hidden:
            told.append(f"{where}: hidden {hidden} expected, {given.hidden} given")
        return told

    def count_absent(self, view: View, ids: dict[Node, str], road: Road, tally: Tally, held: frozenset[str]) -> None:
        """A node that is not there for the viewer is a refusal of every field that was asked of it."""
        asked_for = [value for value in road.variables.values() if isinstance(value, str)]
        for value in road.variables.values():
            asked_for += value if isinstance(value, list) else []
        document = self.document(road.text)
        fragments = {one.name.value: one for one in document.definitions if one.kind == "fragment_definition"}
        fields = nodes_selection(document)
        if fields is None:
            return
        nodes = {told: node for node, told in ids.items()}
        for one in asked_for:
            node = nodes.get(one)
            if node and not view.sees(node):
                for name in dict.fromkeys(asked_fields(fields, node.type, fragments)):
                    if name != "__typename":
                        tally.record(view, held, road.name, node, name, False)

    async def agree(
        self,
        loaded: Loaded,
        viewers: Sequence[str],
        logins: Sequence[str],
        now: dt.datetime,
        *,
        relations: Relations | None = None,
        tally: Tally | None = None,
        only: Sequence[str] | None = None,
    ) -> list[str]:
        """All differences for some viewers, over all roads or some of them."""
        relations = relations or Relations(loaded.world)
        told: list[str] = []
        for who in viewers:
            for login in logins:
                view = View(relations, who, login, now)
                if token_of(view.world, who, login) == (None, None):
                    continue
                for road in roads(loaded.world, loaded.ids):
                    if only is None or road.name in only:
                        told += await self.compare(view, loaded.ids, road, tally)
        return told


def named(value: Any, names: dict[str, str]) -> Any:
    """The answer with handles in the place of ids, so that a difference can be read."""
    if isinstance(value, dict):
        return {key: named(one, names) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [named(one, names) for one in value]
    return names.get(value, value) if isinstance(value, str) else value


def nodes_selection(document: DocumentNode) -> Any:
    """What the operation selects of `node` or `nodes`, if that is its root."""
    for definition in document.definitions:
        if definition.kind == "operation_definition":
            for field_node in definition.selection_set.selections:
                if getattr(field_node, "name", None) and field_node.name.value in ("node", "nodes"):
                    return field_node.selection_set
    return None
