"""Unit letters: who may send one and to whom it goes, who sees how it fared, and what of it (T3 to T8, section 5)."""

from __future__ import annotations

from sqlalchemy import ColumnElement, FromClause, Select, Uuid, and_, bindparam, case, func, or_, select

from authz import child, thread, unit
from authz.engine.policy import Line, Relation, settled
from authz.engine.sql import ME, UUIDS, Keys, all_of, any_of, exists_in, fact, holds, table, word
from authz.relation import CONTACT_ROLES
from models import (
    BroadcastRecipient,
    Enrolment,
    Group,
    GroupMembership,
    Message,
    Position,
    ReadPointer,
    Unit,
)
from models.seen import SeenStaffMember

SENDS = Relation.CONTACT_TEACHER | Relation.UNIT_STAFF | Relation.UNIT_LEADER
RULES = ("T3", "T4", "T5", "T6")
SAYS = "to the sender, and to whoever sees all its threads"
OWN = settled(SENDS, *RULES, says=SAYS)
COUNTED = settled(SENDS, *RULES, "T7", "C7", says="of the threads that the viewer sees")
PREVIEW = settled(SENDS, "T8", says="who may send the letter")

LINES: dict[str, Line] = {
    "Unit.broadcasts": OWN,
    "Broadcast.id": OWN,
    "Broadcast.unit": OWN,
    "Broadcast.group": OWN,
    "Broadcast.sender": settled(SENDS, *RULES, "C8", says="while they are employed at the unit"),
    "Broadcast.subject": OWN,
    "Broadcast.body": OWN,
    "Broadcast.onBehalfOfUnit": OWN,
    "Broadcast.sentAt": OWN,
    "Broadcast.finishedAt": OWN,
    "Broadcast.recipients": COUNTED,
    "Broadcast.delivered": COUNTED,
    "Broadcast.read": COUNTED,
    "Broadcast.answered": COUNTED,
    "Broadcast.threads": settled(SENDS, *RULES, says="those that the viewer sees"),
    "Query.unitLetterPreview": PREVIEW,
    "UnitLetterPreview.recipients": PREVIEW,
    "UnitLetterPreview.readers": settled(SENDS, *RULES, "C8"),
    "UnitLetterPreview.threads": PREVIEW,
    "UnitLetterPreview.previewToken": PREVIEW,
    "UnitLetterPreview.problems": PREVIEW,
    "LetterRecipient.child": settled(SENDS, "C1"),
    "LetterRecipient.guardian": settled(SENDS, "C8"),
}

ALLOWED: dict[str, Line] = {
    "Mutation.sendUnitLetter": settled(
        SENDS,
        "T8",
        says="leaders and staff of an SFO or kindergarten to the unit or a group, a school's leader likewise, a contact"
        " teacher to a group of theirs; to the children whom the sender may write about",
    )
}

UNIT: ColumnElement = bindparam("unit_id", type_=Uuid())
GROUP: ColumnElement = bindparam("group_id", type_=Uuid())
CHILD: ColumnElement = bindparam("child_id", type_=Uuid())
LETTER: ColumnElement = bindparam("letter_id", type_=Uuid())
PEOPLE: ColumnElement = bindparam("people", type_=UUIDS)


def visible(broadcast: FromClause, keys: Keys) -> ColumnElement[bool]:
    """To whoever sent it and is employed at the unit still, and to whoever sees all its threads."""
    seen, unseen = fact(BroadcastRecipient, "seen_recipient"), fact(BroadcastRecipient, "unseen_recipient")
    sees_some = exists_in(
        seen,
        seen.c.broadcast_id == broadcast.c.id,
        seen.c.state != word("LEFT_OUT"),
        counted(seen, broadcast, keys),
    )
    misses_some = exists_in(
        unseen,
        unseen.c.broadcast_id == broadcast.c.id,
        unseen.c.state != word("LEFT_OUT"),
        ~counted(unseen, broadcast, keys),
    )
    return all_of(
        keys.has(broadcast.c.unit_id, "employed"),
        or_(broadcast.c.sender_id == ME, and_(sees_some, ~misses_some)),
    )


def counted(recipient: FromClause, broadcast: FromClause, keys: Keys) -> ColumnElement[bool]:
    """T7: numbers too are of those threads only that the viewer sees, or will see once they have begun."""
    return thread.full_history(recipient.c.child_id, broadcast.c.unit_id, keys)


def has_read(recipient: FromClause) -> ColumnElement[bool]:
    pointer = fact(ReadPointer, "read_it")
    return exists_in(
        pointer, pointer.c.thread_id == recipient.c.thread_id, pointer.c.person_id == recipient.c.person_id
    )


def has_answered(recipient: FromClause) -> ColumnElement[bool]:
    answer = fact(Message, "answer")
    return exists_in(answer, answer.c.thread_id == recipient.c.thread_id, answer.c.author_id == recipient.c.person_id)


def speaks(keys: Keys) -> ColumnElement[bool]:
    """Leads the unit, or works at it where that is an SFO or kindergarten: may write on its behalf."""
    return any_of(keys.has(UNIT, "led"), keys.has(UNIT, "staffed"))


def sendable(keys: Keys) -> ColumnElement[bool]:
    """Whether the viewer may send a letter to the unit; or, where a group is named, to it."""
    membership = fact(GroupMembership, "own_group")
    teaches = exists_in(
        membership,
        membership.c.group_id == GROUP,
        membership.c.person_id == ME,
        membership.c.role.in_([word(role) for role in CONTACT_ROLES]),
        holds(membership),
    )
    school = fact(Unit, "of_teacher")
    at_school = exists_in(school, school.c.id == UNIT, school.c.kind == word("SCHOOL"))
    return any_of(speaks(keys), all_of(keys.has(UNIT, "employed"), at_school, teaches))


def writable(child_id: ColumnElement, keys: Keys) -> ColumnElement[bool]:
    """Section 5: the sender stands in a relation to the child at the unit by which they start threads; a contact
    teacher's letter is to be theirs to read afterwards."""
    return child.related_at(child_id, UNIT, SENDS, keys)


def addressed(child_id: ColumnElement) -> ColumnElement[bool]:
    """The child belongs to the group that is named, or goes to the unit where none is."""
    membership, group, enrolment = (
        fact(GroupMembership, "in_group"),
        fact(Group, "letter_group"),
        fact(Enrolment, "e"),
    )
    in_group = exists_in(
        membership.join(group, group.c.id == membership.c.group_id),
        membership.c.person_id == child_id,
        membership.c.group_id == GROUP,
        unit.belongs(membership, group),
    )
    there = exists_in(enrolment, enrolment.c.child_id == child_id, enrolment.c.unit_id == UNIT, holds(enrolment))
    return and_(there, or_(GROUP.is_(None), in_group))


def is_recipient(child_id: ColumnElement, keys: Keys) -> ColumnElement[bool]:
    return and_(addressed(child_id), writable(child_id, keys))


def still_writes(broadcast: FromClause, keys: Keys) -> ColumnElement[bool]:
    """Asked again for each child when its threads begin: nothing that has ended since then opens anything."""
    as_whom = or_(~broadcast.c.on_behalf, speaks(keys))
    return and_(sendable(keys), as_whom, is_recipient(CHILD, keys))


def readers() -> Select:
    """Id, key and relation of the staff, beside the viewer, who read threads about children there (T3 to T6), by name;
    not about every one, where R1 or R2 closes it to them."""
    position, row, person = fact(Position, "works_there"), fact(Unit, "at"), table(SeenStaffMember, "reader")
    own, pupil, group = fact(GroupMembership, "teaches"), fact(GroupMembership, "taught"), fact(Group, "class")
    contact = exists_in(
        own.join(group, group.c.id == own.c.group_id).join(pupil, pupil.c.group_id == group.c.id),
        own.c.person_id == person.c.id,
        own.c.role.in_([word(role) for role in CONTACT_ROLES]),
        holds(own),
        group.c.unit_id == UNIT,
        unit.belongs(pupil, group),
        addressed(pupil.c.person_id),
    )
    leads = func.bool_or(position.c.role == word("LEADER"))
    at_school = row.c.kind == word("SCHOOL")
    relation = case((leads, word("UNIT_LEADER")), (~at_school, word("UNIT_STAFF")), else_=word("CONTACT_TEACHER"))
    return (
        select(person.c.id, person.c.staff_key, relation.label("relation"))
        .select_from(
            position.join(row, row.c.id == position.c.unit_id).join(person, person.c.id == position.c.person_id)
        )
        .where(position.c.unit_id == UNIT, holds(position), person.c.id != ME)
        .group_by(person.c.id, person.c.staff_key, person.c.name_key, row.c.kind)
        .having(or_(leads, ~at_school, and_(at_school, contact)))
        .order_by(person.c.name_key, person.c.staff_key)
    )
