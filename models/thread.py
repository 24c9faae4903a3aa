"""A thread (samtale): one unit, one child, at least one adult on the guardian side."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import Index, PrimaryKeyConstraint, desc, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key, one_of, reference

NEWEST: tuple[Any, ...] = (desc("last_message_at"), desc("id"))


class Thread(Base):
    __tablename__ = "thread"
    __table_args__ = (
        Index(None, "child_id", *NEWEST, postgresql_include=["unit_id", "guardian_side_id"]),
        Index(None, "unit_id", *NEWEST, postgresql_include=["child_id", "guardian_side_id"]),
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
    guardian_side_id: Mapped[UUID | None]
    """Set by the database (`GuardianSide`)."""


class GuardianSide(Base):
    """Everybody on the guardian side of some threads about a child: one key for all threads in which it is the same
    people, so that few keys tell which are a guardian's own (T1, T8).

    Kept by triggers on participants, whoever writes them (`migrations/versions/0016_guardian_sides.py`). A thread in
    which somebody of the side came after the beginning has none.
    """

    __tablename__ = "guardian_side"
    __table_args__ = (Index(None, "person_id", postgresql_include=["id", "child_id", "began"]),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = reference("person.id", primary_key=True)
    child_id: Mapped[UUID] = reference("person.id", index=True)
    began: Mapped[dt.datetime]
    """When the first of its threads did, so that whoever was guardian by then sees every message (T7)."""


class Participant(Base):
    """Carries the thread's unit, child and guardian side so that it can be judged without the thread; its indexes too,
    so that it is judged without the row."""

    __tablename__ = "participant"
    __table_args__ = (
        one_of("side", "GUARDIAN", "UNIT"),
        PrimaryKeyConstraint("thread_id", "person_id", postgresql_include=["child_id", "unit_id", "guardian_side_id"]),
        Index(None, "person_id", "thread_id", postgresql_include=["side", "joined_at", "child_id", "unit_id"]),
        Index(
            "ix_participant_of_no_side",
            "person_id",
            postgresql_where=text("side = 'GUARDIAN' and guardian_side_id is null"),
        ),
        {"info": {"api": ("insert",)}},
    )

    thread_id: Mapped[UUID] = reference("thread.id", primary_key=True)
    person_id: Mapped[UUID] = reference("person.id", primary_key=True)
    side: Mapped[str]
    joined_at: Mapped[dt.datetime]
    unit_id: Mapped[UUID]
    child_id: Mapped[UUID]
    guardian_side_id: Mapped[UUID | None]


class ReadPointer(Base):
    """How far a viewer has read, participant or not."""

    __tablename__ = "read_pointer"
    __table_args__ = ({"info": {"api": ("insert", "update (up_to_sent_at, up_to_id, read_at)")}},)

    thread_id: Mapped[UUID] = reference("thread.id", primary_key=True)
    person_id: Mapped[UUID] = mapped_column(primary_key=True, index=True)
    up_to_sent_at: Mapped[dt.datetime]
    up_to_id: Mapped[UUID]
    read_at: Mapped[dt.datetime]
