"""Which messages of a thread the viewer sees (T7, T9)."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import ColumnElement, FromClause, and_, case, func, or_, select

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

ALLOWED: dict[str, Line] = {
    "Mutation.sendMessage": settled(
        thread.SEEN, *thread.RULES, says="who sees the thread and has a relation to the child now"
    ),
    "Mutation.retractMessage": settled(
        thread.SEEN, *thread.RULES, "T9", says="its author, while nobody of the other side has been given it"
    ),
}


class Written(NamedTuple):
    """What judges a message: where it belongs and when it was sent."""

    thread_id: ColumnElement
    child_id: ColumnElement
    unit_id: ColumnElement
    sent_at: ColumnElement


def written(message: FromClause) -> Written:
    return Written(message.c.thread_id, message.c.child_id, message.c.unit_id, message.c.sent_at)


def since_joining(message: Written, side: str) -> ColumnElement[bool]:
    """The viewer was a participant, on the side, when the message was sent."""
    own = table(Participant, "joined")
    return exists_in(
        own,
        own.c.thread_id == message.thread_id,
        own.c.person_id == ME,
        own.c.side == word(side),
        own.c.joined_at <= message.sent_at,
        row_by_row=True,
    )


def while_related(message: Written, relation: str, keys: Keys) -> ColumnElement[bool]:
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
        at.append(spell.c.unit_id == message.unit_id)
    return exists_in(
        spell,
        spell.c.child_id == message.child_id,
        spell.c.since <= message.sent_at,
        spell.c.until > message.sent_at,
        *at,
        row_by_row=True,
    )


def newly_given(message: FromClause, keys: Keys) -> ColumnElement:
    """The message's id where its text is open to the viewer, who is on the other side than its author, and nobody of
    that side has been given it yet: from then on it cannot be retracted (section 5)."""
    family = thread.on_guardian_side(message.c.child_id, message.c.unit_id, keys)
    by_other_side = or_(
        all_of(family, message.c.author_side == word("UNIT")),
        all_of(~family, message.c.author_side == word("GUARDIAN")),
    )
    return case((and_(message.c.given_at.is_(None), message.c.retracted_at.is_(None), by_other_side), message.c.id))


def full_history(child_id: ColumnElement, unit_id: ColumnElement, keys: Keys) -> ColumnElement[bool]:
    """T3 to T6: every message."""
    return any_of(
        keys.has_pair(child_id, unit_id, "contact"),
        all_of(keys.has(unit_id, "history"), keys.has_not(child_id, "closed")),
    )


def visible(message: Written, keys: Keys) -> ColumnElement[bool]:
    """T7, together with the road by which the thread is seen: enough to judge a message by itself."""
    families = []
    if "guardian" in keys:
        families.append(all_of(keys.has(message.child_id, "guardian"), while_related(message, "guardian", keys)))
    if "delegate" in keys:
        pair = keys.has_pair(message.child_id, message.unit_id, "delegate")
        families.append(all_of(pair, while_related(message, "delegate", keys)))
    by_family = all_of(any_of(*families), since_joining(message, "GUARDIAN"))
    by_subject = all_of(
        keys.has_pair(message.child_id, message.unit_id, "subject_staff"), since_joining(message, "UNIT")
    )
    return any_of(full_history(message.child_id, message.unit_id, keys), by_family, by_subject)
