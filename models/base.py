"""What every table shares: the metadata, keys and periods.

A period is `since` (inclusive) to `until` (exclusive, open when null), in local days of Europe/Oslo.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, ClassVar
from uuid import UUID

import uuid_utils.compat
from sqlalchemy import CheckConstraint, Date, DateTime, ForeignKey, LargeBinary, MetaData, Text
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


def new_key() -> UUID:
    """A new UUIDv7: made here because PostgreSQL before 18 has none; keys made in order stay in order."""
    return uuid_utils.compat.uuid7()


class Base(DeclarativeBase):
    """A table. `info={"api": ("insert", "update (until)")}` among its arguments says what the API's role may write of
    it, as GRANT says it; without that the role only reads it."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar = {
        str: Text,
        bytes: LargeBinary,
        UUID: PG_UUID(as_uuid=True),
        dt.date: Date,
        dt.datetime: DateTime(timezone=True),
    }


Key = Annotated[UUID, mapped_column(primary_key=True, default=new_key)]


def one_of(column: str, *values: str) -> CheckConstraint:
    """A check that a text column holds one of a closed set of words."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} in ({listed})", name=column)


def reference(target: str, *, index: bool = False, **options: Any) -> Mapped[UUID]:
    """A foreign key column; deleting what it points at is refused."""
    return mapped_column(ForeignKey(target), index=index, **options)


def sort_key() -> Mapped[str]:
    """A text that sorts as Norwegian names do under the C collation, whatever the database's own is."""
    return mapped_column(Text(collation="C"))


class Period:
    """Columns of a fact that holds for a period of days."""

    since: Mapped[dt.date]
    until: Mapped[dt.date | None]
