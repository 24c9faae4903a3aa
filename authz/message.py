"""Which messages of a thread the viewer sees (T7, T9)."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, FromClause, and_, false, func, or_, select, true

from authz import thread
from authz.engine.policy import Line, settled
from authz.engine.sql import HASHES, INSTANTS, ME, Keys, all_of, any_of, exists_in, fact, facts_of, word
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
    guardian_side_id: ColumnElement
    sent_at: ColumnElement


def written(message: FromClause) -> Written:
    of_thread = (message.c.thread_id, message.c.child_id, message.c.unit_id, message.c.guardian_side_id)
    return Written(*of_thread, message.c.sent_at)


class OwnPart:
    """What T7 asks of the viewer's own part in a thread: worked out once a thread, where many messages are judged.

    `joins` belongs beside whatever holds the thread's key, each table joined where it may be missing.
    """

    def __init__(self, keys: Keys) -> None:
        # Without a name of its own: a statement may hold the parts in several threads.
        self.own = facts_of(Participant).alias()
        self.held = {name: self._held(name, keys) for name in ("guardian", "delegate") if name in keys}

    def _held(self, relation: str, keys: Keys) -> FromClause:
        """The instants at which the family relation held, as a multirange; one row, whose only column may be null."""
        spell = spells(relation, keys)
        at = [spell.c.child_id == self.own.c.child_id]
        if relation == "delegate":
            at.append(spell.c.unit_id == self.own.c.unit_id)
        # An end before the beginning is no time, where tstzrange() would raise.
        return (
            select(func.range_agg(func.tstzrange(spell.c.since, spell.c.until)).label("instants"))
            .where(spell.c.since < spell.c.until, *at)
            .correlate_except(spell)
            .lateral()
        )

    def joins(self, thread_id: ColumnElement) -> list[tuple[FromClause, ColumnElement[bool]]]:
        own = and_(self.own.c.thread_id == thread_id, self.own.c.person_id == ME)
        return [(self.own, own), *((held, true()) for held in self.held.values())]


def own_part(keys: Keys) -> OwnPart | None:
    """Null for a viewer who sees every message of whatever thread they see."""
    return OwnPart(keys) if keys.shape & {"guardian", "delegate", "subject_staff"} else None


def since_joining(message: Written, side: str, part: OwnPart | None) -> ColumnElement[bool]:
    """The viewer was a participant, on the side, when the message was sent."""
    if part is not None:
        return and_(part.own.c.side == word(side), part.own.c.joined_at <= message.sent_at)
    own = fact(Participant, "joined")
    return exists_in(
        own,
        own.c.thread_id == message.thread_id,
        own.c.person_id == ME,
        own.c.side == word(side),
        own.c.joined_at <= message.sent_at,
        row_by_row=True,
    )


def spells(relation: str, keys: Keys) -> FromClause:
    """Every period in which the family relation held to a child, and for a delegate at a unit, as instants."""
    columns = [
        func.unnest(keys.array(f"{relation}_spell")).label("child_id"),
        func.unnest(keys.array(f"{relation}_spell_since", INSTANTS)).label("since"),
        func.unnest(keys.array(f"{relation}_spell_until", INSTANTS)).label("until"),
    ]
    if relation == "delegate":
        columns.append(func.unnest(keys.array("delegate_spell_unit")).label("unit_id"))
    return select(*columns).subquery(f"{relation}_spell")


def while_related(message: Written, relation: str, keys: Keys, part: OwnPart | None) -> ColumnElement[bool]:
    """The family relation held on the day of the message, whatever happened since."""
    if part is not None:
        return message.sent_at.op("<@", is_comparison=True)(part.held[relation].c.instants)
    spell = spells(relation, keys)
    at = [spell.c.unit_id == message.unit_id] if relation == "delegate" else []
    return exists_in(
        spell,
        spell.c.child_id == message.child_id,
        spell.c.since <= message.sent_at,
        spell.c.until > message.sent_at,
        *at,
        row_by_row=True,
    )


def newly_given(message: FromClause, keys: Keys) -> ColumnElement[bool]:
    """Nobody of the other side than the author's has been given the text yet, and the viewer is on it: from now on the
    message cannot be retracted (section 5)."""
    family = thread.on_guardian_side(message.c.child_id, message.c.unit_id, keys)
    by_other_side = or_(
        all_of(family, message.c.author_side == word("UNIT")),
        all_of(~family, message.c.author_side == word("GUARDIAN")),
    )
    return and_(message.c.given_at.is_(None), by_other_side)


def in_own_time(message: Written, keys: Keys) -> ColumnElement[bool]:
    """T7 by the times that the keys hold of the viewer's own threads. Asked last: few rows get here, and each set that
    is looked at before would cost every statement more."""
    own = thread.seen_by(message.thread_id, message.guardian_side_id, keys)
    if not own:
        return false()
    columns: dict[str, Any] = {"own": HASHES, "own_since": INSTANTS, "own_until": INSTANTS}
    told = (keys.array(name, kind) for name, kind in columns.items())
    time = func.unnest(*told).table_valued("own", "since", "until").render_derived(name="seen_then")
    return exists_in(
        time,
        time.c.own.in_(own),
        time.c.since <= message.sent_at,
        time.c.until > message.sent_at,
        row_by_row=True,
    )


def visible(message: Written, keys: Keys, part: OwnPart | None = None) -> ColumnElement[bool]:
    """T7, together with the road by which the thread is seen: enough to judge a message by itself, or with the part
    that the viewer has in its thread where that is joined."""
    whole = thread.full_history(message.child_id, message.unit_id, keys)
    if keys.entered:
        return any_of(keys.has(message.guardian_side_id, "whole_sides"), whole, in_own_time(message, keys))
    families = []
    if "guardian" in keys:
        families.append(all_of(keys.has(message.child_id, "guardian"), while_related(message, "guardian", keys, part)))
    if "delegate" in keys:
        pair = keys.has_pair(message.child_id, message.unit_id, "delegate")
        families.append(all_of(pair, while_related(message, "delegate", keys, part)))
    by_family = all_of(any_of(*families), since_joining(message, "GUARDIAN", part))
    by_subject = all_of(
        keys.has_pair(message.child_id, message.unit_id, "subject_staff"), since_joining(message, "UNIT", part)
    )
    return any_of(whole, by_family, by_subject)
