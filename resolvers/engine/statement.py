"""SQL text for asyncpg, made once from a SQLAlchemy expression, with the names of its parameters in order."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Select,
    any_,
    bindparam,
    func,
    literal_column,
    null,
    select,
    true,
    tuple_,
    union,
)
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.sql.expression import Executable

from authz.engine.sql import UUIDS, Keys, table
from authz.walls.doors import door_for
from models.seen import SCHEMA
from resolvers.engine.source import Roads, Rows

DIALECT = asyncpg.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call] # SQLAlchemy has it untyped
LIMIT: ColumnElement[int] = bindparam("limit", type_=Integer())
VIEW = re.compile(rf"\b{SCHEMA}\.(?=\w+ AS )")
PARENTS: ColumnElement = bindparam("parents", type_=UUIDS)


@dataclass(frozen=True)
class Statement:
    sql: str
    names: tuple[str, ...]

    def arguments(self, values: Mapping[str, Any]) -> list[Any]:
        return [values[name] for name in self.names]


class ConstantInStatement(Exception):
    """A constant was bound instead of written as `word` or `number`: its value would be lost here."""


def compiled(expression: Executable, keys: Keys | None = None) -> Statement:
    """Reading through the door that the keys open (`authz/walls/doors.py`); through the widest, where they are not
    known."""
    made = expression.compile(dialect=DIALECT)  # type: ignore[attr-defined] # every one compiles
    for name, value in made.params.items():
        if value is not None:
            raise ConstantInStatement(f"{name} = {value!r} in {made}")
    sql = str(made)
    if "POSTCOMPILE" in sql:
        raise ConstantInStatement(sql)
    if keys is not None:  # `schema_translate_map` passes over tables as bare as ours
        sql = VIEW.sub(f"{door_for(keys).schema}.", sql)
    return Statement(sql, tuple(made.positiontup or ()))


@dataclass(frozen=True)
class Window:
    """Which rows of an ordered list: a page forwards or backwards, from a cursor or from the end; null for all."""

    backwards: bool = False
    cursor: bool = False


def ordering(columns: Sequence[ColumnElement], descending: bool, window: Window | None) -> list[ColumnElement]:
    down = descending != (window is not None and window.backwards)
    return [column.desc() if down else column.asc() for column in columns]


def beyond(columns: Sequence[ColumnElement], descending: bool, window: Window) -> list[ColumnElement[bool]]:
    """Rows on the far side of the cursor."""
    if not window.cursor:
        return []
    at = tuple_(*(bindparam(f"cursor_{i}", type_=column.type) for i, column in enumerate(columns)))
    row = tuple_(*columns)
    return [row < at if descending != window.backwards else row > at]


def select_rows(
    rows: Rows,
    columns: list[ColumnElement],
    joins: list[tuple[FromClause, ColumnElement[bool], bool]],
    window: Window | None,
    one: bool = False,
) -> Select:
    """The parent's key first, then the columns; where each parent has a page of its own, its place among the parents
    instead of its key, from 1."""
    source = rows.source
    for target, on, optional in joins:
        source = source.join(target, on, isouter=optional)
    order = ordering(list(rows.order), rows.descending, window)
    limited = window is not None or one
    conditions = [*rows.where, *(beyond(list(rows.order), rows.descending, window) if window else [])]
    if rows.link is None:
        whole = select(null(), *columns).select_from(source).where(*conditions).order_by(*order)
        return whole.limit(LIMIT) if window else whole.limit(literal_column("1")) if one else whole
    if not limited:
        return (
            select(rows.link, *columns)
            .select_from(with_beside(source, rows, rows.link))
            .where(rows.link == any_(PARENTS), *conditions)
            .order_by(*order)
        )
    parent = func.unnest(PARENTS).table_valued("id", with_ordinality="place", name="parent").render_derived()
    page = (
        select(*columns)
        .select_from(source)
        .where(rows.link == parent.c.id, *conditions)
        .order_by(*order)
        .limit(literal_column("1") if one else LIMIT)
        .lateral("page")
    )
    return select(parent.c.place, *page.c).select_from(with_beside(parent, rows, parent.c.id).join(page, true()))


def with_beside(source: FromClause, rows: Rows, key: ColumnElement) -> FromClause:
    for target, on in rows.beside(key):
        source = source.outerjoin(target, on)
    return source


def count_rows(rows: Rows) -> Select:
    """The parent's key and the number of its rows."""
    if rows.link is None:
        return select(null(), func.count()).select_from(rows.source).where(*rows.where)
    parent = func.unnest(PARENTS).table_valued("id", name="parent").render_derived()
    counted = (
        select(func.count())
        .select_from(rows.source)
        .where(rows.link == parent.c.id, *rows.where)
        .correlate(parent, *(target for target, _ in rows.beside(parent.c.id)))
        .scalar_subquery()
    )
    return select(parent.c.id, counted).select_from(with_beside(parent, rows, parent.c.id))


def walked(roads: Roads, keys: Keys, arguments: Mapping[str, Any], window: Window | None) -> Any:
    """Ids, with what orders them, of the rows on any of the roads; null where the viewer has no road."""
    walks = []
    for road, conditions in roads.roads(keys):
        row = table(roads.model, "walked")
        columns = [row.c[name] for name in roads.order]
        found = select(*columns).select_from(row).where(*conditions(row), *roads.rows(row, keys, arguments))
        if window is not None:
            found = (
                found.where(*beyond(columns, roads.descending, window))
                .order_by(*ordering(columns, roads.descending, window))
                .limit(LIMIT)
            )
        step = found.correlate(road).lateral("step")
        walks.append(select(*step.c).select_from(road.join(step, true())))
    return union(*walks).subquery("met") if walks else None


def rows_on_roads(
    roads: Roads, keys: Keys, arguments: Mapping[str, Any], row: FromClause, window: Window | None
) -> Rows:
    """A page of the merged roads, as rows at the root."""
    met = walked(roads, keys, arguments, window)
    if met is None:
        return Rows(row, row, [literal_column("false")], [row.c[name] for name in roads.order], roads.descending)
    order = [met.c[name] for name in roads.order]
    if window is not None:
        met = select(*met.c).order_by(*ordering(order, roads.descending, window)).limit(LIMIT).subquery("page")
    source = met.join(row, row.c.id == met.c.id)
    return Rows(source, row, [], [row.c[name] for name in roads.order], roads.descending)


def count_on_roads(roads: Roads, keys: Keys, arguments: Mapping[str, Any]) -> Select:
    met = walked(roads, keys, arguments, None)
    return select(null(), func.count() if met is not None else literal_column("0")).select_from(
        *(() if met is None else (met,))
    )
