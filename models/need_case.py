"""A stated need of the administration on one child, for some hours."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key, reference

CHANGED = "opened_at, until, approved_by, approved_at, closed_at"


class NeedCase(Base):
    __tablename__ = "need_case"
    __table_args__ = ({"info": {"api": ("insert", f"update ({CHANGED})")}},)

    id: Mapped[Key]
    child_id: Mapped[UUID | None] = reference("person.id", index=True)
    """Null where nobody, or more than one child, is what was told: such a case never opens, and looks like one that
    waits for its approval."""
    person_id: Mapped[UUID] = reference("person.id", index=True)
    reason_cipher: Mapped[bytes]
    told_cipher: Mapped[bytes | None]
    """Whom the administrator asked for, in their own words: for whoever is to approve. Null for an import."""
    asked_at: Mapped[dt.datetime | None]
    """Null for an import, which was asked for when it was opened."""
    hours: Mapped[int | None]
    """Asked for; they run from the opening, and that is the approval's instant where one was needed."""
    opened_at: Mapped[dt.datetime | None]
    """Null until it opens, which one that has to wait does by an approval and by nothing else."""
    until: Mapped[dt.datetime]
    """Never more than 24 hours after `opened_at`, whatever stands here. While it waits, how long it can be approved."""
    approved_by: Mapped[UUID | None] = reference("person.id")
    approved_at: Mapped[dt.datetime | None]
    """A case on a protected child opens nothing until a second person approved it."""
    for_access_log: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    """Opened to see who has looked at the child's data, which no other case shows."""
    closed_at: Mapped[dt.datetime | None]
