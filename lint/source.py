"""What a rule looks at, one Python file, and what it says about it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

FOLDERS = (
    "server",
    "schema",
    "resolvers",
    "registers",
    "authz",
    "models",
    "vault",
    "norway",
    "screening",
    "demo",
    "lint",
)


@dataclass(frozen=True)
class Finding:
    """One place that breaks a rule."""

    path: str
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.message}"


@dataclass(frozen=True)
class Source:
    """A module: its path from the project's root, with `/` on every system, and its text."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    def lies_in(self, *places: str) -> bool:
        """Whether it is one of these modules (`server/database.py`) or in one of these folders (`authz`)."""
        return any(self.path == place or self.path.startswith(f"{place}/") for place in places)

    def calls(self) -> Iterator[tuple[ast.Call, str]]:
        """Every call, with the dotted name of what is called: `select(a).where(b)` is called `.where`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                yield node, dotted_name(node.func)

    def texts(self) -> Iterator[tuple[int, str]]:
        """Every text that is not a docstring, with its line; of an f-string, the pieces that stand in the code."""
        spoken = {id(docstring) for node in ast.walk(self.tree) if (docstring := leading_text(node)) is not None}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in spoken:
                yield node.lineno, node.value


def dotted_name(node: ast.expr) -> str:
    """`dt.datetime.now` for that expression; begins with a dot where the front is not a plain name."""
    if isinstance(node, ast.Attribute):
        return f"{dotted_name(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def leading_text(node: ast.AST) -> ast.Constant | None:
    """The docstring of a module, class or function: a text that PEP 257 lets stand after an attribute counts too."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        return node.value
    return None


def read_sources(root: Path) -> Iterator[Source]:
    """The project's modules, in order of their paths."""
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*.py")):
            yield Source(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8"))
