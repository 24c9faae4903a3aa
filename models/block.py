"""What cuts every tie between a person and a child."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from models.base import Base, Key, Period, reference


class Block(Period, Base):
    """While it stands, the person has no relation to the child at all (R1)."""

    __tablename__ = "block"
    __table_args__ = (
        Index(None, "child_id", "person_id"),
        Index(None, "person_id"),
        {"info": {"api": ("insert", "update (until, lifted_at)")}},
    )

    id: Mapped[Key]
    child_id: Mapped[UUID] = reference("person.id")
    person_id: Mapped[UUID] = reference("person.id")
    reason_cipher: Mapped[bytes]
    set_by: Mapped[UUID | None] = reference("person.id")
    set_at: Mapped[dt.datetime]
    set_as: Mapped[str | None]
    """The relation in which they did."""
    told_name: Mapped[str | None]
    """As it was told with a number; null where somebody was named who can be seen, and for an import."""
    agreed_until: Mapped[dt.date | None]
    """The end that was told when it was set; `until` is earlier where it was lifted."""
    lifted_at: Mapped[dt.datetime | None]
    """When the second of two voices lifted it."""


class BlockLift(Base):
    """A voice for lifting a block; it takes two people, one of them from the administration (R1)."""

    __tablename__ = "block_lift"
    __table_args__ = (UniqueConstraint("block_id", "lifted_by"), {"info": {"api": ("insert",)}})

    id: Mapped[Key]
    block_id: Mapped[UUID] = reference("block.id")
    lifted_by: Mapped[UUID] = reference("person.id")
    lifted_as: Mapped[str]
    reason_cipher: Mapped[bytes]
    lifted_at: Mapped[dt.datetime]
