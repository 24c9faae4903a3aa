"""A thread (samtale): one unit, one child, at least one adult on the guardian side."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy import Index, PrimaryKeyConstraint, desc
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key, one_of, reference


class Thread(Base):
    __tablename__ = "thread"
    __table_args__ = (
        Index(None, "child_id", desc("last_message_at"), desc("id"), postgresql_include=["unit_id"]),
        Index(None, "unit_id", desc("last_message_at"), desc("id"), postgresql_include=["child_id"]),
        {"info": {"api": ("insert", "update (last_message_at)")}},
    )

    id: Mapped[Key]
    unit_id: Mapped[UUID] = reference("unit.id")
    child_id: Mapped[UUID] = reference("person.id")
    subject: Mapped[str]
    joint: Mapped[bool]
    created_at: Mapped[dt.datetime]
    last_message_at: Mapped[dt.datetime]
    """When the latest message was sent, whoever may see it; `created_at` while there is none."""


class Participant(Base):
    """Carries the thread's unit and child so that it can be judged without the thread; its indexes too, so that it is
    judged without the row."""

    __tablename__ = "participant"
    __table_args__ = (
        one_of("side", "GUARDIAN", "UNIT"),
        PrimaryKeyConstraint("thread_id", "person_id", postgresql_include=["child_id", "unit_id"]),
        Index(None, "person_id", "thread_id", postgresql_include=["side", "joined_at", "child_id", "unit_id"]),
        {"info": {"api": ("insert",)}},
    )

    thread_id: Mapped[UUID] = reference("thread.id", primary_key=True)
    person_id: Mapped[UUID] = reference("person.id", primary_key=True)
    side: Mapped[str]
    joined_at: Mapped[dt.datetime]
    unit_id: Mapped[UUID]
    child_id: Mapped[UUID]


class ReadPointer(Base):
    """How far a viewer has read, participant or not."""

    __tablename__ = "read_pointer"
    __table_args__ = ({"info": {"api": ("insert", "update (up_to_sent_at, up_to_id, read_at)")}},)

    thread_id: Mapped[UUID] = reference("thread.id", primary_key=True)
    person_id: Mapped[UUID] = mapped_column(primary_key=True, index=True)
    up_to_sent_at: Mapped[dt.datetime]
    up_to_id: Mapped[UUID]
    read_at: Mapped[dt.datetime]
