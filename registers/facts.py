"""A line of a local-fact file, checked by itself: its kind, when it was, who says it, and what it tells.

A file is read line by line and never held whole; each line has an id, and the same id with the same content is the same
fact, however often it is imported.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from registers.ndjson import Item, read_items
from registers.plan import Problems, shown
from vault import Vault

LONGEST_ID = 200
LONGEST_NEED = dt.timedelta(hours=24)
IMPORT = "import"
"""`by` where the import itself says it."""
SETTINGS = {"delegateConsent": ("ONE", "ALL")}
"""Settings whose values are known; others are kept as they are told."""


@dataclass(frozen=True)
class LocalFile:
    """A file whose lines have been read and checked one by one."""

    path: Path
    counts: Counter[str]
    """Lines by kind."""
    unknown: tuple[str, ...] = ()
    """Keys that mean nothing here and their lines: often a slip of the pen, such as an end that is not read."""

    @property
    def lines(self) -> int:
        return self.counts.total()


@dataclass(frozen=True, slots=True)
class Fact:
    item: Item
    id: str
    kind: str
    at: dt.datetime
    by: str | None
    """National identity number of who says it; null for the import itself."""
    told: Mapping[str, Any]
    """What its kind tells, by the names of the line."""

    @property
    def line(self) -> int:
        return self.item.line

    def digest(self, vault: Vault) -> bytes:
        """The same for lines with the same content, whatever the order of their keys."""
        return vault.keyed_hash(orjson.dumps(self.item.value, option=orjson.OPT_SORT_KEYS).decode(), "local_fact")


def read_local(path: Path) -> LocalFile:
    """Checks every line by itself; raises `InputRefused` with everything that is wrong."""
    problems, unknown = Problems(), Problems()
    counts: Counter[str] = Counter()
    for fact in read_facts(path, problems):
        counts[fact.kind] += 1
        for key in sorted(fact.item.value.keys() - COMMON_KEYS - KEYS[fact.kind]):
            unknown.add(path.name, fact.line, None, f"{shown(key)} is no key of a {fact.kind}, and is not read")
    problems.refuse_if_any()
    more = [f"{path.name}: … and {unknown.more} more keys that are not read"] if unknown.more else []
    return LocalFile(path, counts, (*map(str, unknown.found), *more))


def read_facts(path: Path, problems: Problems) -> Iterator[Fact]:
    """The lines that can be understood; `problems` hears of the others."""
    for item in read_items(path, problems):
        if (fact := _fact(item)) is not None:
            yield fact


def _fact(item: Item) -> Fact | None:
    before = item.problems.count
    line_id, kind, at = item.required("id"), item.required("kind"), _instant(item, "at")
    by = None if item.value.get("by") == IMPORT else _person(item, "by")
    if len(line_id) > LONGEST_ID:
        item.wrong("id", f"is longer than {LONGEST_ID} characters")
    if (tells := KINDS.get(kind)) is None:
        if kind:
            item.wrong("kind", f"is none of {', '.join(KINDS)}")
        return None
    told = tells(item, at)
    return Fact(item, line_id, kind, at, by, told) if item.problems.count == before else None


def _person(item: Item, key: str) -> str:
    item.required(key)
    return item.number(key) or ""


def _instant(item: Item, key: str) -> dt.datetime:
    item.required(key)
    return item.instant(key) or dt.datetime.min.replace(tzinfo=dt.UTC)


def _period(item: Item) -> dict[str, dt.date | None]:
    item.required("since")
    since, until = item.oslo_day("since"), item.oslo_day("until")
    if since and until and until < since:
        item.wrong("until", "lies before since")
    return {"since": since, "until": until}


def _different(item: Item, *keys: str) -> None:
    values = [item.value.get(key) for key in keys]
    if any(value is not None and value in values[:place] for place, value in enumerate(values)):
        item.wrong(keys[-1], f"{' and '.join(keys)} must be different people")


def _people(item: Item, key: str, *, least: int) -> list[str]:
    value = item.value.get(key)
    listed = value if isinstance(value, list) else []
    if len(listed) < least or not isinstance(value, list | None):
        item.wrong(key, "must be a list of national identity numbers" + (", not empty" if least else ""))
    numbers = []
    for place, element in enumerate(listed):
        path = f"{key}[{place}]"
        one = Item({path: element}, item.file, item.line, item.path, item.problems)
        numbers.append(_person(one, path))
        if numbers[-1] and numbers[-1] in numbers[:-1]:
            item.wrong(path, "is named twice")
    return numbers


def _body(item: Item) -> str:
    """The text as it was written, spaces and all."""
    item.required("body")
    value = item.value.get("body")
    return value if isinstance(value, str) else ""


def _block(item: Item, _at: dt.datetime) -> dict[str, Any]:
    _different(item, "child", "person")
    return {
        "child": _person(item, "child"),
        "person": _person(item, "person"),
        **_period(item),
        "reason": item.required("reason"),
    }


def _confirmation(item: Item, _at: dt.datetime) -> dict[str, Any]:
    _different(item, "child", "person")
    item.required("since")
    return {"child": _person(item, "child"), "person": _person(item, "person"), "since": item.oslo_day("since")}


def _delegate(item: Item, _at: dt.datetime) -> dict[str, Any]:
    _different(item, "child", "person")
    return {
        "child": _person(item, "child"),
        "person": _person(item, "person"),
        "unit": item.required("unit"),
        **_period(item),
    }


def _consent(item: Item, _at: dt.datetime) -> dict[str, Any]:
    _different(item, "child", "guardian", "delegate")
    people = {key: _person(item, key) for key in ("child", "guardian", "delegate")}
    return {**people, "unit": item.required("unit"), **_period(item)}


def _setting(item: Item, _at: dt.datetime) -> dict[str, Any]:
    name, value = item.required("name"), item.required("value")
    if len(name) > LONGEST_ID:
        item.wrong("name", f"is longer than {LONGEST_ID} characters")
    if value and name in SETTINGS and value not in SETTINGS[name]:
        item.wrong("value", f"{name} is one of {', '.join(SETTINGS[name])}")
    return {"name": name, "value": value}


def _thread(item: Item, _at: dt.datetime) -> dict[str, Any]:
    sides = {"guardianSide": _people(item, "guardianSide", least=1), "staffSide": _people(item, "staffSide", least=0)}
    if set(sides["guardianSide"]) & set(sides["staffSide"]) - {""}:
        item.wrong("staffSide", "names somebody of the guardian side")
    return {
        "child": _person(item, "child"),
        "unit": item.required("unit"),
        "subject": item.required("subject"),
        "joint": item.flag("joint") or False,
        **sides,
    }


def _message(item: Item, at: dt.datetime) -> dict[str, Any]:
    return {
        "thread": item.required("thread"),
        "author": _person(item, "author"),
        "onBehalfOfUnit": item.flag("onBehalfOfUnit") or False,
        "body": _body(item),
        "retracted": _retracted(item, at),
    }


def _retracted(item: Item, at: dt.datetime) -> dt.datetime | None:
    """When it was retracted: the instant that is told, or that of the message where only `true` is."""
    value = item.value.get("retracted")
    if not isinstance(value, str):
        return at if item.flag("retracted") else None
    when = item.instant("retracted")
    if when and when < at:
        item.wrong("retracted", "lies before the message")
    return when


def _read(item: Item, _at: dt.datetime) -> dict[str, Any]:
    return {"thread": item.required("thread"), "person": _person(item, "person"), "upTo": item.required("upTo")}


def _need_case(item: Item, at: dt.datetime) -> dict[str, Any]:
    _different(item, "child", "person")
    until = _instant(item, "until")
    if item.value.get("until") is not None and not at < until <= at + LONGEST_NEED:
        item.wrong("until", "must lie after `at`, by no more than 24 hours")
    return {
        "child": _person(item, "child"),
        "person": _person(item, "person"),
        "reason": item.required("reason"),
        "until": until,
    }


KINDS: dict[str, Callable[[Item, dt.datetime], dict[str, Any]]] = {
    "block": _block,
    "confirmation": _confirmation,
    "delegate": _delegate,
    "consent": _consent,
    "setting": _setting,
    "thread": _thread,
    "message": _message,
    "read": _read,
    "needCase": _need_case,
}
COMMON_KEYS = {"id", "kind", "at", "by"}
KEYS: dict[str, frozenset[str]] = {
    kind: frozenset(keys.split())
    for kind, keys in {
        "block": "child person since until reason",
        "confirmation": "child person since",
        "delegate": "child person unit since until",
        "consent": "child guardian delegate unit since until",
        "setting": "name value",
        "thread": "child unit subject joint guardianSide staffSide",
        "message": "thread author onBehalfOfUnit body retracted",
        "read": "thread person upTo",
        "needCase": "child person reason until",
    }.items()
}
"""What each kind tells beside them."""
