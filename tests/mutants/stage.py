"""The stage: worlds in one database, the oracle's answers, and what the unbroken engine asks of the database for them.

Everything here is made once, before the first mutant. A mutant's process inherits it, and asks the database only what
the unbroken engine did not ask in the same words.
"""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
from graphql import GraphQLSchema, build_schema

from norway.days import oslo_day
from resolvers.engine.cursor import Cursors
from resolvers.engine.documents import Documents
from resolvers.engine.limits import Limits
from schema.public import graphql_schema, printed_schema
from server.database import API_SETTINGS, Database
from tests.mutants.mutations import MODULES, path_of
from tests.mutants.questions import questions
from tests.mutants.worlds import Tried
from tests.oracle.view import Node, View
from tests.reference.executor import Asked, answer
from tests.roads.comparing import differences
from tests.roads.operations import plausible_nodes
from tests.roads.place import Contacts, token_of
from tests.worlds.loading import load
from vault import Vault

LIMITS = Limits(
    tokens=100_000, depth=60, nesting=200, fields=100_000, aliases=2_000, directives=2_000, root_fields=500, cost=10**9
)
FILES = {str(path_of(module)) for module in MODULES}
STANDING = ("guardianship", "delegation", "child_protection", "kinship")
EXPLAIN = "explain"
BETWEEN_COUNTS = 8
"""After so many worlds PostgreSQL counts its rows anew, so that the next ones load quickly."""
SHARED = ("resolvers.engine.documents", "resolvers.engine.cursor")
"""Modules that know nothing of the policy, and stay."""


@dataclass(frozen=True)
class Case:
    """One question by one viewer, and the oracle's answer."""

    number: int
    tried: int
    view: int
    road: str
    text: str
    variables: dict[str, Any]
    expected: Any
    hidden: dict[str, int]


@dataclass
class Held:
    """A world as it lies in the database."""

    name: str
    municipality: UUID
    asks_for_all: bool
    """Whose delegates need every guardian's consent."""
    contacts: dict[str, dict[str, Any]]
    names: dict[str, str]


@dataclass
class Stage:
    database: Database
    vault: Vault
    schema: GraphQLSchema
    documents: Documents
    contacts: Contacts
    held: list[Held] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    """By view: what the database's function is called with, and what else a statement may ask of the viewer."""
    views: list[str] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)
    keys: list[dict[str, Any]] = field(default_factory=list)
    """By view."""
    fetched: dict[tuple[int, int], list[Any]] = field(default_factory=dict)
    reached: dict[tuple[str, frozenset[str]], set[tuple[str, int]]] = field(default_factory=dict)
    """By document and shape: the functions that its plan is made by, as file and first line."""
    reached_keys: set[tuple[str, int]] = field(default_factory=set)
    standing: dict[UUID, frozenset[Any]] = field(default_factory=dict)
    function: str = ""
    elsewhere: list[str] = field(default_factory=list)
    """Ids of units of the world before."""
    left_out: set[int] = field(default_factory=set)
    """Cases on which the unbroken policy and the oracle differ."""
    wrong: list[str] = field(default_factory=list)
    """How they differ."""


class Difference(Exception):
    """The oracle says otherwise."""


def question(sql: str, arguments: Sequence[Any]) -> tuple[int, int]:
    return hash(sql), hash(repr(arguments))


@contextmanager
def traced(into: set[tuple[str, int]]) -> Any:
    """Notes which functions of the policy and the sources are called."""

    def note(frame: Any, event: str, _: Any) -> None:
        if event == "call" and frame.f_code.co_filename in FILES:
            into.add((frame.f_code.co_filename, frame.f_code.co_firstlineno))

    sys.setprofile(note)
    try:
        yield
    finally:
        sys.setprofile(None)


async def connection_to(database: Database) -> asyncpg.Connection[Any]:
    """As the owner, who alone may change the function and the standing, and with the API's settings. The facts are
    open to whoever has a day."""
    settings = {**API_SETTINGS, "statement_timeout": "60s", "innsyn.today": "2000-01-01"}
    connect = {**database.admin_connect, "server_settings": settings}
    return await asyncpg.connect(**connect, statement_cache_size=0)


async def take(stage: Stage, tried: Tried, number: int) -> None:
    """Loads a world and asks the oracle everything about it."""
    if number % BETWEEN_COUNTS == 1:
        connection = await connection_to(stage.database)
        await connection.execute("analyze")
        await connection.close()
    world = tried.world
    world.organisation_number = str(999_000_001 + number)
    loaded = await load(world, stage.database, stage.vault)
    stage.contacts.known.clear()
    stage.contacts.take(world)
    names = {told: f"<{node.type} {node.handle}>" for node, told in loaded.ids.items()}
    asks_for_all = world.settings.get("delegateConsent") == "ALL"
    stage.held.append(Held(tried.name, loaded.municipality, asks_for_all, dict(stage.contacts.known), names))
    for view in tried.views:
        told, subject = token_of(world, view.viewer, view.signed_in)
        if told is None and subject is None:
            continue
        stage.views.append(f"{view.viewer} ({view.login}) in {tried.name}")
        stage.asked.append(
            {
                "municipality_id": loaded.municipality,
                "municipality_name": world.name,
                "number_hash": stage.vault.keyed_hash(told, "national_id") if told else None,
                "issuer": subject[0] if subject else None,
                "subject": subject[1] if subject else None,
                "private": view.login in ("private", "both"),
                "employee": view.login in ("employee", "both"),
                "today": oslo_day(view.now),
                "now": view.now,
            }
        )
        for road in questions(world, loaded.ids, stage.elsewhere):
            document = stage.documents.prepare(road.text).document
            asked = Asked(view, loaded.ids, decide=None)
            given = answer(stage.schema, document, asked, road.variables)
            add(stage, len(stage.held) - 1, road.name, road.text, road.variables, given.data, given.hidden)
        if (explained := explaining(view, loaded.ids))[1]:
            add(stage, len(stage.held) - 1, EXPLAIN, *explained, {})
    stage.elsewhere = [told for node, told in loaded.ids.items() if node.type == "Unit"][:1]


def add(
    stage: Stage, tried: int, road: str, text: str, variables: dict[str, Any], expected: Any, hidden: dict[str, int]
) -> None:
    told = json.loads(json.dumps(expected, default=str)) if road == EXPLAIN else expected
    stage.cases.append(Case(len(stage.cases), tried, len(stage.views) - 1, road, text, variables, told, hidden))


def explaining(view: View, ids: dict[Node, str]) -> tuple[str, dict[str, Any], Any]:
    """Why each child and guardian is seen: the relations alone, as the oracle knows them."""
    nodes = [node for node in ids if node.type in ("Child", "Guardian") and node in plausible_nodes(view.world)]
    asked = "\n".join(f"_{i}: explainAccess(node: $n{i}) {{ reasons {{ relation }} }}" for i in range(len(nodes)))
    known = ", ".join(f"$n{i}: ID!" for i in range(len(nodes)))
    expected = {f"_{i}": told_relations(view.explaining_relations(node)) for i, node in enumerate(nodes)}
    return f"query Explain({known}) {{ {asked} }}", {f"n{i}": ids[node] for i, node in enumerate(nodes)}, expected


def told_relations(relations: set[str]) -> list[str]:
    """Taking part is told where there is no other reason."""
    return sorted(relations - {"PARTICIPANT"} or relations)


class Cabinet:
    """A connection that looks up what was asked before."""

    def __init__(self, stage: Stage, connection: asyncpg.Connection[Any], *, keep: bool = False) -> None:
        self.stage = stage
        self.connection = connection
        self.keep = keep
        self.trusted = True
        """What was asked before has the same answer still."""
        self.asked = 0

    async def fetch(self, sql: str, *arguments: Any) -> list[Any]:
        key = question(sql, arguments)
        if self.trusted and key in self.stage.fetched:
            return self.stage.fetched[key]
        self.asked += 1
        rows = await self.connection.fetch(sql, *arguments)
        if self.keep:
            self.stage.fetched[key] = rows
        return rows


class Standing:
    """Stands where the gateway does: the keys of a view are known before."""

    def __init__(self, cabinet: Cabinet, keys: list[dict[str, Any]]) -> None:
        self.cabinet = cabinet
        self.keys = keys

    @asynccontextmanager
    async def viewer_connection(self, viewer: int, _: Any) -> AsyncIterator[tuple[Cabinet, dict[str, Any]]]:
        yield self.cabinet, {**self.cabinet.stage.asked[viewer], **self.keys[viewer]}


class Unwritten:
    """Stands where the access log does: what is tried here is what is answered."""

    async def append(self, *_: Any) -> None:
        pass


class Questioner:
    """An engine of the modules as they are now, and how it is held against the oracle."""

    def __init__(self, stage: Stage, cabinet: Cabinet, keys: list[dict[str, Any]]) -> None:
        # Imported here, since each mutant has modules of its own.
        from resolvers.catalogue import catalogue  # noqa: PLC0415
        from resolvers.engine.engine import Engine  # noqa: PLC0415
        from resolvers.engine.run import Services  # noqa: PLC0415

        services = Services(stage.vault, stage.contacts.look_up, Cursors(stage.vault.derived_key("cursors")), LIMITS)
        self.stage = stage
        self.engine = Engine(catalogue(graphql_schema()), Standing(cabinet, keys), services, Unwritten())  # type: ignore[arg-type]

    async def hold(self, case: Case) -> None:
        """Raises Difference where the answer is not the oracle's."""
        stage, held = self.stage, self.stage.held[case.tried]
        stage.contacts.known = held.contacts
        prepared = stage.documents.prepare(case.text)
        given = await self.engine.run(prepared, case.variables, case.view, stage.asked[case.view]["now"])  # type: ignore[arg-type]
        data = given.data
        if case.road == EXPLAIN:
            data = {
                name: sorted({reason["relation"] for reason in told["reasons"]}) for name, told in (data or {}).items()
            }
        told = [f"errors {given.errors}"] if given.errors else differences(case.expected, data)
        if not told and case.hidden != given.hidden:
            told = [f"hidden {case.hidden} expected, {given.hidden} given"]
        if told:
            text = told[0]
            for one, name in held.names.items():
                text = text.replace(one, name)
            raise Difference(f"{stage.views[case.view]} by {case.road}{text}")


RAISING: dict[str, Any] = {}
"""In the place of keys that could not be worked out."""


async def call_keys(connection: asyncpg.Connection[Any], stage: Stage, function: str) -> list[dict[str, Any]]:
    """The keys of every view, by a function of that name; RAISING where it raises. In a transaction."""
    from authz.engine.keys import PARAMETERS  # noqa: PLC0415

    columns = ", ".join(f"${i + 1}::{kind}[]" for i, kind in enumerate(PARAMETERS.values()))
    names = ", ".join(PARAMETERS)
    values = [[asked[name] for asked in stage.asked] for name in PARAMETERS]
    called = f"{function}({', '.join(f'v.{name}' for name in PARAMETERS)}) s order by v.n"
    statement = f"select s.* from unnest({columns}) with ordinality v({names}, n), {called}"

    async def call(*values: Any) -> list[dict[str, Any]]:
        return [dict(row) for row in await connection.fetch(statement, *values)]

    await connection.execute("savepoint before_keys")
    try:
        return await call(*values)
    except asyncpg.PostgresError:
        await connection.execute("rollback to savepoint before_keys")
    told: list[dict[str, Any]] = []
    for asked in stage.asked:
        try:
            told += await call(*([asked[name]] for name in PARAMETERS))
        except asyncpg.PostgresError:
            await connection.execute("rollback to savepoint before_keys")
            told.append(RAISING)
    return told


async def standing_of(connection: asyncpg.Connection[Any]) -> dict[UUID, frozenset[Any]]:
    """By municipality, every derived row."""
    rows = []
    for table in STANDING:
        rows += await connection.fetch(
            f"select p.municipality_id, to_jsonb(t)::text || '{table}' "
            f"from {table} t join person p on p.id = t.child_id"
        )
    found: dict[UUID, set[Any]] = {}
    for municipality, row in rows:
        found.setdefault(municipality, set()).add(row)
    return {municipality: frozenset(rows) for municipality, rows in found.items()}


def new_stage(database: Database) -> Stage:
    documents = Documents(graphql_schema(), LIMITS)
    return Stage(database, Vault.generate(), build_schema(printed_schema()), documents, Contacts())


async def rehearse(stage: Stage) -> None:
    """Runs everything unbroken: what differs from the oracle already, and what is asked of the database meanwhile."""
    from authz.engine import keys  # noqa: PLC0415
    from resolvers.gateway import shape_of  # noqa: PLC0415
    from tests.walls import take_down  # noqa: PLC0415

    keys.function_text.cache_clear()
    with traced(stage.reached_keys):
        stage.function = keys.function_text()
    connection = await connection_to(stage.database)
    try:
        await take_down(connection)  # a mutant that the second wall hides is one all the same
        async with connection.transaction():
            stage.keys = await call_keys(connection, stage, "standing")
        stage.standing = await standing_of(connection)
        questioner = Questioner(stage, Cabinet(stage, connection, keep=True), stage.keys)
        for case in stage.cases:
            shape = shape_of({**stage.asked[case.view], **stage.keys[case.view]})
            with traced(stage.reached.setdefault((case.text, shape), set())):
                try:
                    await questioner.hold(case)
                except Difference as difference:
                    stage.wrong.append(str(difference))
                    stage.left_out.add(case.number)
        for prepared, _ in stage.documents._kept.values():
            prepared.plans.clear()  # type: ignore[union-attr]
    finally:
        await connection.close()
