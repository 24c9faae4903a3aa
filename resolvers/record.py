"""Where a record's fields come from."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Text, any_, bindparam, or_
from sqlalchemy.dialects.postgresql import ARRAY

from authz import attachment, staff
from authz import record as policy
from authz.engine.sql import Keys, table
from models import Record, RecordOpening, RecordVersion
from models.seen import SeenAttachment, SeenRecordReader
from resolvers import ids
from resolvers.data_keys import sealed, texts
from resolvers.engine.source import Batch, Column, Connection, Entity, Many, One, Rows, Source

ENTITIES = (
    Entity("Record", Record, visible=policy.visible, mask=policy.mask),
    Entity("RecordVersion", RecordVersion),
    Entity("RecordReader", SeenRecordReader),
    Entity("RecordOpening", RecordOpening),
)


def records(keys: Keys) -> Rows:
    """Newest first."""
    row = table(Record, "record")
    asked: ColumnElement = bindparam("record_kinds", type_=ARRAY(Text()))
    return Rows(
        row,
        row,
        [policy.visible(row, keys), or_(asked.is_(None), row.c.kind == any_(asked))],
        [row.c.written_at, row.c.id],
        descending=True,
        link=row.c.child_id,
    )


def asked_kinds(arguments: Mapping[str, Any]) -> dict[str, Any]:
    kinds = arguments.get("kinds")
    return {"record_kinds": None if kinds is None else [getattr(kind, "value", kind) for kind in kinds]}


def versions(_: Keys, *, newest_first: bool = False) -> Rows:
    """Oldest first, where the field does not turn it around. The field's mask says to whom they are open."""
    row = table(RecordVersion, "version")
    return Rows(row, row, [], [row.c.number, row.c.id], descending=newest_first, link=row.c.record_id)


def readers(_: Keys) -> Rows:
    """By name. The field's mask says to whom they are open."""
    row = table(SeenRecordReader, "reader")
    return Rows(
        row,
        row,
        [row.c.ended_at.is_(None)],
        [row.c.person_name_key, row.c.id],
        link=row.c.record_id,
    )


def openings(_: Keys) -> Rows:
    """Newest first."""
    row, record = table(RecordOpening, "opening"), table(Record, "of_record")
    return Rows(
        row.join(record, record.c.id == row.c.record_id),
        row,
        [policy.opening_visible(row, record.c.author_id)],
        [row.c.opened_at, row.c.id],
        descending=True,
        link=row.c.record_id,
    )


def attachments(keys: Keys) -> Rows:
    """In the order in which they were uploaded."""
    row = table(SeenAttachment, "file")
    return Rows(row, row, [attachment.of_record(row, keys)], [row.c.id], link=row.c.record_version_id)


def staff_member(column: str) -> One:
    """A person of the row, while the viewer sees them as a member of staff (C8)."""

    def joined(row: FromClause, target: FromClause, keys: Keys) -> ColumnElement[bool]:
        return (target.c.id == row.c[column]) & staff.visible(target.c.id, keys)

    return One("StaffMember", joined, optional=True)


SOURCES: dict[str, Source] = {
    "Child.records": Connection("Record", records, values=asked_kinds),
    "Record.id": Column(lambda row, _: row.c.id, partial(ids.encode, ids.TYPE_BYTES["Record"])),
    "Record.child": One("Child", lambda row, target, _: target.c.id == row.c.child_id),
    "Record.unit": One("Unit", lambda row, target, _: target.c.id == row.c.unit_id),
    "Record.kind": Column(lambda row, _: row.c.kind),
    "Record.author": staff_member("author_id"),
    "Record.writtenAt": Column(lambda row, _: row.c.written_at),
    "Record.kept": Column(lambda row, _: policy.kept(row)),
    "Record.latestVersion": Many("RecordVersion", partial(versions, newest_first=True), first=True),
    "Record.versions": Many("RecordVersion", versions),
    "Record.readers": Many("RecordReader", readers),
    "Record.openings": Many("RecordOpening", openings),
    "RecordVersion.number": Column(lambda row, _: row.c.number),
    "RecordVersion.title": Batch(lambda row, _: sealed(row, "title_cipher"), texts("record_version.title")),
    "RecordVersion.body": Batch(lambda row, _: sealed(row, "body_cipher"), texts("record_version.body")),
    "RecordVersion.author": staff_member("author_id"),
    "RecordVersion.writtenAt": Column(lambda row, _: row.c.written_at),
    "RecordVersion.attachments": Many("Attachment", attachments),
    "RecordReader.person": staff_member("person_id"),
    "RecordReader.namedAt": Column(lambda row, _: row.c.named_at),
    "RecordOpening.person": staff_member("person_id"),
    "RecordOpening.openedAt": Column(lambda row, _: row.c.opened_at),
    "RecordOpening.until": Column(lambda row, _: row.c.until),
    "RecordOpening.reason": Batch(lambda row, _: sealed(row, "reason_cipher"), texts("record_opening.reason")),
}
