"""A child (barn) at a unit."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from models.base import Base, Key, Period, reference


class Enrolment(Period, Base):
    """A child goes to a unit for a period."""

    __tablename__ = "enrolment"
    __table_args__ = (
        Index(None, "child_id", "unit_id", postgresql_include=["since", "until"]),
        Index(None, "unit_id", "child_id", postgresql_include=["since", "until"]),
    )

    id: Mapped[Key]
    child_id: Mapped[UUID] = reference("person.id")
    unit_id: Mapped[UUID] = reference("unit.id")
    source_id: Mapped[str | None]
