"""A plan runs level by level: one statement for all parents of a level, one call for all inputs of a computed value."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson
from aiodataloader import DataLoader
from graphql import GraphQLError, GraphQLField, located_error
from graphql.execution.values import VariableValues, get_argument_values
from graphql.language import FieldNode

from authz.engine.sql import Keys
from resolvers import ids
from resolvers.engine import source as kind
from resolvers.engine.cursor import Cursors
from resolvers.engine.documents import Limits, refusal
from resolvers.engine.plan import Catalogue, Level, Part, Plan, Planner, Reading, View, Working
from resolvers.engine.statement import Statement, Window
from vault import Vault


class Fetches(Protocol):
    """A viewer's connection, as asyncpg has it."""

    async def fetch(self, query: str, *args: Any) -> Sequence[Any]: ...


class ContactsOutOfReach(Exception):
    """A computed value could not be had; the field is null and the answer says so."""


@dataclass(frozen=True)
class Services:
    """What sources need beside the database."""

    vault: Vault
    contacts: Any
    cursors: Cursors
    limits: Limits


@dataclass(eq=False)
class Run:
    """One operation for one viewer."""

    connection: Fetches
    values: dict[str, Any]
    """The viewer's keys and the clock, by the names of the statements' parameters."""
    catalogue: Catalogue
    services: Services
    variables: VariableValues
    planner: Planner
    hidden: dict[str, int] = field(default_factory=dict)
    failures: list[tuple[Exception, list[FieldNode], dict[str, Any], str]] = field(default_factory=list)
    loaders: dict[int, DataLoader[Any, Any]] = field(default_factory=dict)

    @property
    def keys(self) -> Keys:
        return self.planner.keys

    async def fetch(self, statement: Statement, more: Mapping[str, Any] | None = None) -> Sequence[Any]:
        values = self.values if more is None else {**self.values, **more}
        return await self.connection.fetch(statement.sql, *[values[name] for name in statement.names])

    # --- the root ---------------------------------------------------------------------------------------------

    async def root(self, plan: Plan) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key, name, node, step in plan.steps:
            if name == "__typename":
                data[key] = "Query"
            elif name.startswith("__"):
                data[key] = None
            elif name == "viewer":
                data[key] = await self.viewer(step)
            elif isinstance(step[0], kind.ByIds):
                data[key] = await self.by_ids(plan, key, node, step)
            else:
                source, selected = step
                answer = await source.answer(self, self.arguments("Query", node))
                data[key] = selected.of(answer)
        return data

    def arguments(self, type_name: str, node: FieldNode) -> dict[str, Any]:
        definition: GraphQLField = self.catalogue.schema.type_map[type_name].fields[node.name.value]  # type: ignore[attr-defined]
        return get_argument_values(definition, node, self.variables)

    async def viewer(self, steps: list[tuple[str, list[FieldNode], Any]]) -> dict[str, Any]:
        told: dict[str, Any] = {}
        for key, nodes, step in steps:
            match step:
                case str():
                    told[key] = step
                case Reading():
                    told[key] = None
                    await self.read(step, [(None, told)])
                case Statement():
                    told[key] = (await self.fetch(step))[0][0]
                case kind.Known():
                    told[key] = step.value(self)
                case _:
                    raise AssertionError(nodes)
        return told

    async def by_ids(self, plan: Plan, key: str, node: FieldNode, step: tuple[kind.ByIds, list[FieldNode]]) -> Any:
        source, nodes = step
        arguments = self.arguments("Query", node)
        told = arguments["ids"] if source.many else [arguments["id"]]
        if len(told) > self.services.limits.page:
            limit = self.services.limits.page
            raise refusal("PAGE_TOO_LARGE", f"nodes takes at most {limit} ids.", node, found=len(told), limit=limit)
        wanted = [ids.decode(one) for one in told]
        found: dict[tuple[str, Any], dict[str, Any]] = {}
        by_type: dict[str, dict[Any, None]] = {}
        for decoded in wanted:
            if decoded is not None:
                by_type.setdefault(decoded[0], {})[decoded[1]] = None
        for type_name, keyed in by_type.items():
            level = plan.levels_by_id.get((key, type_name))
            if level is None:
                level = plan.levels_by_id[key, type_name] = self.planner.level_by_id(type_name, nodes)
            groups = await self.groups(level, list(keyed), None, {})
            assert level.view is not None
            # Built once for each place, so that what is hidden is counted in each.
            places = [decoded for decoded in wanted if decoded and decoded[0] == type_name and decoded[1] in groups]
            objects = await self.build(level.view, [groups[place[1]][0] for place in places])
            found |= zip(places, objects, strict=True)
        results = [found.get(decoded) if decoded is not None else None for decoded in wanted]
        return results if source.many else results[0]

    # --- levels -----------------------------------------------------------------------------------------------

    async def read(self, reading: Reading, parents: list[tuple[Any, dict[str, Any]]]) -> None:
        """Fills in the field for every parent, given as the key that rows hang on and the object."""
        level, key = reading.level, reading.response_key
        if isinstance(level.source, kind.Connection):
            await self.read_connection(reading, parents)
            return
        wanted = list(dict.fromkeys(parent for parent, _ in parents))
        groups = await self.groups(level, wanted, None, {})
        assert level.view is not None
        records = [record for parent, _ in parents for record in groups.get(parent, ())]
        objects = iter(await self.build(level.view, records))
        for parent, made in parents:
            rows = [next(objects) for _ in groups.get(parent, ())]
            made[key] = (rows[0] if rows else None) if level.source.first else rows

    async def groups(
        self, level: Level, wanted: list[Any], window: Window | None, more: Mapping[str, Any]
    ) -> dict[Any, list[Any]]:
        """The records of each parent."""
        statement = level.statement(window, more.get("arguments", {}))
        groups: dict[Any, list[Any]] = {}
        for record in await self.fetch(statement, {"parents": wanted, **more}):
            groups.setdefault(record[0], []).append(record)
        return groups

    async def build(self, view: View, records: Sequence[Any]) -> list[Any]:
        """Objects of the records, with everything that hangs on them."""
        if not records:
            return []
        counted = [0] * len(view.hidden)

        def hide(number: int) -> None:
            counted[number] += 1

        reads: list[list[tuple[Any, dict[str, Any]]]] = [[] for _ in view.readings]
        works: list[list[tuple[Any, dict[str, Any]]]] = [[] for _ in view.workings]
        objects = view.build(records, hide, reads, works)
        for name, count in zip(view.hidden, counted, strict=True):
            if count:
                self.hidden[name] = self.hidden.get(name, 0) + count
        for working, inputs in zip(view.workings, works, strict=True):
            if inputs:
                await self.work(working, inputs)
        for reading, parents in zip(view.readings, reads, strict=True):
            if parents:
                await self.read(reading, parents)
        return objects

    async def work(self, working: Working, inputs: list[tuple[Any, dict[str, Any]]]) -> None:
        source = working.source
        loader = self.loaders.get(id(source))
        if loader is None:

            async def load(keys: list[Any]) -> list[Any]:
                return list(await source.load(self, keys))

            loader = self.loaders[id(source)] = DataLoader(load, max_batch_size=1000)
        asked = [(value, made) for value, made in inputs if value is not None]
        values = await asyncio.gather(*(loader.load(value) for value, _ in asked), return_exceptions=True)
        for (_, made), value in zip(asked, values, strict=True):
            if isinstance(value, BaseException):
                if not isinstance(value, ContactsOutOfReach):
                    raise value
                self.failures.append((value, working.nodes, made, working.response_key))
            else:
                selected = working.selected
                made[working.response_key] = value if selected is None else selected.of(value)

    # --- connections ------------------------------------------------------------------------------------------

    async def read_connection(self, reading: Reading, parents: list[tuple[Any, dict[str, Any]]]) -> None:
        level, node = reading.level, reading.nodes[0]
        source = level.source
        assert isinstance(source, kind.Connection)
        type_name = level.field_name.split(".")[0]
        arguments = self.arguments(type_name, node)
        page = Page.asked(arguments, node, self.services.limits)
        own = source.values(arguments)
        bound_to = f"{self.values['me']}|{level.field_name}|{orjson.dumps(own, default=str).decode()}"
        wanted = list(dict.fromkeys(parent for parent, _ in parents))
        # One row more than the page tells whether there is a further one; it is read only for whoever asks.
        further = any(part.asks("hasNextPage", "hasPreviousPage") for part in level.parts)
        more: dict[str, Any] = {**own, "arguments": own, "limit": page.size + further}
        groups: dict[Any, list[Any]] = {}
        counts: dict[Any, int] = {}
        if any(part.name != "totalCount" for part in level.parts):
            window = Window(page.backwards, page.cursor is not None)
            groups = await self.pages(level, wanted, window, page, bound_to, more, node)
        if any(part.name == "totalCount" for part in level.parts):
            statement = level.count_statement(own)
            counts = {record[0]: record[1] for record in await self.fetch(statement, {"parents": wanted, **more})}
        ends = {}
        for parent in wanted:
            rows = groups.get(parent, [])
            ends[parent] = len(rows) > page.size
            groups[parent] = rows[: page.size][::-1] if page.backwards else rows[: page.size]
        filler = Filler(self, level, page, bound_to, groups, counts, ends)
        await filler.fill(parents, reading.response_key)

    async def pages(
        self, level: Level, wanted: list[Any], window: Window, page: Page, bound_to: str, more: dict[str, Any],
        node: FieldNode,
    ) -> dict[Any, list[Any]]:  # fmt: skip
        """The records of each parent's page; a cursor belongs to one parent, so any other's page is empty."""
        if page.cursor is None:
            return await self.groups(level, wanted, window, more)
        types = [order_type(level, i) for i in range(order_length(level))]
        for parent in wanted:
            values = self.services.cursors.open(page.cursor, f"{bound_to}|{parent}", types)
            if values is not None:
                at = {f"cursor_{i}": value for i, value in enumerate(values)}
                return await self.groups(level, [parent], window, {**more, **at})
        raise refusal("BAD_CURSOR", "This is no cursor of this connection.", node)


def order_columns(level: Level) -> Sequence[Any]:
    if level.rows is not None:
        return level.rows.order
    assert isinstance(level.source, kind.Connection)
    assert isinstance(level.source.rows, kind.Roads)
    assert level.row is not None
    return [level.row.c[name] for name in level.source.rows.order]


def order_length(level: Level) -> int:
    return len(order_columns(level))


def order_type(level: Level, i: int) -> type:
    return order_columns(level)[i].type.python_type  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Page:
    size: int
    backwards: bool
    cursor: str | None

    @classmethod
    def asked(cls, arguments: Mapping[str, Any], node: FieldNode, limits: Limits) -> Page:
        """first/after, or last/before; neither: the first 50."""
        first, after = arguments.get("first"), arguments.get("after")
        last, before = arguments.get("last"), arguments.get("before")
        if (first is not None or after is not None) and (last is not None or before is not None):
            raise refusal("BAD_PAGE", "Ask for a page with first and after, or with last and before, not both.", node)
        backwards = last is not None or before is not None
        size = last if backwards else first
        size = limits.default_page if size is None else size
        if size < 0:
            raise refusal("BAD_PAGE", "A page cannot have a negative size.", node)
        if size > limits.page:
            told = f"A page of {size} is asked for, and the limit is {limits.page}."
            raise refusal("PAGE_TOO_LARGE", told, node, found=size, limit=limits.page)
        return cls(size, backwards, before if backwards else after)


@dataclass
class Filler:
    """Puts connections together, part by part, for all parents at once."""

    run: Run
    level: Level
    page: Page
    bound_to: str
    groups: dict[Any, list[Any]]
    counts: dict[Any, int]
    more: dict[Any, bool]

    async def fill(self, parents: list[tuple[Any, dict[str, Any]]], key: str) -> None:
        for parent, made in parents:
            told: dict[str, Any] = {}
            made[key] = told
            for part in self.level.parts:
                told[part.response_key] = self.part(part, parent)
        records = [record for parent, _ in parents for record in self.groups[parent]]
        for part in self.level.parts:
            if part.view is not None:
                objects = iter(await self.run.build(part.view, records))
                for parent, made in parents:
                    made[key][part.response_key] = [next(objects) for _ in self.groups[parent]]
            elif part.name == "edges":
                await self.fill_edges(part, parents, key, records)

    async def fill_edges(
        self, part: Part, parents: list[tuple[Any, dict[str, Any]]], key: str, records: list[Any]
    ) -> None:
        edges: list[dict[str, Any]] = []
        for parent, made in parents:
            own = [
                {inner.response_key: self.edge_part(inner, parent, record) for inner in part.parts}
                for record in self.groups[parent]
            ]
            made[key][part.response_key] = own
            edges += own
        for inner in part.parts:
            if inner.view is not None:
                for edge, made in zip(edges, await self.run.build(inner.view, records), strict=True):
                    edge[inner.response_key] = made

    def part(self, part: Part, parent: Any) -> Any:
        match part.name:
            case "__typename":
                return part.typename
            case "totalCount":
                return self.counts.get(parent, 0)
            case "pageInfo":
                return {inner.response_key: self.page_part(inner, parent) for inner in part.parts}
        return None

    def page_part(self, part: Part, parent: Any) -> Any:
        rows = self.groups[parent]
        match part.name:
            case "__typename":
                return part.typename
            case "hasNextPage":
                return self.page.cursor is not None if self.page.backwards else self.more[parent]
            case "hasPreviousPage":
                return self.more[parent] if self.page.backwards else self.page.cursor is not None
            case "startCursor":
                return self.cursor(parent, rows[0]) if rows else None
            case _:
                return self.cursor(parent, rows[-1]) if rows else None

    def edge_part(self, part: Part, parent: Any, record: Any) -> Any:
        if part.name == "__typename":
            return part.typename
        return self.cursor(parent, record) if part.name == "cursor" else None

    def cursor(self, parent: Any, record: Any) -> str:
        values = [record[i] for i in self.level.order_at]
        return self.run.services.cursors.seal(values, f"{self.bound_to}|{parent}")


def path_to(data: Any, wanted: dict[str, Any], path: tuple[str | int, ...] = ()) -> tuple[str | int, ...] | None:
    """Where an object stands in the answer; only looked for when something failed."""
    if data is wanted:
        return path
    entries = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for step, value in entries:
        found = path_to(value, wanted, (*path, step))
        if found is not None:
            return found
    return None


def formatted_failures(run: Run, data: dict[str, Any]) -> list[dict[str, Any]]:
    errors = []
    for failure, nodes, made, key in run.failures:
        path = path_to(data, made)
        error = located_error(failure, nodes, [*(path or ()), key])
        told = dict(GraphQLError("The contact register could not be reached.", nodes, path=error.path).formatted)
        told["extensions"] = {"code": "CONTACTS_OUT_OF_REACH"}
        errors.append(told)
    return errors
