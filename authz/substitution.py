"""Who sees whom a leader lets work at the unit for a period."""

from __future__ import annotations

from sqlalchemy import ColumnElement, FromClause, and_, case, or_

from authz.engine.policy import Line, Relation, settled
from authz.engine.sql import ME, TODAY, Keys

LINES: dict[str, Line] = {
    **{
        f"Substitution.{name}": settled(Relation.UNIT_LEADER, says="of the unit")
        for name in ("id", "unit", "name", "staffMember", "role", "groups", "since", "until", "setBy", "setAt")
    },
    **{f"SubstituteGroup.{name}": settled(Relation.UNIT_LEADER, says="of the unit") for name in ("group", "role")},
}

ALLOWED: dict[str, Line] = {
    "Mutation.appointSubstitute": settled(Relation.UNIT_LEADER, says="who leads the unit; never of themself"),
    "Mutation.endSubstitution": settled(Relation.UNIT_LEADER, says="who leads the unit"),
}


def visible(substitution: FromClause, keys: Keys) -> ColumnElement[bool]:
    """To the unit's leaders, until it has ended. That the substitute works there is seen as with all other staff."""
    return and_(keys.has(substitution.c.unit_id, "led"), substitution.c.until > TODAY)


def led(unit_id: ColumnElement, keys: Keys) -> ColumnElement[bool]:
    """The viewer leads the unit now."""
    return keys.has(unit_id, "led")


def called(person: FromClause, column: str) -> ColumnElement[str]:
    """Name, or key of the name, of a member of staff. Of whom substitutions alone make staff the register's would tell
    a leader that a number is known, and whose it is (C1)."""
    by_register = or_(person.c[f"staff_{column}"].is_(None), person.c.id == ME)
    return case((by_register, person.c[column]), else_=person.c[f"staff_{column}"])
