"""What an import would do, before it is done: read whole, checked whole, shown as a plan, applied in one transaction.

Every importer has three steps. `read_…` checks a file by itself and raises `InputRefused`; `plan_…` compares it with
what is known and writes nothing; `apply_plan` writes the plan. Plan and application belong to one transaction of the
caller, who commits it: nothing can change between what a person said yes to and what is done.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Table, bindparam, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from authz.due_tasks import make_tasks
from authz.standing import derive_standing

MOST_PROBLEMS = 100
"""So many problems are told of one input; a file that is wrong throughout need not be told line by line."""
BATCH = 5000
MANY = 100
"""Rows of an import beyond which those who wait for changes are told that there were some, and not of each."""
IMPORT_LOCK = 0x1225_7299
"""Advisory lock that one import holds from its plan to the end of its transaction."""

Progress = Callable[[int, int], None]
"""Told how much is done, and how much there is in all."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with an input, and where. `column` is a column's name, a JSON path or a place in the line."""

    file: str
    line: int | None
    column: str | None
    message: str

    def __str__(self) -> str:
        place = self.file
        if self.line is not None:
            place += f", line {self.line}"
        if self.column is not None:
            place += f", {self.column}"
        return f"{place}: {self.message}"


class InputRefused(Exception):
    """The input cannot be taken as it is; nothing was changed."""

    def __init__(self, problems: Sequence[Problem], more: int = 0) -> None:
        super().__init__("\n".join(map(str, problems)) + (f"\n… and {more} more" if more else ""))
        self.problems = tuple(problems)
        self.more = more
        """How many further problems are not listed."""


class Problems:
    """Gathers what is wrong with an input, so that a person sees all of it at once."""

    def __init__(self) -> None:
        self.found: list[Problem] = []
        self.more = 0

    def add(self, file: str, line: int | None, column: str | None, message: str) -> None:
        if len(self.found) < MOST_PROBLEMS:
            self.found.append(Problem(file, line, column, message))
        else:
            self.more += 1

    @property
    def count(self) -> int:
        return len(self.found) + self.more

    def refuse_if_any(self) -> None:
        if self.found:
            raise InputRefused(self.found, self.more)


NUMBER_LIKE = re.compile(r"\d(?:[ .\-]?\d){10,}")


def shown(value: str) -> str:
    """A value from a file as an error may show it: short, in quotes, and never with a national identity number."""
    masked = NUMBER_LIKE.sub("[number]", value)
    clean = "".join(c if c.isprintable() else "�" for c in masked)
    return f"“{clean[:40]}…”" if len(clean) > 40 else f"“{clean}”"


@dataclass(slots=True)
class Counts:
    """What a plan does to the rows of one kind."""

    added: int = 0
    changed: int = 0
    ended: int = 0

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.ended)


@dataclass(frozen=True, slots=True)
class Insert:
    table: Table
    rows: list[dict[str, Any]]

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class Update:
    """Rows by primary key; every row of one update sets the same columns."""

    table: Table
    rows: list[dict[str, Any]]

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class Delete:
    """Rows by primary key. Only for what is no fact with a period, such as a replaced sign-in subject."""

    table: Table
    rows: list[dict[str, Any]]

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement over rows that the plan has staged in the database; `weight` is about how many rows it makes."""

    sql: str
    parameters: Mapping[str, Any]
    weight: int

    def __len__(self) -> int:
        return self.weight


Write = Insert | Update | Delete | Statement


MAX_ENDED = 0.1
"""The share of what holds, as of people or of protections, that a source may end without being told to go on."""


@dataclass
class Plan:
    """What an import would do. Empty: everything is known already."""

    municipality_id: UUID
    municipality: str
    """Organisation number."""
    made_at: dt.datetime
    transaction: str
    counts: dict[str, Counts] = field(default_factory=dict)
    """By kind, in the order in which they are told."""
    passed_over: Counter[str] = field(default_factory=Counter)
    """What the input holds that means nothing here, or was carried out before, by kind."""
    warnings: list[str] = field(default_factory=list)
    conflicts: list[Problem] = field(default_factory=list)
    """What a person must decide first: a plan with conflicts cannot be applied."""
    stop: str | None = None
    """Why the safety stop holds the plan back: it would end more than it may."""
    writes: list[Write] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        return not any(len(write) for write in self.writes)

    def of(self, kind: str) -> Counts:
        return self.counts.setdefault(kind, Counts())

    def insert(self, table: Any, rows: Iterable[dict[str, Any]]) -> None:
        if listed := list(rows):
            self.writes.append(Insert(getattr(table, "__table__", table), listed))

    def update(self, table: Any, rows: Iterable[dict[str, Any]]) -> None:
        """Rows that set different columns become different updates."""
        by_shape: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        for row in rows:
            by_shape.setdefault(tuple(row), []).append(row)
        for listed in by_shape.values():
            self.writes.append(Update(getattr(table, "__table__", table), listed))

    def delete(self, table: Any, rows: Iterable[dict[str, Any]]) -> None:
        if listed := list(rows):
            self.writes.append(Delete(getattr(table, "__table__", table), listed))


class PlanNotApplicable(Exception):
    """The plan has conflicts or is stopped, or its transaction is over."""


async def begin_plan(connection: AsyncConnection) -> str:
    """Waits for its turn among imports; what is returned ties the plan to this transaction."""
    await connection.execute(select(func.pg_advisory_xact_lock(IMPORT_LOCK)))
    return str(await connection.scalar(text("select pg_current_xact_id()::text")))


async def copy_rows(connection: AsyncConnection, table: str, columns: Sequence[str], rows: Sequence[Any]) -> None:
    """COPY: the quick way in. The caller has spoken to the database in this transaction before."""
    raw = await connection.get_raw_connection()
    driver = raw.driver_connection
    assert driver is not None  # noqa: S101 - an open connection has one
    await driver.copy_records_to_table(table, records=rows, columns=list(columns))


async def _write(connection: AsyncConnection, write: Write, step: Callable[[int], None]) -> None:
    if isinstance(write, Statement):
        await connection.execute(text(write.sql), dict(write.parameters))
        step(len(write))
        return
    keys = [column.name for column in write.table.primary_key]
    for start in range(0, len(write.rows), BATCH):
        rows = write.rows[start : start + BATCH]
        columns = list(rows[0])
        if isinstance(write, Insert):
            await copy_rows(
                connection, write.table.name, columns, [tuple(row[name] for name in columns) for row in rows]
            )
        else:
            same = [write.table.c[name] == bindparam(f"key_{name}") for name in keys]
            statement = (
                write.table.delete().where(*same)
                if isinstance(write, Delete)
                else write.table.update()
                .where(*same)
                .values({name: bindparam(f"set_{name}") for name in columns if name not in keys})
            )
            await connection.execute(
                statement,
                [
                    {(f"key_{name}" if name in keys else f"set_{name}"): value for name, value in row.items()}
                    for row in rows
                ],
            )
        step(len(rows))


def alone(municipality_id: UUID) -> Statement:
    """From here on acts wait, and see what has changed; those that have begun are waited for."""
    what = {"what": f"municipality {municipality_id}"}
    return Statement("select pg_advisory_xact_lock(hashtextextended(:what, 0))", what, 1)


async def apply_plan(connection: AsyncConnection, plan: Plan, progress: Progress | None = None) -> None:
    """Writes the plan and derives anew how people stand to children; the caller commits.

    Raises `PlanNotApplicable` for a plan with conflicts, a stopped one, or one of another transaction.
    """
    if plan.conflicts or plan.stop:
        raise PlanNotApplicable("the plan has conflicts or is stopped")
    if await connection.scalar(text("select pg_current_xact_id()::text")) != plan.transaction:
        raise PlanNotApplicable("the plan was made in another transaction")
    total = sum(map(len, plan.writes)) + 2
    if total > MANY:
        await connection.execute(text("set local innsyn.bulk to on"))
    done = 0

    def step(rows: int) -> None:
        nonlocal done
        done += rows
        if progress:
            progress(done, total)

    for write in plan.writes:
        await _write(connection, write, step)
    await _write(connection, alone(plan.municipality_id), step)
    await derive_standing(connection, plan.municipality_id)
    await make_tasks(connection, plan.municipality_id, plan.made_at)
    step(1)
