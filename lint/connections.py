"""Nobody but the gateway opens a viewer's connection.

A pooled connection still holds the keys of whoever had it last; the gateway is where the viewer is entered first.
Whoever needs the database gets a connection passed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lint.source import Finding, Source

RULE = "connection"
ALLOWED = (
    "resolvers/gateway.py",  # the API's pool: enters the viewer before anything is read
    "server/cluster.py",  # makes the embedded cluster and its roles
    "server/database.py",  # the owner's engine, for migrations and imports
    "demo/build.py",  # fills a database as its owner; no viewer is there yet
)
OPENERS = re.compile(
    r"^(asyncpg\.)?connect$|(^|\.)(create_pool|create_engine|create_async_engine|async_engine_from_config)$|\.acquire$"
)


def check(source: Source) -> Iterator[Finding]:
    if source.lies_in(*ALLOWED):
        return
    for call, name in source.calls():
        if OPENERS.search(name):
            said = f"`{name.lstrip('.')}(…)` outside the gateway; take the connection as an argument"
            yield Finding(source.path, call.lineno, RULE, said)
