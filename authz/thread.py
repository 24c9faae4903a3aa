"""Who sees a thread (T1 to T6), and who is seen in it (C7).

Each road names a key set of the viewer, the thread's columns that must be in it, and whether taking part is asked
for. The row predicate is the OR of the roads; a list of all threads walks them one by one, newest first.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, FromClause, case, func, literal_column, or_, select, true

from authz.engine.policy import FAMILY, STAFF, Line, Relation, settled
from authz.engine.sql import INSTANTS, ME, NOW, Keys, all_of, any_of, exists_in, fact, hashed, run_began, word
from authz.relation import CONTACT_ROLES, SUBJECT_ROLES, blocked_days, employed_days, enrolled, taught_days
from models import Participant

SEEN = FAMILY | STAFF
RULES = ("T1", "T2", "T3", "T4", "T5", "T6")

LINES: dict[str, Line] = {
    "Thread.id": settled(SEEN, *RULES),
    "Thread.subject": settled(SEEN, *RULES),
    "Thread.unit": settled(SEEN, *RULES),
    "Thread.child": settled(SEEN, *RULES, "C7"),
    "Thread.createdAt": settled(SEEN, *RULES),
    "Thread.lastMessageAt": settled(SEEN, *RULES, "T7", says="of the latest message that the viewer sees"),
    "Thread.participants": settled(SEEN, *RULES, "C7"),
    "Thread.joint": settled(SEEN, *RULES, "T8"),
    "Thread.messages": settled(SEEN, *RULES, "T7"),
    "Thread.latestMessage": settled(SEEN, *RULES, "T7"),
    "Thread.unreadCount": settled(SEEN, *RULES, "T7"),
    "Participant.person": settled(SEEN | Relation.PARTICIPANT, "C7"),
    "Participant.side": settled(SEEN | Relation.PARTICIPANT, "C7"),
    "Participant.joinedAt": settled(SEEN | Relation.PARTICIPANT, "C7"),
    "Participant.lastReadAt": settled(SEEN | Relation.PARTICIPANT, "C7", says="of the other side and of oneself"),
}

ALLOWED: dict[str, Line] = {
    "Mutation.startThread": settled(
        FAMILY | STAFF,
        "T8",
        says="about a child enrolled at the unit now: the family to the unit or to its staff of the child, staff to"
        " named guardians or delegates; a unit's staff and leaders also on behalf of the unit",
    ),
    "Mutation.markThreadRead": settled(SEEN, *RULES, says="every viewer of the thread, for themself"),
    "Mutation.addParticipant": settled(
        STAFF, *RULES, "T7", says="staff who may write in the thread; only staff who would see it as participants"
    ),
}


@dataclass(frozen=True)
class Road:
    """One way to see threads."""

    keys: str
    """The viewer's key set: children, units, or (child, unit) pairs where `pairs`."""
    by: str
    """The thread's column that is in it: child_id or unit_id."""
    pairs: bool
    side: str | None
    """The side on which the viewer must take part; null where taking part is not asked for."""
    rules: tuple[str, ...]


ROADS = (
    Road("guardian", by="child_id", pairs=False, side="GUARDIAN", rules=("T1",)),
    Road("delegate", by="child_id", pairs=True, side="GUARDIAN", rules=("T1",)),
    Road("subject_staff", by="child_id", pairs=True, side="UNIT", rules=("T2",)),
    Road("contact", by="child_id", pairs=True, side=None, rules=("T3",)),
    Road("history", by="unit_id", pairs=False, side=None, rules=("T4", "T5", "T6")),
)


def takes_part(thread_id: ColumnElement, side: str | None) -> ColumnElement[bool]:
    """The viewer is a participant, on the side if one is named."""
    participant = fact(Participant, "own_part")
    on = [] if side is None else [participant.c.side == word(side)]
    return exists_in(participant, participant.c.thread_id == thread_id, participant.c.person_id == ME, *on)


def beside(road: Road, thread_id: ColumnElement, child_id: ColumnElement, keys: Keys) -> ColumnElement[bool]:
    """What a road asks beside its key: taking part; or, for a unit's whole history, R1 and R2 on the child."""
    if road.keys == "history":
        return keys.has_not(child_id, "closed")
    return true() if road.side is None else takes_part(thread_id, road.side)


def visible(row: FromClause, keys: Keys) -> ColumnElement[bool]:
    """T1 to T6, of a thread, or of whatever row carries a thread's id, child, unit and guardian side."""
    thread_id = row.c.thread_id if "thread_id" in row.c else row.c.id
    child_id, unit_id = row.c.child_id, row.c.unit_id
    if keys.entered:
        as_guardian = keys.has(row.c.guardian_side_id, "whole_sides")
        own = [keys.has_hash(one, "own") for one in seen_by(thread_id, row.c.guardian_side_id, keys)]
        return any_of(as_guardian, full_history(child_id, unit_id, keys), *own)

    def keyed(road: Road) -> ColumnElement[bool]:
        if road.pairs:
            return keys.has_pair(child_id, unit_id, road.keys)
        return keys.has(child_id if road.by == "child_id" else unit_id, road.keys)

    return any_of(*(all_of(keyed(road), beside(road, thread_id, child_id, keys)) for road in ROADS))


def seen_by(thread_id: ColumnElement, side_id: ColumnElement, keys: Keys) -> list[ColumnElement[int]]:
    """By which of `own` the viewer can see the thread: by itself, or a guardian by its guardian side."""
    if "own_threads" not in keys:
        return []
    return [hashed(thread_id), *([hashed(side_id)] if "whole_sides" in keys else [])]


def full_history(child_id: ColumnElement, unit_id: ColumnElement, keys: Keys) -> ColumnElement[bool]:
    """T3 to T6: the thread and every message of it, whoever takes part."""
    return any_of(
        all_of(keys.has(unit_id, "history"), keys.has_not(child_id, "closed")),
        keys.has_pair(child_id, unit_id, "contact"),
    )


def writable(row: FromClause, keys: Keys) -> ColumnElement[bool]:
    """Section 5, "write": sees the thread by T1 to T6, and has a relation to the child now."""
    child_id, unit_id = row.c.child_id, row.c.unit_id
    return all_of(
        visible(row, keys), any_of(on_guardian_side(child_id, unit_id, keys), works_with(child_id, unit_id, keys))
    )


def works_with(child_id: ColumnElement, unit_id: ColumnElement, keys: Keys) -> ColumnElement[bool]:
    """A staff relation to the child at the unit now."""
    return any_of(
        keys.has_pair(child_id, unit_id, "contact"),
        keys.has_pair(child_id, unit_id, "subject_staff"),
        speaks_for_unit(child_id, unit_id, keys),
    )


def speaks_for_unit(child_id: ColumnElement, unit_id: ColumnElement, keys: Keys) -> ColumnElement[bool]:
    """UNIT_STAFF or UNIT_LEADER: may write on behalf of the unit."""
    if "history" not in keys:
        return any_of()
    return all_of(keys.has(unit_id, "history"), keys.has_not(child_id, "closed"), enrolled(child_id, unit_id))


def startable(child_id: ColumnElement, unit_id: ColumnElement, keys: Keys) -> ColumnElement[bool]:
    """Section 5, "start a thread", whomever it is to; the family only where the child is enrolled."""
    family = all_of(on_guardian_side(child_id, unit_id, keys), enrolled(child_id, unit_id))
    return any_of(family, works_with(child_id, unit_id, keys))


def on_guardian_side(child_id: ColumnElement, unit_id: ColumnElement, keys: Keys) -> ColumnElement[bool]:
    """The viewer sees it by T1; R2 keeps whoever does from every other road."""
    return any_of(keys.has(child_id, "guardian"), keys.has_pair(child_id, unit_id, "delegate"))


def last_read_open(
    person_id: ColumnElement, side: ColumnElement, child_id: ColumnElement, unit_id: ColumnElement, keys: Keys
) -> ColumnElement[bool]:
    """C7: how far somebody has read is for the other side, and for oneself."""
    family = on_guardian_side(child_id, unit_id, keys)
    return any_of(
        person_id == ME,
        all_of(family, side == word("UNIT")),
        all_of(~family, side == word("GUARDIAN")),
    )


def relation_began(
    thread_id: ColumnElement, child_id: ColumnElement, unit_id: ColumnElement, keys: Keys
) -> ColumnElement:
    """The instant from which a viewer without a pointer of their own has messages to read (section 5): the earliest
    beginning of the relations by which they see the thread."""
    begun = []
    if "guardian" in keys:
        begun.append(current_spell(keys, "guardian", child_id, None))
    if "delegate" in keys:
        begun.append(current_spell(keys, "delegate", child_id, unit_id))
    for name, roles in (("contact", CONTACT_ROLES), ("subject_staff", SUBJECT_ROLES)):
        if name in keys:
            run = run_began(taught_days(ME, child_id, unit_id, *roles).op("-")(blocked_days(ME, child_id)))
            # A subject teacher sees the thread by that relation only as a participant (T2).
            begun.append(run if name == "contact" else case((takes_part(thread_id, "UNIT"), run)))
    if "history" in keys:
        leads_or_sfo = literal_column("employed_then.role") == word("LEADER")
        employed = employed_days(ME, unit_id, or_(leads_or_sfo, keys.has(unit_id, "staffed")))
        begun.append(run_began(employed.op("-")(blocked_days(ME, child_id))))
    return func.least(*begun) if begun else literal_column("'infinity'::timestamptz")


def current_spell(keys: Keys, relation: str, child_id: ColumnElement, unit_id: ColumnElement | None) -> ColumnElement:
    """The first instant of the spell of a family relation that holds now; spells that have not begun come later."""
    columns = [
        func.unnest(keys.array(f"{relation}_spell")).label("child_id"),
        func.unnest(keys.array(f"{relation}_spell_since", INSTANTS)).label("since"),
        func.unnest(keys.array(f"{relation}_spell_until", INSTANTS)).label("until"),
    ]
    if unit_id is not None:
        columns.append(func.unnest(keys.array(f"{relation}_spell_unit")).label("unit_id"))
    spell = select(*columns).subquery(f"{relation}_now")
    at_unit = [] if unit_id is None else [spell.c.unit_id == unit_id]
    return (
        select(func.min(spell.c.since))
        .where(spell.c.child_id == child_id, spell.c.until > NOW, *at_unit)
        .correlate_except(spell)
        .scalar_subquery()
    )
