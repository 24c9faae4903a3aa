"""Who reads what a unit has written about a child: the two rows of C2 on records, with C3 and C6.

Assessments, individual plans and annual reports are shared with the home; letters, notes and health information are
their author's and the named readers', and a leader sees only that they exist until they state a reason. All of it was
made by a unit and is opened by a relation at that unit; a guardian's and the child's own are to the whole child.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, FromClause, and_, or_

from authz import child
from authz.engine.policy import STAFF, Line, Relation, opens, settled
from authz.engine.sql import ME, NOW, Keys, all_of, any_of, bit, bits, exists_in, fact, number, word
from authz.relation import enrolled, left_before
from models import Enrolment, RecordHold, RecordOpening, RecordReader

SHARED = ("ASSESSMENT", "INDIVIDUAL_PLAN", "ANNUAL_REPORT")
"""Kinds that the home reads too."""
KEPT = ("INDIVIDUAL_PLAN", "ANNUAL_REPORT")
"""L3: kinds that are kept for good."""
READS = STAFF | Relation.GUARDIAN | Relation.FORMER_LEADER | Relation.ADULT_SELF
CONTENT = (
    "to subject and unit staff who are named readers; of letters, notes and health information to the author and named "
    "readers, and to a leader who has opened it for a reason"
)

LINES: dict[str, Line] = {
    "Child.records": opens(READS, "C2", "C3", "C6", says="those that the viewer sees; to the child from 18"),
    "Record.id": settled(READS, "C2", "C3", "C6"),
    "Record.child": settled(READS, "C2", "C3", "C6"),
    "Record.unit": settled(READS, "C2", "C3", "C6"),
    "Record.kind": settled(READS, "C2", "C3", "C6"),
    "Record.author": settled(READS, "C2", "C8", says="while the viewer sees them as a member of staff"),
    "Record.writtenAt": settled(READS, "C2", "C3", "C6"),
    "Record.kept": settled(READS, "C6", "L3"),
    "Record.latestVersion": opens(READS, "C2", "C3", "C6", "L4", says=CONTENT),
    "Record.versions": opens(READS, "C2", "C3", "C6", "L4", says=CONTENT),
    "Record.readers": opens(STAFF, "C2", "C3", says="to staff who read the record"),
    "Record.openings": settled(STAFF, "C2", says="to the author, and to a leader their own"),
    "RecordVersion.number": settled(READS, "C2", "C3", "C6"),
    "RecordVersion.title": settled(READS, "C2", "C3", "C6", "L4"),
    "RecordVersion.body": settled(READS, "C2", "C3", "C6", "L4"),
    "RecordVersion.author": settled(READS, "C2", "C8", says="while the viewer sees them as a member of staff"),
    "RecordVersion.writtenAt": settled(READS, "C2", "C3", "C6"),
    "RecordVersion.attachments": settled(READS, "C2", "C3", "C6", "L4"),
    "RecordReader.person": settled(STAFF, "C3", "C8", says="while the viewer sees them as a member of staff"),
    "RecordReader.namedAt": settled(STAFF, "C3"),
    "RecordOpening.person": settled(STAFF, "C2", "C8"),
    "RecordOpening.openedAt": settled(STAFF, "C2"),
    "RecordOpening.until": settled(STAFF, "C2"),
    "RecordOpening.reason": settled(STAFF, "C2", "L4"),
}


BY_STAFF = "staff with a relation to the child at the unit"
BY_READING_STAFF = "staff of the child at the unit who read it, other than by an opening"

ALLOWED: dict[str, Line] = {
    "Mutation.writeRecord": settled(STAFF, "C2", "C3", says=BY_STAFF),
    "Mutation.writeRecordVersion": settled(STAFF, "C2", "C3", says=BY_READING_STAFF),
    "Mutation.nameRecordReaders": settled(STAFF, "C3", says=BY_READING_STAFF),
    "Mutation.removeRecordReader": settled(STAFF, "C3", says=BY_READING_STAFF),
    "Mutation.openRecordBody": settled(Relation.UNIT_LEADER, "C2", says="with a reason, shown to the author"),
    "Mutation.holdRecord": settled(Relation.UNIT_LEADER, "L3"),
    "Mutation.releaseRecord": settled(Relation.UNIT_LEADER, "L3"),
}


def shared(record: FromClause) -> ColumnElement[bool]:
    """Of a kind that the home reads too."""
    return record.c.kind.in_([word(kind) for kind in SHARED])


def leads(child_id: ColumnElement, unit_id: ColumnElement, keys: Keys) -> ColumnElement[bool]:
    """UNIT_LEADER of the child at the unit, where the child is enrolled now."""
    return all_of(keys.has(unit_id, "led"), enrolled(child_id, unit_id), keys.has_not(child_id, "closed"))


def led(record: FromClause, keys: Keys) -> ColumnElement[bool]:
    """UNIT_LEADER by C6: leads the record's unit, which the child has left."""
    enrolment = fact(Enrolment, "left_here")
    was = exists_in(
        enrolment,
        enrolment.c.child_id == record.c.child_id,
        enrolment.c.unit_id == record.c.unit_id,
        left_before(enrolment),
    )
    return all_of(
        keys.has(record.c.unit_id, "led"),
        was,
        ~enrolled(record.c.child_id, record.c.unit_id),
        keys.has_not(record.c.child_id, "closed"),
    )


def works(child_id: ColumnElement, unit_id: ColumnElement, keys: Keys) -> ColumnElement[bool]:
    """UNIT_STAFF of the child at the unit."""
    return all_of(keys.has(unit_id, "staffed"), enrolled(child_id, unit_id), keys.has_not(child_id, "closed"))


def is_staff(child_id: ColumnElement, unit_id: ColumnElement, keys: Keys) -> ColumnElement[bool]:
    """Section 5: who may write a record about the child at the unit."""
    return any_of(
        keys.has_pair(child_id, unit_id, "contact"),
        keys.has_pair(child_id, unit_id, "subject_staff"),
        works(child_id, unit_id, keys),
        leads(child_id, unit_id, keys),
    )


def named(record: FromClause) -> ColumnElement[bool]:
    """The viewer is a named reader; that a staff relation at the unit holds beside it (C3) is asked apart."""
    reader = fact(RecordReader, "named")
    return exists_in(reader, reader.c.record_id == record.c.id, reader.c.person_id == ME, reader.c.ended_at.is_(None))


def own(record: FromClause) -> ColumnElement[bool]:
    """The viewer wrote it or is a named reader: what opens letters, notes and health information."""
    return or_(record.c.author_id == ME, named(record))


def opened(record: FromClause) -> ColumnElement[bool]:
    """The viewer has stated a reason for opening it, not long ago."""
    opening = fact(RecordOpening, "opened")
    return exists_in(
        opening,
        opening.c.record_id == record.c.id,
        opening.c.person_id == ME,
        opening.c.opened_at <= NOW,
        opening.c.until > NOW,
    )


def kept(record: FromClause) -> ColumnElement[bool]:
    """L3: for good, by its kind, or for as long as somebody holds it."""
    hold = fact(RecordHold, "held")
    held = exists_in(hold, hold.c.record_id == record.c.id, hold.c.ended_at.is_(None))
    return or_(record.c.kind.in_([word(kind) for kind in KEPT]), held)


def mask(record: FromClause, keys: Keys) -> ColumnElement[int]:
    """The relations by which the viewer reads what it says. 0 for a leader who sees only that it exists."""
    child_id, unit_id = record.c.child_id, record.c.unit_id
    return bits(
        bit(all_of(keys.has(child_id, "guardian"), shared(record)), Relation.GUARDIAN),
        bit(all_of(child.adult_self(child_id, keys), shared(record)), Relation.ADULT_SELF),
        bit(
            all_of(keys.has_pair(child_id, unit_id, "contact"), or_(shared(record), own(record))),
            Relation.CONTACT_TEACHER,
        ),
        bit(all_of(keys.has_pair(child_id, unit_id, "subject_staff"), reads_as_staff(record)), Relation.SUBJECT_STAFF),
        bit(all_of(works(child_id, unit_id, keys), reads_as_staff(record)), Relation.UNIT_STAFF),
        bit(
            all_of(leads(child_id, unit_id, keys), or_(shared(record), own(record), opened(record))),
            Relation.UNIT_LEADER,
        ),
        bit(all_of(led(record, keys), shared(record), kept(record)), Relation.FORMER_LEADER),
    )


def reads_as_staff(record: FromClause) -> ColumnElement[bool]:
    """Named; or, of what is not shared with the home, author."""
    return or_(named(record), all_of(~shared(record), record.c.author_id == ME))


def reads(record: FromClause, keys: Keys) -> ColumnElement[bool]:
    return mask(record, keys) != number(0)


def visible(record: FromClause, keys: Keys) -> ColumnElement[bool]:
    """Whoever reads it; and the leader of the unit, who sees that it exists (C2), or that it is kept (C6)."""
    leads_now = leads(record.c.child_id, record.c.unit_id, keys)
    return any_of(reads(record, keys), leads_now, all_of(led(record, keys), kept(record)))


def writable(record: FromClause, keys: Keys) -> ColumnElement[bool]:
    """Who writes a new version and names readers: staff who read it, but not by an opening, which is for reading."""
    by_work = mask(record, keys).bitwise_and(number(STAFF)) != number(0)
    return and_(by_work, or_(shared(record), own(record)))


def opening_visible(opening: FromClause, author_id: ColumnElement) -> ColumnElement[bool]:
    """An opening is shown to the record's author, and to whoever opened it."""
    return or_(author_id == ME, opening.c.person_id == ME)
