"""A line of policy: which relations open a field, and by which rules."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag


class Relation(IntFlag):
    """The relations of section 2 and the ties beside them; the bits of every mask."""

    GUARDIAN = 1
    DELEGATE = 2
    CONTACT_TEACHER = 4
    SUBJECT_STAFF = 8
    UNIT_STAFF = 16
    UNIT_LEADER = 32
    CASE_WORKER = 64
    SELF = 128
    FORMER_LEADER = 256
    """UNIT_LEADER of a child who has left (C6); printed as UNIT_LEADER."""
    COLLEAGUE = 512
    PARTICIPANT = 1024
    MUNICIPALITY = 2048
    REPORTER = 4096
    ADULT_SELF = 8192
    """SELF from 18, for the columns that open then; printed as SELF, which comes with it."""


STAFF = Relation.CONTACT_TEACHER | Relation.SUBJECT_STAFF | Relation.UNIT_STAFF | Relation.UNIT_LEADER
FAMILY = Relation.GUARDIAN | Relation.DELEGATE
ANY_RELATION = FAMILY | STAFF | Relation.CASE_WORKER | Relation.SELF | Relation.FORMER_LEADER


PRINTED_AS = {Relation.FORMER_LEADER: Relation.UNIT_LEADER, Relation.ADULT_SELF: Relation.SELF}
"""Relations that the rules tell apart and the schema does not."""


def names_of(relations: Relation) -> list[str]:
    """As the schema prints them, in the order of section 2."""
    for finer, printed in PRINTED_AS.items():
        if finer in relations:
            relations = (relations & ~finer) | printed
    return [relation.name for relation in Relation if relation in relations and relation.name]


@dataclass(frozen=True)
class Line:
    """What opens one field. A masked field is null, and counted as hidden (C10), for whoever has none of the
    relations; any other is settled by the row predicate, or by the predicate of the rows it lists."""

    relations: Relation
    rules: tuple[str, ...]
    masked: bool
    says: str
    """The condition in words, for the access table."""

    @property
    def printed(self) -> list[str]:
        """The relations as the schema prints them, in the order of section 2."""
        return names_of(self.relations)


def opens(relations: Relation, *rules: str, says: str = "") -> Line:
    """A column of the C2 table."""
    return Line(relations, rules, masked=True, says=says)


def settled(relations: Relation, *rules: str, says: str = "") -> Line:
    """Seen by whoever sees the row; what it lists has a predicate of its own."""
    return Line(relations, rules, masked=False, says=says)
