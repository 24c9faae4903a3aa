"""What a change of `schema.graphql` does to clients and to the policy, named as such.

`python -m lint.schema_diff [--against REF]` compares the schema with the one of REF (default: the last release's tag,
else the commit before). A change that breaks a client, or weakens a directive, is refused until CHANGELOG.md names its
coordinate under "Unreleased", as in "- **Breaking:** `Child.photo` is gone" or "- **Opened:** `Child.address` ...".
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from graphql import (
    DirectiveNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    ListValueNode,
    StringValueNode,
    build_schema,
)
from graphql.language import EnumValueNode
from graphql.utilities import find_breaking_changes

SCHEMA = Path("schema.graphql")
CHANGELOG = Path("CHANGELOG.md")
POLICY_DIRECTIVES = ("visibleTo", "allowedFor")


@dataclass(frozen=True)
class Change:
    """One change, at a coordinate of the schema such as `Child.nationalId`."""

    kind: Literal["breaks", "weakens"]
    coordinate: str
    what: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.coordinate}: {self.what}"


@dataclass(frozen=True)
class Guard:
    """What a directive of the policy demands of a field."""

    relations: frozenset[str]
    rules: frozenset[str]


def changes(before: str, after: str) -> list[Change]:
    """What the second schema breaks or weakens of the first; what is only added is not a change here."""
    old, new = build_schema(before), build_schema(after)
    return [*broken(old, new), *weakened(old, new)]


def broken(old: GraphQLSchema, new: GraphQLSchema) -> Iterator[Change]:
    for change in find_breaking_changes(old, new):
        said = change.description.rstrip(".")
        members = re.findall(r"(?:@\w+|[A-Z]\w*\.\w+)(?:\(\w+:\))?", said)
        types = [word for word in said.split() if word in old.type_map]
        yield Change("breaks", next(iter([*members, *types]), "?"), said)


def weakened(old: GraphQLSchema, new: GraphQLSchema) -> Iterator[Change]:
    """Fields whose directive lets in a relation, or leaves out a rule, that it did not before."""
    before, after = guarded_fields(old), guarded_fields(new)
    for coordinate in sorted(before.keys() & after.keys()):
        for directive in POLICY_DIRECTIVES:
            was, now = guard(before[coordinate], directive), guard(after[coordinate], directive)
            if was is None:
                continue
            if now is None:
                yield Change("weakens", coordinate, f"@{directive} is gone")
                continue
            for relation in sorted(now.relations - was.relations):
                yield Change("weakens", coordinate, f"@{directive} opens it to {relation}")
            for rule in sorted(was.rules - now.rules):
                yield Change("weakens", coordinate, f"@{directive} no longer names {rule}")


def guarded_fields(schema: GraphQLSchema) -> dict[str, GraphQLField]:
    fields: dict[str, GraphQLField] = {}
    for name, kind in schema.type_map.items():
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) and not name.startswith("__"):
            fields.update({f"{name}.{field}": definition for field, definition in kind.fields.items()})
    return fields


def guard(field: GraphQLField, directive: str) -> Guard | None:
    printed = [
        node for node in (field.ast_node.directives or () if field.ast_node else ()) if node.name.value == directive
    ]
    if not printed:
        return None
    return Guard(
        frozenset(name for node in printed for name in words(node, "relations")),
        frozenset(name for node in printed for name in words(node, "rules")),
    )


def words(directive: DirectiveNode, argument: str) -> Iterator[str]:
    for given in directive.arguments or ():
        if given.name.value == argument and isinstance(given.value, ListValueNode):
            for value in given.value.values:
                if isinstance(value, EnumValueNode | StringValueNode):
                    yield value.value


def missing(contract: str, schema: str) -> list[str]:
    """What the schema lacks of a contract: each type, field, argument and enum value must be there just as it is."""
    return sorted(described(build_schema(contract)) - described(build_schema(schema)))


def described(schema: GraphQLSchema) -> set[str]:
    """One line for each thing that a client can build on, with its type and nullability."""
    lines: set[str] = set()
    for name, kind in schema.type_map.items():
        if name.startswith("__"):
            continue
        lines.add(f"{type(kind).__name__.removeprefix('GraphQL').removesuffix('Type').lower()} {name}")
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            lines.update(f"{name} implements {interface.name}" for interface in kind.interfaces)
            for field, definition in kind.fields.items():
                lines.add(f"{name}.{field}: {definition.type}")
                lines.update(f"{name}.{field}({arg}: {given.type})" for arg, given in definition.args.items())
        elif isinstance(kind, GraphQLInputObjectType):
            for field, given in kind.fields.items():
                default = given.ast_node.default_value if given.ast_node else None
                lines.add(f"{name}.{field}: {given.type}{'' if default is None else ' = ' + written(default)}")
        elif isinstance(kind, GraphQLEnumType):
            lines.update(f"{name}.{value}" for value in kind.values)
    for directive in schema.directives:
        lines.update(f"@{directive.name}({arg}: {given.type})" for arg, given in directive.args.items())
        lines.update(f"@{directive.name} on {location.name}" for location in directive.locations)
    return lines


def written(value: object) -> str:
    return str(getattr(value, "value", value)).lower()


def unreleased(changelog: str) -> str:
    """The part of the changelog under "Unreleased"."""
    found = re.search(r"^## \[?Unreleased\]?.*?(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    return found[0] if found else ""


def unnamed(found: list[Change], changelog: str) -> list[Change]:
    """The changes that the changelog does not name, each by its coordinate in backticks."""
    said = unreleased(changelog)
    return [change for change in found if f"`{change.coordinate}`" not in said]


def git(*words: str) -> str | None:
    """What git prints, or None where it has no answer (no repository, no such commit, no such file then)."""
    ran = subprocess.run(["git", *words], capture_output=True, text=True, check=False)  # noqa: S603, S607 - git, with words of this page
    return ran.stdout.strip() if ran.returncode == 0 else None


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m lint.schema_diff", description="Name what a schema change does.")
    parser.add_argument(
        "--against", help="commit or tag to compare with (default: the last tag, else the commit before)"
    )
    reference = parser.parse_args(arguments).against or git("describe", "--tags", "--abbrev=0") or "HEAD~1"
    before = git("show", f"{reference}:{SCHEMA}")
    if before is None:
        sys.stdout.write(f"nothing to compare with: {reference} has no {SCHEMA}\n")
        return 0
    found = changes(before, SCHEMA.read_text(encoding="utf-8"))
    refused = unnamed(found, CHANGELOG.read_text(encoding="utf-8"))
    for change in found:
        sys.stdout.write(f"{change}{' (not in the changelog)' if change in refused else ''}\n")
    sys.stdout.write(f"against {reference}: {len(found)} breaking or weakening changes, {len(refused)} unnamed\n")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
