"""Who sees what somebody has to look at about a child (C2)."""

from __future__ import annotations

from sqlalchemy import ColumnElement, FromClause

from authz import child
from authz.engine.policy import Line, settled
from authz.engine.sql import Keys, all_of, any_of
from authz.relation import enrolled

LINES: dict[str, Line] = {
    f"Task.{name}": settled(child.STRICT, "C2", "R2", "R3", "R4")
    for name in ("id", "kind", "child", "unit", "personName", "madeAt", "doneAt", "doneBy")
}

ALLOWED: dict[str, Line] = {
    "Mutation.completeTask": settled(child.STRICT, "R2", "R4", says="who sees the task; R3's is done by confirming"),
}


def visible(task: FromClause, keys: Keys) -> ColumnElement[bool]:
    """The leader's own unit's, while the child goes there; one that is for the administration has no unit."""
    led = all_of(
        keys.has(task.c.unit_id, "led"),
        enrolled(task.c.child_id, task.c.unit_id),
        keys.has_not(task.c.child_id, "closed"),
    )
    return any_of(led, keys.has(task.c.child_id, "cases"))
