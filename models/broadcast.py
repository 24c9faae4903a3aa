"""Unit letters: one act of a member of staff that begins a thread with each guardian in a group or unit."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy import Index, desc
from sqlalchemy.orm import Mapped

from models.base import Base, Key, one_of, reference


class Broadcast(Base):
    """The letter. Its threads are begun in the background; `finished_at` says that none is left to begin."""

    __tablename__ = "broadcast"
    __table_args__ = (
        Index(None, "unit_id", desc("sent_at"), desc("id")),
        Index("ix_broadcast_unfinished", "sent_at", postgresql_where="finished_at is null"),
        {"info": {"api": ("insert", "update (finished_at)")}},
    )

    id: Mapped[Key]
    unit_id: Mapped[UUID] = reference("unit.id")
    group_id: Mapped[UUID | None] = reference("unit_group.id")
    """Null for a letter to the whole unit."""
    sender_id: Mapped[UUID] = reference("person.id")
    subject: Mapped[str]
    body_cipher: Mapped[bytes]
    on_behalf: Mapped[bool]
    """Written on behalf of the unit."""
    sensitive: Mapped[bool]
    """The sender was told of sensitive content, and sent it all the same: its messages are stored encrypted (L4)."""
    sent_at: Mapped[dt.datetime]
    finished_at: Mapped[dt.datetime | None]


class BroadcastRecipient(Base):
    """A guardian of a child to whom the letter shall go. The thread and the new state are written in one transaction,
    so that there is one thread and never two, whatever breaks off in between."""

    __tablename__ = "broadcast_recipient"
    __table_args__ = (
        one_of("state", "WAITING", "DELIVERED", "LEFT_OUT"),
        Index(
            "ix_broadcast_recipient_waiting",
            "broadcast_id",
            "child_id",
            postgresql_where="state = 'WAITING'",
        ),
        {"info": {"api": ("insert", "update (state, thread_id, done_at)")}},
    )

    broadcast_id: Mapped[UUID] = reference("broadcast.id", primary_key=True)
    child_id: Mapped[UUID] = reference("person.id", primary_key=True)
    person_id: Mapped[UUID] = reference("person.id", primary_key=True)
    state: Mapped[str]
    """LEFT_OUT: was no longer GUARDIAN, or the sender no longer the one to write, when it was their turn."""
    thread_id: Mapped[UUID | None] = reference("thread.id", index=True)
    done_at: Mapped[dt.datetime | None]
