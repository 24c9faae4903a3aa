"""A stated need of the administration on one child, for some hours."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy.orm import Mapped

from models.base import Base, Key, reference


class NeedCase(Base):
    __tablename__ = "need_case"

    id: Mapped[Key]
    child_id: Mapped[UUID] = reference("person.id", index=True)
    person_id: Mapped[UUID] = reference("person.id", index=True)
    reason_cipher: Mapped[bytes]
    opened_at: Mapped[dt.datetime]
    until: Mapped[dt.datetime]
    """Never more than 24 hours after `opened_at`, whatever stands here."""
    approved_by: Mapped[UUID | None] = reference("person.id")
    approved_at: Mapped[dt.datetime | None]
    """A case on a protected child opens nothing until a second person approved it."""
