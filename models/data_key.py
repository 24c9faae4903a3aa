"""Keys in the database, each wrapped by another: a child's by the municipality's, and that by one that is not here."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

from models.base import Base, Key, reference


class MunicipalityKey(Base):
    """A version of a municipality's key, wrapped by a key of the vault. The newest that is not retired wraps; every
    one that is not retired opens."""

    __tablename__ = "municipality_key"
    __table_args__ = (UniqueConstraint("municipality_id", "number"), {"info": {"api": ("insert",)}})

    id: Mapped[Key]
    municipality_id: Mapped[UUID] = reference("municipality.id")
    number: Mapped[int]
    wrapped: Mapped[bytes | None]
    """Null once it is retired: nothing lies under it any more."""
    made_at: Mapped[dt.datetime]
    retired_at: Mapped[dt.datetime | None]


class DataKey(Base):
    """A child's data key, wrapped by the municipality's."""

    __tablename__ = "data_key"
    __table_args__ = ({"info": {"api": ("insert",)}},)

    child_id: Mapped[UUID] = reference("person.id", primary_key=True)
    municipality_key_id: Mapped[UUID] = reference("municipality_key.id", index=True)
    wrapped: Mapped[bytes]
    made_at: Mapped[dt.datetime]
