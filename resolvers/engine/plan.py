"""An operation becomes a plan: a tree of levels, each one statement for all its parents at once.

A plan is made for a document, the values of its @skip and @include variables, and the shape of the viewer's keys; it
holds no value of any viewer. What turns records into objects is straight-line code, generated and compiled here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLIncludeDirective,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLSkipDirective,
    get_named_type,
    is_non_null_type,
)
from graphql.execution.values import VariableValues, get_directive_values
from graphql.language import FieldNode, FragmentSpreadNode, InlineFragmentNode, SelectionSetNode
from sqlalchemy import ColumnElement, FromClause

from authz.engine.policy import Line
from authz.engine.sql import Keys, table
from resolvers.engine import source as kind
from resolvers.engine.documents import Prepared
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
PEOPLE = ("Child", "Guardian", "StaffMember", "OtherAdult")


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


@dataclass(eq=False)
class Level:
    """One statement, and what is made of its records."""

    type_name: str
    source: kind.Many | kind.Connection
    field_name: str
    columns: list[ColumnElement] = field(default_factory=list)
    joins: list[tuple[FromClause, ColumnElement[bool], bool]] = field(default_factory=list)
    rows: kind.Rows | None = None
    row: FromClause | None = None
    keys: Keys = field(default_factory=lambda: Keys(frozenset()))
    view: View | None = None
    """The objects of a list; a connection has its views in `parts`."""
    parts: list[Part] = field(default_factory=list)
    order_at: list[int] = field(default_factory=list)
    """Where in a record the values are that a cursor holds."""
    statements: dict[Any, Statement] = field(default_factory=dict)

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
            one = isinstance(self.source, kind.Many) and self.source.first
            made = compiled(select_rows(rows, labelled(self.columns), self.joins, window, one))
            self.statements[window, named] = made
        return made

    def count_statement(self, arguments: Mapping[str, Any]) -> Statement:
        named = frozenset(name for name, value in arguments.items() if value is not None)
        made = self.statements.get(("count", named))
        if made is None:
            if self.rows is not None:
                made = compiled(count_rows(self.rows))
            else:
                assert isinstance(self.source, kind.Connection)
                assert isinstance(self.source.rows, kind.Roads)
                made = compiled(count_on_roads(self.source.rows, self.keys, arguments))
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
    introspected: dict[str, Any] | None = None


class Planner:
    """Makes the plan of one operation for one shape."""

    def __init__(self, catalogue: Catalogue, prepared: Prepared, values: VariableValues, keys: Keys) -> None:
        self.catalogue = catalogue
        self.prepared = prepared
        self.values = values
        self.keys = keys
        self.aliases = 0

    # --- selections -------------------------------------------------------------------------------------------

    def collect(self, type_name: str, selections: Iterable[SelectionSetNode | None]) -> Fields:
        """The fields asked of an object type, by response key, fragments and conditions applied."""
        fields: Fields = {}
        seen: set[str] = set()
        for selection in selections:
            if selection is not None:
                self.collect_into(fields, type_name, selection, seen)
        return fields

    def collect_into(self, fields: Fields, type_name: str, selected: SelectionSetNode, seen: set[str]) -> None:
        for selection in selected.selections:
            if not self.included(selection):
                continue
            if isinstance(selection, FieldNode):
                fields.setdefault((selection.alias or selection.name).value, []).append(selection)
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                if condition is None or self.is_a(type_name, condition.name.value):
                    self.collect_into(fields, type_name, selection.selection_set, seen)
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in seen:
                seen.add(selection.name.value)
                fragment = self.prepared.fragments[selection.name.value]
                if self.is_a(type_name, fragment.type_condition.name.value):
                    self.collect_into(fields, type_name, fragment.selection_set, seen)

    def included(self, node: FieldNode | InlineFragmentNode | FragmentSpreadNode | Any) -> bool:
        if not node.directives:
            return True
        skip = get_directive_values(GraphQLSkipDirective, node, self.values)
        include = get_directive_values(GraphQLIncludeDirective, node, self.values)
        return not (skip and skip["if"]) and not (include and not include["if"])

    def is_a(self, type_name: str, condition: str) -> bool:
        schema = self.catalogue.schema
        wanted, told = schema.type_map[condition], schema.type_map[type_name]
        return wanted is told or (not isinstance(wanted, GraphQLObjectType) and schema.is_sub_type(wanted, told))  # type: ignore[arg-type]

    def below(self, type_name: str, nodes: Sequence[FieldNode]) -> Fields:
        return self.collect(type_name, (node.selection_set for node in nodes))

    def field_type(self, type_name: str, name: str) -> Any:
        return self.catalogue.schema.type_map[type_name].fields[name].type  # type: ignore[attr-defined]

    def alias(self, model: type, name: str) -> FromClause:
        self.aliases += 1
        return table(model, f"{name}_{self.aliases}")

    # --- the root ---------------------------------------------------------------------------------------------

    def plan(self) -> Plan:
        steps = []
        for key, nodes in self.collect("Query", [self.prepared.operation.selection_set]).items():
            steps.append((key, nodes[0].name.value, nodes[0], self.root_step(nodes)))
        return Plan(steps, self.keys)

    def root_step(self, nodes: list[FieldNode]) -> Any:
        name = nodes[0].name.value
        if name.startswith("__"):
            return nodes
        source = self.catalogue.sources[f"Query.{name}"]
        if isinstance(source, kind.Answered):
            return source, self.project(self.field_type("Query", name), nodes)
        if isinstance(source, kind.ByIds):
            return source, nodes
        return self.virtual("Viewer", nodes)

    def virtual(self, type_name: str, nodes: list[FieldNode]) -> list[tuple[str, list[FieldNode], Any]]:
        """An object that is no row: each of its fields is a root of its own."""
        steps: list[tuple[str, list[FieldNode], Any]] = []
        for key, inner in self.below(type_name, nodes).items():
            name = inner[0].name.value
            if name == "__typename":
                steps.append((key, inner, type_name))
                continue
            source = self.catalogue.sources[f"{type_name}.{name}"]
            if isinstance(source, kind.Many | kind.Connection):
                steps.append((key, inner, Reading(key, inner, self.level(f"{type_name}.{name}", source, inner))))
            elif isinstance(source, kind.Scalar):
                steps.append((key, inner, compiled(source.sql(self.keys))))
            else:
                steps.append((key, inner, source))
        return steps

    def level_by_id(self, type_name: str, nodes: list[FieldNode]) -> Level:
        """Objects of one type by the keys in their global ids, under the type's row predicate."""
        entity = self.catalogue.entities[type_name]

        def rows(keys: Keys) -> kind.Rows:
            row = self.alias(entity.model, "node")
            assert entity.visible is not None
            return kind.Rows(row, row, [entity.visible(row, keys)], [row.c.id], link=row.c[entity.key])

        return self.level("Query.node", kind.Many(type_name, rows), nodes)

    # --- levels -----------------------------------------------------------------------------------------------

    def level(self, field_name: str, source: kind.Many | kind.Connection, nodes: list[FieldNode]) -> Level:
        level = Level(source.type_name, source, field_name, keys=self.keys)
        if isinstance(source.rows, kind.Roads):
            level.row = self.alias(source.rows.model, "row")
            order: list[ColumnElement] = [level.row.c[name] for name in source.rows.order]
        else:
            level.rows = source.rows(self.keys)
            level.row = level.rows.row
            order = list(level.rows.order)
        if isinstance(source, kind.Many):
            level.view = self.view(level, source.type_name, [node.selection_set for node in nodes])
            return level
        level.parts = self.connection_parts(level, f"{level.type_name}Connection", nodes)
        if any(part.asks("cursor", "startCursor", "endCursor") for part in level.parts):
            level.order_at = [Code.column(level, column) for column in order]
        return level

    def connection_parts(self, level: Level, type_name: str, nodes: list[FieldNode]) -> list[Part]:
        parts = []
        for key, inner in self.below(type_name, nodes).items():
            part = Part(key, inner[0].name.value, type_name)
            if part.name in {"nodes", "node"}:
                part.view = self.view(level, level.type_name, [node.selection_set for node in inner])
            elif part.name == "edges":
                part.parts = self.connection_parts(level, f"{level.type_name}Edge", inner)
            elif part.name == "pageInfo":
                part.parts = self.connection_parts(level, "PageInfo", inner)
            parts.append(part)
        return parts

    def view(self, level: Level, type_name: str, selections: Sequence[SelectionSetNode | None]) -> View:
        assert level.row is not None
        code = Code(self, level)
        if type_name == "Person":
            assert isinstance(level.source, kind.Many)
            assert level.source.type_of is not None
            person = kind.OnePerson(no_join, level.source.type_of)
            expression = code.person(level.row, level.row, person, selections, 2)
        else:
            expression = code.object(type_name, level.row, self.collect(type_name, selections), 2)
        return code.finish(expression)

    def project(self, graphql_type: Any, nodes: Sequence[FieldNode]) -> Project | None:
        named = get_named_type(graphql_type)
        if not isinstance(named, GraphQLObjectType):
            return None
        parts = []
        for key, inner in self.below(named.name, nodes).items():
            name = inner[0].name.value
            part = None if name == "__typename" else self.project(named.fields[name].type, inner)
            parts.append((key, name, part))
        return Project(parts, named.name)


def no_join(*_: Any) -> ColumnElement[bool]:
    raise AssertionError("the person is the row itself")


class Code:
    """Writes the function that makes objects of a level's records, and gathers the columns it needs."""

    def __init__(self, planner: Planner, level: Level) -> None:
        self.planner = planner
        self.level = level
        self.lines: list[str] = []
        self.constants: dict[str, Any] = {}
        self.readings: list[Reading] = []
        self.workings: list[Working] = []
        self.hidden: list[str] = []
        self.names = 0

    @staticmethod
    def column(level: Level, expression: ColumnElement) -> int:
        """Where in a record the value is; the parent's key is at 0."""
        for i, known in enumerate(level.columns):
            if known is expression:
                return i + 1
        level.columns.append(expression)
        return len(level.columns)

    def name(self, letter: str) -> str:
        self.names += 1
        return f"{letter}{self.names}"

    def constant(self, value: Any) -> str:
        name = self.name("c")
        self.constants[name] = value
        return name

    def line(self, depth: int, text: str) -> None:
        self.lines.append("    " * depth + text)

    def finish(self, expression: str) -> View:
        body = "\n".join(self.lines)
        text = (
            "def build(records, hide, reads, works):\n    objects = []\n    for r in records:\n"
            f"{body}\n        objects.append({expression})\n    return objects\n"
        )
        if not self.lines:
            text = f"def build(records, hide, reads, works):\n    return [{expression} for r in records]\n"
        exec(compile(text, "<plan>", "exec"), self.constants)  # noqa: S102 - only names of the schema and numbers are in it
        return View(self.constants["build"], self.readings, self.workings, self.hidden)

    # --- objects ----------------------------------------------------------------------------------------------

    def object(self, type_name: str, row: FromClause, fields: Fields, depth: int) -> str:
        """An expression for the object; statements that it needs are written before it."""
        entries: list[str] = []
        after: list[tuple[str | None, str]] = []
        for key, nodes in fields.items():
            entries.append(f"{key!r}: {self.value(type_name, row, key, nodes, after, depth)}")
        literal = "{" + ", ".join(entries) + "}"
        if not after:
            return literal
        made = self.name("o")
        self.line(depth, f"{made} = {literal}")
        for guard, statement in after:
            if guard is None:
                self.line(depth, statement.format(made))
            else:
                test, otherwise = guard.split(" else ")
                self.line(depth, f"if {test}:")
                self.line(depth + 1, statement.format(made))
                self.line(depth, "else:")
                self.line(depth + 1, otherwise)
        return made

    def value(
        self, type_name: str, row: FromClause, key: str, nodes: list[FieldNode],
        after: list[tuple[str | None, str]], depth: int,
    ) -> str:  # fmt: skip
        name = nodes[0].name.value
        if name == "__typename":
            return repr(type_name)
        field_name = f"{type_name}.{name}"
        source = self.planner.catalogue.sources[field_name]
        guard = self.guard(type_name, field_name, row)
        match source:
            case kind.Column():
                return self.guarded(guard, self.scalar(source, type_name, name, row))
            case kind.One():
                return self.one(source, row, nodes, depth)
            case kind.OnePerson():
                person = self.joined_person(source, row)
                return self.person(row, person, source, [node.selection_set for node in nodes], depth)
            case kind.Itself():
                return self.object(source.type_name, row, self.planner.below(source.type_name, nodes), depth)
            case kind.Many() | kind.Connection():
                level = self.planner.level(field_name, source, nodes)
                number = len(self.readings)
                self.readings.append(Reading(key, nodes, level))
                at = self.column(self.level, row.c[source.parent])
                after.append((guard, f"reads[{number}].append((r[{at}], {{0}}))"))
                return "None"
            case kind.Batch():
                graphql_type = self.planner.field_type(type_name, name)
                selected = self.planner.project(graphql_type, nodes) if source.is_object else None
                number = len(self.workings)
                self.workings.append(Working(source, nodes, key, selected))
                at = self.column(self.level, source.sql(row, self.planner.keys))
                after.append((guard, f"works[{number}].append((r[{at}], {{0}}))"))
                return "None"
        raise SourceOutOfPlace(field_name)

    def joined_person(self, source: kind.OnePerson, row: FromClause) -> FromClause:
        rows = self.level.rows
        if rows is not None and rows.person is not None and row is rows.row:
            return rows.person
        person = self.planner.alias(self.planner.catalogue.entities["Guardian"].model, "person")
        self.level.joins.append((person, source.join(row, person, self.planner.keys), False))
        return person

    def guard(self, type_name: str, field_name: str, row: FromClause) -> str | None:
        """The test of a field's mask, and what counts it as hidden; null for a field that has none."""
        line = self.planner.catalogue.lines[field_name]
        if not line.masked:
            return None
        mask = self.planner.catalogue.entities[type_name].mask
        if mask is None:
            raise SourceOutOfPlace(field_name)
        at = self.mask_column(type_name, row)
        if field_name not in self.hidden:
            self.hidden.append(field_name)
        return f"r[{at}] & {int(line.relations)} else hide({self.hidden.index(field_name)})"

    def mask_column(self, type_name: str, row: FromClause) -> int:
        masks: dict[Any, ColumnElement] = self.level.__dict__.setdefault("masks", {})
        if (type_name, row) not in masks:
            mask = self.planner.catalogue.entities[type_name].mask
            assert mask is not None
            masks[type_name, row] = mask(row, self.planner.keys)
        return self.column(self.level, masks[type_name, row])

    @staticmethod
    def guarded(guard: str | None, expression: str) -> str:
        if guard is None:
            return expression
        test, otherwise = guard.split(" else ")
        return f"({expression} if {test} else {otherwise})"

    def scalar(self, source: kind.Column, type_name: str, name: str, row: FromClause) -> str:
        at = self.column(self.level, source.sql(row, self.planner.keys))
        if source.read is None:
            return f"r[{at}]"
        read = f"{self.constant(source.read)}(r[{at}])"
        if is_non_null_type(self.planner.field_type(type_name, name)):
            return read
        return f"(None if r[{at}] is None else {read})"

    def one(self, source: kind.One, row: FromClause, nodes: list[FieldNode], depth: int) -> str:
        entity = self.planner.catalogue.entities[source.type_name]
        target = self.planner.alias(entity.model, source.type_name.lower())
        self.level.joins.append((target, source.join(row, target, self.planner.keys), source.optional))
        fields = self.planner.below(source.type_name, nodes)
        if not source.optional:
            return self.object(source.type_name, target, fields, depth)
        made = self.name("o")
        at = self.column(self.level, target.c.id)
        self.line(depth, f"{made} = None")
        self.line(depth, f"if r[{at}] is not None:")
        expression = self.object(source.type_name, target, fields, depth + 1)
        self.line(depth + 1, f"{made} = {expression}")
        return made

    def person(
        self, row: FromClause, person: FromClause, source: kind.OnePerson,
        selections: Sequence[SelectionSetNode | None], depth: int,
    ) -> str:  # fmt: skip
        """A branch for each type that the person may be; none where only names are asked for."""
        asked = {name: self.planner.collect(name, selections) for name in PEOPLE}
        first = asked["Guardian"]
        if all(
            fields.keys() == first.keys() and all(nodes[0].name.value == "name" for nodes in fields.values())
            for fields in asked.values()
        ):
            return self.object("Guardian", person, first, depth)
        at = self.column(self.level, source.type_of(row, person, self.planner.keys))
        made = self.name("o")
        self.line(depth, f"{made} = None")
        for i, (type_name, fields) in enumerate(asked.items()):
            self.line(depth, f"{'elif' if i else 'if'} r[{at}] == {type_name!r}:")
            expression = self.object(type_name, person, fields, depth + 1)
            self.line(depth + 1, f"{made} = {expression}")
        return made


class SourceOutOfPlace(Exception):
    """A field's source cannot stand where the field does; `resolvers.catalogue` refuses to be built with one."""
