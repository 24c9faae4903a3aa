"""The day is an input: nothing below the edge reads a clock.

A rule that reads the clock cannot be tried on the last day of a school year, and an import that does is not
repeatable. The edge takes the request's instant once and passes it on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lint.source import Finding, Source

RULE = "clock"
PLACES = ("schema", "resolvers", "registers", "authz", "models", "vault", "norway", "screening")
ALLOWED: tuple[str, ...] = ()
READERS = re.compile(
    r"(^|\.)(date|datetime)\.(now|utcnow|today)$|^time\.(time|time_ns|localtime|gmtime)$"
    r"|(^|\.)func\.(now|current_date|current_timestamp|localtimestamp|clock_timestamp|statement_timestamp)$"
)
SQL_CLOCKS = re.compile(
    r"\b(current_date|current_timestamp|localtimestamp|clock_timestamp|statement_timestamp)\b|\bnow\(\)", re.IGNORECASE
)


def check(source: Source) -> Iterator[Finding]:
    if not source.lies_in(*PLACES) or source.lies_in(*ALLOWED):
        return
    for call, name in source.calls():
        if READERS.search(name):
            said = f"`{name}()` below the edge; take the day or the instant as an argument"
            yield Finding(source.path, call.lineno, RULE, said)
    for line, text in source.texts():
        if SQL_CLOCKS.search(text):
            yield Finding(source.path, line, RULE, "the database's clock; bind the day or the instant instead")
