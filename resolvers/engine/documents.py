"""A document is read once: parsed, limited, validated, priced, and kept; what it may cost is known before any row is.

The limits are our own and linear in the document. They come before validation, because graphql-core compares repeated
fields pairwise, and the stock depth and alias rules walk a fragment again at every spread. Nothing here knows a viewer.
"""

from __future__ import annotations

import gc
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Literal, TypeAlias

from graphql import (
    GraphQLError,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLSyntaxError,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
    parse,
    validate,
)
from graphql.execution.values import VariableValues, get_variable_values
from graphql.language import (
    DirectiveNode,
    DocumentNode,
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
    print_ast,
)
from graphql.validation import recommended_rules, specified_rules

RULES = (*specified_rules, *recommended_rules)

Kind: TypeAlias = Literal["query", "mutation", "subscription"]
Definition: TypeAlias = OperationDefinitionNode | FragmentDefinitionNode


@dataclass(frozen=True)
class Limits:
    """What a document may be; `docs/limits.md` says why each is as it is."""

    characters: int = 20_000
    tokens: int = 2_000
    depth: int = 15
    """Fields within each other; the introspection query that tools send needs 15."""
    nesting: int = 60
    """Selection sets within each other, those of fragments included."""
    fields: int = 1_000
    """Fields and spreads, each fragment expanded wherever it is spread."""
    repeats: int = 5_000
    """Pairs of fields with one response key in one place: validation compares each pair."""
    aliases: int = 50
    directives: int = 50
    root_fields: int = 20
    page: int = 500
    """Entries of one page, and of the list `nodes(ids:)`."""
    cost: int = 200_000
    default_page: int = 50
    list_size: int = 5
    """What a list without pages is reckoned as."""
    suggestions: bool = True
    """Whether validation may say "Did you mean ...?"."""
    cached_documents: int = 1_000
    cached_bytes: int = 32 * 1024 * 1024
    """Documents and their plans; a plan is most of it."""


class DocumentRefused(Exception):
    """A request is not carried out; its `errors` are as a client gets them, each with a stable `extensions.code`."""

    def __init__(self, errors: Sequence[dict[str, Any]]) -> None:
        super().__init__(errors[0]["extensions"]["code"])
        self.errors = list(errors)


def refusal(code: str, message: str, *nodes: Node, **extensions: Any) -> DocumentRefused:
    """A refusal with one error; numbers in `extensions` let the edge say it in another language."""
    formatted: dict[str, Any] = dict(GraphQLError(message, list(nodes) or None).formatted)
    formatted["extensions"] = {"code": code, **extensions}
    return DocumentRefused([formatted])


UNCOUNTED = 10**9
"""Beyond this a number is told as this: expanded fragments reach numbers that JSON has no room for."""


def too_much(code: str, what: str, found: int, limit: int, *nodes: Node) -> DocumentRefused:
    found = min(found, UNCOUNTED)
    text = f"The document has {what}: {found}, and the limit is {limit}."
    return refusal(code, text, *nodes, found=found, limit=limit)


# --- what a document is ------------------------------------------------------------------------------------------


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
    limits: Limits
    price: Price
    fixed_cost: int | None
    """The cost, where no variable has a say in it."""
    kept_as: tuple[str, str | None]
    """Text and operation name, under which it is kept."""
    plans: dict[Any, Any] = field(default_factory=dict)
    """The engine's: plans of this operation, dropped with it."""

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
        """The variables coerced, as graphql-core's `get_argument_values` takes them.

        Raises DocumentRefused with a text that does not repeat what was sent.
        """
        definitions = self.operation.variable_definitions or ()
        read = get_variable_values(self.schema, definitions, dict(variables), max_errors=10, hide_suggestions=True)
        if isinstance(read, VariableValues):
            return read
        raise DocumentRefused(masked(read))


def too_costly(found: int, limit: int) -> DocumentRefused:
    found = min(found, UNCOUNTED)
    text = f"The operation may have to answer {found} fields, and the limit is {limit}: ask for smaller pages."
    return refusal("TOO_COSTLY", text, found=found, limit=limit)


def masked(errors: Sequence[GraphQLError]) -> list[dict[str, Any]]:
    """graphql-core's coercion errors repeat the value; these name the variable, which the document names too."""
    told: dict[str, dict[str, Any]] = {}
    for error in errors:
        node = error.nodes[0] if error.nodes else None
        while node is not None and not hasattr(node, "variable") and not hasattr(node, "name"):
            node = None
        variable = getattr(node, "variable", None)
        if variable is None:
            text, key = "The variables cannot be read.", ""
        else:
            key = variable.name.value
            text = f"Variable '${key}' is missing or is not a valid '{print_ast(node.type)}'."  # type: ignore[union-attr]
        formatted: dict[str, Any] = dict(GraphQLError(text, node).formatted)
        formatted["extensions"] = {"code": "BAD_VARIABLE"} | ({"variable": key} if key else {})
        told.setdefault(key, formatted)
    return list(told.values())


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
        raise DocumentRefused([described(error, "GRAPHQL_VALIDATION_FAILED") for error in wrong])
    operation = chosen(document, operation_name)
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    pricing = Pricing(schema, fragments, operation, limits)
    price = pricing.of_operation()
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
        limits=limits,
        price=price,
        fixed_cost=fixed_cost,
        kept_as=(text, operation_name),
    )


def described(error: GraphQLError, code: str) -> dict[str, Any]:
    return {**error.formatted, "extensions": {"code": code}}


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
        raise DocumentRefused([described(wrong, "GRAPHQL_PARSE_FAILED")]) from None
    except GraphQLError as wrong:
        raise DocumentRefused([described(wrong, "GRAPHQL_PARSE_FAILED")]) from None


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


# --- the shape: linear, without recursion over fragments ---------------------------------------------------------


@dataclass(slots=True)
class Shape:
    """What a selection holds; for a definition first by itself, then with its spreads expanded."""

    fields: int = 0
    depth: int = 0
    nesting: int = 0
    aliases: int = 0
    directives: int = 0
    spreads: list[tuple[str, int, int]] = field(default_factory=list)
    """Name, and the depth and nesting at which it is spread."""


def own_shape(definition: Definition) -> Shape:
    """The definition by itself. Iterative: nesting is bounded by the parser only at 200."""
    shape = Shape(directives=len(definition.directives or ()))
    stack = [(definition.selection_set, 1, 1)]
    while stack:
        selection_set, depth, nesting = stack.pop()
        shape.nesting = max(shape.nesting, nesting)
        for selection in selection_set.selections:
            shape.fields += 1
            shape.directives += len(selection.directives or ())
            if isinstance(selection, FieldNode):
                shape.depth = max(shape.depth, depth)
                shape.aliases += selection.alias is not None
                if selection.selection_set is not None:
                    stack.append((selection.selection_set, depth + 1, nesting + 1))
            elif isinstance(selection, InlineFragmentNode):
                stack.append((selection.selection_set, depth, nesting + 1))
            elif isinstance(selection, FragmentSpreadNode):
                shape.spreads.append((selection.name.value, depth, nesting))
    return shape


def expand(shape: Shape, expanded: Mapping[str, Shape]) -> Shape:
    whole = Shape(shape.fields, shape.depth, shape.nesting, shape.aliases, shape.directives)
    for name, depth, nesting in shape.spreads:
        if (inner := expanded.get(name)) is None:
            continue  # validation says that there is no such fragment
        whole.fields += inner.fields
        whole.aliases += inner.aliases
        whole.directives += inner.directives
        whole.depth = max(whole.depth, depth - 1 + inner.depth)
        whole.nesting = max(whole.nesting, nesting + inner.nesting)
    return whole


def innermost_first(own: Mapping[str, Shape], fragments: Mapping[str, FragmentDefinitionNode]) -> list[str]:
    """Fragments in an order in which each follows those it spreads; a cycle is refused."""
    order: list[str] = []
    done: set[str] = set()
    for start in own:
        if start in done:
            continue
        path: list[tuple[str, Iterator[tuple[str, int, int]]]] = [(start, iter(own[start].spreads))]
        on_path = {start}
        while path:
            name, spreads = path[-1]
            for spread, _, _ in spreads:
                if spread in on_path:
                    node = fragments[spread]
                    raise refusal(
                        "GRAPHQL_VALIDATION_FAILED", f"Cannot spread fragment '{spread}' within itself.", node
                    )
                if spread in own and spread not in done:
                    path.append((spread, iter(own[spread].spreads)))
                    on_path.add(spread)
                    break
            else:
                path.pop()
                on_path.discard(name)
                done.add(name)
                order.append(name)
    return order


def check_shape(document: DocumentNode, limits: Limits) -> None:
    """Refuses what is too large before anything compares, expands or recurses over it."""
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    own = {name: own_shape(fragment) for name, fragment in fragments.items()}
    expanded: dict[str, Shape] = {}
    for name in innermost_first(own, fragments):
        expanded[name] = expand(own[name], expanded)
    tops = [expand(own_shape(operation), expanded) for operation in operations]
    spread_somewhere = {name for shape in own.values() for name, _, _ in shape.spreads}
    spread_somewhere |= {name for operation in operations for name, _, _ in own_shape(operation).spreads}
    unused = [name for name in fragments if name not in spread_somewhere]
    tops += [expanded[name] for name in unused]
    for shape in tops:
        if shape.depth > limits.depth:
            raise too_much("TOO_DEEP", "too many fields within each other", shape.depth, limits.depth)
        if shape.nesting > limits.nesting:
            raise too_much("TOO_DEEP", "too many selections within each other", shape.nesting, limits.nesting)
    for code, what, found, limit in (
        ("TOO_MANY_FIELDS", "too many fields", sum(s.fields for s in tops), limits.fields),
        ("TOO_MANY_ALIASES", "too many aliases", sum(s.aliases for s in tops), limits.aliases),
        ("TOO_MANY_DIRECTIVES", "too many directives", sum(s.directives for s in tops), limits.directives),
    ):
        if found > limit:
            raise too_much(code, what, found, limit)
    repeats = Repeats(fragments, limits.repeats)
    for operation in operations:
        roots = repeats.count([operation.selection_set])
        if roots > limits.root_fields:
            raise too_much("TOO_MANY_ROOT_FIELDS", "too many root fields", roots, limits.root_fields, operation)
    for name in unused:
        repeats.count([fragments[name].selection_set])


class Repeats:
    """Counts the pairs that validation will compare: fields with one response key, and spreads, in one place."""

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode], limit: int) -> None:
        self.fragments = fragments
        self.limit = limit
        self.pairs = 0

    def count(self, merged: list[SelectionSetNode]) -> int:
        """Counts within selection sets that are merged in one place; answers the number of their response keys.

        Recursive, by no more than the depth that is allowed.
        """
        keys: dict[str, tuple[int, list[SelectionSetNode]]] = {}
        spreads = 0
        stack = list(merged)
        while stack:
            for selection in stack.pop().selections:
                if isinstance(selection, FieldNode):
                    key = (selection.alias or selection.name).value
                    seen, below = keys.get(key, (0, []))
                    if selection.selection_set is not None:
                        below.append(selection.selection_set)
                    keys[key] = (seen + 1, below)
                elif isinstance(selection, InlineFragmentNode):
                    stack.append(selection.selection_set)
                elif isinstance(selection, FragmentSpreadNode) and (inner := self.fragments.get(selection.name.value)):
                    spreads += 1
                    stack.append(inner.selection_set)
        self.pairs += spreads * (spreads - 1) // 2 + sum(seen * (seen - 1) // 2 for seen, _ in keys.values())
        if self.pairs > self.limit:
            raise too_much("TOO_MANY_REPEATS", "the same fields too many times in one place", self.pairs, self.limit)
        for _, below in keys.values():
            if below:
                self.count(below)
        return len(keys)


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


# --- the price ---------------------------------------------------------------------------------------------------


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
        definition = self.definition(parent, node.name.value)
        if definition is None:  # __schema and __type
            return Price(selected_fields(node.selection_set, self.fragments) + 1)
        inner = get_named_type(definition.type)
        arguments = {argument.name.value: argument.value for argument in node.arguments or ()}
        own_page = self.page_size(node, definition, arguments)
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
        below = below.times(self.limits.list_size)
        below.fixed += 1
        return below

    def definition(self, parent: GraphQLNamedType, name: str) -> GraphQLField | None:
        return parent.fields.get(name) if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) else None

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


def selected_fields(selected: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode]) -> int:
    """Fields of an introspection: the schema is no secret and has no rows, so nothing is multiplied."""
    count = 0
    stack = [selected]
    while stack:
        for selection in stack.pop().selections:
            if isinstance(selection, FragmentSpreadNode):
                stack.append(fragments[selection.name.value].selection_set)
            else:
                count += isinstance(selection, FieldNode)
                inner = getattr(selection, "selection_set", None)
                if inner is not None:
                    stack.append(inner)
    return count
