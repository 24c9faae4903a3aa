"""Nobody but the policy engine builds a row filter.

A `where` of one's own is how a row gets out that the policy did not let in: it looks like a filter, and replaces one.
A resolver names its source; the predicate is put on it in one place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lint.source import Finding, Source

RULE = "row-filter"
PLACES = ("resolvers", "schema", "server")
ALLOWED = (
    "resolvers/engine",  # puts the policy's predicate on every read, and nothing reads but through it
    "server/cluster.py",  # asks PostgreSQL about itself, as its owner
    "server/database.py",
)
FILTERS = frozenset({"where", "filter", "filter_by", "having"})
READS = re.compile(r"\bselect\b.*\bfrom\b|\bdelete\s+from\b|\bupdate\b.*\bset\b", re.IGNORECASE | re.DOTALL)


def check(source: Source) -> Iterator[Finding]:
    if not source.lies_in(*PLACES) or source.lies_in(*ALLOWED):
        return
    for call, name in source.calls():
        if "." in name and name.rsplit(".", 1)[1] in FILTERS:
            said = f"`.{name.rsplit('.', 1)[1]}(…)` outside the engine; let the policy's predicate choose the rows"
            yield Finding(source.path, call.lineno, RULE, said)
    for line, text in source.texts():
        if READS.search(text):
            yield Finding(source.path, line, RULE, "SQL as text outside the engine; name a source instead")
