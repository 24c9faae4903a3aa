"""What an operation may cost: the fields that its answer may hold, reckoned from the document and its page sizes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
)
from graphql.language import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    Node,
    NullValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
)
from graphql.type import SchemaMetaFieldDef, TypeMetaFieldDef

from resolvers.engine.limits import UNCOUNTED, DocumentRefused, Limits, refusal


@dataclass(frozen=True, slots=True)
class Told:
    """What an argument is given: a literal's value, or a variable and the value it has where it is not sent."""

    value: Any = None
    """True stands for a literal of another kind than a number."""
    variable: str | None = None

    def read(self, variables: Mapping[str, Any]) -> Any:
        return self.value if self.variable is None else variables.get(self.variable, self.value)


@dataclass(frozen=True, slots=True)
class PageSize:
    """How many entries a connection is asked for, by `first` and `after` or by `last` and `before`."""

    node: FieldNode
    first: Told
    after: Told
    last: Told
    before: Told

    def read(self, variables: Mapping[str, Any], limits: Limits) -> int:
        first, last = self.first.read(variables), self.last.read(variables)
        forwards = first is not None or self.after.read(variables) is not None
        backwards = last is not None or self.before.read(variables) is not None
        if forwards and backwards:
            text = "A page is asked for by `first` and `after`, or by `last` and `before`, not by both."
            raise refusal("BAD_PAGE", text, self.node)
        size = first if first is not None else last
        if isinstance(size, float) and size.is_integer():
            size = int(size)
        # A value of another kind never gets as far as a page: its coercion fails.
        return checked_size(size if isinstance(size, int) else limits.default_page, limits.page, self.node)


@dataclass(frozen=True, slots=True)
class ListLength:
    """How many ids `nodes(ids:)` is given."""

    node: FieldNode
    length: int
    variable: str | None = None

    def read(self, variables: Mapping[str, Any], limits: Limits) -> int:
        told = None if self.variable is None else variables.get(self.variable)
        return checked_size(len(told) if isinstance(told, list) else self.length, limits.page, self.node)


def checked_size(size: int, limit: int, node: Node) -> int:
    if size < 0:
        raise refusal("BAD_PAGE", "A page cannot have a negative size.", node)
    if size > limit:
        size = min(size, UNCOUNTED)
        raise refusal(
            "PAGE_TOO_LARGE", f"A page of {size} is asked for, and the limit is {limit}.", node, found=size, limit=limit
        )
    return size


@dataclass(slots=True)
class Price:
    """Fields to be answered: `fixed`, and for each page its size times the price of an entry."""

    fixed: int = 0
    pages: list[tuple[PageSize | ListLength, Price]] = field(default_factory=list)

    def times(self, factor: int) -> Price:
        return Price(self.fixed * factor, [(size, price.times(factor)) for size, price in self.pages])

    def add(self, other: Price) -> None:
        self.fixed += other.fixed
        self.pages += other.pages

    def reckon(self, variables: Mapping[str, Any], limits: Limits) -> int:
        entries = (size.read(variables, limits) * price.reckon(variables, limits) for size, price in self.pages)
        return self.fixed + sum(entries)


def too_costly(found: int, limit: int) -> DocumentRefused:
    found = min(found, UNCOUNTED)
    text = f"The operation may have to answer {found} fields, and the limit is {limit}: ask for smaller pages."
    return refusal("TOO_COSTLY", text, found=found, limit=limit)


class Pricing:
    """Reckons an operation: a field costs 1, what lies under a list or a page as many times as that may have entries.

    Walks fragments anew at each spread, which the limit on expanded fields has made cheap; @skip and @include do not
    make anything cheaper, so that a cost belongs to a document and its page sizes.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        operation: OperationDefinitionNode,
        limits: Limits,
    ) -> None:
        self.schema = schema
        self.fragments = fragments
        self.operation = operation
        self.limits = limits
        self.defaults = {d.variable.name.value: d.default_value for d in operation.variable_definitions or ()}
        self.variables: set[str] = set()
        self.cursors: dict[tuple[str, int], FieldNode] = {}
        """Fields that are given a cursor, by the type that they stand on."""
        self.introspection = 0
        """What is asked of the schema about itself; a part of the price."""

    def of_operation(self) -> Price:
        root = self.schema.get_root_type(self.operation.operation)
        return self.of_selection(self.operation.selection_set, root, None) if root is not None else Price()

    def of_selection(self, selected: SelectionSetNode, parent: GraphQLNamedType, page: PageSize | None) -> Price:
        price = Price()
        for selection in selected.selections:
            if isinstance(selection, FieldNode):
                price.add(self.of_field(selection, parent, page))
            elif isinstance(selection, FragmentSpreadNode):
                fragment = self.fragments[selection.name.value]
                price.add(
                    self.of_selection(fragment.selection_set, self.named(fragment.type_condition.name.value), page)
                )
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                inner = self.named(condition.name.value) if condition is not None else parent
                price.add(self.of_selection(selection.selection_set, inner, page))
        return price

    def named(self, name: str) -> GraphQLNamedType:
        return self.schema.type_map[name]

    def of_field(self, node: FieldNode, parent: GraphQLNamedType, page: PageSize | None) -> Price:
        if node.selection_set is None:
            return Price(1)
        if (meta := META.get(node.name.value)) is not None:
            below = self.of_selection(node.selection_set, get_named_type(meta.type), None)
            below.fixed += 1
            self.introspection += below.fixed
            return below
        definition = self.definition(parent, node.name.value)
        inner = get_named_type(definition.type)
        arguments = {argument.name.value: argument.value for argument in node.arguments or ()}
        own_page = self.page_size(node, definition, arguments)
        if own_page is not None and arguments.keys() & {"after", "before"}:
            self.cursors[parent.name, id(node)] = node
        is_list = is_list_type(get_nullable_type(definition.type))
        below = self.of_selection(node.selection_set, inner, own_page)
        if own_page is not None:
            below.pages.append((own_page, Price()))  # a size is looked at even where no entry is asked for
        if not is_list or not is_composite_type(inner):
            below.fixed += 1
            return below
        if "ids" in definition.args:
            return Price(1, [(self.list_length(node, arguments.get("ids")), below)])
        if page is not None:
            return Price(1, [(page, below)])
        sizes = introspection_sizes(self.schema)
        below = below.times(sizes.get((parent.name, node.name.value), self.limits.list_size))
        below.fixed += 1
        return below

    def definition(self, parent: GraphQLNamedType, name: str) -> GraphQLField:
        assert isinstance(parent, GraphQLObjectType | GraphQLInterfaceType)  # it is validated
        definition: GraphQLField = parent.fields[name]
        return definition

    def page_size(
        self, node: FieldNode, definition: GraphQLField, arguments: Mapping[str, ValueNode]
    ) -> PageSize | None:
        if "first" not in definition.args:
            return None
        return PageSize(node, *(self.told(arguments.get(name)) for name in ("first", "after", "last", "before")))

    def told(self, value: ValueNode | None) -> Told:
        if isinstance(value, VariableNode):
            name = value.name.value
            self.variables.add(name)
            return Told(literal(self.defaults.get(name)), name)
        return Told(literal(value))

    def list_length(self, node: FieldNode, value: ValueNode | None) -> ListLength:
        if isinstance(value, VariableNode):
            name = value.name.value
            self.variables.add(name)
            default = self.defaults.get(name)
            return ListLength(node, len(default.values) if isinstance(default, ListValueNode) else 1, name)
        return ListLength(node, len(value.values) if isinstance(value, ListValueNode) else 1)


def literal(value: ValueNode | None) -> Any:
    if value is None or isinstance(value, NullValueNode):
        return None
    return int(value.value) if isinstance(value, IntValueNode) else True


META = {"__schema": SchemaMetaFieldDef, "__type": TypeMetaFieldDef}


@lru_cache(maxsize=4)
def introspection_sizes(schema: GraphQLSchema) -> dict[tuple[str, str], int]:
    """How long the lists of an introspection are, by type and field: all of the schema's types, and of what a type or
    field has, the mean; of fields, that of the types of fields where it is greater. Rows have no part in it."""
    types = list(schema.type_map.values())
    kept = [one for one in types if isinstance(one, GraphQLObjectType | GraphQLInterfaceType)]
    fields = [told for one in kept for told in one.fields.values()]
    reached = [get_named_type(told.type) for told in fields]
    of_fields = sum(len(one.fields) for one in reached if isinstance(one, GraphQLObjectType | GraphQLInterfaceType))
    inputs = [told for one in types if isinstance(one, GraphQLInputObjectType) for told in one.fields.values()]
    words = [told for one in types if isinstance(one, GraphQLEnumType) for told in one.values]
    arguments = sum(len(told.args) for told in fields)
    of_directives = sum(len(told.args) for told in schema.directives)
    return {
        ("__Schema", "types"): len(types),
        ("__Schema", "directives"): len(schema.directives),
        ("__Type", "fields"): max(mean(len(fields), len(types)), mean(of_fields, len(fields))),
        ("__Type", "inputFields"): mean(len(inputs), len(types)),
        ("__Type", "enumValues"): mean(len(words), len(types)),
        ("__Type", "interfaces"): 1,
        ("__Type", "possibleTypes"): 1,
        ("__Field", "args"): mean(arguments, len(fields)),
        ("__Directive", "args"): mean(of_directives, len(schema.directives)),
        ("__Directive", "locations"): 1,
    }


def mean(found: int, among: int) -> int:
    """Rounded up."""
    return -(-found // max(among, 1))
