"""How people stand to children, derived from the facts by `authz/standing.py` and never written by anything else; in
acts a function of the database does it.

Rows hold for periods of days, so that time passing never makes them stale; every command that changes a fact
derives them anew in the same transaction.
"""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Period, one_of, reference


class ChildProtection(Period, Base):
    """A child counts as protected at this level or above for a period without a gap (R3)."""

    __tablename__ = "child_protection"
    __table_args__ = (one_of("level", "FORTROLIG", "STRENGT_FORTROLIG"),)

    child_id: Mapped[UUID] = reference("person.id", primary_key=True)
    level: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[dt.date] = mapped_column(primary_key=True)


class Guardianship(Period, Base):
    """The person is GUARDIAN of the child for this period: R1, R3, R4 and the 18th birthday are reckoned in."""

    __tablename__ = "guardianship"
    __table_args__ = (Index(None, "person_id"),)

    child_id: Mapped[UUID] = reference("person.id", primary_key=True)
    person_id: Mapped[UUID] = reference("person.id", primary_key=True)
    since: Mapped[dt.date] = mapped_column(primary_key=True)


class Delegation(Period, Base):
    """The person is DELEGATE of the child at the unit for this period: consents, R1 and R3 are reckoned in."""

    __tablename__ = "delegation"
    __table_args__ = (Index(None, "person_id"),)

    child_id: Mapped[UUID] = reference("person.id", primary_key=True)
    person_id: Mapped[UUID] = reference("person.id", primary_key=True)
    unit_id: Mapped[UUID] = reference("unit.id", primary_key=True)
    since: Mapped[dt.date] = mapped_column(primary_key=True)


class Kinship(Base):
    """The person is or was family or delegate of the child, so is never staff to the child (R2)."""

    __tablename__ = "kinship"
    __table_args__ = (Index(None, "person_id"),)

    child_id: Mapped[UUID] = reference("person.id", primary_key=True)
    person_id: Mapped[UUID] = reference("person.id", primary_key=True)
