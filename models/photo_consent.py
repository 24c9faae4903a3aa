"""Consents to the use of photographs of a child (bildesamtykke)."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from models.base import Base, Key, one_of, reference

PURPOSES = ("INTERNAL", "CLASS_PHOTO", "CLOSED_PAGE", "OPEN_PAGE", "SOCIAL_MEDIA", "PRESS")


class PhotoConsent(Base):
    """A guardian, or the child, consented to one purpose at one unit. Stands until it is withdrawn; a consent after
    that is a row of its own."""

    __tablename__ = "photo_consent"
    __table_args__ = (
        one_of("purpose", *PURPOSES),
        Index(
            "uq_photo_consent_standing",
            "child_id",
            "unit_id",
            "purpose",
            "person_id",
            unique=True,
            postgresql_where="withdrawn_at is null",
        ),
        Index(None, "child_id", "given_at"),
        {"info": {"api": ("insert", "update (withdrawn_at)")}},
    )

    id: Mapped[Key]
    child_id: Mapped[UUID] = reference("person.id")
    unit_id: Mapped[UUID] = reference("unit.id")
    person_id: Mapped[UUID] = reference("person.id")
    """Who consents: each for themself; the child's own row holds the child."""
    purpose: Mapped[str]
    given_at: Mapped[dt.datetime]
    withdrawn_at: Mapped[dt.datetime | None]
