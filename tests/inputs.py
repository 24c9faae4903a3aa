"""Every place of the schema where a client can put a value, and a whole operation around any one of them.

What the tests of existence and of attacks ask is made from the schema, so that what is added to it is asked too.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)

PAGING = {"first", "last", "after", "before"}
BESIDE: dict[str, tuple[str, ...]] = {
    "recipientPreview": ("unitId", "childId"),
    "setBlock": ("personId",),
    "appointSubstitute": ("staffMemberId",),
    "openNeedCase": ("nationalId",),
}
"""Inputs that an operation makes no sense without, though each of them may be left out."""
INSTEAD = {"nationalId": ("personId", "staffMemberId")}
"""Where one is told, the others are not."""
TOGETHER = {"nationalId": ("name",), "name": ("nationalId",), "birthDate": ("name",), "fromTime": ("toTime",),
            "toTime": ("fromTime",)}  # fmt: skip


@dataclass(frozen=True)
class Slot:
    """One argument or input field: `path` is ("Mutation", "sendMessage", "input", "threadId")."""

    path: tuple[str, ...]
    type_name: str
    is_list: bool

    def __str__(self) -> str:
        return ".".join(self.path[1:] if self.path[0] in ("Query", "Mutation", "Subscription") else self.path)

    @property
    def name(self) -> str:
        return self.path[-1]

    @property
    def operation(self) -> str:
        """The field that the value is given to."""
        return self.path[1]


def slots(schema: GraphQLSchema) -> list[Slot]:
    """All leaves of all arguments of all fields; pages aside, which are the same everywhere."""
    found = []
    for type_ in schema.type_map.values():
        if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__"):
            for name, field in type_.fields.items():
                for argument, told in field.args.items():
                    if argument not in PAGING or type_.name == "Subscription":
                        found += leaves((type_.name, name, argument), told)
    return found


def leaves(path: tuple[str, ...], told: GraphQLArgument | GraphQLInputField) -> Iterator[Slot]:
    named = get_named_type(told.type)
    if isinstance(named, GraphQLInputObjectType):
        for name, field in named.fields.items():
            yield from leaves((*path, name), field)
    else:
        bare = told.type.of_type if isinstance(told.type, GraphQLNonNull) else told.type
        yield Slot(path, named.name, isinstance(bare, GraphQLList))


@dataclass(frozen=True)
class Asking:
    """Makes whole operations. `own`: by name of an input, what the viewer may say there."""

    schema: GraphQLSchema
    own: Mapping[str, Any]
    today: dt.date

    def operation(self, slot: Slot, value: Any) -> tuple[str, dict[str, Any]]:
        """Text and variables, with the value in that place and what fits in all others."""
        type_name, field_name = slot.path[:2]
        owner = self.schema.type_map[type_name]
        assert isinstance(owner, GraphQLObjectType)
        field = owner.fields[field_name]
        variables = {}
        for name, argument in field.args.items():
            told = self.value(argument, slot.path[2:], slot, value, name)
            if told is not None:
                variables[name] = told
        declared = ", ".join(f"${name}: {field.args[name].type}" for name in variables)
        given = ", ".join(f"{name}: ${name}" for name in variables)
        asked = f"{field_name}{f'({given})' if given else ''} {self.selection(get_named_type(field.type), 2)}"
        head = f"({declared})" if declared else ""
        if type_name in ("Query", "Mutation", "Subscription"):
            return f"{type_name.lower()} {head} {{ {asked} }}", variables
        if type_name == "Viewer":
            return f"query {head} {{ viewer {{ {asked} }} }}", variables
        declared = ", ".join(filter(None, ["$own_node: ID!", declared]))
        text = f"query ({declared}) {{ node(id: $own_node) {{ ... on {type_name} {{ {asked} }} }} }}"
        return text, {"own_node": self.own[f"{type_name[0].lower()}{type_name[1:]}Id"], **variables}

    def value(
        self, told: GraphQLArgument | GraphQLInputField, rest: tuple[str, ...], slot: Slot, value: Any, name: str
    ) -> Any:
        here = bool(rest) and rest[0] == name
        if here and len(rest) == 1:
            return [value] if slot.is_list and not isinstance(value, list) else value
        named = get_named_type(told.type)
        bare = told.type.of_type if isinstance(told.type, GraphQLNonNull) else told.type
        if isinstance(named, GraphQLInputObjectType):
            if not here and not needed(told):
                return None
            below = {
                one: said
                for one, field in named.fields.items()
                if (said := self.value(field, rest[1:] if here else (), slot, value, one)) is not None
            }
            return [below] if isinstance(bare, GraphQLList) else below
        if not needed(told) and name not in self.beside(slot):
            return None
        plain = self.plain(name, named)
        return [plain] if isinstance(bare, GraphQLList) else plain

    def beside(self, slot: Slot) -> set[str]:
        wanted = set(BESIDE.get(slot.operation, ())) | set(TOGETHER.get(slot.name, ()))
        told = {slot.name, *wanted}
        for one in told & INSTEAD.keys() if slot.name in (*INSTEAD, *TOGETHER) else ():
            wanted -= set(INSTEAD[one])
        if slot.operation == "openNeedCase" and slot.name in ("name", "birthDate"):
            wanted = {"name", "birthDate"}
        return wanted

    def plain(self, name: str, named: Any) -> Any:
        if name in self.own and (not isinstance(named, GraphQLEnumType) or self.own[name] in named.values):
            return self.own[name]
        if isinstance(named, GraphQLEnumType):
            return next(iter(named.values))
        plain = {"Date": self.today, "Time": dt.time(8), "Int": 1, "Boolean": False, "String": "Husk niste"}
        told = plain[named.name]
        return told.isoformat() if isinstance(told, dt.date | dt.time) else told

    def selection(self, type_: Any, depth: int) -> str:
        """Everything that needs no argument, so deep."""
        if is_leaf_type(type_):
            return ""
        if not isinstance(type_, GraphQLObjectType):
            return "{ __typename id }"
        parts = ["__typename"]
        for name, field in type_.fields.items():
            below = get_named_type(field.type)
            if any(is_required_argument(one) for one in field.args.values()):
                continue
            if is_leaf_type(below):
                parts.append(name)
            elif depth and not below.name.endswith("Connection"):
                parts.append(f"{name} {self.selection(below, depth - 1)}")
            elif below.name.endswith("Connection"):
                node = "__typename id" if "id" in get_named_type(below.fields["nodes"].type).fields else "__typename"
                parts.append(f"{name}(first: 2) {{ totalCount nodes {{ {node} }} pageInfo {{ hasNextPage }} }}")
        return f"{{ {' '.join(parts)} }}"


def needed(told: GraphQLArgument | GraphQLInputField) -> bool:
    return is_required_argument(told) if isinstance(told, GraphQLArgument) else is_required_input_field(told)
