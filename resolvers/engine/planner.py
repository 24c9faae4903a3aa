"""Walks an operation's selections and makes the plan: which level reads what, and hangs where."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

from graphql import (
    GraphQLIncludeDirective,
    GraphQLObjectType,
    GraphQLSkipDirective,
    get_named_type,
)
from graphql.execution.values import VariableValues, get_directive_values
from graphql.language import FieldNode, FragmentSpreadNode, InlineFragmentNode, SelectionSetNode
from sqlalchemy import ColumnElement, FromClause

from authz import access_log
from authz.engine.sql import Keys, table
from resolvers.engine import source as kind
from resolvers.engine.code import Code
from resolvers.engine.documents import Prepared
from resolvers.engine.payload import plan_payload
from resolvers.engine.plan import Catalogue, Fields, Level, Part, Plan, Project, Reading, View
from resolvers.engine.statement import (
    compiled,
)


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
        schema: Any = self.catalogue.schema
        wanted, told = schema.type_map[condition], schema.type_map[type_name]
        return wanted is told or (not isinstance(wanted, GraphQLObjectType) and schema.is_sub_type(wanted, told))

    def below(self, type_name: str, nodes: Sequence[FieldNode]) -> Fields:
        return self.collect(type_name, (node.selection_set for node in nodes))

    def field_type(self, type_name: str, name: str) -> Any:
        described: Any = self.catalogue.schema.type_map[type_name]
        return described.fields[name].type

    def alias(self, model: type, name: str) -> FromClause:
        return table(model, f"{name}_{self.number()}")

    def number(self) -> int:
        """For a name that no other alias of the plan has."""
        self.aliases += 1
        return self.aliases

    # --- the root ---------------------------------------------------------------------------------------------

    def plan(self) -> Plan:
        root = self.prepared.kind.capitalize()
        steps = []
        for key, nodes in self.collect(root, [self.prepared.operation.selection_set]).items():
            steps.append((key, nodes[0].name.value, nodes[0], self.root_step(root, nodes)))
        return Plan(steps, self.keys)

    def root_step(self, root: str, nodes: list[FieldNode]) -> Any:
        name = nodes[0].name.value
        if name.startswith("__"):
            return nodes
        source = self.catalogue.sources[f"{root}.{name}"]
        if isinstance(source, kind.Act | kind.Looked):
            payload = get_named_type(self.field_type(root, name))
            return source, plan_payload(self, payload.name, nodes)
        if isinstance(source, kind.Event):
            return self.event_step(f"{root}.{name}", source, nodes)
        if isinstance(source, kind.Answered):
            return source, self.project(self.field_type("Query", name), nodes)
        if isinstance(source, kind.ByIds):
            return source, nodes
        return self.virtual("Viewer", nodes)

    def event_step(self, field_name: str, source: kind.Event, nodes: list[FieldNode]) -> Any:
        if source.rows is None:
            return self.virtual(source.type_name, nodes)
        told = kind.Many(source.type_name, source.rows, first=True)
        return Reading("", nodes, self.level(field_name, told, nodes))

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
                steps.append((key, inner, compiled(source.sql(self.keys), self.keys)))
            else:
                steps.append((key, inner, source))
        return steps

    def level_by_id(self, type_name: str, nodes: list[FieldNode], field_name: str = "Query.node") -> Level:
        """Objects of one type by the keys in their global ids, under the type's row predicate."""
        entity = self.catalogue.entities[type_name]

        def rows(keys: Keys) -> kind.Rows:
            row = self.alias(entity.model, "node")
            assert entity.visible is not None
            return kind.Rows(row, row, [entity.visible(row, keys)], [row.c.id], link=row.c[entity.key])

        return self.level(field_name, kind.Many(type_name, rows), nodes)

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
            if not any(part.asks("nodes", "node") for part in level.parts):
                code = Code(self, level)
                self.note(code, level.type_name, level.row)
                level.notes = code.notes
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
            person = kind.OnePerson(lambda row: row, level.source.type_of)
            expression = code.person(level.row, level.row, person, selections, 2)
        else:
            self.note(code, type_name, level.row)
            expression = code.object(type_name, level.row, self.collect(type_name, selections), 2)
        return code.finish(expression)

    @cached_property
    def viewer_works(self) -> bool:
        """Something that the viewer reads may have to be logged."""
        return bool(access_log.WORKING & self.keys.shape)

    def note(self, code: Code, type_name: str, row: FromClause) -> None:
        """What the access log is told of a level's rows."""
        field_name = code.level.field_name
        if field_name in access_log.SAID_ABOVE:
            return
        about = access_log.ABOUT.get(type_name)
        if about is not None and about.case is not None:
            # Also of an administrator who has no open case, and so no keys at all.
            code.note("cases", about.child(row, self.keys), about.case(row))
        elif not self.viewer_works:
            return
        elif about is not None and about.unit is not None:
            columns = [about.child(row, self.keys), about.unit(row)]
            if about.message is not None:
                code.note("files", *columns, about.message(row))
            else:
                code.note("threads" if type_name in access_log.OF_THREADS else "at_units", *columns)
        elif about is not None:
            code.note("children", about.child(row, self.keys))
        elif field_name == "Query.node" and type_name in access_log.ADULTS:
            code.note("guardians" if type_name == "Guardian" else "other_adults", row.c.id)
        elif type_name in access_log.BY_CASE and "cases" in self.keys and not field_name.startswith("Child."):
            code.note("groups" if type_name == "Group" else "staff", row.c.id)

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
