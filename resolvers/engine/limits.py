"""What a document may be, and the refusal of one that is more: limits of our own, linear in the document.

They come before validation, because graphql-core compares repeated fields pairwise, and the stock depth and alias rules
walk a fragment again at every spread.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from graphql import GraphQLError
from graphql.language import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    Node,
    OperationDefinitionNode,
    SelectionSetNode,
)

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
    introspection: int = 100_000
    """Of the cost, what the schema tells about itself."""
    list_size: int = 5
    """What a list without pages is reckoned as."""
    suggestions: bool = False
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
