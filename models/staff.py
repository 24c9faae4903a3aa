"""Who works where."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from models.base import Base, Key, Period, one_of, reference


class Position(Period, Base):
    """Employed at a unit for a period."""

    __tablename__ = "position"
    __table_args__ = (
        one_of("role", "LEADER", "TEACHER", "ASSISTANT", "STAFF"),
        Index(None, "person_id", "unit_id"),
        Index(None, "unit_id", "person_id"),
        {"info": {"api": ("insert", "update (until)")}},
    )

    id: Mapped[Key]
    person_id: Mapped[UUID] = reference("person.id")
    unit_id: Mapped[UUID] = reference("unit.id")
    role: Mapped[str]
    source_id: Mapped[str | None]
    """Of the roster's row; null for what the roster does not own."""
    substitution_id: Mapped[UUID | None] = reference("substitution.id", index=True)


class Administrator(Period, Base):
    """Belongs to the municipality's administration for a period; opens nothing without a need case."""

    __tablename__ = "administrator"

    id: Mapped[Key]
    municipality_id: Mapped[UUID] = reference("municipality.id")
    person_id: Mapped[UUID] = reference("person.id", index=True)
    source_id: Mapped[str | None]
