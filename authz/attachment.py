"""Who may have a file: whoever sees the message, or reads the record, that it is attached to (T7, T9, C2)."""

from __future__ import annotations

from sqlalchemy import ColumnElement, FromClause, select

from authz import message, record, thread
from authz.engine.policy import Line, settled
from authz.engine.sql import Keys, any_of, exists_in, fact
from models import Message, Record, RecordVersion

SEEN = thread.SEEN | record.READS
RULES = ("T7", "T9", "C2", "C3")

LINES: dict[str, Line] = {
    "Message.attachments": settled(thread.SEEN, *thread.RULES, "T7", "T9", says="none once retracted"),
    "Attachment.id": settled(SEEN, *RULES),
    "Attachment.name": settled(SEEN, *RULES, "L4"),
    "Attachment.mediaType": settled(SEEN, *RULES),
    "Attachment.size": settled(SEEN, *RULES),
    "Attachment.url": settled(SEEN, *RULES, says="for some minutes, and for this viewer only"),
}


def of_message(attachment: FromClause, keys: Keys) -> ColumnElement[bool]:
    """Attached to a message that the viewer sees and that stands."""
    row = fact(Message, "attached_to")
    return exists_in(
        row,
        row.c.id == attachment.c.message_id,
        row.c.retracted_at.is_(None),
        message.visible(message.written(row), keys),
    )


def of_record(attachment: FromClause, keys: Keys) -> ColumnElement[bool]:
    """Attached to a version of a record that the viewer reads."""
    version, row = fact(RecordVersion, "attached_version"), fact(Record, "attached_record")
    return exists_in(
        version.join(row, row.c.id == version.c.record_id),
        version.c.id == attachment.c.record_version_id,
        record.reads(row, keys),
    )


def newly_given(attachment: FromClause, keys: Keys) -> ColumnElement:
    """The id of its message, where giving out the file is giving out the message for the first time."""
    row = fact(Message, "given_with")
    return (
        select(row.c.id)
        .where(row.c.id == attachment.c.message_id, row.c.retracted_at.is_(None), message.newly_given(row, keys))
        .correlate_except(row)
        .scalar_subquery()
    )


def visible(attachment: FromClause, keys: Keys) -> ColumnElement[bool]:
    """What is uploaded and not attached yet is nobody's to see, the uploader's neither."""
    return any_of(of_message(attachment, keys), of_record(attachment, keys))
