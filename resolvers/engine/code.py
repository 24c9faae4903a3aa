"""Writes the straight-line function that turns a level's records into objects, and gathers the columns it needs."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any

from graphql import (
    is_non_null_type,
)
from graphql.language import FieldNode, SelectionSetNode
from sqlalchemy import ColumnElement, FromClause, literal_column, select, true

from authz import access_log
from resolvers.engine import source as kind
from resolvers.engine.looks import Note
from resolvers.engine.plan import Fields, Level, Reading, View, Working
from resolvers.engine.statement import ordering

if TYPE_CHECKING:
    from resolvers.engine.planner import Planner

PEOPLE = ("Child", "Guardian", "StaffMember", "OtherAdult")


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
        self.may_be_missing = False
        """Inside an object that may be null."""
        self.notes: list[Note] = []
        self.among_people = False
        """Inside a branch for somebody who may not be a child at all; the row says about which child it is."""

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
            "def build(records, hide, reads, works, given):\n    objects = []\n    for r in records:\n"
            f"{body}\n        objects.append({expression})\n    return objects\n"
        )
        if not self.lines:
            text = f"def build(records, hide, reads, works, given):\n    return [{expression} for r in records]\n"
        exec(compile(text, "<plan>", "exec"), self.constants)  # noqa: S102 - only names of the schema and numbers are in it
        return View(self.constants["build"], self.readings, self.workings, self.hidden, self.notes)

    def note(self, kind_of_note: str, *columns: ColumnElement) -> None:
        """Has the access log told of these columns of every record."""
        places = tuple(self.column(self.level, column) for column in columns)
        self.notes.append(Note(kind_of_note, places))

    def note_child(self, row: FromClause, fields: Fields) -> None:
        """The row that a child hangs on has told of it, by the unit that made the row; a relation elsewhere may open
        more of the child than its name."""
        more = {asked[0].name.value for asked in fields.values()} - access_log.BY_NAME
        if more and self.planner.viewer_works:
            self.note("children", row.c.id)

    def note_guardian(self, row: FromClause, fields: Fields) -> None:
        """What is open of a guardian may be so by the relation to another child than the one they were met through."""
        if {asked[0].name.value for asked in fields.values()} & access_log.OF_GUARDIAN:
            self.note("guardians", row.c.id)

    # --- objects ----------------------------------------------------------------------------------------------

    def object(self, type_name: str, row: FromClause, fields: Fields, depth: int) -> str:
        """An expression for the object; statements that it needs are written before it."""
        if type_name == "Child" and row is not self.level.row and not self.among_people:
            self.note_child(row, fields)
        if type_name == "Guardian" and self.planner.viewer_works:
            self.note_guardian(row, fields)
        entries: list[str] = []
        after: list[tuple[str | None, str]] = []
        asked = {nodes[0].name.value for nodes in fields.values()}
        for key, nodes in fields.items():
            entries.append(f"{key!r}: {self.value(type_name, row, key, nodes, asked, after, depth)}")
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
        self, type_name: str, row: FromClause, key: str, nodes: list[FieldNode], asked: AbstractSet[str],
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
                return self.guarded(guard, self.scalar(source, type_name, name, row, asked))
            case kind.One():
                return self.one(source, row, nodes, depth, guard)
            case kind.OnePerson():
                return self.person(row, source.person(row), source, [node.selection_set for node in nodes], depth)
            case kind.Itself() | kind.OneNamed():
                same = row if isinstance(source, kind.Itself) else source.named(row)
                return self.object(source.type_name, same, self.planner.below(source.type_name, nodes), depth)
            case kind.Many(first=True):
                fields = self.planner.below(source.type_name, nodes)
                return self.optional(source.type_name, self.chosen(field_name, row), fields, depth, guard)
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
                self.workings.append(Working(source, type_name, nodes, key, selected))
                at = self.column(self.level, source.sql(row, self.planner.keys))
                after.append((guard, f"works[{number}].append((r[{at}], {{0}}))"))
                return "None"
            case kind.Sealed() if guard is None:
                return self.sealed(source, type_name, row, key, nodes, after)
        raise SourceOutOfPlace(field_name)

    def sealed(
        self, source: kind.Sealed, type_name: str, row: FromClause, key: str, nodes: list[FieldNode],
        after: list[tuple[str | None, str]],
    ) -> str:  # fmt: skip
        number = len(self.workings)
        self.workings.append(Working(kind.Batch(source.noted, source.load), type_name, nodes, key, None))
        plain = f"r[{self.column(self.level, source.plain(row, self.planner.keys))}]"
        note = f"r[{self.column(self.level, source.noted(row, self.planner.keys))}]"
        work = f"works[{number}].append(({note}[1], {{0}}))"
        after.append((f"{note} is not None and {note}[1] is not None else pass", work))
        return f"({plain} if {note} is None else given({note}[0], {plain}))"

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
        masks = self.level.masks
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

    def scalar(self, source: kind.Column, type_name: str, name: str, row: FromClause, asked: AbstractSet[str]) -> str:
        if source.of_first is not None and source.of_first[0] in asked:
            sql = source.of_first[1](row, self.chosen(f"{type_name}.{source.of_first[0]}", row))
        else:
            sql = source.sql(row, self.planner.keys)
        at = self.column(self.level, sql)
        if source.read is None:
            return f"r[{at}]"
        read = f"{self.constant(source.read)}(r[{at}])"
        if is_non_null_type(self.planner.field_type(type_name, name)):
            return read
        return f"(None if r[{at}] is None else {read})"

    def chosen(self, field_name: str, row: FromClause) -> FromClause:
        """The first of a list for each row, joined into the row's statement once."""
        known = self.level.firsts.get((field_name, row))
        if known is not None:
            return known
        source = self.planner.catalogue.sources[field_name]
        assert isinstance(source, kind.Many)
        rows = source.rows(self.planner.keys)
        assert rows.link is not None
        self.level.joins += [(target, on, True) for target, on in rows.beside(row.c[source.parent])]
        chosen = (
            select(rows.row)
            .where(rows.link == row.c[source.parent], *rows.where)
            .order_by(*ordering(rows.order, rows.descending, None))
            .limit(literal_column("1"))
            .correlate_except(rows.row)
            .lateral(f"first_{self.planner.number()}")
        )
        self.level.joins.append((chosen, true(), True))
        self.level.firsts[field_name, row] = chosen
        return chosen

    def optional(self, type_name: str, target: FromClause, fields: Fields, depth: int, guard: str | None = None) -> str:
        """An object or null; whatever is joined to it may be missing too."""
        made = self.name("o")
        at = self.column(self.level, target.c.id)
        self.line(depth, f"{made} = None")
        if guard is not None:
            test, otherwise = guard.split(" else ")
            self.line(depth, f"if not {test}:")
            self.line(depth + 1, otherwise)
        self.line(depth, f"{'if' if guard is None else 'elif'} r[{at}] is not None:")
        outer, self.may_be_missing = self.may_be_missing, True
        expression = self.object(type_name, target, fields, depth + 1)
        self.may_be_missing = outer
        self.line(depth + 1, f"{made} = {expression}")
        return made

    def one(
        self, source: kind.One, row: FromClause, nodes: list[FieldNode], depth: int, guard: str | None = None
    ) -> str:
        entity = self.planner.catalogue.entities[source.type_name]
        target = self.planner.alias(entity.model, source.type_name.lower())
        missing = source.optional or self.may_be_missing
        self.level.joins.append((target, source.join(row, target, self.planner.keys), missing))
        fields = self.planner.below(source.type_name, nodes)
        if source.optional:
            return self.optional(source.type_name, target, fields, depth, guard)
        return self.object(source.type_name, target, fields, depth)

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
            outer, self.among_people = self.among_people, True
            expression = self.object(type_name, person, fields, depth + 1)
            self.among_people = outer
            self.line(depth + 1, f"{made} = {expression}")
        return made


class SourceOutOfPlace(Exception):
    """A field's source cannot stand where the field does; `resolvers.catalogue` refuses to be built with one."""
