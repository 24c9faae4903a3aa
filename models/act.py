"""Acts that have been carried out, so that a repeat is not carried out again."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, reference


class CarriedOut(Base):
    """One idempotency key of one person. Refused acts leave no row: nothing was carried out."""

    __tablename__ = "carried_out"
    __table_args__ = ({"info": {"api": ("insert", "update (outcome)")}},)

    person_id: Mapped[UUID] = reference("person.id", primary_key=True)
    idempotency_key: Mapped[str] = mapped_column(primary_key=True)
    act: Mapped[str]
    """The mutation's name."""
    given: Mapped[bytes]
    """Keyed hash of the input: the texts themselves are not kept here."""
    outcome: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    """Keys of what was made, by field of the payload."""
    carried_out_at: Mapped[dt.datetime]
