"""What a plan is made of: a tree of levels, each one statement for all its parents at once.

A plan is made for a document, the values of its @skip and @include variables, and the shape of the viewer's keys; it
holds no value of any viewer. What turns records into objects is straight-line code, generated and compiled here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from graphql import GraphQLSchema
from graphql.language import FieldNode
from sqlalchemy import ColumnElement, FromClause

from authz.engine.policy import Line
from authz.engine.sql import Keys
from resolvers.access_log_writer import AskedDocument
from resolvers.engine import source as kind
from resolvers.engine.looks import Note
from resolvers.engine.statement import (
    Statement,
    Window,
    compiled,
    count_on_roads,
    count_rows,
    rows_on_roads,
    select_rows,
)

Fields = dict[str, list[FieldNode]]


@dataclass(frozen=True, eq=False)
class Catalogue:
    """All that a plan is made from: the schema, where each field comes from, and who may have it."""

    schema: GraphQLSchema
    entities: Mapping[str, kind.Entity]
    sources: Mapping[str, kind.Source]
    lines: Mapping[str, Line]


@dataclass(eq=False)
class Reading:
    """A list, connection or object that hangs on objects of the level above."""

    response_key: str
    nodes: list[FieldNode]
    level: Level


@dataclass(eq=False)
class Working:
    """A computed value for objects of a level."""

    source: kind.Batch
    type_name: str
    nodes: list[FieldNode]
    response_key: str
    selected: Project | None


@dataclass(eq=False)
class View:
    """Records of a level seen as objects: `build(records, hide)` gives an object for each record."""

    build: Callable[..., list[Any]]
    readings: list[Reading]
    workings: list[Working]
    hidden: list[str]
    """Names of the fields that `hide` counts, by number."""
    notes: list[Note] = field(default_factory=list)
    """What the access log is told of the records; nothing in the plan of somebody who works with no child."""


@dataclass(eq=False)
class Level:
    """One statement, and what is made of its records."""

    type_name: str
    source: kind.Many | kind.Connection
    field_name: str
    columns: list[ColumnElement] = field(default_factory=list)
    joins: list[tuple[FromClause, ColumnElement[bool], bool]] = field(default_factory=list)
    firsts: dict[tuple[str, FromClause], FromClause] = field(default_factory=dict)
    """The joined first rows of lists, by field and by the row that has the list."""
    rows: kind.Rows | None = None
    row: FromClause | None = None
    keys: Keys = field(default_factory=lambda: Keys(frozenset()))
    view: View | None = None
    """The objects of a list; a connection has its views in `parts`."""
    parts: list[Part] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    """For the access log, of a connection of which cursors are asked and no object: each stands for its row."""
    order_at: list[int] = field(default_factory=list)
    """Where in a record the values are that a cursor holds."""
    masks: dict[tuple[str, FromClause], ColumnElement] = field(default_factory=dict)
    """The viewer's relations to the objects of a row, by type and alias: one column each, however many fields ask."""
    statements: dict[Any, Statement] = field(default_factory=dict)

    @cached_property
    def at_root(self) -> bool:
        """There is one parent, and its rows hang on no key."""
        return self.rows is None or self.rows.link is None

    @cached_property
    def takes_first(self) -> bool:
        return isinstance(self.source, kind.Many) and self.source.first

    @cached_property
    def asks_rows(self) -> bool:
        return any(part.name != "totalCount" for part in self.parts)

    @cached_property
    def asks_count(self) -> bool:
        return any(part.name == "totalCount" for part in self.parts)

    @cached_property
    def asks_further(self) -> bool:
        return any(part.asks("hasNextPage", "hasPreviousPage") for part in self.parts)

    def statement(self, window: Window | None, arguments: Mapping[str, Any]) -> Statement:
        named = frozenset(name for name, value in arguments.items() if value is not None)
        made = self.statements.get((window, named))
        if made is None:
            rows = self.rows
            if rows is None:
                assert isinstance(self.source, kind.Connection)
                assert isinstance(self.source.rows, kind.Roads)
                assert self.row is not None
                rows = rows_on_roads(self.source.rows, self.keys, arguments, self.row, window)
            page = select_rows(rows, labelled(self.columns), self.joins, window, self.takes_first)
            made = compiled(page, self.keys)
            self.statements[window, named] = made
        return made

    def count_statement(self, arguments: Mapping[str, Any]) -> Statement:
        named = frozenset(name for name, value in arguments.items() if value is not None)
        made = self.statements.get(("count", named))
        if made is None:
            if self.rows is not None:
                made = compiled(count_rows(self.rows), self.keys)
            else:
                assert isinstance(self.source, kind.Connection)
                assert isinstance(self.source.rows, kind.Roads)
                made = compiled(count_on_roads(self.source.rows, self.keys, arguments), self.keys)
            self.statements["count", named] = made
        return made


def labelled(columns: Iterable[ColumnElement]) -> list[ColumnElement]:
    return [column.label(f"c{i}") for i, column in enumerate(columns)]


@dataclass
class Part:
    """A part of a connection, an edge or a page info that is asked for."""

    response_key: str
    name: str
    typename: str
    view: View | None = None
    parts: list[Part] = field(default_factory=list)

    def asks(self, *names: str) -> bool:
        return self.name in names or any(part.asks(*names) for part in self.parts)


@dataclass
class Project:
    """The part of a worked-out value that is asked for; null for a value without parts."""

    parts: list[tuple[str, str, Project | None]]
    typename: str

    def of(self, value: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, list):
            return [self.of(entry) for entry in value]
        told = {}
        for key, name, inner in self.parts:
            part = self.typename if name == "__typename" else value[name]
            told[key] = part if inner is None else inner.of(part)
        return told


@dataclass(eq=False)
class Plan:
    """What a request runs: the fields of the root, in order."""

    steps: list[tuple[str, str, FieldNode, Any]]
    """Response key, field, node, and what the step needs."""
    keys: Keys
    levels_by_id: dict[tuple[str, str], Level] = field(default_factory=dict)
    asked: AskedDocument | None = None
    """What the access log says of the question; worked out when first there is something to log."""
    introspected: dict[str, Any] | None = None
