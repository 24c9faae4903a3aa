"""Documents with one flaw each, deep within what is otherwise drawn from the schema.

A flaw is a cursor that is none, a null where none may be, a page out of bounds, a variable of a wrong type, or a value
that is odd: an id of another type, a day at the end of time, a text that no database can hold. It stands beneath nodes,
in what an act tells, in a subscription, in a fragment. What comes of a *sure* flaw is known: the whole request is
refused, whoever asks and whatever there is. Of the others only that it must be the same for what is closed and for what
never was is.
"""

from __future__ import annotations

import datetime as dt
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)
from graphql.language import OperationType

from tests.leakhunt.operations import PEOPLE, Making, Pool, never
from tests.leakhunt.wire import Operation
from tests.worlds.numbers import synthetic_number

FLAWS = {"cursor": 4, "null": 4, "page": 2, "type": 2, "odd": 3}
"""And how often each is tried."""
PAGES = {"first", "last", "after", "before"}
ROOTS = {"viewer": 3, "node": 8, "nodes": 4, "explainAccess": 1, "recipientPreview": 1, "unitLetterPreview": 1}
NEAR = {"Child": 6, "Thread": 2, "NeedCase": 2}
"""Types of nodes beneath which a flaw is put more often than once in all of them."""
HOPELESS = {"firstDay", "lastDay", "hours", "afterVersion"}
"""Fields of inputs whose odd values are refused by a problem, whatever they are about."""
TELLING = {"openNeedCase": 6, "registerAbsence": 3, "confirmAbsence": 2, "setBlock": 2, "writeRecord": 2}
"""Acts of which more is read back, or which tell of a number whose it is."""
NO_CURSORS = ("x", "", "é", "null", "A" * 40, "-" * 64, "x" * 20_000, "\ud800", "x\u0000y", "🙂")
ODD_TEXTS = ("", " ", "\u0000", "a\u0000b", "\ud800", "\udfff\ud800", "x" * 30_000, "🙂" * 300, "'", "\u202e", "\uffff")
ODD_DAYS = ("0001-01-01", "9999-12-31", "1000-01-01", "1970-01-01", "2000-02-29", "1583-10-15")
NO_DAYS = ("0000-01-01", "10000-01-01", "-0001-01-01", "2026-02-30", "2026-13-01", "", "i dag", 5, {}, [], True)
NUMBERS = (0, -1, 2**31 - 1, -(2**31))
NO_NUMBERS = (2**31, -(2**31) - 1, 2**63, 1e300, 1.5, "1", "x", True, {}, [])
TYPE = {
    "Int": NO_NUMBERS,
    "ID": ({}, [], ["x"], 1.5, True, {"id": "x"}),
    "String": ({}, [], ["x"], 1, 1.5, True),
    "Boolean": ("true", "", 0, 1, {}, []),
    "Date": NO_DAYS,
    "Time": ("25:00:00", "x", "", 8, {}, []),
}
"""What is none, by the name of a scalar."""


@dataclass(frozen=True)
class Flawed:
    """A request with a flaw."""

    flaw: str
    operation: Operation
    ids: Mapping[str, str]
    """Every id in it, and the type of what it is of or might be; a national identity number's is "number"."""
    sure: bool
    """Whether the whole is refused in any case."""
    on_what_is_there: bool
    """Whether it may be asked about what is the viewer's own: it is no act, or one that cannot be done."""
    subscription: bool = False

    def by_url(self, random: Random) -> bool:
        """Whether it is asked by an address: a query that fits into one."""
        long = len(json.dumps(self.operation.variables)) + len(self.operation.text) > 3_000
        return self.operation.text.startswith("query") and not long and random.random() < 0.25

    def with_ids(self, others: Mapping[str, str]) -> Operation:
        return replace(self.operation, variables=exchanged(self.operation.variables, others))


def exchanged(value: Any, others: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: exchanged(one, others) for name, one in value.items()}
    if isinstance(value, list):
        return [exchanged(one, others) for one in value]
    return others.get(value, value) if isinstance(value, str) else value


@dataclass
class Scene:
    """What is there for whoever asks, and belongs together: a child, where it goes, a number, and the day."""

    today: dt.date
    child: str = ""
    unit: str = ""
    number: str = ""


@dataclass
class Step:
    """A field on the way to the flaw, and the type on which it stands."""

    type: GraphQLObjectType
    name: str
    of_interface: bool = False
    """Whether it has to be said that it is asked of that type."""

    @property
    def field(self) -> GraphQLField:
        return self.type.fields[self.name]


class NoPlace(Exception):
    """A way through the schema that ends where the flaw cannot be."""


@dataclass
class Given:
    """How the flaw is written where it stands."""

    arguments: list[str] = field(default_factory=list)
    directive: str = ""


class Flawing(Making):
    """One operation with a flaw being made."""

    def __init__(self, schema: GraphQLSchema, pool: Pool, random: Random, scene: Scene, flaw: str) -> None:
        super().__init__(schema, pool, random, self.known_id)
        self.scene = scene
        self.flaw = flaw
        self.fields = random.choice((0, 0, 3, 12))
        self.aliases = 30
        self.of: dict[str, str] = {}
        self.fragments: list[str] = []
        self.wanted = ""
        """The type that is asked of a node."""
        self.sure = True
        self.hopeless = False

    # --- values -------------------------------------------------------------------------------------------------------

    def known_id(self, kind: str) -> str:
        random, scene = self.random, self.scene
        kind = kind or self.wanted or random.choice(list(self.pool.ids))
        if kind == "person":
            kind = random.choice(PEOPLE[:3])
        own = {"Child": scene.child, "Unit": scene.unit}.get(kind)
        if not own or random.random() < (0.7 if kind == self.wanted else 0.1):
            known = self.pool.own.get(kind) or self.pool.ids.get(kind)
            own = random.choice(known) if known and random.random() < 0.95 else never(kind, random)
        self.of[own] = kind
        return own

    def value(self, kind: Any, name: str, deep: int = 0) -> Any:
        """Of an input what makes sense together, mostly."""
        given = super().value(kind, name, deep)
        inner = get_named_type(kind)
        if not isinstance(inner, GraphQLInputObjectType) or not isinstance(given, dict):
            return given
        for one, told in inner.fields.items():
            if one in given and not is_required_input_field(told) and self.random.random() < 0.5:
                del given[one]
        if "nationalId" in inner.fields and not given.keys() & {"nationalId", "personId", "staffMemberId"}:
            given["nationalId"] = self.scalar(get_named_type(inner.fields["nationalId"].type), "nationalId")
        if "birthDate" in inner.fields and "nationalId" in given:
            given.pop("birthDate", None)
            given.pop("name", None)
        return given

    def scalar(self, kind: Any, name: str) -> Any:
        if name == "nationalId":
            number = self.scene.number or self.random.choice(self.pool.numbers)
            self.of[number] = "number"
            return number
        if name in ("firstDay", "lastDay", "since"):
            return self.scene.today.isoformat()
        return super().scalar(kind, name)

    def declare(self, kind: Any, value: Any, *, default: str = "", sent: bool = True) -> str:
        """A variable for the flaw."""
        self.declared.append(f"$w: {kind}" + (f" = {default}" if default else ""))
        if sent:
            self.variables["w"] = value
        return "$w"

    def written(self, kind: str, value: Any) -> str:
        """A value in a variable, in the document, or as the default of a variable that is not sent."""
        chance = self.random.random()
        plain = isinstance(value, int) or (value.isprintable() and value.isascii() and len(value) < 100)
        if chance < 0.5 or not plain:
            return self.declare(kind, value)
        if chance < 0.8:
            return json.dumps(value)
        return self.declare(kind, None, default=json.dumps(value), sent=False)

    # --- the flaw -----------------------------------------------------------------------------------------------------

    def fits(self, step: Step) -> bool:
        told = step.field
        match self.flaw:
            case "cursor":
                return "after" in told.args and step.type.name != "Subscription"
            case "page":
                return "first" in told.args
            case "null":
                return not step.type.name.startswith("__")
            case "type":
                return bool(told.args)
        # Every page has a cursor: of those a few.
        seldom = PAGES if self.random.random() < 0.7 else set()
        return any(may_be_odd(name, one) for name, one in told.args.items() if name not in seldom)

    def given(self, step: Step) -> Given:
        make = {
            "cursor": self.no_cursor,
            "page": self.no_page,
            "null": self.no_null,
            "type": self.wrong_type,
            "odd": self.odd,
        }
        return make[self.flaw](step)

    def others(self, told: GraphQLField, *without: str) -> list[str]:
        """The other arguments, of which a page is always small."""
        random, given = self.random, []
        for name, argument in told.args.items():
            if name in without or name in PAGES:
                continue
            if is_required_argument(argument) or random.random() < 0.3:
                given.append(self.argument(name, argument))
        if "first" in told.args and not PAGES & set(without):
            given.append(f"first: {random.choice((1, 2, 3))}")
        return given

    def no_cursor(self, step: Step) -> Given:
        random = self.random
        cursor = random.choice((*NO_CURSORS, urlsafe_b64encode(random.randbytes(48)).decode()))
        way, size = random.choice((("after", "first"), ("before", "last")))
        given = [f"{way}: {self.written('String', cursor)}"]
        if random.random() < 0.6:
            given.append(f"{size}: {random.choice((0, 1, 3))}")
        return Given([*self.others(step.field, *PAGES), *given])

    def no_page(self, step: Step) -> Given:
        random = self.random
        if random.random() < 0.7:
            way, size = random.choice(("first", "last")), random.choice((-1, 501, 100_000_000, *NUMBERS[2:]))
            given = [f"{way}: {self.written('Int', size)}"]
        else:
            both = (("first: 1", "last: 1"), ("first: 1", 'before: "x"'), ("last: 1", 'after: "x"'))
            given = list(random.choice((*both, ('after: "x"', 'before: "x"'))))
        return Given([*self.others(step.field, *PAGES), *given])

    def no_null(self, step: Step) -> Given:
        """A variable that may be null by its own type, since it has a default or stands where there is one."""
        random, told = self.random, step.field
        strict = [
            (name, kind, listed)
            for name, argument in told.args.items()
            for kind, listed in strict_types(argument)
            if not isinstance(get_named_type(kind), GraphQLInputObjectType)
        ]
        inputs = [name for name, one in told.args.items() if is_input(one)]
        if inputs and random.random() < 0.6:
            return Given([*self.others(told, inputs[0]), self.null_within(inputs[0], told.args[inputs[0]])])
        if not strict or random.random() < 0.4:
            self.declare("Boolean", None, default=random.choice(("true", "false")))
            return Given(self.others(told), random.choice((" @include(if: $w)", " @skip(if: $w)")))
        name, kind, listed = random.choice(strict)
        variable = self.declare(kind, None, default=self.literal(kind, name))
        shown = (
            [self.argument(name, GraphQLArgument(GraphQLNonNull(kind))).partition(": ")[2]]
            if random.random() < 0.5
            else []
        )
        value = f"[{', '.join([variable, *shown])}]" if listed else variable
        return Given([*self.others(told, name), f"{name}: {value}"])

    def null_within(self, name: str, argument: GraphQLArgument) -> str:
        """An input whose fields are written one by one, and one of them is null."""
        kind = get_named_type(argument.type)
        assert isinstance(kind, GraphQLInputObjectType)
        strict = [(one, inner, listed) for one, told in kind.fields.items() for inner, listed in strict_types(told)
                  if not isinstance(inner, GraphQLInputObjectType)]  # fmt: skip
        if not strict:
            raise NoPlace
        chosen, inner, listed = self.random.choice(strict)
        default = "" if has_default(kind.fields[chosen]) and not listed else self.literal(inner, chosen)
        variable = self.declare(inner, None, default=default)
        shown = [f"{chosen}: {f'[{variable}]' if listed else variable}"]
        for one, told in kind.fields.items():
            beside = one == "nationalId" and chosen != "name"
            if one != chosen and (is_required_input_field(told) or beside):
                shown.append(self.argument(one, GraphQLArgument(told.type)))
        return f"{name}: {{{', '.join(shown)}}}"

    def literal(self, kind: Any, name: str) -> str:
        inner = get_named_type(kind)
        if isinstance(inner, GraphQLEnumType):
            return self.random.choice(list(inner.values))
        return json.dumps({"Int": 1, "Boolean": True, "Date": self.scene.today.isoformat()}.get(inner.name, "x"))

    def wrong_type(self, step: Step) -> Given:
        random, told = self.random, step.field
        name, argument = random.choice(rather_no_page(list(told.args.items()), random))
        kind, nothing = argument.type, random.random() < 0.1 and isinstance(argument.type, GraphQLNonNull)
        if nothing:
            value = None
        elif is_input(argument):
            value = self.wrong_within(kind)
        else:
            value = self.none_of(kind)
        given = f"{name}: {self.declare(kind, value)}"
        pages = PAGES if name in PAGES else ()
        return Given([*self.others(told, name, *pages), given])

    def none_of(self, kind: Any) -> Any:
        inner, random = get_named_type(kind), self.random
        if isinstance(inner, GraphQLEnumType):
            wrong: Any = random.choice(("NONE", "", 1, {}, True))
        else:
            wrong = random.choice(TYPE[inner.name])
        bare = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
        return [wrong] if isinstance(bare, GraphQLList) else wrong

    def wrong_within(self, kind: Any) -> Any:
        """An input one of whose fields is of a wrong type, or is not known."""
        inner, random = get_named_type(kind), self.random
        if random.random() < 0.2:
            return random.choice(("x", 1, [1], {"x": 1}))
        given = self.value(inner, "")
        leaves = [name for name, told in inner.fields.items() if is_leaf_type(get_named_type(told.type))]
        name = random.choice(leaves)
        return {**given, name: self.none_of(inner.fields[name].type)}

    def odd(self, step: Step) -> Given:
        """What may be refused, or be nothing, or be the viewer's own."""
        self.sure = False
        random, told = self.random, step.field
        able = [(name, one) for name, one in told.args.items() if may_be_odd(name, one)]
        name, argument = random.choice(rather_no_page(able, random))
        if is_input(argument):
            inner = get_named_type(argument.type)
            given = self.value(inner, "")
            odd = [one for one, below in inner.fields.items() if is_leaf_type(get_named_type(below.type))
                   and get_named_type(below.type).name in ("ID", "Date", "String", "Int", "Time")]  # fmt: skip
            if not odd:
                raise NoPlace
            chosen = random.choice([one for one in odd if one in HOPELESS] or odd)
            self.hopeless = chosen in HOPELESS
            value = {**given, chosen: self.odd_value(inner.fields[chosen].type, chosen)}
        else:
            value = self.odd_value(argument.type, name)
        # A cursor is of one filter: with another it is another request.
        others = [] if name in PAGES else self.others(told, name)
        return Given([*others, f"{name}: {self.declare(argument.type, value)}"])

    def odd_value(self, kind: Any, name: str) -> Any:
        random = self.random
        if name in ("after", "before"):
            return random.choice(self.pool.cursors) if self.pool.cursors else "x"
        match get_named_type(kind).name:
            case "ID":
                known = random.choice(list(self.pool.ids.values()))
                value: Any = random.choice((random.choice(known), random.choice(known), random.choice(ODD_TEXTS)))
            case "Date":
                value = random.choice(ODD_DAYS)
            case "Int":
                value = random.choice(NUMBERS)
            case "Time":
                value = random.choice(("00:00:00", "23:59:59.999999", "12:00:00+14:00", "12:00:00Z"))
            case _:
                value = random.choice(ODD_TEXTS)
        bare = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
        return [value] if isinstance(bare, GraphQLList) else value

    # --- the way to it ------------------------------------------------------------------------------------------------

    def way(self, root: GraphQLObjectType, first: str) -> list[Step]:
        """Fields from the root on; the flaw is in the last one. Raises NoPlace."""
        random = self.random
        steps = [Step(root, first)]
        if root.name == "Mutation" and (self.flaw in ("odd", "type") or random.random() < 0.25):
            if self.fits(steps[0]):
                return steps
            raise NoPlace
        for deep in range(10):
            inner = get_named_type(steps[-1].field.type)
            interface = isinstance(inner, GraphQLInterfaceType)
            if isinstance(inner, GraphQLInterfaceType):
                possible = list(self.schema.get_possible_types(inner))
                weights = [NEAR.get(one.name, 1) for one in possible]
                inner = random.choices(possible, weights)[0]
            assert isinstance(inner, GraphQLObjectType)
            if deep == 0:
                self.wanted = inner.name
            names = [one for one in inner.fields if one != "problems"]
            ends = [step for one in names if self.fits(step := Step(inner, one, interface))]
            arguments = [step for step in ends if any(one not in PAGES for one in step.field.args)]
            if self.flaw in ("null", "odd", "type") and arguments and random.random() < 0.7:
                ends = arguments
            if ends and random.random() < (0.5 if deep else 0.3) and not inner.name.endswith(("Connection", "Edge")):
                return [*steps, random.choice(ends)]
            on = [one for one in names if not is_leaf_type(get_named_type(inner.fields[one].type))]
            if not on or deep > 8:
                raise NoPlace
            steps.append(Step(inner, random.choice(on), interface))
        raise NoPlace

    def selected(self, steps: list[Step]) -> str:
        """The first of the steps with all that is beneath it."""
        step, rest = steps[0], steps[1:]
        random, told = self.random, step.field
        problems = " problems { code }" if step.type.name == "Mutation" else ""
        if rest:
            given = Given(self.others(told))
            below = f" {{ {self.beside(rest[0])} {self.selected(rest)}{problems} }}"
        else:
            given = self.given(step)
            self.pages += "first" in told.args
            inner = get_named_type(told.type)
            below = "" if is_leaf_type(inner) else f" {{ {self.end(inner)}{problems} }}"
        shown = step.name + (f"({', '.join(given.arguments)})" if given.arguments else "")
        if given.directive and random.random() < 0.4:
            shown = f"...{given.directive} {{ {shown}{below} }}"
        else:
            shown += given.directive + below
        if rest or random.random() < 0.7:
            return f"... on {step.type.name} {{ {shown} }}" if step.of_interface else shown
        self.fragments.append(f"fragment F on {step.type.name} {{ {shown} }}")
        return "...F"

    def beside(self, step: Step) -> str:
        """What else is asked of the type on which a step stands."""
        if step.of_interface:
            return "__typename"
        others = [(name, told) for name, told in self.drawn(step.type) if name != step.name]
        shown = [self.field(step.type, name, told, 1) for name, told in others[:4]]
        return " ".join(one for one in shown if one) or "__typename"

    def end(self, kind: Any) -> str:
        """A little of what the flawed field leads to."""
        if isinstance(kind, GraphQLInterfaceType):
            return "__typename"
        fields = [one for one, told in kind.fields.items() if is_leaf_type(get_named_type(told.type)) and not told.args]
        shown = self.random.sample(fields, min(len(fields), 3)) if fields else []
        if kind.name.endswith("Connection"):
            shown.append(self.random.choice(("nodes { __typename }", "edges { cursor }", "pageInfo { endCursor }")))
        return " ".join(shown) or "__typename"

    def made(self, word: str, steps: list[Step]) -> Flawed:
        text = self.selected(steps)
        declared = f"({', '.join(self.declared)})" if self.declared else ""
        whole = " ".join([f"{word} Flawed{declared} {{ {text} }}", *self.fragments])
        act = steps[0].name if word == "mutation" else ""
        self.kinds |= {"id"} if word == "subscription" else set()
        return Flawed(
            self.flaw,
            Operation(whole, self.variables, frozenset(self.kinds), act),
            self.of,
            self.sure,
            not act or self.sure or self.hopeless,
            subscription=word == "subscription",
        )


def is_input(argument: GraphQLArgument) -> bool:
    return isinstance(get_named_type(argument.type), GraphQLInputObjectType)


def rather_no_page(told: list[tuple[str, GraphQLArgument]], random: Random) -> list[tuple[str, GraphQLArgument]]:
    others = [(name, one) for name, one in told if name not in PAGES]
    return others if others and random.random() < 0.8 else told


def may_be_odd(name: str, argument: GraphQLArgument) -> bool:
    return is_input(argument) or name in ("after", "before") or get_named_type(argument.type).name in ("ID", "Date")


def has_default(told: GraphQLInputField) -> bool:
    return isinstance(told.type, GraphQLNonNull) and not is_required_input_field(told)


def strict_types(argument: GraphQLArgument | GraphQLInputField) -> list[tuple[Any, bool]]:
    """What may not be null in it, without the sign that says so: itself, or an entry of its list."""
    kind, found = argument.type, []
    if isinstance(kind, GraphQLNonNull):
        kind = kind.of_type
        if not isinstance(kind, GraphQLList):
            found.append((kind, False))
    if isinstance(kind, GraphQLList) and isinstance(kind.of_type, GraphQLNonNull):
        found.append((kind.of_type.of_type, True))
    return found


class Flaws:
    """Makes requests with a flaw."""

    def __init__(self, schema: GraphQLSchema, pool: Pool, random: Random) -> None:
        self.schema = schema
        self.pool = pool
        self.random = random
        self.used = 0

    def make(self, scene: Scene, flaw: str = "", word: str = "") -> Flawed:
        random = self.random
        flaw = flaw or random.choices(list(FLAWS), list(FLAWS.values()))[0]
        word = word or random.choices(("query", "mutation", "subscription"), (6, 4, 1))[0]
        root = self.schema.get_root_type(OperationType(word))
        assert root is not None
        weights = [{**ROOTS, **TELLING}.get(one, 1) for one in root.fields]
        while True:
            making = Flawing(self.schema, self.pool, random, scene, flaw)
            try:
                return making.made(word, making.way(root, random.choices(list(root.fields), weights)[0]))
            except NoPlace:
                continue

    def nobodys(self) -> str:
        """A national identity number that nobody has."""
        while True:
            self.used += 1
            born = dt.date(1990, 1, 1) + dt.timedelta(days=self.used)
            if (number := synthetic_number(born, 100)) not in self.pool.numbers:
                return number
