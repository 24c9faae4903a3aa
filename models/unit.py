"""Units (enheter) and the groups in them."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from models.base import Base, Key, Period, one_of, reference, sort_key


class Unit(Base):
    """A school, an SFO or a kindergarten."""

    __tablename__ = "unit"
    __table_args__ = (
        one_of("kind", "SCHOOL", "SFO", "KINDERGARTEN"),
        UniqueConstraint("municipality_id", "source_id"),
    )

    id: Mapped[Key]
    municipality_id: Mapped[UUID] = reference("municipality.id")
    source_id: Mapped[str]
    kind: Mapped[str]
    name: Mapped[str]
    name_key: Mapped[str] = sort_key()
    """Sorts as Norwegian does (Æ Ø Å last) under the C collation."""
    organisation_number: Mapped[str | None]
    phone: Mapped[str | None]
    until: Mapped[dt.date | None]
    """The day it was gone from the roster."""


class Group(Base):
    """A class, a teaching group or a department."""

    __tablename__ = "unit_group"
    __table_args__ = (
        one_of("kind", "CLASS", "TEACHING_GROUP", "DEPARTMENT"),
        UniqueConstraint("municipality_id", "source_id"),
    )

    id: Mapped[Key]
    municipality_id: Mapped[UUID] = reference("municipality.id")
    unit_id: Mapped[UUID] = reference("unit.id", index=True)
    source_id: Mapped[str]
    kind: Mapped[str]
    name: Mapped[str]
    name_key: Mapped[str] = sort_key()
    until: Mapped[dt.date | None]


class GroupMembership(Period, Base):
    """A person in a group for a period: a child as STUDENT, an adult in one of the teaching roles."""

    __tablename__ = "group_membership"
    __table_args__ = (
        one_of("role", "STUDENT", "CONTACT_TEACHER", "SUBJECT_TEACHER", "ASSISTANT"),
        Index(None, "person_id", "group_id"),
        Index(None, "group_id", "role"),
        {"info": {"api": ("insert", "update (until)")}},
    )

    id: Mapped[Key]
    group_id: Mapped[UUID] = reference("unit_group.id")
    person_id: Mapped[UUID] = reference("person.id")
    role: Mapped[str]
    source_id: Mapped[str | None]
    """Of the roster's row; null for what the roster does not own."""
    substitution_id: Mapped[UUID | None] = reference("substitution.id", index=True)
