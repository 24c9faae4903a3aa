"""Substitutes (vikarer): whom a leader lets work at the unit for a period."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from models.base import Base, Key, Period, one_of, reference


class Substitution(Period, Base):
    """What the leader decided. The position and the group roles that follow from it are rows of their own tables,
    which point back here; no roster owns or ends them."""

    __tablename__ = "substitution"
    __table_args__ = (
        one_of("role", "TEACHER", "ASSISTANT", "STAFF"),
        Index(None, "unit_id"),
        Index(None, "told_as"),
        {"info": {"api": ("insert", "update (until, ended_at, ended_by)")}},
    )

    id: Mapped[Key]
    unit_id: Mapped[UUID] = reference("unit.id")
    person_id: Mapped[UUID] = reference("person.id", index=True)
    told_name: Mapped[str | None]
    """As the leader wrote it with the number; null where they named a colleague."""
    told_as: Mapped[bytes | None]
    """Keyed hash of the number and of the name: by both together the same person is found again."""
    role: Mapped[str]
    set_by: Mapped[UUID] = reference("person.id")
    set_at: Mapped[dt.datetime]
    agreed_until: Mapped[dt.date]
    """The end that was told when it was set; `until` is earlier where the leader ended it."""
    ended_at: Mapped[dt.datetime | None]
    ended_by: Mapped[UUID | None] = reference("person.id")
