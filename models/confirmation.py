"""Who was let in to a protected child."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from models.base import Base, Key, reference


class Confirmation(Base):
    """A person was confirmed for a protected child (R3)."""

    __tablename__ = "confirmation"
    __table_args__ = (Index(None, "child_id", "person_id"), {"info": {"api": ("insert",)}})

    id: Mapped[Key]
    child_id: Mapped[UUID] = reference("person.id")
    person_id: Mapped[UUID] = reference("person.id")
    since: Mapped[dt.date]
    confirmed_by: Mapped[UUID | None] = reference("person.id")
    confirmed_at: Mapped[dt.datetime]
    confirmed_as: Mapped[str | None]
    """The relation in which they did."""
