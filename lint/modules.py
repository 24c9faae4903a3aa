"""A module is named for what it holds, and opens with a sentence that a newcomer can repeat."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from lint.source import Finding, Source

RULE = "module"
EMPTY_NAMES = frozenset({"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc", "handlers"})
EMPTY_CLASS = re.compile(r"(Manager|Helper|Utils?|Handler)$")


def check(source: Source) -> Iterator[Finding]:
    for part in source.path.removesuffix(".py").split("/"):
        if part in EMPTY_NAMES:
            yield Finding(source.path, 1, RULE, f"`{part}` says nothing of what is in it")
    if not (ast.get_docstring(source.tree) or "").strip():
        yield Finding(source.path, 1, RULE, "opens without saying what it is")
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ClassDef) and EMPTY_CLASS.search(node.name):
            yield Finding(source.path, node.lineno, RULE, f"`{node.name}` says nothing of what it is")
