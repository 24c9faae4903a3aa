"""What a question asks, without its values: fields by their coordinates, and a digest of how they stand together.

Nothing that a client chose is in it: no argument's value, no variable, no alias and no name, since any of them may hold
a national identity number. Selections that the request left out by @skip or @include are not in it either.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from graphql import get_named_type
from graphql.language import FieldNode, FragmentSpreadNode, InlineFragmentNode, SelectionSetNode

from resolvers.access_log_writer import AskedDocument

if TYPE_CHECKING:
    from resolvers.engine.planner import Planner


def asked_document(planner: Planner) -> AskedDocument:
    operation = planner.prepared.operation
    walk = Walk(planner)
    text = walk.selections(planner.prepared.kind.capitalize(), operation.selection_set)
    return AskedDocument(sha256(f"{planner.prepared.kind}{text}".encode()).digest(), sorted(walk.fields))


class Walk:
    """Once through the selections, each fragment once."""

    def __init__(self, planner: Planner) -> None:
        self.planner = planner
        self.fields: set[str] = set()
        self.fragments: dict[str, str] = {}

    def selections(self, type_name: str, selected: SelectionSetNode | None) -> str:
        if selected is None:
            return ""
        parts = [self.selection(type_name, one) for one in selected.selections if self.planner.included(one)]
        return "{" + " ".join(parts) + "}"

    def selection(self, type_name: str, selection: object) -> str:
        if isinstance(selection, FieldNode):
            return self.field(type_name, selection)
        if isinstance(selection, InlineFragmentNode):
            condition = type_name if selection.type_condition is None else selection.type_condition.name.value
            return f"...{condition}{self.selections(condition, selection.selection_set)}"
        assert isinstance(selection, FragmentSpreadNode)
        name = selection.name.value
        known = self.fragments.get(name)
        if known is None:
            fragment = self.planner.prepared.fragments[name]
            condition = fragment.type_condition.name.value
            text = f"...{condition}{self.selections(condition, fragment.selection_set)}"
            # In short, since fragments in fragments would grow without measure.
            known = self.fragments[name] = text if len(text) < 64 else f"...{sha256(text.encode()).hexdigest()}"
        return known

    def field(self, type_name: str, node: FieldNode) -> str:
        name = node.name.value
        given = f"({','.join(sorted(one.name.value for one in node.arguments))})" if node.arguments else ""
        if name.startswith("__"):
            # About the schema, not about anybody.
            return name
        self.fields.add(f"{type_name}.{name}")
        below = get_named_type(self.planner.field_type(type_name, name)).name
        return f"{name}{given}{self.selections(below, node.selection_set)}"
