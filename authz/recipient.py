"""Whom a thread may be addressed to, and who else can read it (T3 to T6, T8, section 5).

The facts are asked about other people than the viewer, whatever way they sign in.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, Uuid, bindparam, literal_column, or_, select, union

from authz import guardian, relation
from authz.engine.policy import FAMILY, STAFF, Line, Relation, settled
from authz.engine.sql import bit, bits, exists_in, fact, holds, number, table
from models import Block, Delegation, Guardianship, Participant, Person, Position
from models.seen import SeenStaffMember

CHILD: ColumnElement = bindparam("child_id", type_=Uuid())
UNIT: ColumnElement = bindparam("unit_id", type_=Uuid())
THREAD: ColumnElement = bindparam("thread_id", type_=Uuid())
SEEN = FAMILY | STAFF

LINES: dict[str, Line] = {
    "Query.recipientPreview": settled(SEEN, "T7", "T8", says="who may start the thread, or write in it"),
    "RecipientPreview.recipients": settled(SEEN, "T8", "C7"),
    "RecipientPreview.readers": settled(SEEN, "T3", "T4", "T5", "T6"),
    "RecipientPreview.unit": settled(SEEN, "C8"),
    "RecipientPreview.threads": settled(SEEN, "T8"),
    "RecipientPreview.previewToken": settled(SEEN, "T8"),
    "RecipientPreview.problems": settled(SEEN),
    "PreviewRecipient.person": settled(SEEN, "C7", "C8"),
    "PreviewRecipient.side": settled(SEEN, "C7"),
    "PreviewReader.person": settled(SEEN, "C8"),
    "PreviewReader.relation": settled(SEEN, "C8"),
}

STAFF_FACTS = (
    (Relation.CONTACT_TEACHER, relation.contact_teacher),
    (Relation.SUBJECT_STAFF, relation.subject_staff),
    (Relation.UNIT_STAFF, relation.unit_staff),
    (Relation.UNIT_LEADER, relation.unit_leader),
)
READS_ALL = Relation.CONTACT_TEACHER | Relation.UNIT_STAFF | Relation.UNIT_LEADER
"""T3 to T6; subject staff read what they take part in (T2)."""


FORMER_FACTS = (
    (Relation.UNIT_LEADER, relation.former_leader),
    (Relation.UNIT_STAFF, relation.former_unit_staff),
)
"""T4 to T6 of a child who has left."""


def staff_of_child(*, former: bool = False) -> Select:
    """Id, key and relations of everybody who stands in a staff relation to the child at the unit now, by name; with
    `former` also of those who read the threads about a child who has left."""
    candidate, position = fact(Person, "candidate"), fact(Position, "works_there")
    named = table(SeenStaffMember, "named")
    # Named in words: what is asked of the facts is about each candidate, however deep they nest it.
    me = literal_column("candidate.id", Uuid())
    mask = bits(
        *(bit(holds_for(fact(me)), one) for one, fact in (*STAFF_FACTS, *(FORMER_FACTS if former else ())))
    ).label("relations")
    works = exists_in(position, position.c.person_id == candidate.c.id, position.c.unit_id == UNIT, holds(position))
    rows = select(candidate.c.id, candidate.c.staff_key, mask).where(works).subquery("related")
    return (
        select(rows.c.id, rows.c.staff_key, rows.c.relations)
        .select_from(rows.outerjoin(named, named.c.id == rows.c.id))
        .where(rows.c.relations != number(0))
        .order_by(named.c.name_key, rows.c.staff_key)
    )


def holds_for(fact: Select) -> ColumnElement[bool]:
    rows = fact.subquery("fact")
    return select(number(1)).select_from(rows).where(rows.c.child_id == CHILD, rows.c.unit_id == UNIT).exists()


def family_of_child() -> Select:
    """Id, both keys, and whether GUARDIAN, of those who are GUARDIAN now or DELEGATE at the unit now."""
    person, guardianship, delegation = fact(Person, "relative"), fact(Guardianship, "g"), fact(Delegation, "d")
    guardians = select(guardianship.c.person_id).where(guardianship.c.child_id == CHILD, holds(guardianship))
    delegates = select(delegation.c.person_id).where(
        delegation.c.child_id == CHILD, delegation.c.unit_id == UNIT, holds(delegation)
    )
    return (
        select(
            person.c.id,
            person.c.guardian_key,
            person.c.adult_key,
            guardian.is_guardian(person.c.id, CHILD).label("is_guardian"),
        )
        .where(person.c.id.in_(union(guardians, delegates).subquery("family").select()))
        .order_by(person.c.id)
    )


def taking_part() -> Select:
    """Id and side of a thread's participants."""
    participant = fact(Participant, "taking_part")
    return select(participant.c.person_id, participant.c.side).where(participant.c.thread_id == THREAD)


def joint_refused() -> Select:
    """T8: whether the child is protected now, or a block on the child stands."""
    block = fact(Block, "any_block")
    blocked = exists_in(block, block.c.child_id == CHILD, holds(block))
    return select(or_(relation.protected(CHILD), blocked).label("refused"))
