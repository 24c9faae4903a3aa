"""Absence (fravær) of a child from a unit."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped

from models.base import Base, Key, one_of, reference


class Absence(Base):
    """What was reported once. A correction is a row of its own that says which one it corrects; nothing is overwritten,
    so that of the rows of one child at one unit those that have not ended never overlap."""

    __tablename__ = "absence"
    __table_args__ = (
        one_of("side", "GUARDIAN", "UNIT"),
        one_of("ended_how", "CORRECTED", "WITHDRAWN"),
        CheckConstraint("last_day >= first_day", name="days"),
        CheckConstraint(
            "(from_time is null) = (to_time is null) and (from_time is null or (first_day = last_day and"
            " from_time < to_time))",
            name="part_of_day",
        ),
        Index(None, "child_id", "unit_id", "first_day"),
        {"info": {"api": ("insert", "update (confirmed_at, confirmed_by, ended_at, ended_by, ended_how)")}},
    )

    id: Mapped[Key]
    child_id: Mapped[UUID] = reference("person.id")
    unit_id: Mapped[UUID] = reference("unit.id")
    first_day: Mapped[dt.date]
    last_day: Mapped[dt.date]
    from_time: Mapped[dt.time | None]
    """Local time; both times are null for whole days."""
    to_time: Mapped[dt.time | None]
    reason_cipher: Mapped[bytes]
    note_cipher: Mapped[bytes | None]
    """Free text, where the municipality's setting `absenceNote` lets there be any."""
    side: Mapped[str]
    """Who reported it: a guardian, or the unit itself."""
    reported_by: Mapped[UUID] = reference("person.id")
    reported_at: Mapped[dt.datetime]
    confirmed_by: Mapped[UUID | None] = reference("person.id")
    confirmed_at: Mapped[dt.datetime | None]
    """The unit has taken note of it; at once where it registered the absence itself."""
    corrects: Mapped[UUID | None] = reference("absence.id")
    ended_at: Mapped[dt.datetime | None]
    ended_by: Mapped[UUID | None] = reference("person.id")
    ended_how: Mapped[str | None]
