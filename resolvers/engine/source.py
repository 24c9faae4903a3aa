"""What a field's value can come from: the few kinds of source that a plan is made of.

A source says where a value is, as SQL over the aliases it is handed; whether the viewer may have it is not its
business. Rows come with the policy's predicate from `authz/`, which each page of `resolvers/` names beside its rows.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import ColumnElement, FromClause

from authz.engine.sql import Keys

if TYPE_CHECKING:
    from resolvers.acting import Acting
    from resolvers.engine.run import Run

Sql: TypeAlias = Callable[[FromClause, Keys], ColumnElement]
"""An expression over the row's alias, in the shape of a viewer's keys."""


@dataclass(frozen=True)
class Entity:
    """An object type whose objects are rows."""

    type_name: str
    model: type
    visible: Callable[[FromClause, Keys], ColumnElement[bool]] | None = None
    """C1 and its like, for the road by id; null for what has no road of its own."""
    mask: Callable[[FromClause, Keys], ColumnElement[int]] | None = None
    """The viewer's relations to a row, where a field has a mask."""
    key: str = "id"
    """The column of the row that its global id holds."""


@dataclass(frozen=True)
class Column:
    """A value of the row, or reckoned in its statement."""

    sql: Sql
    read: Callable[[Any], Any] | None = None
    """What is made of the value in Python, when it is not null."""
    of_first: tuple[str, Callable[[FromClause, FromClause], ColumnElement]] | None = None
    """Where that field, the first of a list, is asked for beside it: the same value, of the row and of the first."""


@dataclass(frozen=True)
class One:
    """Another row for each row, joined into its statement."""

    type_name: str
    join: Callable[[FromClause, FromClause, Keys], ColumnElement[bool]]
    """Over the parent's alias and the target's."""
    optional: bool = False


@dataclass(frozen=True)
class OneNamed:
    """An object of the same row: of its columns those that are the object's (`models.seen.named`)."""

    type_name: str
    named: Callable[[FromClause], FromClause]


@dataclass(frozen=True)
class OnePerson:
    """A person whom each row names, of a type that is told by the row."""

    person: Callable[[FromClause], FromClause]
    """Of the row's columns those that are the person's (`models.seen.named`)."""
    type_of: Callable[[FromClause, FromClause, Keys], ColumnElement]
    """A text: the name of the person's type, over the row's alias and the person's."""


@dataclass(frozen=True)
class Rows:
    """Rows that a list or a connection holds."""

    source: FromClause
    """What they are read from; `row` is the alias in it that fields are read from."""
    row: FromClause
    where: Sequence[ColumnElement[bool]]
    order: Sequence[ColumnElement]
    """Columns of `row` or of the source that put rows in a stated order, the last one unique."""
    descending: bool = False
    link: ColumnElement | None = None
    """The column that holds the parent's key; null at the root."""
    beside: Callable[[ColumnElement], Sequence[tuple[FromClause, ColumnElement[bool]]]] = field(default=lambda _: ())
    """What conditions use that is the same for all rows of a parent: tables joined to the parent's key, where there are
    such, and each with its condition; never at the root."""


@dataclass(frozen=True)
class Many:
    """A list of rows for each parent."""

    type_name: str
    rows: Callable[[Keys], Rows]
    parent: str = "id"
    """The column of the parent's row that `link` equals."""
    first: bool = False
    """Only the first row, as an object or null."""
    type_of: Callable[[FromClause, FromClause, Keys], ColumnElement] | None = None
    """Where `type_name` is Person: as in `OnePerson`, the row being the person itself."""


@dataclass(frozen=True)
class Roads:
    """The same rows by several roads, for a list at the root: each road is walked by itself and they are merged."""

    rows: Callable[[FromClause, Keys, Mapping[str, Any]], Sequence[ColumnElement[bool]]]
    """Conditions that the field's arguments put on the row."""
    roads: Callable[[Keys], Sequence[tuple[FromClause, Callable[[FromClause], Sequence[ColumnElement[bool]]]]]]
    """For each road a table of the viewer's keys, and the conditions that tie a row to a key in it."""
    model: type
    order: tuple[str, ...]
    descending: bool = False


@dataclass(frozen=True)
class Connection:
    """A page of rows for each parent, with cursors."""

    type_name: str
    rows: Callable[[Keys], Rows] | Roads
    parent: str = "id"
    values: Callable[[Mapping[str, Any]], Mapping[str, Any]] = field(default=lambda _: {})
    """Parameters of the statement, from the field's arguments."""


@dataclass(frozen=True)
class Batch:
    """A value that needs Python, worked out for all rows of a level at once by a loader of the request.

    `load` gets the distinct inputs and gives a value for each; an exception stands for one that could not be had.
    """

    sql: Sql
    """The input; null gives null without asking."""
    load: Callable[[Run, Sequence[Any]], Awaitable[Sequence[Any]]]
    is_object: bool = False
    """The value is a mapping by field name, from which the selection is taken."""
    pick: Callable[[Any, Mapping[str, Any]], Any] | None = None
    """What of the loaded value the field's arguments ask for."""


@dataclass(frozen=True)
class Sealed:
    """A value of the row that lies encrypted in some rows: those alone are worked out, and the others cost a test."""

    plain: Sql
    noted: Sql
    """Null for nearly every row, so that it costs one test; else a record of two: the key of a row of which it must be
    written down that the viewer was given it, or null; and what `load` makes the value of, null for a plain one."""
    load: Callable[[Run, Sequence[Any]], Awaitable[Sequence[Any]]]


@dataclass(frozen=True)
class Scalar:
    """A value of the viewer as such, read by a statement of its own."""

    sql: Callable[[Keys], Any]


@dataclass(frozen=True)
class Known:
    """A value that is known without a statement, once the viewer's standing is."""

    value: Callable[[Run], Any]


@dataclass(frozen=True)
class Itself:
    """The same row seen as an object of another type."""

    type_name: str


@dataclass(frozen=True)
class ByIds:
    """Objects of any type by their global ids: node and nodes."""

    many: bool


@dataclass(frozen=True)
class Answered:
    """A root field that works its object out by itself, as a mapping by field name."""

    answer: Callable[[Run, Mapping[str, Any]], Awaitable[Any]]


@dataclass(frozen=True)
class Act:
    """A field of Mutation. `carry_out` does it, and returns by field of the payload what is to be told of it."""

    carry_out: Callable[[Acting, Mapping[str, Any]], Awaitable[Mapping[str, Any]]]
    once: bool = False
    """The input bears an idempotency key."""


@dataclass(frozen=True)
class Looked:
    """A field of Query that is worked out as an act is, and changes nothing."""

    look: Callable[[Acting, Mapping[str, Any]], Awaitable[Mapping[str, Any]]]


@dataclass(frozen=True)
class ReadBack:
    """Objects that an act names by the keys in their global ids, read by the engine as the viewer sees them after it.

    With several types, the act names each as (type, key). What the viewer does not see is null, or left out of a list.
    """

    types: tuple[str, ...]
    many: bool = False


@dataclass(frozen=True)
class Told:
    """A plain value that an act names; or an object or a list of objects whose fields have sources of their own."""


@dataclass(frozen=True)
class Event:
    """A field of Subscription: an object for each thing that happens, read when it is delivered, and no event for
    whoever does not see it then."""

    type_name: str
    rows: Callable[[Keys], Rows] | None = None
    """One row at the most, found by parameters that say what happened; null for an object that is no row."""


Source: TypeAlias = (
    Column | One | OneNamed | OnePerson | Many | Connection | Batch | Sealed | Scalar | Known | Itself | ByIds
    | Answered | Act | Looked | ReadBack | Told | Event
)  # fmt: skip
