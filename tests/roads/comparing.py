"""Compares a server's answer with the reference's, cell by cell."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any

INSTANT = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d")
UNORDERED = {"relations", "positions", "participants", "responsibilities"}
"""Lists whose order the contract leaves open; asked for under these names alone, never under an alias."""
CURSORS = {"cursor", "startCursor", "endCursor"}


def plain(value: Any, key: str = "") -> Any:
    """A value as it is compared: instants in UTC, cursors as whether there is one, open orders sorted."""
    if isinstance(value, dict):
        return {str(name): plain(one, name) for name, one in value.items()}
    if isinstance(value, list | tuple):
        items = [plain(one) for one in value]
        return sorted(items, key=lambda one: json.dumps(one, sort_keys=True)) if key in UNORDERED else items
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat()
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if key in CURSORS:
        return value is not None
    if isinstance(value, str) and INSTANT.match(value):
        return dt.datetime.fromisoformat(value).astimezone(dt.UTC).isoformat()
    return value


def differences(expected: Any, actual: Any, path: str = "") -> list[str]:
    """Where two answers differ, each with its path; empty when they are equal."""
    return list(_differences(plain(expected), plain(actual), path))


def _differences(expected: Any, actual: Any, path: str) -> Any:
    if isinstance(expected, dict) and isinstance(actual, dict):
        if list(expected) != list(actual) and set(expected) != set(actual):
            yield f"{path}: fields {list(expected)} expected, {list(actual)} given"
        for name in expected.keys() & actual.keys():
            yield from _differences(expected[name], actual[name], f"{path}.{name}")
    elif isinstance(expected, list) and isinstance(actual, list):
        if len(expected) != len(actual):
            yield f"{path}: {len(expected)} expected, {len(actual)} given: {_short(expected)} / {_short(actual)}"
        else:
            for index, (one, other) in enumerate(zip(expected, actual, strict=True)):
                yield from _differences(one, other, f"{path}[{index}]")
    elif expected != actual or type(expected) is not type(actual):
        yield f"{path}: {_short(expected)} expected, {_short(actual)} given"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) < 300 else f"{text[:300]}…"
