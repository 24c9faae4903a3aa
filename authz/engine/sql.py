"""The few words that facts and judgements are written in: tables, periods, and the viewer's keys."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    Date,
    DateTime,
    Exists,
    FromClause,
    Integer,
    LargeBinary,
    TableClause,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    cast,
    column,
    false,
    func,
    literal_column,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy import table as bare_table
from sqlalchemy.dialects.postgresql import DATEMULTIRANGE, DATERANGE
from sqlalchemy.sql.elements import False_, True_
from sqlalchemy.sql.selectable import NamedFromClause
from sqlalchemy.sql.visitors import replacement_traverse

TODAY: ColumnElement = bindparam("today", type_=Date())
NOW: ColumnElement = bindparam("now", type_=DateTime(timezone=True))
PRIVATE: ColumnElement = bindparam("private", type_=Boolean())
EMPLOYEE: ColumnElement = bindparam("employee", type_=Boolean())
ME: ColumnElement = bindparam("me", type_=Uuid())
HERE: ColumnElement = bindparam("municipality_id", type_=Uuid())
UUIDS = ARRAY(Uuid())
HASHES = ARRAY(BigInteger())
INSTANTS = ARRAY(DateTime(timezone=True))


def word(text: str) -> ColumnElement[str]:
    """A constant written into the statement rather than bound, so that plans and indexes can use it."""
    return literal_column(f"'{text}'")


def bytes_word(value: bytes) -> ColumnElement[bytes]:
    return literal_column(f"'\\x{value.hex()}'::bytea", LargeBinary())


def number(value: int) -> ColumnElement[int]:
    return literal_column(str(int(value)))


def table(model: type, name: str) -> NamedFromClause:
    """A named alias of a model's table; every use names its own, so that predicates can be put together."""
    return bare(model).alias(name)


@cache
def bare(model: type) -> TableClause:
    """The table as its columns' names and types alone: an alias copies each of them, and plans keep many aliases."""
    described = model.__table__  # type: ignore[attr-defined] # every model has one; `type` does not say so
    return bare_table(described.name, *(column(one.name, one.type) for one in described.c), schema=described.schema)


FACTS = "facts"
"""The schema of what facts may read (`authz/walls/facts.py`)."""
PLAIN_TEXTS = frozenset({"kind", "role", "side", "author_side", "level", "state", "purpose"})
"""Texts that are one of a few words."""
OF_NOBODY = frozenset({"unit", "unit_group"})
"""Tables that hold nothing about a person."""
KEPT_BACK = frozenset({"birth_date", "documented_on"})


def fact(model: type, name: str) -> NamedFromClause:
    """A named alias of a table as facts and judgements read it: ids, days and kinds, whoever asks; no name, no text, no
    number. Rows that an answer is made of are `table`s, and under the second wall."""
    return facts_of(model).alias(name)


@cache
def facts_of(model: type) -> TableClause:
    described = model.__table__  # type: ignore[attr-defined] # as in `bare`
    columns = (column(one.name, one.type) for one in described.c if tells_a_fact(one))
    return bare_table(described.name, *columns, schema=FACTS)


def tells_a_fact(one: Any) -> bool:
    """Whether a column is among what facts may read."""
    if isinstance(one.type, LargeBinary):
        return bool(one.name == "address_hash")
    if isinstance(one.type, Text):
        return one.name in PLAIN_TEXTS or one.table.name in OF_NOBODY
    return isinstance(one.type, Uuid | Date | DateTime | Boolean | Integer) and one.name not in KEPT_BACK


def holds(period: FromClause, day: ColumnElement = TODAY) -> ColumnElement[bool]:
    """The day lies in the period: since inclusive, until exclusive, open when null."""
    return and_(period.c.since <= day, or_(period.c.until.is_(None), period.c.until > day))


def days(period: FromClause) -> ColumnElement:
    """The period as a range of days; an end before the beginning is no days, where daterange() would raise."""
    none = cast(word("empty"), DATERANGE)
    return case((period.c.until <= period.c.since, none), else_=func.daterange(period.c.since, period.c.until))


def all_days(periods: FromClause, *conditions: ColumnElement[bool]) -> ColumnElement:
    """Every day of those periods that meet the conditions, as a multirange, never null."""
    none = cast(word("{}"), DATEMULTIRANGE)
    gathered = func.coalesce(func.range_agg(days(periods)), none)
    return select(gathered).where(*conditions).correlate_except(periods).scalar_subquery()


def run_began(multirange: ColumnElement) -> ColumnElement:
    """The first instant of the unbroken run of days that today is in; null where it is in none."""
    run = func.unnest(multirange, type_=DATERANGE).table_valued("days", name="run").render_derived()
    return (
        select(start_of(func.lower(run.c.days)))
        .where(run.c.days.op("@>")(TODAY))
        .correlate_except(run)
        .scalar_subquery()
    )


def oslo_day_of(instant: ColumnElement) -> ColumnElement:
    """The local day of an instant."""
    return cast(func.timezone(word("Europe/Oslo"), instant), Date)


def start_of(day: ColumnElement) -> ColumnElement:
    """The first instant of a local day."""
    return func.timezone(word("Europe/Oslo"), cast(day, DateTime()))


def hashed(first: ColumnElement, second: ColumnElement | None = None) -> ColumnElement[int]:
    """Of a key, or of two that stand together, 64 bits: they are read out of a session's setting in a tenth of the time
    that the keys themselves take, and a row is looked for by them at hardly any cost. Keys are random and not a
    client's to choose: that two of a million meet is as likely as one in ten million."""
    seed = number(0) if second is None else func.uuid_hash_extended(second, number(0))
    return func.uuid_hash_extended(first, seed)


def exists_in(source: FromClause, *conditions: ColumnElement[bool], row_by_row: bool = False) -> Exists:
    """EXISTS over a table.

    `row_by_row` keeps PostgreSQL from making a join or a hash of it (OFFSET 0 does), which would read and sort every
    message of a thread for its latest one, or every child of a unit for the few on a page.
    """
    found = select(number(1)).select_from(source).where(*conditions).correlate_except(source)
    return (found.offset(number(0)) if row_by_row else found).exists()


LARGE = frozenset({"contact", "subject_staff"})
"""Key sets that hold whole classes: the walls have their hashes."""


@dataclass(frozen=True)
class Keys:
    """The viewer's keys as parameters. `shape` names the sets that are not empty: only those get into a statement,
    because a generic plan over sets that may be empty walks the wrong index."""

    shape: frozenset[str]
    known: bool = True
    """False where the shape names what a viewer may have, since it is not known which sets are empty."""
    entered: bool = False
    """The threads that the viewer sees by taking part (T1, T2) are among the keys, as they were when the viewer was
    entered: a guardian's by `whole_sides`, with every message; the others in `own`, by thread or guardian side,
    each with the time of which messages are seen."""

    def some(self, name: str) -> ColumnElement[bool]:
        """The set is not empty: asked only where the shape does not say so, to spare what hangs on it."""
        if name not in self.shape:
            return false()
        return true() if self.known else func.cardinality(self.array(name)) > number(0)

    def __contains__(self, name: str) -> bool:
        return name in self.shape

    def array(self, name: str, kind: ARRAY = UUIDS) -> ColumnElement:
        return bindparam(name, type_=kind)

    def members(self, name: str) -> ColumnElement:
        """The key set as rows."""
        return func.unnest(self.array(name))

    def has_hash(self, key: ColumnElement[int], name: str) -> ColumnElement[bool]:
        """The hash is one of the named set of hashes, which the walls have."""
        return key == any_(self.array(name, HASHES))

    def has(self, column: ColumnElement, name: str) -> ColumnElement[bool]:
        """The column is one of the named key set."""
        if name not in self.shape:
            return false()
        if not self.known and name in LARGE:
            return self.has_hash(hashed(column), f"{name}_hash")
        return column == any_(self.array(name))

    def has_pair(self, first: ColumnElement, second: ColumnElement, name: str) -> ColumnElement[bool]:
        """The two columns stand together in a key set of pairs, such as (child, unit)."""
        if name not in self.shape:
            return false()
        if not self.known:
            return self.has_hash(hashed(first, second), f"{name}_pair")
        pairs = select(func.unnest(self.array(name)), func.unnest(self.array(f"{name}_unit")))
        return tuple_(first, second).in_(pairs)

    def has_not(self, column: ColumnElement, name: str) -> ColumnElement[bool]:
        return column != func.all(self.array(name)) if name in self.shape else true()


def any_of(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """OR without the terms that a shape has ruled out; false where nothing is left."""
    if any(isinstance(condition, True_) for condition in conditions):
        return true()
    left = [condition for condition in conditions if not isinstance(condition, False_)]
    return or_(*left) if left else false()


def all_of(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """AND without the terms that always hold; false where a shape has ruled one out."""
    if any(isinstance(condition, False_) for condition in conditions):
        return false()
    left = [condition for condition in conditions if not isinstance(condition, True_)]
    return and_(*left) if left else true()


def bit(condition: ColumnElement[bool], value: int) -> ColumnElement[int] | None:
    """`value` where the condition holds, else 0; nothing at all for a condition that a shape has ruled out."""
    return None if isinstance(condition, False_) else case((condition, number(value)), else_=number(0))


def bits(*terms: ColumnElement[int] | None) -> ColumnElement[int]:
    """The bitwise OR of masks."""
    mask: ColumnElement[int] | None = None
    for term in terms:
        if term is not None:
            mask = term if mask is None else mask.bitwise_or(term)
    return number(0) if mask is None else mask


def asked_of(row: str, expression: Any, *kept: str) -> Any:
    """An expression over a viewer's parameters as one over the columns of that row; those that are `kept` stay."""

    def replaced(element: Any, **_: Any) -> Any:
        if getattr(element, "__visit_name__", "") == "bindparam" and element.key not in kept:
            return literal_column(f"{row}.{element.key}", element.type)
        return None

    return replacement_traverse(expression, {}, replaced)
