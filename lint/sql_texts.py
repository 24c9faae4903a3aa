"""SQL is never put together out of values: what is sent as text is a literal.

Values are bound. Where a name has to stand in a statement (a role, a database, a generated column list), the module
is listed here and quotes it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from lint.source import Finding, Source

RULE = "sql-text"
ALLOWED = (
    "resolvers/engine",  # writes the statements of a plan out of the schema's own names
    "authz/engine",  # writes predicates out of the policy's own names
    "authz/walls",  # and the walls out of the same, as DDL
    "authz/relation.py",  # and gathers the viewer's keys by the names of the facts
    "registers/local.py",  # compares its temporary tables by questions that are all on its page
    "authz/due_tasks.py",  # writes what is due and what is done out of one set of its own texts
    "demo/threads.py",  # vacuums the tables that it names
    "server/cluster.py",  # roles and databases have no parameters in DDL
    "server/database.py",
)
TAKERS = frozenset(
    {"text", "literal_column", "execute", "executemany", "fetch", "fetchrow", "fetchval", "exec_driver_sql", "prepare"}
)


def check(source: Source) -> Iterator[Finding]:
    if source.lies_in(*ALLOWED):
        return
    for call, name in source.calls():
        if name.rsplit(".", 1)[-1] in TAKERS and call.args and is_put_together(call.args[0]):
            said = f"`{name.lstrip('.')}(…)` of a text that is put together; bind the values"
            yield Finding(source.path, call.lineno, RULE, said)


def is_put_together(node: ast.expr) -> bool:
    """Whether the text is an f-string with a value in it, a sum, a `%` or a `.format`."""
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(piece, ast.FormattedValue) for piece in node.values)
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Add | ast.Mod) and has_text(node)
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"format", "join"}


def has_text(node: ast.expr) -> bool:
    texts = (piece for piece in ast.walk(node) if isinstance(piece, ast.Constant))
    return any(isinstance(text.value, str) for text in texts)
