"""Random operations, drawn from the schema: fields, aliases, fragments, variables, directives, paging."""

from __future__ import annotations

from random import Random
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
    parse,
    validate,
)

UNALIASED = {"relations", "positions", "participants", "responsibilities", "cursor", "startCursor", "endCursor"}
"""Lists without an order of their own, and cursors: the comparison knows them by name."""
LEFT_OUT = {
    "explainAccess",
    "records",
    "attachments",
    "madeAt",
    "recipientPreview",
    "cases",
    "needCases",
    "unitLetterPreview",
}
"""The texts of the first are the server's own, and when a task was made the world does not say; each of them has tests
of its own."""


class Drawn:
    """One operation while it is drawn."""

    def __init__(self, schema: GraphQLSchema, random: Random, ids: list[str]) -> None:
        self.schema = schema
        self.random = random
        self.ids = ids
        self.declared: dict[str, str] = {}
        self.variables: dict[str, Any] = {}
        self.fragments: list[str] = []
        self.count = 0
        self.fields = 0

    def fresh(self, stem: str) -> str:
        self.count += 1
        return f"{stem}{self.count}"

    def variable(self, kind: str, value: Any, default: str | None = None) -> str:
        name = self.fresh("v")
        self.declared[name] = f"${name}: {kind}" + (f" = {default}" if default else "")
        if default is None or self.random.random() < 0.5:
            self.variables[name] = value
        return f"${name}"

    def operation(self) -> str:
        assert self.schema.query_type is not None
        selection = self.selection(self.schema.query_type, self.random.randint(2, 6))
        head = f"({', '.join(self.declared.values())})" if self.declared else ""
        return f"query Drawn{head} {selection}\n" + "\n".join(self.fragments)

    def selection(self, kind: GraphQLNamedType, depth: int, concrete: GraphQLNamedType | None = None) -> str:
        """`concrete` is the type that the object is known to have, where `kind` is an interface of it."""
        parts = []
        for _ in range(self.random.randint(1, 4)):
            if self.fields > 60:
                break
            if isinstance(kind, GraphQLInterfaceType) and self.random.random() < 0.7:
                possible = [concrete] if concrete else self.schema.get_possible_types(kind)
                parts.append(self.fragment(self.random.choice(possible), depth))
            elif self.random.random() < 0.1 and isinstance(kind, GraphQLInterfaceType | GraphQLObjectType):
                around = [kind, *kind.interfaces]
                inside = concrete or (kind if isinstance(kind, GraphQLObjectType) else None)
                parts.append(self.fragment(self.random.choice(around), depth, inside))
            else:
                parts.append(self.field(kind, depth))
        return "{ " + (" ".join(parts) or "__typename") + " }"

    def directive(self) -> str:
        if self.random.random() > 0.12:
            return ""
        name = self.random.choice(("skip", "include"))
        value = self.random.choice((True, False))
        told = self.variable("Boolean!", value) if self.random.random() < 0.6 else str(value).lower()
        return f" @{name}(if: {told})"

    def fragment(self, kind: GraphQLNamedType, depth: int, concrete: GraphQLNamedType | None = None) -> str:
        selection = self.selection(kind, depth, concrete if isinstance(kind, GraphQLInterfaceType) else None)
        if self.random.random() < 0.3:
            name = self.fresh("Part")
            self.fragments.append(f"fragment {name} on {kind.name} {selection}")
            return f"...{name}{self.directive()}"
        return f"... on {kind.name}{self.directive()} {selection}"

    def field(self, kind: Any, depth: int) -> str:
        names = [name for name in kind.fields if name not in LEFT_OUT]
        if depth <= 0:
            names = [name for name in names if is_leaf_type(get_named_type(kind.fields[name].type))]
        if not names or self.random.random() < 0.05:
            return "__typename"
        name = self.random.choice(names)
        told = kind.fields[name]
        self.fields += 1
        arguments = self.arguments(name, told.args)
        alias = ""
        if name not in UNALIASED and (told.args or name == "kind" or self.random.random() < 0.3):
            alias = f"{self.fresh('a')}: "
        leaf = is_leaf_type(get_named_type(told.type))
        below = "" if leaf else f" {self.selection(get_named_type(told.type), depth - 1)}"
        return f"{alias}{name}{arguments}{self.directive()}{below}"

    def arguments(self, name: str, known: dict[str, Any]) -> str:
        told: list[str] = []
        if name == "node":
            one = self.random.choice(self.ids)
            told = [f"id: {self.variable('ID!', one)}" if self.random.random() < 0.5 else f'id: "{one}"']
        elif name == "nodes":
            some = self.random.sample(self.ids, min(len(self.ids), self.random.randint(0, 12)))
            told = [f"ids: {self.variable('[ID!]!', some)}"]
        elif name == "photoUseAllowed":
            purpose = self.random.choice(("INTERNAL", "OPEN_PAGE"))
            told = [f"purpose: {purpose}", f"unitId: {self.variable('ID!', self.random.choice(self.ids))}"]
        else:
            if "ended" in known and self.random.random() < 0.5:
                told.append("ended: true")
            if "filter" in known and self.random.random() < 0.4:
                told.append(self.filter())
            if "first" in known and self.random.random() < 0.7:
                size = self.random.choice((1, 2, 3, 7, 50))
                way = self.random.choice(("first", "last"))
                shown = self.variable("Int", size, str(size)) if self.random.random() < 0.4 else str(size)
                told.append(f"{way}: {shown}")
        return f"({', '.join(told)})" if told else ""

    def filter(self) -> str:
        chosen: dict[str, Any] = {}
        for name in ("unreadOnly", "participatingOnly"):
            if self.random.random() < 0.4:
                chosen[name] = self.random.choice((True, False))
        if self.random.random() < 0.3:
            chosen[self.random.choice(("unitId", "childId"))] = self.random.choice(self.ids)
        return f"filter: {self.variable('ThreadFilter', chosen)}"


def random_operation(schema: GraphQLSchema, random: Random, ids: list[str]) -> tuple[str, DocumentNode, dict[str, Any]]:
    """A valid operation with its document and variables."""
    while True:
        drawn = Drawn(schema, random, ids)
        text = drawn.operation()
        document = parse(text)
        if not validate(schema, document):
            return text, document, drawn.variables
