"""Other adults whom a unit has registered on consent."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from models.base import Base, Key, Period, reference


class Delegate(Period, Base):
    """A unit registered an adult for a child; whether it opens anything depends on the consents."""

    __tablename__ = "delegate"
    __table_args__ = (Index(None, "child_id", "person_id"), Index(None, "person_id"))

    id: Mapped[Key]
    child_id: Mapped[UUID] = reference("person.id")
    person_id: Mapped[UUID] = reference("person.id")
    unit_id: Mapped[UUID] = reference("unit.id")
    registered_by: Mapped[UUID | None] = reference("person.id")
    registered_at: Mapped[dt.datetime]


class Consent(Period, Base):
    """A guardian consents to a delegate at a unit for a period."""

    __tablename__ = "consent"
    __table_args__ = (Index(None, "child_id", "delegate_id", "unit_id"),)

    id: Mapped[Key]
    child_id: Mapped[UUID] = reference("person.id")
    guardian_id: Mapped[UUID] = reference("person.id")
    delegate_id: Mapped[UUID] = reference("person.id")
    unit_id: Mapped[UUID] = reference("unit.id")
    given_at: Mapped[dt.datetime]
