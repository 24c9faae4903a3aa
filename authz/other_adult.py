"""Who sees an adult who is neither guardian nor staff to the child in question (C7, and C2 for a delegate)."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, or_

from authz import child, delegate, guardian, thread
from authz.engine.policy import Line, Relation, settled
from authz.engine.sql import ME, Keys, any_of, exists_in, fact, word
from models import Delegate, Participant

SEEN = child.DELEGATES | Relation.PARTICIPANT

LINES: dict[str, Line] = {
    "OtherAdult.id": settled(SEEN, "C2", "C7", says="a delegate, while the delegation is active"),
    "OtherAdult.name": settled(SEEN, "C2", "C7", says="a delegate, while the delegation is active"),
}


def was_involved(person_id: ColumnElement) -> ColumnElement[bool]:
    """A delegate, or whoever was a participant once."""
    delegate, participant = fact(Delegate, "ever_delegate"), fact(Participant, "ever_part")
    return or_(
        exists_in(delegate, delegate.c.person_id == person_id),
        exists_in(participant, participant.c.person_id == person_id, participant.c.side == word("GUARDIAN")),
    )


def visible(person_id: ColumnElement, keys: Keys) -> ColumnElement[bool]:
    participant = fact(Participant, "took_part")
    by_thread = exists_in(
        participant,
        participant.c.person_id == person_id,
        participant.c.side == word("GUARDIAN"),
        ~guardian.is_guardian(person_id, participant.c.child_id),
        thread.visible(participant, keys),
    )
    shown = delegate.adult_shown(person_id, keys)
    return any_of(and_(person_id == ME, was_involved(person_id)), by_thread, shown)
