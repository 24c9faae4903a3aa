"""Connections: which page is asked for, and how its parts are put together for all parents at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
from graphql.execution.values import VariableValues
from graphql.language import FieldNode

from authz import access_log
from resolvers.engine import source as kind
from resolvers.engine.cursor import Cursors
from resolvers.engine.documents import Prepared
from resolvers.engine.limits import Limits, refusal
from resolvers.engine.looks import filtered_child
from resolvers.engine.plan import Catalogue, Level, Part, Reading
from resolvers.engine.statement import Window

if TYPE_CHECKING:
    from resolvers.engine.run import Run


async def read_connection(run: Run, reading: Reading, parents: list[tuple[Any, dict[str, Any]]]) -> None:
    level, node = reading.level, reading.nodes[0]
    source = level.source
    assert isinstance(source, kind.Connection)
    type_name = level.field_name.split(".")[0]
    arguments = run.arguments(type_name, node)
    page = Page.asked(arguments, node, run.services.limits)
    own = source.values(arguments)
    bound_to = ""
    if level.order_at or page.cursor is not None:
        bound_to = cursors_of(run.values["me"], level.field_name, own)
    wanted = list(dict.fromkeys(parent for parent, _ in parents))
    # One row more than the page tells whether there is a further one; it is read only for whoever asks.
    further = level.asks_further
    more: dict[str, Any] = {**own, "arguments": own, "limit": page.size + further}
    groups: dict[Any, list[Any]] = {}
    counts: dict[Any, int] = {}
    ends: dict[Any, bool] = {}
    if level.asks_rows:
        window = Window(page.backwards, page.cursor is not None)
        groups = await pages(run, level, wanted, window, page, bound_to, more)
    if level.asks_count:
        statement = level.count_statement(own)
        counts = {record[0]: record[1] for record in await run.fetch(statement, {"parents": wanted, **more})}
    if "filter_child" in own and run.planner.viewer_works:
        # A number of threads about one child is of the child, though no thread may be shown, or there is none.
        found = any(counts.values()) or any(groups.values())
        run.looks.by_threads |= {row[0] for row in await run.fetch(filtered_child(run.keys), more) if found or row[1]}
    if "cases" in run.keys and level.field_name in access_log.COUNTED_BY_CASE:
        run.looks.counted |= {
            (level.field_name, parent) for parent in wanted if counts.get(parent) or groups.get(parent)
        }
    for parent in wanted:
        rows = groups.setdefault(parent, [])
        if further:
            ends[parent] = len(rows) > page.size
            del rows[page.size :]
        if page.backwards:
            rows.reverse()
    for note in level.notes:
        note.take(run.looks, [record for records in groups.values() for record in records])
    filler = Filler(run, level, page, bound_to, groups, counts, ends)
    await filler.fill(parents, reading.response_key)


def cursors_of(me: UUID | None, field_name: str, own: Mapping[str, Any]) -> str:
    """What the cursors of a connection are bound to, for a viewer and the values of its filter."""
    return f"{me}|{field_name}|{orjson.dumps(own, default=str).decode()}"


def check_cursors(
    prepared: Prepared, values: VariableValues, catalogue: Catalogue, cursors: Cursors, me: UUID | None
) -> None:
    """Refuses a document with what is no cursor where it stands, before anything is read or done: were it found out on
    the way, the refusal would tell that there was something to page through, and no log would know."""
    for type_name, node in prepared.cursors:
        arguments = prepared.arguments(type_name, node, values)
        field_name = f"{type_name}.{node.name.value}"
        source = catalogue.sources.get(field_name)
        assert isinstance(source, kind.Connection)
        for cursor in (arguments.get("after"), arguments.get("before")):
            if cursor is not None and not cursors.belongs(cursor, cursors_of(me, field_name, source.values(arguments))):
                raise refusal("BAD_CURSOR", "This is no cursor of this connection.", node)


async def pages(
    run: Run, level: Level, wanted: list[Any], window: Window, page: Page, bound_to: str, more: dict[str, Any]
) -> dict[Any, list[Any]]:
    """The records of each parent's page; a cursor belongs to one parent, so any other's page is empty."""
    if page.cursor is None:
        return await run.groups(level, wanted, window, more)
    types = [str, *(order_type(level, i) for i in range(order_length(level)))]
    parent, *values = run.services.cursors.open(page.cursor, bound_to, types) or [""]
    own = [one for one in wanted if str(one) == parent]
    if not own:
        return {}
    at = {f"cursor_{i}": value for i, value in enumerate(values)}
    return await run.groups(level, own, window, {**more, **at})


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
    return order_columns(level)[i].type.python_type  # type: ignore[no-any-return] # a type


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
        parts = {part.response_key: None for part in self.level.parts}
        told_now = [part for part in self.level.parts if part.name not in {"nodes", "edges"}]
        for parent, made in parents:
            told: dict[str, Any] = parts.copy()
            made[key] = told
            for part in told_now:
                told[part.response_key] = self.part(part, parent)
        records = [record for parent, _ in parents for record in self.groups[parent]]
        for part in self.level.parts:
            if part.view is not None:
                objects = iter(await self.run.build(part.view, records))
                for parent, made in parents:
                    made[key][part.response_key] = list(islice(objects, len(self.groups[parent])))
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
        values = [str(parent), *(record[i] for i in self.level.order_at)]
        return self.run.services.cursors.seal(values, self.bound_to)
