"""A municipality (kommune) is the tenant: nothing crosses it."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key, reference


class Municipality(Base):
    __tablename__ = "municipality"

    id: Mapped[Key]
    organisation_number: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    source_id: Mapped[str | None]
    """The sourcedId of its `district` in the roster."""


class Setting(Base):
    """A choice of the municipality, such as `delegateConsent` = ONE or ALL; a name that is not here has its default."""

    __tablename__ = "setting"

    municipality_id: Mapped[UUID] = reference("municipality.id", primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class LocalFact(Base):
    """A line of a local-fact file that was carried out, so that the same line again changes nothing."""

    __tablename__ = "local_fact"

    municipality_id: Mapped[UUID] = reference("municipality.id", primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    row_id: Mapped[UUID | None]
    """The row that the line made: a thread's or message's id is what later lines point at."""
    digest: Mapped[bytes]
    """Keyed hash of the line's content: the same id with other content is an error."""
    applied_at: Mapped[dt.datetime]
