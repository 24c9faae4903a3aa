"""Who is told of what happens: of a message, those of the connected who see it at this moment; of the inbox, oneself.

One statement asks this for all who are connected. First it finds who could see a message at all: whoever takes part,
teaches the child there, or works at the unit. Of those who are connected the database works out the standing, by the
function of every request, and the row predicate of messages judges them: the rules stand in one place only.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ARRAY,
    CTE,
    Boolean,
    ColumnElement,
    DateTime,
    FromClause,
    LargeBinary,
    Select,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    true,
    union,
)

from authz import message, relation, thread
from authz.engine.keys import PARAMETERS
from authz.engine.policy import Line, settled
from authz.engine.sql import NOW, TODAY, UUIDS, Keys, asked_of, fact, holds, word
from models import Enrolment, Group, GroupMembership, Message, Participant, Position, Thread, Unit

LINES: dict[str, Line] = {
    "Subscription.messageReceived": settled(thread.SEEN, *thread.RULES, "T7", says="judged when it is delivered"),
    "Subscription.inboxChanged": settled(thread.SEEN, *thread.RULES, "T7", says="of oneself"),
    "Inbox.unreadCount": settled(thread.SEEN, *thread.RULES, "T7"),
    "Inbox.thread": settled(thread.SEEN, *thread.RULES, "T7"),
}

EVERY_ROAD = Keys(frozenset(road.keys for road in thread.ROADS) | {"closed"})
CONNECTED: dict[str, Any] = {
    "person_id": Uuid(),
    "municipality_id": Uuid(),
    "number_hash": LargeBinary(),
    "issuer": Text(),
    "subject": Text(),
    "private": Boolean(),
}
"""What is known of somebody connected, as parameters `connected_…`: arrays of one length, an entry each."""
SINCE: ColumnElement = bindparam("since", type_=DateTime(timezone=True))
HAPPENED: ColumnElement = bindparam("happened", type_=UUIDS)


def connected() -> FromClause:
    """Those who are connected, numbered from 1."""
    arrays: list[ColumnElement] = [
        bindparam(f"connected_{name}", type_=ARRAY(kind)) for name, kind in CONNECTED.items()
    ]
    told = func.unnest(*arrays).table_valued(*CONNECTED, with_ordinality="n")
    return told.render_derived(name="connected")


def could_see(told: FromClause) -> Any:
    """By message, everybody whom one of T1 to T6 could be about."""
    participant = fact(Participant, "took_part")
    theirs, group, own = fact(GroupMembership, "theirs"), fact(Group, "taught"), fact(GroupMembership, "own")
    position, unit = fact(Position, "at_work"), fact(Unit, "workplace")
    taught = (
        told.join(theirs, and_(theirs.c.person_id == told.c.child_id, theirs.c.role == word("STUDENT"), holds(theirs)))
        .join(group, and_(group.c.id == theirs.c.group_id, group.c.unit_id == told.c.unit_id))
        .join(own, and_(own.c.group_id == group.c.id, own.c.role != word("STUDENT"), holds(own)))
    )
    opens_history = or_(position.c.role == word("LEADER"), unit.c.kind != word("SCHOOL"))
    employed = told.join(position, and_(position.c.unit_id == told.c.unit_id, holds(position))).join(
        unit, and_(unit.c.id == position.c.unit_id, opens_history)
    )
    taking_part = told.join(participant, participant.c.thread_id == told.c.thread_id)
    return union(
        select(told.c.id, participant.c.person_id).select_from(taking_part),
        select(told.c.id, own.c.person_id).select_from(taught),
        select(told.c.id, position.c.person_id).select_from(employed),
    )


def standing_of(somebody: CTE) -> FromClause:
    """Their standing, one row of keys for each."""
    given: dict[str, ColumnElement] = {"today": TODAY, "now": NOW}
    arguments = (given[name] if name in given else somebody.c[name] for name in PARAMETERS)
    return func.standing(*arguments).table_valued("me").lateral("seer")


def seers() -> Select:
    """Message and number of each of the connected who sees it now; of the messages `happened`."""
    happened, row, them = fact(Message, "happened"), fact(Message, "message"), connected()
    told = (
        select(happened.c.id, happened.c.thread_id, happened.c.child_id, happened.c.unit_id)
        .where(happened.c.id == any_(HAPPENED))
        .cte("told")
    )
    could = could_see(told).cte("could")
    known = (
        select(could.c.id.label("message_id"), *them.c)
        .select_from(could.join(them, them.c.person_id == could.c.person_id))
        .cte("known")
        .prefix_with("materialized")
    )
    visible = asked_of("seer", message.visible(message.written(row), EVERY_ROAD), "today", "now")
    return (
        select(row.c.id, row.c.sent_at, known.c.n)
        .select_from(known.join(row, row.c.id == known.c.message_id).join(standing_of(known), true()))
        .where(visible)
    )


def concerned() -> Select:
    """Everybody whose inbox may hold threads about the children `happened`: whoever takes part in one, teaches them, or
    works where they are enrolled, now or once."""
    part, thread_row = fact(Participant, "part"), fact(Thread, "thread")
    enrolment, position = fact(Enrolment, "place"), fact(Position, "job")
    theirs, own = fact(GroupMembership, "theirs"), fact(GroupMembership, "own")
    taught = own.join(theirs, and_(theirs.c.group_id == own.c.group_id, theirs.c.person_id == any_(HAPPENED)))
    employed = position.join(
        enrolment, and_(enrolment.c.unit_id == position.c.unit_id, enrolment.c.child_id == any_(HAPPENED))
    )
    taking_part = part.join(
        thread_row, and_(thread_row.c.id == part.c.thread_id, thread_row.c.child_id == any_(HAPPENED))
    )
    return union(  # type: ignore[return-value] # a CompoundSelect is asked as a Select is
        select(part.c.person_id).select_from(taking_part),
        select(own.c.person_id).select_from(taught).where(own.c.role != word("STUDENT")),
        select(position.c.person_id).select_from(employed),
    )


def identities() -> Select:
    """Number and person of each of the connected, as a request would find them; null for somebody not known here."""
    them = connected()
    person = asked_of("connected", relation.signed_in().scalar_subquery())
    return select(literal_column("connected.n"), person.label("person_id")).select_from(them)


def sent_since() -> Select:
    """Messages, with their threads, in the order of sending: of every unit's threads that have one since then."""
    unit, thread_row, row = fact(Unit, "unit"), fact(Thread, "thread"), fact(Message, "message")
    recent = (
        select(thread_row.c.id)
        .where(thread_row.c.unit_id == unit.c.id, thread_row.c.last_message_at >= SINCE)
        .correlate(unit)
        .lateral("recent")
    )
    found = unit.join(recent, true()).join(row, and_(row.c.thread_id == recent.c.id, row.c.sent_at >= SINCE))
    return (
        select(row.c.id, row.c.thread_id).select_from(found).order_by(row.c.sent_at, row.c.id).limit(bindparam("limit"))
    )
