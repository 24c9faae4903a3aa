"""Nobody but the policy decides which rows a viewer gets.

A page of `resolvers/` says where rows are; which of them the viewer may have, a predicate of `authz/` says, and rows
without one do not pass. At the edge and in the schema there are no filters at all: a `where` of one's own is how a row
gets out that the policy did not let in. Facts (`authz/walls/facts.py`) are for the policy and for acts to judge by.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from lint.source import Finding, Source, dotted_name

RULE = "row-filter"
WITHOUT_FILTERS = ("schema", "server")
SOURCES = ("resolvers",)
ALLOWED = (
    "resolvers/engine",  # puts predicates into statements, and has no rows of its own
    "resolvers/access_log_writer.py",  # goes on from its own last checkpoint; what it reads is for nobody
    "resolvers/gateway.py",  # asks which municipality it is, before anybody is a viewer there
    "server/cluster.py",  # asks PostgreSQL about itself, as its owner
    "server/database.py",
    "server/log_verification.py",  # reckons the access log's chains, as its owner; tells numbers and no content
    "server/key_rotation.py",  # wraps every key of a municipality anew, as its owner; gives nothing out
)
SETTLED = {
    "resolvers/child.py:guardians": "the field's mask says to whom the whole list is open",
    "resolvers/child.py:responsibilities": "the field's mask says to whom the whole list is open",
    "resolvers/record.py:openings": "the predicate asks for the viewer alone, not for keys",
    "resolvers/record.py:readers": "the field's mask says to whom the whole list is open",
    "resolvers/record.py:versions": "the field's mask says to whom every version is open",
    "resolvers/confirmation.py:confirmations": "the field's mask says to whom the whole list is open",
    "resolvers/delegate.py:consents": "whoever sees the delegate sees them all, but for what a predicate leaves out",
    "resolvers/thread.py:participants": "whoever sees the thread sees them all (C7)",
    "resolvers/viewer.py:own_units": "every unit is visible (C8); these are those where the viewer works",
}
"""Functions whose rows need no predicate, with the reason."""

FACTS = ("resolvers/acts", "resolvers/engine")
"""Where facts may be read past the second wall: to judge by, never to answer with."""
FILTERS = frozenset({"where", "filter", "filter_by", "having"})
READS = re.compile(r"\bselect\b.*\bfrom\b|\bdelete\s+from\b|\bupdate\b.*\bset\b", re.IGNORECASE | re.DOTALL)


def check(source: Source) -> Iterator[Finding]:
    if source.lies_in(*ALLOWED) or not source.lies_in(*WITHOUT_FILTERS, *SOURCES):
        return
    for line, text in source.texts():
        if READS.search(text):
            yield Finding(source.path, line, RULE, "SQL as text; name a source instead")
    if not source.lies_in(*FACTS):
        for call, name in source.calls():
            if name in {"fact", "facts_of"}:
                yield Finding(
                    source.path, call.lineno, RULE, "a fact as a source of rows; take the table or a view of `seen`"
                )
    yield from check_sources(source) if source.lies_in(*SOURCES) else check_filters(source)


def check_filters(source: Source) -> Iterator[Finding]:
    for call, name in source.calls():
        if "." in name and (last := name.rsplit(".", 1)[1]) in FILTERS:
            yield Finding(source.path, call.lineno, RULE, f"`.{last}(…)`; let the engine read, by the policy")


def check_sources(source: Source) -> Iterator[Finding]:
    pages = policy_pages(source.tree)
    for function, call in calls_in_functions(source.tree):
        name = dotted_name(call.func).rsplit(".", 1)[-1]
        where = f"{source.path}:{function.name}" if isinstance(function, ast.FunctionDef) else source.path
        if name == "Rows" and where not in SETTLED and not asks(function, pages, with_keys=True):
            yield Finding(source.path, call.lineno, RULE, "rows without a predicate of authz/ over the viewer's keys")
        for given in call.keywords if name == "Entity" else ():
            if given.arg == "visible" and not asks(given.value, pages, with_keys=False):
                yield Finding(source.path, call.lineno, RULE, "an id is looked up without a predicate of authz/")


def policy_pages(tree: ast.Module) -> set[str]:
    """The names by which a module knows the pages of `authz/`; the engine's words are no pages."""
    imports = (node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "authz")
    return {name.asname or name.name for node in imports for name in node.names}


def calls_in_functions(tree: ast.Module) -> Iterator[tuple[ast.AST, ast.Call]]:
    """Every call with the function that it stands in, or with itself where it stands in none."""
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    held = {id(inner): function for function in functions for inner in ast.walk(function)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield held.get(id(node), node), node


def asks(node: ast.AST, pages: set[str], *, with_keys: bool) -> bool:
    """Whether something in here is asked of a page of policy, with the viewer's keys or as a function to be called."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call) and root(inner.func) in pages:
            given = {argument.id for argument in inner.args if isinstance(argument, ast.Name)}
            if "keys" in given or not with_keys:
                return True
        if not with_keys and isinstance(inner, ast.Attribute) and root(inner) in pages:
            return True
    return False


def root(node: ast.expr) -> str:
    return dotted_name(node).split(".")[0] if isinstance(node, ast.Attribute) else ""
