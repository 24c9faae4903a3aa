"""Other adults whom a unit has registered on consent.

A row's `until` only ever moves earlier: `agreed_until` keeps the end that was told when it was made.
"""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from models.base import Base, Key, Period, reference


class Delegate(Period, Base):
    """A unit registered an adult for a child; whether it opens anything depends on the consents."""

    __tablename__ = "delegate"
    __table_args__ = (
        Index(None, "child_id", "person_id"),
        Index(None, "person_id"),
        {"info": {"api": ("insert",)}},
    )

    id: Mapped[Key]
    child_id: Mapped[UUID] = reference("person.id")
    person_id: Mapped[UUID] = reference("person.id")
    unit_id: Mapped[UUID] = reference("unit.id")
    registered_by: Mapped[UUID | None] = reference("person.id")
    registered_at: Mapped[dt.datetime]
    told_name: Mapped[str | None]
    """As the unit told it with the number, and the only name that the registration shows: the register's own would
    tell whose number it is. Null for an import, which brings no name."""
    agreed_until: Mapped[dt.date | None]
    ended_at: Mapped[dt.datetime | None]
    """When somebody ended it; null while nobody has, also when its time has run out."""
    ended_by: Mapped[UUID | None] = reference("person.id")
    ended_as: Mapped[str | None]
    """The relation in which they did."""


class Consent(Period, Base):
    """A guardian consents to a delegate at a unit for a period."""

    __tablename__ = "consent"
    __table_args__ = (
        Index(None, "child_id", "delegate_id", "unit_id"),
        {"info": {"api": ("insert",)}},
    )

    id: Mapped[Key]
    child_id: Mapped[UUID] = reference("person.id")
    guardian_id: Mapped[UUID] = reference("person.id")
    delegate_id: Mapped[UUID] = reference("person.id")
    unit_id: Mapped[UUID] = reference("unit.id")
    given_at: Mapped[dt.datetime]
    agreed_until: Mapped[dt.date | None]
    ended_at: Mapped[dt.datetime | None]
    ended_by: Mapped[UUID | None] = reference("person.id")
    """The guardian who withdrew it, or whoever ended the delegation that it was for."""
