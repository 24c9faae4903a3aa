"""Newline-delimited JSON, line by line, with a place to point at for everything that is wrong in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from norway.national_id import NotANationalId, checked_national_id
from registers.instants import NotADay, read_day, read_instant, read_oslo_day
from registers.plan import Problems

LONGEST_LINE = 16 * 2**20
"""Bytes."""
BOM = b"\xef\xbb\xbf"


class Item:
    """A JSON object and where it stands. What is not of the expected shape is told, and read as missing."""

    __slots__ = ("file", "line", "path", "problems", "value")

    def __init__(self, value: dict[str, Any], file: str, line: int, path: str, problems: Problems) -> None:
        self.value = value
        self.file = file
        self.line = line
        self.path = path
        self.problems = problems

    def place(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def wrong(self, key: str | None, message: str) -> None:
        self.problems.add(self.file, self.line, self.place(key) if key else self.path or None, message)

    def text(self, key: str) -> str | None:
        """Empty and missing are the same."""
        value = self.value.get(key)
        if value is None:
            return None
        if not isinstance(value, str):
            self.wrong(key, "must be a text")
        elif "\0" in value:
            self.wrong(key, "holds a NUL character")
        else:
            return value.strip() or None
        return None

    def required(self, key: str) -> str:
        before = self.problems.count
        value = self.text(key)
        if value is None and self.problems.count == before:
            self.wrong(key, "must not be missing or empty")
        return value or ""

    def flag(self, key: str) -> bool | None:
        value = self.value.get(key)
        if value is not None and not isinstance(value, bool):
            self.wrong(key, "must be true or false")
            return None
        return value

    def number(self, key: str) -> str | None:
        """A national identity number."""
        if (value := self.text(key)) is None:
            return None
        try:
            return checked_national_id(value)
        except NotANationalId as wrong:
            self.wrong(key, str(wrong))
            return None

    def _when(self, key: str, read: Any) -> Any:
        if (value := self.text(key)) is None:
            return None
        try:
            return read(value)
        except NotADay as wrong:
            self.wrong(key, str(wrong))
            return None

    def day(self, key: str) -> dt.date | None:
        """A day, with no time to it."""
        found: dt.date | None = self._when(key, read_day)
        return found

    def oslo_day(self, key: str) -> dt.date | None:
        """The Oslo day of an instant."""
        found: dt.date | None = self._when(key, read_oslo_day)
        return found

    def instant(self, key: str) -> dt.datetime | None:
        found: dt.datetime | None = self._when(key, read_instant)
        return found

    def object(self, key: str) -> Item | None:
        value = self.value.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.wrong(key, "must be an object")
            return None
        return Item(value, self.file, self.line, self.place(key), self.problems)

    def objects(self, key: str) -> list[Item]:
        """The objects of a list; one object alone is a list of one, as the register has written both."""
        value = self.value.get(key)
        if value is None:
            return []
        if isinstance(value, dict):
            return [Item(value, self.file, self.line, self.place(key), self.problems)]
        if not isinstance(value, list):
            self.wrong(key, "must be a list of objects")
            return []
        items = []
        for place, element in enumerate(value):
            path = f"{key}[{place}]"
            if isinstance(element, dict):
                items.append(Item(element, self.file, self.line, self.place(path), self.problems))
            else:
                self.wrong(path, "must be an object")
        return items


def read_items(path: Path, problems: Problems) -> Iterator[Item]:
    """One object a line; empty lines are passed over. Never more than a line in memory."""
    try:
        file = path.open("rb")
    except OSError as wrong:
        problems.add(path.name, None, None, f"cannot be read ({type(wrong).__name__})")
        return
    with file:
        line = 0
        while raw := file.readline(LONGEST_LINE + 1):
            line += 1
            if len(raw) > LONGEST_LINE:
                problems.add(path.name, line, None, f"is longer than {LONGEST_LINE} bytes")
                return
            if line == 1:
                raw = raw.removeprefix(BOM)
            if raw.isspace() or not raw:
                continue
            try:
                value = orjson.loads(raw)
            except orjson.JSONDecodeError as wrong:
                problems.add(path.name, line, f"character {wrong.colno}", f"is not JSON ({wrong.msg})")
                continue
            if isinstance(value, dict):
                yield Item(value, path.name, line, "", problems)
            else:
                problems.add(path.name, line, None, "must be an object")
