"""A document is read once: parsed, limited, validated, priced, and kept; what it may cost is known before any row is.

Nothing here knows a viewer.
"""

from __future__ import annotations

import gc
import json
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Literal, TypeAlias

from graphql import GraphQLError, GraphQLSchema, GraphQLSyntaxError, Lexer, Source, TokenKind, parse, validate
from graphql.execution.values import VariableValues
from graphql.language import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
)
from graphql.language.print_string import print_string
from graphql.validation import recommended_rules, specified_rules

from resolvers.engine.cost import Price, Pricing, too_costly
from resolvers.engine.limits import DocumentRefused, Limits, check_shape, refusal, too_much
from resolvers.engine.variables import Arguments, Variables, arguments_of, never_null

RULES = (*specified_rules, *recommended_rules)

Kind: TypeAlias = Literal["query", "mutation", "subscription"]


@dataclass(eq=False, slots=True)
class Prepared:
    """An operation that may be carried out, without any value of a variable and without any viewer."""

    document: DocumentNode
    operation: OperationDefinitionNode
    fragments: dict[str, FragmentDefinitionNode]
    kind: Kind
    digest: str
    """SHA-256 of the document's text, in hex: what logs may name."""
    skip_variables: tuple[str, ...]
    """Variables that @skip and @include use, sorted: their values choose the plan."""
    page_variables: tuple[str, ...]
    """Variables that the cost depends on, sorted."""
    schema: GraphQLSchema
    variables: Variables
    limits: Limits
    price: Price
    fixed_cost: int | None
    """The cost, where no variable has a say in it."""
    introspects: bool
    """Whether it asks the schema about itself, beside or in the place of data."""
    cursors: tuple[tuple[str, FieldNode], ...]
    """Fields of connections that are given a cursor, with the type that they stand on."""
    kept_as: tuple[str, str | None]
    """Text and operation name, under which it is kept."""
    plans: dict[Any, Any] = field(default_factory=dict)
    """The engine's: plans of this operation, dropped with it."""
    readers: dict[tuple[str, int], Arguments] = field(default_factory=dict)
    """Of fields' arguments, by type and the node's identity; as many as the document has fields."""

    def cost(self, variables: Mapping[str, Any]) -> int:
        """Fields that the answer may hold at the most, reckoned from the document and the page sizes, never from rows.

        Takes the variables as they were sent, or coerced. Raises DocumentRefused for a page size out of bounds and for
        a cost above the limit.
        """
        if self.fixed_cost is not None:
            return self.fixed_cost
        reckoned = self.price.reckon(variables, self.limits)
        if reckoned > self.limits.cost:
            raise too_costly(reckoned, self.limits.cost)
        return reckoned

    def values(self, variables: Mapping[str, Any]) -> VariableValues:
        """The variables coerced. Raises DocumentRefused."""
        return self.variables.read(variables)

    def arguments(self, type_name: str, node: FieldNode, variables: VariableValues) -> dict[str, Any]:
        """The arguments of a field of this operation, which stands on an object of that type."""
        read = self.readers.get((type_name, id(node)))
        if read is None:
            definition = self.schema.type_map[type_name].fields[node.name.value]  # type: ignore[attr-defined] # an object
            read = self.readers[type_name, id(node)] = arguments_of(definition, node)
        return read(variables)


# --- documents, kept ---------------------------------------------------------------------------------------------


GARBAGE_BYTES = 8 * 1024 * 1024
"""So much may be dropped before it is collected: a collection halts everything, the more the rarer it is."""


class Documents:
    """Prepares documents and keeps the newest, refused ones too, within a number of entries and of bytes."""

    def __init__(self, schema: GraphQLSchema, limits: Limits | None = None) -> None:
        self.schema = schema
        self.limits = limits or Limits()
        self._kept: OrderedDict[tuple[str, str | None], tuple[Prepared | list[dict[str, Any]], int]] = OrderedDict()
        self._bytes = 0
        self._dropped = 0

    def prepare(self, text: str, operation_name: str | None = None) -> Prepared:
        """The operation of that name, or the only one. Raises DocumentRefused."""
        key = (text, operation_name)
        kept = self._kept.get(key)
        if kept is None:
            if len(text) > self.limits.characters:
                raise too_much("DOCUMENT_TOO_LONG", "too many characters", len(text), self.limits.characters)
            kept = self._keep(key)
        else:
            self._kept.move_to_end(key)
        outcome = kept[0]
        if isinstance(outcome, Prepared):
            return outcome
        raise DocumentRefused(outcome)

    def _keep(self, key: tuple[str, str | None]) -> tuple[Prepared | list[dict[str, Any]], int]:
        outcome: Prepared | list[dict[str, Any]]
        try:
            outcome = prepare(self.schema, self.limits, *key)
            weight = 20_000 + 150 * len(key[0])
        except DocumentRefused as refused:
            outcome = refused.errors
            weight = 1_000 + 4 * len(key[0]) + 600 * len(outcome)
        weight += 4 * len(key[1] or "")
        self._kept[key] = entry = (outcome, weight)
        self._bytes += weight
        self._make_room()
        return entry

    def grew(self, prepared: Prepared, weight: int) -> None:
        """The engine keeps so many bytes more with an operation: a plan made, or, negative, one that was dropped."""
        kept = self._kept.get(prepared.kept_as)
        if kept is not None and kept[0] is prepared:
            self._kept[prepared.kept_as] = (prepared, kept[1] + weight)
            self._bytes += weight
            self._make_room()

    def _make_room(self) -> None:
        """Drops the oldest; the newest stays, whatever it weighs."""
        limits = self.limits
        while len(self._kept) > 1 and (len(self._kept) > limits.cached_documents or self._bytes > limits.cached_bytes):
            weight = self._kept.popitem(last=False)[1][1]
            self._bytes -= weight
            self._dropped += weight
        if self._dropped > GARBAGE_BYTES:
            # What is dropped refers to itself, and an edge that collects seldom would let it lie.
            self._dropped = 0
            gc.collect()


def prepare(schema: GraphQLSchema, limits: Limits, text: str, operation_name: str | None) -> Prepared:
    document = parsed(text, limits)
    check_shape(document, limits)
    wrong = validate(schema, document, RULES, max_errors=20, hide_suggestions=not limits.suggestions)
    if wrong:
        raise DocumentRefused(described(wrong, "GRAPHQL_VALIDATION_FAILED", text))
    operation = chosen(document, operation_name)
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    pricing = Pricing(schema, fragments, operation, limits)
    price = pricing.of_operation()
    if pricing.introspection > limits.introspection:
        raise too_costly(pricing.introspection, limits.introspection)
    page_variables = tuple(sorted(pricing.variables))
    if page_variables:
        fixed_cost = None
    elif (fixed_cost := price.reckon({}, limits)) > limits.cost:
        raise too_costly(fixed_cost, limits.cost)
    return Prepared(
        document=document,
        operation=operation,
        fragments=fragments,
        kind=operation.operation.value,
        digest=sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),
        skip_variables=tuple(sorted(variables_of_conditions(operation.selection_set, fragments))),
        page_variables=page_variables,
        schema=schema,
        variables=Variables(schema, operation.variable_definitions or (), never_null(schema, document, operation)),
        limits=limits,
        price=price,
        fixed_cost=fixed_cost,
        introspects=pricing.introspection > 0,
        cursors=tuple((type_name, node) for (type_name, _), node in pricing.cursors.items()),
        kept_as=(text, operation_name),
    )


def described(errors: Sequence[GraphQLError], code: str, text: str) -> list[dict[str, Any]]:
    """graphql-core quotes the document. Its names are the program's, but a value in it may be somebody's number."""
    values = values_in(text)

    def without(message: str) -> str:
        for value in values:
            message = message.replace(value, "…")
        return message

    return [{**one.formatted, "message": without(one.message), "extensions": {"code": code}} for one in errors]


LITERALS = {TokenKind.STRING, TokenKind.BLOCK_STRING, TokenKind.INT, TokenKind.FLOAT}
SHORTEST = 4
"""Of a value that is not quoted: a page size says nothing of anybody."""


def values_in(text: str) -> list[str]:
    """The values that stand in a document, in the forms in which they are quoted, the longest first."""
    found: set[str] = set()
    lexer = Lexer(Source(text))
    try:
        while (token := lexer.advance()).kind is not TokenKind.EOF:
            value = token.value or ""
            if token.kind in LITERALS and len(value) >= SHORTEST:
                found |= {value, json.dumps(value)[1:-1], repr(value)[1:-1], print_string(value)[1:-1]}
    except GraphQLSyntaxError:
        pass  # what comes after it is not quoted either
    return sorted(found, key=len, reverse=True)


def parsed(text: str, limits: Limits) -> DocumentNode:
    try:
        # max_comments too: comments are kept as tokens, but no lexical ones.
        return parse(
            text, max_lexical_tokens=limits.tokens, max_comments=limits.tokens, allow_empty_selection_sets=False
        )
    except GraphQLSyntaxError as wrong:
        # graphql-core has no type for this of its own; nothing hangs on the code but a better text.
        if "more than" in wrong.message and "tokens" in wrong.message:
            raise refusal(
                "TOO_MANY_TOKENS", f"The document has more than {limits.tokens} tokens.", limit=limits.tokens
            ) from None
        raise DocumentRefused(described([wrong], "GRAPHQL_PARSE_FAILED", text)) from None
    except GraphQLError as wrong:
        raise DocumentRefused(described([wrong], "GRAPHQL_PARSE_FAILED", text)) from None


def chosen(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    if name is None:
        if len(operations) == 1:
            return operations[0]
        text = (
            "The document has several operations: say which in `operationName`."
            if operations
            else "There is no operation."
        )
        raise refusal("OPERATION_NOT_FOUND", text)
    for operation in operations:
        if operation.name is not None and operation.name.value == name:
            return operation
    raise refusal("OPERATION_NOT_FOUND", "The document has no operation of that name.")


def variables_of_conditions(selected: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode]) -> set[str]:
    found: set[str] = set()
    seen: set[str] = set()
    stack = [selected]
    while stack:
        for selection in stack.pop().selections:
            found.update(condition_variables(selection.directives or ()))
            if isinstance(selection, FragmentSpreadNode):
                name = selection.name.value
                if name not in seen:
                    seen.add(name)
                    stack.append(fragments[name].selection_set)
            elif isinstance(selection, FieldNode | InlineFragmentNode) and selection.selection_set is not None:
                stack.append(selection.selection_set)
    return found


def condition_variables(directives: Sequence[DirectiveNode]) -> Iterator[str]:
    for directive in directives:
        if directive.name.value in {"skip", "include"}:
            for argument in directive.arguments or ():
                if isinstance(argument.value, VariableNode):
                    yield argument.value.name.value
