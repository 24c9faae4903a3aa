"""Variables and arguments as graphql-core coerces them, without asking it again what a document has settled once.

A variable of a plain scalar type that was sent as a plain value is its own coercion, and an argument is nearly always
a constant or a variable. Whatever is not that plain goes to graphql-core, whose judgement and errors these are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, TypeAlias

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLError,
    GraphQLField,
    GraphQLID,
    GraphQLInputType,
    GraphQLInt,
    GraphQLNonNull,
    GraphQLSchema,
    GraphQLString,
    TypeInfo,
    Undefined,
    ValidationContext,
)
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource, get_argument_values, get_variable_values
from graphql.language import (
    DocumentNode,
    FieldNode,
    NonNullTypeNode,
    OperationDefinitionNode,
    VariableDefinitionNode,
    VariableNode,
    print_ast,
)

from resolvers.engine.limits import DocumentRefused

Arguments: TypeAlias = Callable[[VariableValues], dict[str, Any]]
"""A field's arguments, from the values of the operation's variables."""

NO_VARIABLES = VariableValues({}, {})
PLAIN: dict[Any, type] = {GraphQLID: str, GraphQLString: str, GraphQLBoolean: bool, GraphQLInt: int}
"""Values of exactly this class are what the scalar makes of them."""
INT_BOUND = 2**31


class Variables:
    """Reads the variables of one operation."""

    def __init__(
        self,
        schema: GraphQLSchema,
        definitions: Sequence[VariableDefinitionNode],
        never_null: AbstractSet[str] = frozenset(),
    ) -> None:
        """`never_null`: names of variables that may be left out and may not be null (`never_null`)."""
        self.schema = schema
        self.definitions = definitions
        self.never_null = never_null
        self._plain: list[tuple[str, GraphQLVariableSignature, type, bool]] | None = []
        """Name, signature, class of a plain value, and whether null is one too; null where any is not that plain."""
        for node in definitions:
            signature = get_variable_signature(schema, node)
            plain = None if isinstance(signature, GraphQLError) else plain_class(signature.type)
            if isinstance(signature, GraphQLError) or plain is None or node.default_value is not None:
                self._plain = None
                break
            self._plain.append((signature.name, signature, plain, not isinstance(signature.type, GraphQLNonNull)))

    def read(self, given: Mapping[str, Any]) -> VariableValues:
        """The variables coerced, as graphql-core's `get_argument_values` takes them.

        Raises DocumentRefused with a text that does not repeat what was sent.
        """
        read: VariableValues | list[GraphQLError] | None = self._read_plain(given)
        if read is None:
            read = get_variable_values(self.schema, self.definitions, dict(given), max_errors=10, hide_suggestions=True)
        if not isinstance(read, VariableValues):
            raise DocumentRefused(masked(read))
        for name in self.never_null:
            if read.coerced.get(name, Undefined) is None:
                [node] = (one for one in self.definitions if one.variable.name.value == name)
                raise DocumentRefused(masked([GraphQLError("null", node)]))
        return read

    def _read_plain(self, given: Mapping[str, Any]) -> VariableValues | None:
        """Null where something is not that plain, wrong values among it."""
        if self._plain is None:
            return None
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, Any] = {}
        for name, signature, plain, may_be_null in self._plain:
            value = given.get(name, Undefined)
            if value is Undefined and may_be_null:
                sources[name] = VariableValueSource(signature)
                continue
            if type(value) is plain:
                if isinstance(value, int) and not -INT_BOUND <= value < INT_BOUND:
                    return None
            elif value is not None or not may_be_null:
                return None
            sources[name] = VariableValueSource(signature, value)
            coerced[name] = value
        return VariableValues(sources, coerced)


def never_null(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) -> frozenset[str]:
    """Variables that may be left out, having a default or standing where there is one, and stand where null may not.

    GraphQL lets null be found out when the field is carried out. It would tell that there is such a field: of a child,
    say, that the viewer may know nothing of.
    """
    nullable = {
        one.variable.name.value
        for one in operation.variable_definitions or ()
        if not isinstance(one.type, NonNullTypeNode)
    }
    if not nullable:
        return frozenset()
    usages = ValidationContext(schema, document, TypeInfo(schema), lambda _: None).get_recursive_variable_usages(
        operation
    )
    strict = {usage.node.name.value for usage in usages if isinstance(usage.type, GraphQLNonNull)}
    return frozenset(nullable & strict)


def plain_class(of: GraphQLInputType) -> type | None:
    inner = of.of_type if isinstance(of, GraphQLNonNull) else of
    return PLAIN.get(inner)


def masked(errors: Sequence[GraphQLError]) -> list[dict[str, Any]]:
    """graphql-core's coercion errors repeat the value; these name the variable, which the document names too."""
    told: dict[str, dict[str, Any]] = {}
    for error in errors:
        node = error.nodes[0] if error.nodes else None
        if isinstance(node, VariableDefinitionNode):
            key = node.variable.name.value
            text = f"Variable '${key}' is missing or is not a valid '{print_ast(node.type)}'."
        else:
            text, key, node = "The variables cannot be read.", "", None
        formatted: dict[str, Any] = dict(GraphQLError(text, node).formatted)
        formatted["extensions"] = {"code": "BAD_VARIABLE"} | ({"variable": key} if key else {})
        told.setdefault(key, formatted)
    return list(told.values())


# --- arguments ---------------------------------------------------------------------------------------------------


def arguments_of(definition: GraphQLField, node: FieldNode) -> Arguments:
    """How the field's arguments are read: constants are coerced now, variables are looked up once they are known."""

    def asked_anew(variables: VariableValues) -> dict[str, Any]:
        return get_argument_values(definition, node, variables)

    given = {argument.name.value: argument.value for argument in node.arguments or ()}
    looked_up: list[tuple[str, str, bool]] = []
    fixed: dict[str, GraphQLArgument] = {}
    for name, argument in definition.args.items():
        value = given.get(name)
        if not isinstance(value, VariableNode):
            fixed[name] = argument
        elif argument.default is None and argument.default_value is Undefined:
            looked_up.append((argument.out_name or name, value.name.value, isinstance(argument.type, GraphQLNonNull)))
        else:
            return asked_anew
    try:
        constants = get_argument_values(GraphQLField(definition.type, fixed), node, NO_VARIABLES)
    except GraphQLError:  # a variable deeper within; or what is wrong is told when the field is asked for
        return asked_anew
    if any(isinstance(value, list | dict) for value in constants.values()):
        return asked_anew  # whoever gets them may change them

    def read(variables: VariableValues) -> dict[str, Any]:
        coerced = variables.coerced
        told = constants.copy()
        for name, variable, non_null in looked_up:
            value = coerced.get(variable, Undefined)
            if value is not Undefined and (value is not None or not non_null):
                told[name] = value
            elif non_null:
                return asked_anew(variables)
        return told

    return read
