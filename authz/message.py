"""Which messages of a thread the viewer sees (T7, T9)."""

from __future__ import annotations

from sqlalchemy import ColumnElement, FromClause, func, select

from authz import thread
from authz.engine.policy import Line, settled
from authz.engine.sql import INSTANTS, ME, Keys, all_of, any_of, exists_in, table, word
from models import Participant

LINES: dict[str, Line] = {
    "Message.id": settled(thread.SEEN, *thread.RULES, "T7"),
    "Message.thread": settled(thread.SEEN, *thread.RULES, "T7"),
    "Message.author": settled(thread.SEEN, *thread.RULES, "T7", "C7"),
    "Message.onBehalfOf": settled(thread.SEEN, *thread.RULES, "T7"),
    "Message.body": settled(thread.SEEN, *thread.RULES, "T7", "T9", says="null for everyone once retracted"),
    "Message.sentAt": settled(thread.SEEN, *thread.RULES, "T7"),
    "Message.retractedAt": settled(thread.SEEN, *thread.RULES, "T7", "T9"),
}


def since_joining(message: FromClause, side: str) -> ColumnElement[bool]:
    """The viewer was a participant, on the side, when the message was sent."""
    own = table(Participant, "joined")
    return exists_in(
        own,
        own.c.thread_id == message.c.thread_id,
        own.c.person_id == ME,
        own.c.side == word(side),
        own.c.joined_at <= message.c.sent_at,
    )


def while_related(message: FromClause, relation: str, keys: Keys) -> ColumnElement[bool]:
    """The family relation held on the day of the message, whatever happened since."""
    columns = [
        func.unnest(keys.array(f"{relation}_spell")).label("child_id"),
        func.unnest(keys.array(f"{relation}_spell_since", INSTANTS)).label("since"),
        func.unnest(keys.array(f"{relation}_spell_until", INSTANTS)).label("until"),
    ]
    at = []
    if relation == "delegate":
        columns.append(func.unnest(keys.array("delegate_spell_unit")).label("unit_id"))
    spell = select(*columns).subquery(f"{relation}_spell")
    if relation == "delegate":
        at.append(spell.c.unit_id == message.c.unit_id)
    return exists_in(
        spell,
        spell.c.child_id == message.c.child_id,
        spell.c.since <= message.c.sent_at,
        spell.c.until > message.c.sent_at,
        *at,
    )


def full_history(message: FromClause, keys: Keys) -> ColumnElement[bool]:
    """T3 to T6: every message. The columns of a thread serve as well as those of a message."""
    return any_of(
        keys.has_pair(message.c.child_id, message.c.unit_id, "contact"),
        all_of(keys.has(message.c.unit_id, "history"), keys.has_not(message.c.child_id, "closed")),
    )


def visible(message: FromClause, keys: Keys) -> ColumnElement[bool]:
    """T7, together with the road by which the thread is seen: enough to judge a message by itself."""
    families = []
    if "guardian" in keys:
        families.append(all_of(keys.has(message.c.child_id, "guardian"), while_related(message, "guardian", keys)))
    if "delegate" in keys:
        pair = keys.has_pair(message.c.child_id, message.c.unit_id, "delegate")
        families.append(all_of(pair, while_related(message, "delegate", keys)))
    by_family = all_of(any_of(*families), since_joining(message, "GUARDIAN"))
    by_subject = all_of(
        keys.has_pair(message.c.child_id, message.c.unit_id, "subject_staff"), since_joining(message, "UNIT")
    )
    return any_of(full_history(message, keys), by_family, by_subject)
