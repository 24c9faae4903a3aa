"""What a unit writes about a child and keeps apart from conversations: assessments, plans, notes and so on.

A record is its versions; none is ever overwritten. Texts are encrypted under the child's data key.
"""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from models.base import Base, Key, one_of, reference

KINDS = ("ASSESSMENT", "INDIVIDUAL_PLAN", "ANNUAL_REPORT", "LETTER", "NOTE", "HEALTH")


class Record(Base):
    __tablename__ = "record"
    __table_args__ = (
        one_of("kind", *KINDS),
        Index(None, "child_id", "written_at", "id"),
        {"info": {"api": ("insert",)}},
    )

    id: Mapped[Key]
    child_id: Mapped[UUID] = reference("person.id")
    unit_id: Mapped[UUID] = reference("unit.id")
    kind: Mapped[str]
    author_id: Mapped[UUID] = reference("person.id")
    written_at: Mapped[dt.datetime]


class RecordVersion(Base):
    """A text of a record: the first, or one that took the place of another."""

    __tablename__ = "record_version"
    __table_args__ = (UniqueConstraint("record_id", "number"), {"info": {"api": ("insert",)}})

    id: Mapped[Key]
    record_id: Mapped[UUID] = reference("record.id")
    child_id: Mapped[UUID]
    """The record's, whose data key opens the texts."""
    number: Mapped[int]
    author_id: Mapped[UUID] = reference("person.id")
    written_at: Mapped[dt.datetime]
    title_cipher: Mapped[bytes]
    body_cipher: Mapped[bytes]


class RecordReader(Base):
    """Somebody was named reader of a record (C3)."""

    __tablename__ = "record_reader"
    __table_args__ = (
        Index(None, "record_id", "person_id", unique=True, postgresql_where="ended_at is null"),
        {"info": {"api": ("insert", "update (ended_at, ended_by)")}},
    )

    id: Mapped[Key]
    record_id: Mapped[UUID] = reference("record.id", index=True)
    person_id: Mapped[UUID] = reference("person.id")
    named_by: Mapped[UUID] = reference("person.id")
    named_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]
    ended_by: Mapped[UUID | None] = reference("person.id")


class RecordOpening(Base):
    """A leader opened a record that is closed to leaders, for a stated reason and a bounded time."""

    __tablename__ = "record_opening"
    __table_args__ = (Index(None, "record_id", "person_id"), {"info": {"api": ("insert",)}})

    id: Mapped[Key]
    record_id: Mapped[UUID] = reference("record.id")
    child_id: Mapped[UUID]
    person_id: Mapped[UUID] = reference("person.id")
    opened_at: Mapped[dt.datetime]
    until: Mapped[dt.datetime]
    reason_cipher: Mapped[bytes]


class RecordHold(Base):
    """A record is kept although it would be due to go, from somebody's word until somebody's word (L3)."""

    __tablename__ = "record_hold"
    __table_args__ = (
        Index(None, "record_id", unique=True, postgresql_where="ended_at is null"),
        {"info": {"api": ("insert", "update (ended_at, ended_by)")}},
    )

    id: Mapped[Key]
    record_id: Mapped[UUID] = reference("record.id")
    set_by: Mapped[UUID] = reference("person.id")
    set_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]
    ended_by: Mapped[UUID | None] = reference("person.id")
