"""Random operations over the whole schema: every type, field and argument of it may be asked for.

Ids, cursors and texts are drawn from a pool that holds what is one's own, what is others', what other viewers were
given before, and what never was. What an operation asks for is told as the kinds of values that its fields hold.
"""

from __future__ import annotations

import datetime as dt
import os
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)

from resolvers.ids import TYPE_BYTES, encode
from tests.leakhunt.wire import Operation

KINDS = {
    "name": {"name"},
    "holder": {"name"},
    "personName": {"name", "told name"},
    "openedByName": {"name"},
    "approvedByName": {"name"},
    "id": {"id"},
    "birthDate": {"birth date"},
    "nationalId": {"national id"},
    "lines": {"address"},
    "city": {"address"},
    "phone": {"contact", "unit"},
    "email": {"contact"},
    "subject": {"subject"},
    "body": {"message", "record"},
    "title": {"record"},
    "note": {"absence note"},
    "reason": {"reason"},
    "fact": {"unit", "group"},
}
NAMES_OF = {
    "Unit": {"unit"},
    "Group": {"group"},
    "Attachment": {"file"},
    "Delegate": {"name", "told name"},
    "Block": {"name", "told name"},
    "Confirmation": {"name", "told name"},
}
HINTS = {
    "unitId": "Unit",
    "groupId": "Group",
    "childId": "Child",
    "threadId": "Thread",
    "messageId": "Message",
    "upToMessageId": "Message",
    "delegateId": "Delegate",
    "blockId": "Block",
    "taskId": "Task",
    "recordId": "Record",
    "absenceId": "Absence",
    "caseId": "NeedCase",
    "staffMemberId": "StaffMember",
    "attachmentIds": "Attachment",
    "substitutionId": "Substitution",
    "readerIds": "StaffMember",
    "personId": "person",
    "personIds": "StaffMember",
    "recipientIds": "person",
}
PEOPLE = ("Guardian", "StaffMember", "OtherAdult", "Child")


def kinds_of(type_name: str, name: str, field_type: str) -> set[str]:
    if field_type.rstrip("!") == "DateTime":
        return {"instant"}
    if name == "name" and type_name in NAMES_OF:
        return NAMES_OF[type_name]
    return KINDS.get(name, set())


@dataclass
class Pool:
    """What an operation may be given, whoever it belongs to."""

    random: Random
    ids: dict[str, list[str]] = field(default_factory=dict)
    """By type."""
    own: dict[str, list[str]] = field(default_factory=dict)
    """Those of them that are there for whose turn it is."""
    cursors: deque[str] = field(default_factory=lambda: deque(maxlen=400))
    urls: deque[str] = field(default_factory=lambda: deque(maxlen=100))
    previews: deque[str] = field(default_factory=lambda: deque(maxlen=100))
    planted: list[str] = field(default_factory=list)
    """Canaries of others, for the viewer whose turn it is."""
    numbers: list[str] = field(default_factory=list)

    def put(self, ids: Iterable[tuple[str, str, bool]]) -> None:
        """Type, id, and whether it is there for whose turn it is."""
        self.ids, self.own = {}, {}
        for kind, told, own in ids:
            self.ids.setdefault(kind, []).append(told)
            if own:
                self.own.setdefault(kind, []).append(told)

    def id(self, kind: str) -> str:
        random = self.random
        chance = random.random()
        if chance < 0.04:
            return random.choice(("", "x", "0", "é" * 23, "A" * 23, "null", *self.planted[:5]))
        if kind in ("", "person"):
            kind = random.choice(PEOPLE if kind else list(self.ids))
        if chance < 0.08:
            return never(kind, random)
        if chance < 0.12 or not (known := self.ids.get(kind)):
            known = random.choice(list(self.ids.values()))
        if chance < 0.7 and (own := self.own.get(kind)):
            known = own
        return random.choice(known)

    def text(self) -> str:
        random = self.random
        if self.planted and random.random() < 0.7:
            return f"Hei {random.choice(self.planted)}"
        return random.choice(("Hei", "", "æøå", "x" * 300, random.choice(self.numbers) if self.numbers else "Hei"))


def never(kind: str, random: Random) -> str:
    """An id of the kind, of nothing that ever was."""
    key = UUID(bytes=random.randbytes(16), version=4)
    return encode(TYPE_BYTES.get(kind, b"C"), key)


class Making:
    """One operation being made."""

    def __init__(self, schema: GraphQLSchema, pool: Pool, random: Random, ids: Callable[[str], str] | None = None):
        self.schema = schema
        self.pool = pool
        self.random = random
        self.ids = ids or pool.id
        self.variables: dict[str, Any] = {}
        self.declared: list[str] = []
        self.kinds: set[str] = set()
        self.fields = random.choice((20, 60, 120, 250))
        """So many more may be asked for."""
        self.depth = random.choice((4, 6, 8))
        self.aliases = 40
        self.pages = 0
        """Connections within each other, where it is being made now."""
        self.width = random.choice((0.5, 0.8, 1))

    # --- arguments ----------------------------------------------------------------------------------------------------

    def value(self, kind: Any, name: str, deep: int = 0) -> Any:
        random = self.random
        if isinstance(kind, GraphQLNonNull):
            return self.value(kind.of_type, name, deep)
        if isinstance(kind, GraphQLList):
            many = random.choice((1, 10, 40, 100)) if name == "ids" else random.choice((0, 1, 1, 2, 5))
            return [self.value(kind.of_type, name, deep) for _ in range(many)]
        if isinstance(kind, GraphQLInputObjectType):
            return {
                one: self.value(told.type, one, deep + 1)
                for one, told in kind.fields.items()
                if is_required_input_field(told) or random.random() < 0.5
            }
        if isinstance(kind, GraphQLEnumType):
            return random.choice(list(kind.values))
        return self.scalar(kind, name)

    def scalar(self, kind: GraphQLNamedType, name: str) -> Any:
        random = self.random
        if kind.name == "ID":
            if name == "idempotencyKey":
                return os.urandom(8).hex()
            return self.ids(HINTS.get(name, ""))
        if kind.name == "Int":
            return random.choice((0, 1, 2, 3, 8, 24))
        if kind.name == "Boolean":
            return random.random() < 0.5
        if kind.name == "Date":
            return (dt.date(2026, 10, 1) + dt.timedelta(days=random.randint(-200, 700))).isoformat()
        if kind.name == "Time":
            return "08:15:00"
        if name == "nationalId":
            return random.choice(self.pool.numbers) if self.pool.numbers else "14831899779"
        if name == "previewToken" and self.pool.previews:
            return random.choice(self.pool.previews)
        if name in ("after", "before"):
            return random.choice(self.pool.cursors) if self.pool.cursors and random.random() < 0.9 else "bad"
        return self.pool.text()

    def argument(self, name: str, told: GraphQLArgument) -> str:
        variable = f"v{len(self.variables)}"
        self.variables[variable] = self.value(told.type, name)
        self.declared.append(f"${variable}: {told.type}")
        return f"{name}: ${variable}"

    def arguments(self, told: GraphQLField) -> str:
        random, given = self.random, []
        pages = {"first", "last", "after", "before"}
        for name, argument in told.args.items():
            if name not in pages and (is_required_argument(argument) or random.random() < 0.3):
                given.append(self.argument(name, argument))
        if pages & set(told.args):
            size = random.choice(((5, 20, 50), (2, 5, 10), (1, 3))[self.pages] if self.pages < 3 else (1, 2))
            way = random.choice(("first", "first", "last"))
            given.append(f"{way}: {size}")
            if random.random() < 0.06:
                cursor = {"first": "after", "last": "before"}[way]
                given.append(self.argument(cursor, told.args[cursor]))
        return f"({', '.join(given)})" if given else ""

    # --- selections ---------------------------------------------------------------------------------------------------

    def selection(self, kind: Any, depth: int) -> str:
        """Braces and all; never empty."""
        if isinstance(kind, GraphQLInterfaceType):
            return self.of_interface(kind, depth)
        chosen = [self.field(kind, name, told, depth) for name, told in self.drawn(kind)]
        chosen = [one for one in chosen if one] or ["__typename"]
        return "{ " + " ".join(chosen) + " }"

    def whole(self, kind: Any, depth: int) -> str:
        """Every field that needs no argument, and as much of what it leads to; pages are small."""
        if isinstance(kind, GraphQLInterfaceType):
            return "{ __typename " + " ".join(f"{name}" for name in kind.fields) + " }"
        shown = []
        for name, told in kind.fields.items():
            inner = get_named_type(told.type)
            if any(is_required_argument(one) for one in told.args.values()) or (not is_leaf_type(inner) and not depth):
                continue
            self.kinds |= kinds_of(kind.name, name, str(told.type))
            called = name if str(told.type) == usual_type(self.schema, name) else f"{name}{kind.name}: {name}"
            called += "(first: 10)" if "first" in told.args else ""
            if is_leaf_type(inner):
                shown.append(called)
            elif inner.name.endswith("Connection"):
                within = self.whole(get_named_type(inner.fields["nodes"].type), depth - 1)
                shown.append(f"{called} {{ totalCount nodes {within} }}")
            else:
                shown.append(f"{called} {self.whole(inner, depth - 1)}")
        return "{ " + " ".join(shown) + " }"

    def drawn(self, kind: GraphQLObjectType) -> list[tuple[str, GraphQLField]]:
        """Fields in any order, but those that lead on come last: what is near is asked for before what is far."""
        fields = list(kind.fields.items())
        self.random.shuffle(fields)
        return sorted(fields, key=lambda one: not is_leaf_type(get_named_type(one[1].type)))

    def field(self, kind: GraphQLObjectType, name: str, told: GraphQLField, depth: int) -> str:
        inner = get_named_type(told.type)
        leaf = is_leaf_type(inner)
        if self.fields <= 0 or (not leaf and depth <= 0) or self.random.random() > (self.width if leaf else 0.5):
            return ""
        self.fields -= 1
        shown = name
        if str(told.type) != usual_type(self.schema, name) or self.random.random() < 0.02:
            if self.aliases <= 0:
                return ""
            self.aliases -= 1
            shown = f"{name}{kind.name}: {name}"
        self.kinds |= kinds_of(kind.name, name, str(told.type))
        shown += self.arguments(told)
        if self.random.random() < 0.03:
            shown += self.random.choice((" @include(if: true)", " @skip(if: true)", " @include(if: false)"))
        if leaf:
            return shown
        paged = "first" in told.args
        self.pages += paged
        within = self.selection(inner, depth - 1)
        self.pages -= paged
        return f"{shown} {within}"

    def of_interface(self, kind: GraphQLInterfaceType, depth: int) -> str:
        possible = list(self.schema.get_possible_types(kind))
        chosen = self.random.sample(possible, min(len(possible), self.random.choice((2, 6, 20, 20))))
        self.kinds |= {"id"}
        parts = [f"... on {one.name} {self.selection(one, depth)}" for one in chosen if self.fields > 0]
        return "{ id __typename " + " ".join(parts) + " }"

    def operation(self, word: str, roots: list[tuple[str, GraphQLField]], act: str = "") -> Operation:
        parts = []
        for number, (name, told) in enumerate(roots):
            given = [
                self.argument(one, argument)
                for one, argument in told.args.items()
                if is_required_argument(argument) or self.random.random() < 0.4
            ]
            shown = f"r{number}: {name}" + (f"({', '.join(given)})" if given else "")
            parts.append(f"{shown} {self.selection(get_named_type(told.type), self.depth)}")
        declared = f"({', '.join(self.declared)})" if self.declared else ""
        text = f"{word} Hunt{declared} {{ {' '.join(parts)} }}"
        return Operation(text, self.variables, frozenset(self.kinds), act)


_USUAL: dict[int, dict[str, str]] = {}


def usual_type(schema: GraphQLSchema, name: str) -> str:
    """The type that most fields of the name have: one of another type needs an alias, lest both meet in one answer."""
    if id(schema) not in _USUAL:
        types: dict[str, Counter[str]] = {}
        for kind in schema.type_map.values():
            if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
                for one, told in kind.fields.items():
                    types.setdefault(one, Counter())[str(told.type)] += 1
        _USUAL[id(schema)] = {one: counted.most_common(1)[0][0] for one, counted in types.items()}
    return _USUAL[id(schema)][name]


class Operations:
    """Makes operations."""

    def __init__(self, schema: GraphQLSchema, pool: Pool, random: Random) -> None:
        self.schema = schema
        self.pool = pool
        self.random = random
        self._sweeps: dict[str, Operation] = {}

    def query(self) -> Operation:
        assert self.schema.query_type
        roots = self.schema.query_type.fields
        weights = {
            "viewer": 8,
            "node": 2,
            "nodes": 6,
            "explainAccess": 1,
            "recipientPreview": 1,
            "unitLetterPreview": 1,
        }
        names = self.random.choices(
            list(roots), [weights.get(one, 1) for one in roots], k=self.random.choice((1, 1, 2))
        )
        return Making(self.schema, self.pool, self.random).operation("query", [(name, roots[name]) for name in names])

    def sweep(self) -> Operation:
        """All that there is to ask of things of one type, and of what is next to them; the same document each time."""
        kind = self.random.choice([one for one, known in self.pool.ids.items() if known])
        if kind not in self._sweeps:
            making = Making(self.schema, self.pool, self.random)
            whole = making.whole(self.schema.type_map[kind], 2)
            text = f"query Sweep($ids: [ID!]!) {{ nodes(ids: $ids) {{ __typename ... on {kind} {whole} }} }}"
            self._sweeps[kind] = Operation(text, {}, frozenset(making.kinds))
        swept = self._sweeps[kind]
        some = self.random.sample(
            self.pool.ids[kind], min(len(self.pool.ids[kind]), {"Unit": 12, "Child": 12}.get(kind, 40))
        )
        own = self.pool.own.get(kind, [])
        some += self.random.sample(own, min(len(own), 4 if kind == "Child" else 20))
        return Operation(swept.text, {"ids": list(dict.fromkeys(some))}, swept.kinds)

    def subscription(self) -> Operation:
        assert self.schema.subscription_type
        roots = self.schema.subscription_type.fields
        making = Making(self.schema, self.pool, self.random)
        making.depth, making.width = 4, 0.95
        name = self.random.choice(list(roots))
        making.fields = 60
        told = roots[name]
        inner = making.selection(get_named_type(told.type), 4)
        declared = f"({', '.join(making.declared)})" if making.declared else ""
        making.kinds |= {"id"}
        return Operation(f"subscription Hunt{declared} {{ {name} {inner} }}", making.variables, frozenset(making.kinds))

    def mutation(self, name: str, ids: Callable[[str], str]) -> Operation:
        assert self.schema.mutation_type
        told = self.schema.mutation_type.fields[name]
        return Making(self.schema, self.pool, self.random, ids).operation("mutation", [(name, told)], act=name)

    def mutations(self) -> list[str]:
        assert self.schema.mutation_type
        return list(self.schema.mutation_type.fields)
