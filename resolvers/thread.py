"""Where a thread's fields come from."""

from __future__ import annotations

from functools import partial

from sqlalchemy import ColumnElement, FromClause, and_, case, func, literal_column, select, tuple_

from authz import guardian, message
from authz import thread as policy
from authz.engine.sql import ME, Keys, table, word
from models import Message, ReadPointer
from models.seen import SeenMessage, SeenParticipant, SeenThread, named
from resolvers import ids
from resolvers.engine.source import Column, Connection, Entity, Many, One, OneNamed, OnePerson, Rows, Source

ENTITIES = (
    Entity(
        "Thread",
        SeenThread,
        visible=policy.visible,
    ),
    Entity("Participant", SeenParticipant),
)


def last_message_at(row: FromClause, keys: Keys) -> ColumnElement:
    """That of the latest message that the viewer sees, or else when the thread began (T7).

    Where not every message is seen it is taken from a message's row, so that it is under the wall of messages.
    """
    if not keys.shape & {"guardian", "delegate", "subject_staff"}:
        return row.c.last_message_at
    latest = table(Message, "latest")
    latest_seen = (
        select(latest.c.sent_at)
        .where(latest.c.thread_id == row.c.id, message.visible(message.written(latest), keys))
        .order_by(latest.c.sent_at.desc(), latest.c.id.desc())
        .limit(literal_column("1"))
        .correlate_except(latest)
        .scalar_subquery()
    )
    whole = policy.full_history(row.c.child_id, row.c.unit_id, keys)
    return case((whole, row.c.last_message_at), else_=func.coalesce(latest_seen, row.c.created_at))


def unread_count(row: FromClause, keys: Keys) -> ColumnElement[int]:
    """Messages that the viewer sees, did not write, and has not read: those after the viewer's pointer."""
    unread, pointer = table(Message, "unread"), table(ReadPointer, "pointer")
    at = tuple_(unread.c.sent_at, unread.c.id)
    after_pointer = case(
        (pointer.c.thread_id.is_not(None), at > tuple_(pointer.c.up_to_sent_at, pointer.c.up_to_id)),
        else_=unread.c.sent_at >= policy.relation_began(row.c.id, row.c.child_id, row.c.unit_id, keys),
    )
    own = and_(pointer.c.thread_id == unread.c.thread_id, pointer.c.person_id == ME)
    return (
        select(func.count())
        .select_from(unread.outerjoin(pointer, own))
        .where(
            unread.c.thread_id == row.c.id,
            unread.c.author_id != ME,
            message.visible(message.written(unread), keys),
            after_pointer,
        )
        .correlate_except(unread, pointer)
        .scalar_subquery()
    )


def participants(_: Keys) -> Rows:
    """By name, and then as in `unit.staff_of`. Whoever sees the thread sees them all (C7)."""
    row = table(SeenParticipant, "participant")
    return Rows(row, row, [], [row.c.person_name_key, row.c.person_staff_key], link=row.c.thread_id)


def type_on_side(side: ColumnElement, person_id: ColumnElement, child_id: ColumnElement) -> ColumnElement[str]:
    """What a person is to a thread: staff on the unit's side; on the other, whether GUARDIAN of the child now."""
    return case(
        (side == word("UNIT"), word("StaffMember")),
        (guardian.is_guardian(person_id, child_id), word("Guardian")),
        else_=word("OtherAdult"),
    )


def last_read_at(row: FromClause, keys: Keys) -> ColumnElement:
    pointer = table(ReadPointer, "pointer")
    read_at = (
        select(pointer.c.read_at)
        .where(pointer.c.thread_id == row.c.thread_id, pointer.c.person_id == row.c.person_id)
        .correlate_except(pointer)
        .scalar_subquery()
    )
    return case((policy.last_read_open(row.c.person_id, row.c.side, row.c.child_id, row.c.unit_id, keys), read_at))


def messages(keys: Keys, *, newest_first: bool = False) -> Rows:
    """Oldest first, where the field does not turn it around; for the one newest message of each thread it does not pay
    to join the viewer's part first."""
    row = table(SeenMessage, "message")
    part = None if newest_first else message.own_part(keys)
    return Rows(
        row,
        row,
        [message.visible(message.written(row), keys, part)],
        [row.c.sent_at, row.c.id],
        descending=newest_first,
        link=row.c.thread_id,
        beside=part.joins if part is not None else lambda _: (),
    )


SOURCES: dict[str, Source] = {
    "Thread.id": Column(lambda row, _: row.c.id, partial(ids.encode, ids.TYPE_BYTES["Thread"])),
    "Thread.subject": Column(lambda row, _: row.c.subject),
    "Thread.unit": One("Unit", lambda row, target, _: target.c.id == row.c.unit_id),
    "Thread.child": OneNamed("Child", lambda row: named(row, "child", "child_id")),
    "Thread.createdAt": Column(lambda row, _: row.c.created_at),
    "Thread.lastMessageAt": Column(
        last_message_at,
        of_first=("latestMessage", lambda row, latest: func.coalesce(latest.c.sent_at, row.c.created_at)),
    ),
    "Thread.participants": Many("Participant", participants),
    "Thread.joint": Column(lambda row, _: row.c.joint),
    "Thread.messages": Connection("Message", messages),
    "Thread.latestMessage": Many("Message", partial(messages, newest_first=True), first=True),
    "Thread.unreadCount": Column(unread_count),
    "Participant.person": OnePerson(
        lambda row: named(row, "person", "person_id"),
        lambda row, _person, _keys: type_on_side(row.c.side, row.c.person_id, row.c.child_id),
    ),
    "Participant.side": Column(lambda row, _: row.c.side),
    "Participant.joinedAt": Column(lambda row, _: row.c.joined_at),
    "Participant.lastReadAt": Column(last_read_at),
}
