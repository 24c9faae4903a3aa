"""Strawberry's schema with the policy printed on each field, and no resolver of its own."""

from __future__ import annotations

import copy
from typing import Any, NoReturn

import strawberry
from strawberry.schema.config import StrawberryConfig
from strawberry.schema_directive import Location
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from resolvers.catalogue import policy_lines
from schema.scalars import Relation


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="visibleTo",
    description="Printed on every field, from the policy: without one of these relations the field is never seen; "
    "the rules say what else must hold.",
)
class VisibleTo:
    relations: list[Relation]
    rules: list[str] | None = strawberry.UNSET


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="allowedFor",
    description="Printed on every mutation, from the policy, in the same way.",
)
class AllowedFor:
    relations: list[Relation]
    rules: list[str] | None = strawberry.UNSET


class AnsweredByTheEngine(Exception):
    """A field was asked of graphql-core's executor; the engine answers every field."""


def no_resolver(*_: Any, **__: Any) -> NoReturn:
    raise AnsweredByTheEngine


class EngineSchema(strawberry.Schema):
    """Types, SDL, validation and introspection are Strawberry's; every value is the engine's."""

    def __init__(self, **options: Any) -> None:
        self.lines = policy_lines()
        super().__init__(config=StrawberryConfig(disable_field_suggestions=True), **options)
        for name, described in self._schema.type_map.items():
            if not name.startswith("__"):
                for field in getattr(described, "fields", {}).values():
                    field.resolve = no_resolver

    def get_fields(self, type_definition: StrawberryObjectDefinition) -> list[StrawberryField]:
        fields = super().get_fields(type_definition)
        if type_definition.is_input:
            return fields
        type_name = self.config.name_converter.from_type(type_definition)
        return [self.with_policy(type_name, field) for field in fields]

    def with_policy(self, type_name: str, field: StrawberryField) -> StrawberryField:
        line = self.lines.get(f"{type_name}.{self.config.name_converter.from_field(field)}")
        if line is None:  # the catalogue names it, once the whole schema is there
            return field
        copied = copy.copy(field)  # fields are shared with interfaces
        relations = [Relation[name] for name in line.printed]
        rules = list(line.rules) or strawberry.UNSET
        directive = AllowedFor if type_name == "Mutation" else VisibleTo
        copied.directives = [*field.directives, directive(relations=relations, rules=rules)]
        return copied
