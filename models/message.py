"""A message in a thread. Carries the thread's unit, child and guardian side, to be judged without the thread."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped

from models.base import Base, Key, one_of, reference


class Message(Base):
    __tablename__ = "message"
    __table_args__ = (
        one_of("author_side", "GUARDIAN", "UNIT"),
        CheckConstraint("body_cipher is null or body = ''", name="body"),
        Index(None, "thread_id", "sent_at", "id"),
        {"info": {"api": ("insert", "update (given_at, retracted_at)")}},
    )

    id: Mapped[Key]
    thread_id: Mapped[UUID] = reference("thread.id")
    unit_id: Mapped[UUID]
    child_id: Mapped[UUID]
    guardian_side_id: Mapped[UUID | None]
    author_id: Mapped[UUID] = reference("person.id")
    author_side: Mapped[str]
    on_behalf_of: Mapped[UUID | None]
    """The unit, when it was written on its behalf."""
    body: Mapped[str]
    """Empty where it is encrypted."""
    body_cipher: Mapped[bytes | None]
    """The body under the child's data key, when what is sensitive in it was acknowledged (L4)."""
    sent_at: Mapped[dt.datetime]
    retracted_at: Mapped[dt.datetime | None]
    """A retracted message keeps its place and time (T9)."""
    given_at: Mapped[dt.datetime | None]
    """When the text was first given to somebody of the other side; until then the author may retract it."""
