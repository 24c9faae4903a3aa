"""`python -m lint`: every rule of the house on every module; prints what breaks one, and then ends with 1."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from lint import clocks, connections, modules, row_filters, sql_texts
from lint.source import Finding, Source, read_sources

RULES = (row_filters, connections, clocks, sql_texts, modules)


def findings(sources: Iterable[Source]) -> list[Finding]:
    return [finding for source in sources for rule in RULES for finding in rule.check(source)]


def main() -> int:
    sources = list(read_sources(Path.cwd()))
    found = findings(sources)
    for finding in found:
        sys.stdout.write(f"{finding}\n")
    sys.stdout.write(f"{len(sources)} modules, {len(RULES)} rules, {len(found)} findings\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
