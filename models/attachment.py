"""Files that belong to a message or to a version of a record. The file itself lies elsewhere, encrypted; its key is
here, wrapped."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped

from models.base import Base, Key, reference

LOOSE = "attached_at is null and deleted_at is null"
CHANGED = "attached_at, message_id, record_version_id, child_id, key_cipher, municipality_key_id"


class Attachment(Base):
    """The row is there before the first byte of the file, so that no file is ever without one.

    It begins, is stored, and is attached; or expires, and is deleted.
    """

    __tablename__ = "attachment"
    __table_args__ = (
        CheckConstraint("message_id is null or record_version_id is null", name="place"),
        CheckConstraint(
            "(message_id is null and record_version_id is null) = (attached_at is null)"
            " and (child_id is null) = (attached_at is null)"
            " and (municipality_key_id is null) = (attached_at is not null)",
            name="attached",
        ),
        Index(None, "message_id", postgresql_where="message_id is not null"),
        Index(None, "record_version_id", postgresql_where="record_version_id is not null"),
        Index("ix_attachment_loose", "uploaded_by", "begun_at", postgresql_where=LOOSE),
        {"info": {"api": ("insert", f"update ({CHANGED})")}},
    )

    id: Mapped[Key]
    file_id: Mapped[UUID]
    """Where the file lies: its own id, or that of the upload that it is one of several attachments of."""
    municipality_id: Mapped[UUID] = reference("municipality.id")
    uploaded_by: Mapped[UUID] = reference("person.id")
    begun_at: Mapped[dt.datetime]
    stored_at: Mapped[dt.datetime | None]
    """When the whole file was there, and found to be what it says it is."""
    media_type: Mapped[str]
    size: Mapped[int | None]
    """Of the file before it was encrypted, in bytes."""
    name_cipher: Mapped[bytes]
    """The file's name, under the file's own key."""
    key_cipher: Mapped[bytes]
    """The file's own key: wrapped by the municipality's until it is attached, by the child's data key from then on."""
    municipality_key_id: Mapped[UUID | None] = reference("municipality_key.id", index=True)
    attached_at: Mapped[dt.datetime | None]
    message_id: Mapped[UUID | None] = reference("message.id")
    record_version_id: Mapped[UUID | None] = reference("record_version.id")
    child_id: Mapped[UUID | None] = reference("person.id")
    expired_at: Mapped[dt.datetime | None]
    """When nothing could be attached with it any more, because it was left lying."""
    deleted_at: Mapped[dt.datetime | None]
    """When the file was gone; the row stays."""
