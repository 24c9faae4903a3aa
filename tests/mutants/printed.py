"""The policy as `schema.graphql` has it printed, beside a policy page's lines."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from graphql import build_schema, value_from_ast_untyped

from authz.engine.policy import Line
from schema.public import SDL_FILE
from tests.mutants.mutations import Mutant


@cache
def checked_in() -> dict[str, list[str]]:
    """By field, the relations that its directive names: who may see it, or for an act who may do it."""
    schema = build_schema(SDL_FILE.read_text())
    found = {}
    for type_name, described in schema.type_map.items():
        for name, field in getattr(described, "fields", {}).items():
            for directive in (field.ast_node.directives or ()) if field.ast_node else ():
                if directive.name.value in ("visibleTo", "allowedFor"):
                    told = {one.name.value: value_from_ast_untyped(one.value) for one in directive.arguments}
                    found[f"{type_name}.{name}"] = told["relations"]
    return found


def as_printed(lines: Mapping[str, Line]) -> str:
    """What would no longer be fresh; empty when nothing."""
    for name, line in lines.items():
        if name in checked_in() and checked_in()[name] != line.printed:
            return f"schema.graphql prints {checked_in()[name]} for {name}, not {line.printed}"
    return ""


def as_lines(mutant: Mutant) -> str:
    """The same for the lines of one broken page, which need no process of their own."""
    page = {"__name__": mutant.module}
    exec(compile(mutant.source(), mutant.module, "exec"), page)
    return as_printed({**page.get("LINES", {}), **page.get("ALLOWED", {})})  # type: ignore[arg-type, dict-item]
